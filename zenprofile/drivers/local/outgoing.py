"""What a push would send: its entities, their checks, and commits that touch other files."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from zenprofile.core import profile_check
from zenprofile.core.change import Changed
from zenprofile.core.entity import MANIFEST, Key, key_of_path
from zenprofile.core.secrets import plaintext
from zenprofile.core.snapshot import Overlay, data_of
from zenprofile.drivers.local import tree
from zenprofile.errors import Invalid, Problem, ZenprofileError
from zenprofile.git import commit_graph, runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository
from zenprofile.git.upstream import Upstream, exclude_known

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog

_SHOWN = 10  # names in a message


def changes(repository: Repository, objects: Objects, theirs: str, ours: str) -> tuple[Changed, ...]:
    """List the entities that differ between two commits."""
    found = []
    for path, sides in objects.diff(objects.tree_of(theirs), objects.tree_of(ours)).items():
        key = _key(repository, path)
        if key is not None:
            texts = [objects.read(s.oid, "blob") if s is not None and s.mode in tree.FILES else None for s in sides]
            found.append(Changed(key, data_of(key, texts[0]), data_of(key, texts[1])))
    return tuple(sorted(found, key=lambda c: c.key))


class Span(NamedTuple):
    """What a push would send.

    Attributes:
        theirs: the commit that the remote's branch has; of a new branch, that its commits begin at; "" for none.
        ours: the commit here.
        beyond: arguments of ``rev-list`` that leave out what the remote has.
    """

    theirs: str
    ours: str
    beyond: tuple[str, ...] = ()


Commit = tuple[str, list[str], str]  # its id, its parents, the first line of its message


@contextlib.contextmanager
def listing(repository: Repository, objects: Objects, sent: Span, to: Upstream) -> Iterator[Callable[[], list[Commit]]]:
    """List the commits that only this machine has, the newest first; gives what returns them.

    Where it takes git to tell, git lists them while other things are done.
    """
    near = _near(repository, sent, to)
    if near is not None:
        read = [_commit(objects, oid) for oid in near]
        yield lambda: read
        return
    left_out = sent.beyond or ((f"^{sent.theirs}",) if sent.theirs else ())
    args = ["log", "--format=%H %P%x00%s", sent.ours, *left_out, "--"]
    process = runner.start(args, repository.folder)
    found: list[Commit] = []

    def commits() -> list[Commit]:
        if process.returncode is None:
            for row in runner.finish(process, args).out.decode("utf-8", "replace").splitlines():
                ids, _, subject = row.partition("\0")
                oid, *parents = ids.split()
                found.append((oid, parents, subject))
        return found

    try:
        yield commits
    finally:
        if process.returncode is None:
            runner.end(process)


def _near(repository: Repository, sent: Span, to: Upstream) -> list[str] | None:
    """Return the ids of these commits, where they are near and no other branch of the remote may have any of them."""
    prefix = to.tracking_pattern.removesuffix("*")
    refs = repository.refs(prefix) if sent.theirs else None
    if refs is None or refs - {f"{prefix}HEAD"} != {to.tracking}:
        return None
    if repository.ref(f"{prefix}HEAD") not in {"", sent.theirs}:
        return None
    return commit_graph.line(repository, sent.ours, sent.theirs)


def _commit(objects: Objects, oid: str) -> Commit:
    head, _, message = objects.read(oid, "commit").decode("utf-8", "replace").partition("\n\n")
    parents = [line[7:] for line in head.splitlines() if line.startswith("parent ")]
    return oid, parents, " ".join(map(str.rstrip, takewhile(str.strip, message.lstrip("\n").split("\n"))))


def span(repository: Repository, to: Upstream, ours: str) -> Span:
    """Return what a push of a commit would send: what no ref of that remote has."""
    beyond_ = tuple(exclude_known(repository, to))
    theirs = repository.ref(to.tracking)
    if not theirs:
        out = runner.run(["rev-list", "--boundary", ours, *beyond_, "--"], repository.folder).out.decode().split()
        edge = [row[1:] for row in out if row.startswith("-")]
        theirs = edge[0] if edge else ours if not out else ""
    return Span(theirs, ours, beyond_)


def check_valid(
    repository: Repository,
    objects: Objects,
    catalog: "Catalog",
    sent: Span,
    commits: Callable[[], list[Commit]],
) -> None:
    """Refuse to send what is invalid; ``commits`` as `listing` gives it.

    Raises:
        Invalid: the commits add problems, or one of them brings a secret that a later one takes away.
    """
    theirs, ours = sent.theirs, sent.ours
    texts: dict[Key, str | None] = {}
    differing = objects.diff(objects.tree_of(theirs), objects.tree_of(ours))
    for path, (_, new) in differing.items():
        key = _key(repository, path)
        if key is not None:
            if new is not None and new.mode not in tree.FILES:
                continue  # named below
            raw = objects.read(new.oid, "blob") if new is not None else None
            texts[key] = None if raw is None else raw.decode("utf-8", "surrogateescape")
    from_ = _moved_from(repository.prefix, differing)
    before = tree.snapshot(objects, theirs, repository.prefix if from_ is None else from_, catalog)
    if from_ is not None:  # it is held against what it was in its old place
        texts = {**dict.fromkeys(before.keys()), **texts}
    problems = profile_check.added_problems(before, texts, catalog)
    if problems:
        from zenprofile.core import inherited

        problems = inherited.without_inherited(problems, before, Overlay(before, texts, catalog), catalog)
        problems = [problem for problem in problems if not _stood_at_remote(repository, objects, problem, theirs, ours)]
    problems += _misfits(repository, objects, theirs, ours)
    if problems:
        error = Invalid.of(problems)
        error.message = f"not pushed: {error.message}"
        raise error
    _check_no_secrets(repository, objects, commits())


def _moved_from(root: str, differing: Mapping[str, tuple[object, object]]) -> str | None:
    if root + MANIFEST not in differing:
        return None
    from zenprofile.core import inherited

    return inherited.moved_from(root, differing)


def _misfits(repository: Repository, objects: Objects, theirs: str, ours: str) -> list[Problem]:
    """List misplaced files that the commits put into the profile's folders."""
    prefix, found = repository.prefix, []
    for path, (old, new) in objects.diff(objects.tree_of(theirs), objects.tree_of(ours)).items():
        if new is not None and path.startswith(prefix) and (old is None or old.mode != new.mode):
            found += tree.misfit(path[len(prefix) :], new)
    return found


