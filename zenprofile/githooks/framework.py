"""What the hooks of the pre-commit framework check: the files that it names, as the index has them.

A file that the commit changes is refused for what the change adds; one that it does not change (``--all-files``) for
everything.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from zenprofile.core import profile_check
from zenprofile.core.entity import KINDS, MANIFEST, key_of_path
from zenprofile.errors import Invalid, Problem
from zenprofile.git.objects import Pair
from zenprofile.githooks import context as gifts
from zenprofile.githooks import push_check
from zenprofile.githooks.context import HookContext
from zenprofile.githooks.range_check import SECRETS, RangeCheck, open_check

# What concerns several documents: a deletion names no file.
TOGETHER = frozenset(
    {
        profile_check.REFERENCE,
        profile_check.IN_USE,
        profile_check.CLASH,
        "bad-manifest",
        "not-a-folder",
        "stray-file",
        "not-a-file",
    }
)


def validate(files: Sequence[str]) -> list[Problem]:
    """List the problems of files by themselves."""
    return [
        problem
        for problem in _problems_of(files)
        if problem.code not in {profile_check.REFERENCE, profile_check.IN_USE, profile_check.CLASH}
    ]


def secrets(files: Sequence[str]) -> list[Problem]:
    """List the secrets in files."""
    return [problem for problem in _problems_of(files) if problem.code in SECRETS]


def references() -> list[Problem]:
    """List what is invalid between documents."""
    hook = gifts.from_environment()
    with open_check(hook) as gate:
        tip = _pushed(hook)
        if tip:
            return push_check.check_tip(hook, gate, *tip, ["--remotes"])
        head = hook.repository.head().oid
        base = gate.objects.tree_of(head)
        pairs = gifts.staged(hook, base)
        if not pairs and "GIT_INDEX_FILE" not in os.environ:
            base, pairs = gate.objects.empty_tree, _all_pairs(hook, [])
        return [problem for problem in gate.added_problems(base, pairs, head) if problem.code in TOGETHER]


def pushed() -> list[Problem]:
    """List what a push brings that is invalid; where the framework does not say what is pushed, the index."""
    hook = gifts.from_environment()
    with open_check(hook) as gate:
        tip = _pushed(hook)
        if tip:
            return push_check.check_tip(hook, gate, *tip, ["--remotes"])
        return gate.added_problems(gate.objects.empty_tree, _all_pairs(hook, []))


def _pushed(hook: HookContext) -> tuple[str, str] | None:
    """Return tip and start of a push or a range (``--from-ref``, ``--to-ref``) that the framework was run for."""
    start, tip = (
        gifts.commit_of(hook, name) if name and not name.startswith("-") else ""
        for name in (os.environ.get(f"PRE_COMMIT_{side}_REF", "") for side in ("FROM", "TO"))
    )
    return (tip, start) if tip else None


def _problems_of(files: Sequence[str]) -> list[Problem]:
    hook = gifts.from_environment()
    named = {_below(hook, file) for file in files}
    with open_check(hook) as gate:
        tip = _pushed(hook)
        if tip:
            return [p for p in push_check.check_tip(hook, gate, *tip, ["--remotes"]) if p.file in named]
        head = hook.repository.head().oid
        base = gate.objects.tree_of(head)
        pairs = gifts.staged(hook, base)
        found = [problem for problem in gate.added_problems(base, pairs, head) if problem.file in named]
        still = sorted(file for file in named if file not in pairs)
        return found + (_all_problems(hook, gate, still) if still else [])


def _all_problems(hook: HookContext, gate: RangeCheck, files: Sequence[str]) -> list[Problem]:
    """List all problems of files that are as they were, held against the flavors that their profiles register."""
    roots = {file[: file.rindex(folder + "/")] for file in files for folder in _folders() if f"{folder}/" in file}
    beside = [root + name for root in sorted(roots) for name in (MANIFEST, "flavors")]
    pairs = _all_pairs(hook, [*files, *beside])
    return [problem for problem in gate.added_problems(gate.objects.empty_tree, pairs) if problem.file in files]


def _folders() -> list[str]:
    return [kind.folder for kind in KINDS.values()]


def _all_pairs(hook: HookContext, below: Sequence[str]) -> dict[str, Pair]:
    return {path: (None, entry) for path, entry in gifts.indexed(hook, below).items()}


def _below(hook: HookContext, file: str) -> str:
    return os.path.relpath(os.path.realpath(file), os.path.realpath(hook.repository.top)).replace(os.sep, "/")


def fmt(files: Sequence[str]) -> list[str]:
    """Bring files of the work tree into order, as fixers of the framework do, and return those that changed."""
    from zenprofile.core.document import reader
    from zenprofile.core.document.formatter import formatted
    from zenprofile.fs import atomic
    from zenprofile.fs import nofollow as trees

    changed = []
    for file in files:
        root, kind = _locate(os.path.abspath(file))
        try:
            raw = trees.read(Path(root), os.path.relpath(os.path.abspath(file), root)) if kind else None
            old = None if raw is None else reader.decode(raw, file)
            new = None if old is None else formatted(kind, old)
        except Invalid:
            continue  # another hook names what is wrong
        if new is not None and new != old:
            below = os.path.relpath(os.path.abspath(file), root)
            atomic.write(root, below, new.encode())
            changed.append(file)
    return changed


def _locate(file: str) -> tuple[str, str]:
    """Return the profile's folder and the kind of a file; ("", "") where it is no document."""
    parts = file.split(os.sep)
    for depth in (2, 3):
        root = os.sep.join(parts[:-depth])
        key = key_of_path("/".join(parts[-depth:]))
        if key is not None and os.path.isfile(os.path.join(root, MANIFEST)):
            return root, key.kind
    return "", ""
