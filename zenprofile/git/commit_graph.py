"""Ancestry of commits: read in this process where two commits are close together, else by a git process."""

import os
import re
import zlib
from typing import NamedTuple

from zenprofile.git import runner
from zenprofile.git.repository import Repository

_NEAR = 64  # commits on either side; a git process costs as much as to read some hundred
_MOST_ANSWERS = 256  # of git that are kept
_answers: dict[tuple[str, ...], list[str]] = {}
_LONGEST_LOG = 8 << 20  # bytes
_PARENT = re.compile(rb"^parent ([0-9a-f]+)$", re.MULTILINE)


class _Fork(NamedTuple):
    """Where two straight lines of commits part: how many there are on each side of the last that both have."""

    one: int
    other: int
    base: str


def is_ancestor(repository: Repository, commit: str, other: str) -> bool:
    """Return whether a commit ("": none) is the other one or one of its ancestors."""
    if commit == other or not commit:
        return True
    if not other:
        return False
    fork = _fork(repository, commit, other)
    if fork is not None:
        return not fork.one
    if _is_parent(repository, commit, other):
        return True
    # 128: one of them is not here, such as a commit that was thrown away.
    found = _query(repository, _merge_base_arguments(other, commit), ok=(0, 1, 128))
    return commit in found


def count(repository: Repository, ours: str, theirs: str) -> tuple[int, int]:
    """Count the commits that only ours ("": none) has, and that only theirs has."""
    if ours == theirs:
        return 0, 0
    if not ours or not theirs:
        one = int(runner.run(["rev-list", "--count", ours or theirs], repository.folder).out)
        return (one, 0) if ours else (0, one)
    fork = _fork(repository, ours, theirs)
    if fork is not None:
        return fork.one, fork.other
    ahead, behind = _query(repository, ["rev-list", "--left-right", "--count", f"{ours}...{theirs}"])
    return int(ahead), int(behind)


def line(repository: Repository, ours: str, theirs: str) -> list[str] | None:
    """Return the commits of ours since theirs, the newest first; None where they are no straight line that is near."""
    fork = _fork(repository, ours, theirs)
    if fork is None or fork.other:
        return None
    found, at = [], ours
    while at != theirs:
        found.append(at)
        at = _only_parent(repository, at)
    return found


def count_commits(repository: Repository, ours: str, beyond: list[str]) -> int:
    """Count a commit and its ancestors, without those that arguments of ``rev-list`` exclude."""
    return int(runner.run(["rev-list", "--count", ours, *beyond, "--"], repository.folder).out) if ours else 0


def merge_bases(repository: Repository, ours: str, theirs: str) -> list[str]:
    """Return the best common ancestors of two commits; none where one is "" or histories share nothing."""
    if not ours or not theirs:
        return []
    fork = _fork(repository, ours, theirs)
    if fork is not None:
        return [fork.base]
    for one, other in ((ours, theirs), (theirs, ours)):
        if _is_parent(repository, one, other):
            return [one]
    return _query(repository, _merge_base_arguments(ours, theirs), ok=(0, 1))


def _merge_base_arguments(one: str, other: str) -> list[str]:
    """Return the arguments of ``merge-base``, the same in whichever order the commits are given."""
    return ["merge-base", "--all", *sorted((one, other))]


def _query(repository: Repository, args: list[str], ok: tuple[int, ...] = (0,)) -> list[str]:
    """Run git and return its output, split at blanks.

    A command asks the same of two commits several times. What is here of them stays as it is, but in a shallow clone.
    """
    question = (repository.common_file(""), *args)
    if question in _answers:
        return _answers[question]
    found = runner.run(args, repository.folder, ok=ok).out.decode().split()
    if found and not os.path.exists(repository.common_file("shallow")):
        if len(_answers) >= _MOST_ANSWERS:
            _answers.clear()
        _answers[question] = found
    return found


def tips_before_rewrite(repository: Repository, tracking: str) -> list[str]:
    """Return the tips that a remote's branch had before each fetch that found it rewritten, the latest first.

    They stand in the ref's log, also where a person's own `git fetch` came before any of ours.
    """
    rows = _log_of_tables(repository, tracking) if repository.has_ref_tables() else _log(repository, tracking)
    olds = [old for old, what in rows if what.endswith(": forced-update")]
    return [old for old in olds if old.strip("0") and not old.strip("0123456789abcdef")]


def _log(repository: Repository, ref: str) -> list[tuple[str, str]]:
    """Return the last entries of a ref's log, the latest first: what it was before each, and what was done."""
    try:
        with open(repository.common_file(f"logs/{ref}"), "rb") as file:
            rows = file.read(_LONGEST_LOG).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [(row.partition(" ")[0], row) for row in reversed(rows[-_NEAR:])]


def _log_of_tables(repository: Repository, ref: str) -> list[tuple[str, str]]:
    """Return the same as `_log` from git, which tells of each entry what the ref was behind it."""
    args = ["reflog", "show", f"--max-count={_NEAR}", "--no-show-signature", "--format=%H%x00%gs", ref, "--"]
    said = runner.run(args, repository.folder, ok=(0, 128)).out.decode("utf-8", "replace")
    news, whats = [], []
    for row in said.splitlines():
        new, _, what = row.partition("\0")
        news.append(new)
        whats.append(what)
    if news:
        first = ["rev-parse", "-q", "--verify", f"{ref}@{{{len(news)}}}"]  # what it was before all that
        news.append(runner.run(first, repository.folder, ok=(0, 1, 128)).out.decode().strip())
    return list(zip(news[1:], whats, strict=True))


def _fork(repository: Repository, one: str, other: str) -> _Fork | None:
    """Follow both commits back to where they meet; None where a merge, a packed commit or the start comes first."""
    if os.path.exists(repository.common_file("shallow")):
        return None
    lines = [{one: 0}, {other: 0}]
    ends = [one, other]
    for step in range(1, _NEAR):
        for side in (0, 1):
            end = ends[side]
            if end in lines[1 - side]:
                return _Fork(lines[0][end], lines[1][end], end)
            ends[side] = _only_parent(repository, end)
            if ends[side]:
                lines[side][ends[side]] = step
        if not any(ends):
            return None
    return None


def _is_parent(repository: Repository, commit: str, other: str) -> bool:
    """Return whether a commit is known, without a question to git, to be a parent of another one, such as a merge."""
    return commit in _parents(repository, other) and not os.path.exists(repository.common_file("shallow"))


def _only_parent(repository: Repository, commit: str) -> str:
    """Return the parent of a loose commit that has one; "" of any other."""
    parents = _parents(repository, commit)
    return parents[0] if len(parents) == 1 else ""


def _parents(repository: Repository, commit: str) -> list[str]:
    """Return the parents of a loose commit; none of any other."""
    try:
        with open(repository.common_file(f"objects/{commit[:2]}/{commit[2:]}"), "rb") as file:
            content = zlib.decompressobj().decompress(file.read(65536), 65536)
    except (OSError, zlib.error):
        return []
    head = content.partition(b"\n\n")[0]
    return [parent.decode() for parent in _PARENT.findall(head)] if content.startswith(b"commit ") else []