def _stood_at_remote(repository: Repository, objects: Objects, problem: Problem, theirs: str, ours: str) -> bool:
    """Return whether the remote once had this very document: bringing it back adds no problem."""
    from zenprofile.core import inherited

    if not theirs or problem.code in {*inherited.SECRETS, profile_check.REFERENCE, profile_check.IN_USE}:
        return False
    path = repository.prefix + problem.file
    entry = objects.entry(objects.tree_of(ours), path)
    if entry is None:
        return False
    args = ["log", "-1", "--format=%H", f"--find-object={entry.oid}", theirs, "--", path]
    return bool(runner.run(args, repository.folder).out.strip())


def _check_no_secrets(repository: Repository, objects: Objects, commits: list[Commit]) -> None:
    """Refuse to send a commit that adds a secret, even if a later one removes it: history keeps it.

    Looked at are documents, the manifest, strays in the profile's folders, and who made the commit and why.
    """
    for oid, parents, _ in commits:
        found = _metadata_secrets(objects, oid)
        for path in _changed_paths(objects, oid, parents):
            if tree.is_looked_at(path, repository.prefix):
                known = {_secret_identity(p) for parent in parents for p in _secrets(repository, objects, parent, path)}
                found += [p for p in _secrets(repository, objects, oid, path) if _secret_identity(p) not in known]
        if found:
            error = Invalid.of(found)
            error.message = f"not pushed: in commit {oid[:9]} {error.message}"
            error.hint = f"take it out of that commit (git rebase -i {oid[:9]}~1), and change it where it is used"
            raise error


def _metadata_secrets(objects: Objects, oid: str) -> list[Problem]:
    """List the secrets in a commit's message and in the names of who made it."""
    head, _, message = objects.read(oid, "commit").decode("utf-8", "replace").partition("\n\n")
    who = "\n".join(line for line in head.splitlines() if line.startswith(("author ", "committer ")))
    return plaintext.elsewhere(message, "", "the message") + plaintext.elsewhere(who, "", "the author's name")


def _secrets(repository: Repository, objects: Objects, commit: str, path: str) -> list[Problem]:
    entry = objects.entry(objects.tree_of(commit), path)
    if entry is None or entry.mode not in tree.FILES:
        return []
    text = objects.read(entry.oid, "blob").decode("utf-8", "replace")
    key, below = _key(repository, path), path[len(repository.prefix) :]
    return plaintext.elsewhere(text, below, "it") if key is None else plaintext.problems(key, text)


def _secret_identity(problem: Problem) -> tuple[str, str]:
    """Return what identifies a secret: file and hint, which holds the fingerprint."""
    return problem.message, problem.hint


def check_only_profile(repository: Repository, objects: Objects, commits: list[Commit]) -> None:
    """Refuse to send commits that touch files outside a profile that is a part of its repository.

    Raises:
        ZenprofileError: there are such commits; they are named.
    """
    found = _paths_outside(repository, objects, commits) if repository.prefix else []
    if found:
        shown = "; ".join(found[:_SHOWN]) + (f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
        message = f"unpushed commits touch files outside the profile: {shown}"
        raise ZenprofileError(message, hint="send them too with --with-others, as git push would")


def _paths_outside(repository: Repository, objects: Objects, commits: list[Commit]) -> list[str]:
    return [
        f"{oid[:9]} {subject}"
        for oid, parents, subject in commits
        if any(not tree.is_document(path, repository.prefix) for path in _changed_paths(objects, oid, parents))
    ]


def _changed_paths(objects: Objects, oid: str, parents: list[str]) -> set[str]:
    """Return the paths at which a commit differs from all its parents."""
    sides = [set(objects.diff(objects.tree_of(p), objects.tree_of(oid))) for p in parents or [""]]
    return set.intersection(*sides)


def _key(repository: Repository, path: str) -> Key | None:
    return key_of_path(path[len(repository.prefix) :]) if path.startswith(repository.prefix) else None
