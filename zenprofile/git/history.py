"""History of a profile, from Git's objects. Home of GitPython, of which only the object model is used (FAULTS D1)."""

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zenprofile.core.change import Changed, Recorded, is_rename
from zenprofile.core.entity import KINDS, Key, key_of_path
from zenprofile.core.snapshot import data_of
from zenprofile.errors import NotFound, StoreBroken, Unsupported
from zenprofile.git import runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository
from zenprofile.store import moments

if TYPE_CHECKING:
    import git

_FILES = {0o100644, 0o100755}
_REV = re.compile(r"[A-Za-z0-9_@.{}^~/+=-]{1,250}\Z")
Blobs = dict[str, Any]


def resolve(repository: Repository, rev: str) -> str:
    """Return the commit that a REV names: a commit, tag, branch, or date.

    Raises:
        NotFound: there is none.
    """
    seconds = moments.parse(rev)
    if seconds is not None:
        args = ["rev-list", "-1", f"--min-age={int(seconds)}", "HEAD"]
        found = runner.run(args, repository.top, ok=(0, 128)).out.decode().strip()
        if not found:
            raise NotFound(f"nothing was committed before {rev}", hint="see: zenprofile log")
        return found
    if _REV.match(rev) and not rev.startswith("-"):
        args = ["rev-parse", "--verify", "-q", "--end-of-options", f"{rev}^{{commit}}"]
        found = runner.run(args, repository.top, ok=(0, 1, 128)).out.decode().strip()
        if found:
            return found
    raise NotFound(f"there is no revision {rev[:140]!r}", hint="a commit, tag, branch or date; see: zenprofile log")


@contextlib.contextmanager
def _opened(repository: Repository) -> Iterator["git.Repo"]:
    """Open GitPython's repository with this project's environment for every process that it starts."""
    try:
        import git
    except ImportError as error:  # GitPython looks for git when it is imported
        raise Unsupported(f"GitPython cannot start: {error}", hint="put git on PATH") from None
    with git.Repo(repository.top) as repo:
        repo.git.update_environment(**runner.environment())
        repo.git.set_persistent_git_options(c=["core.fsmonitor=false", "core.hooksPath=/dev/null"])
        yield repo


def changes(repository: Repository, key: Key | None = None, start: str = "HEAD") -> Iterator[Recorded]:
    """Yield the commits that changed entities of the profile, newest first.

    A merge is told by what it has that none of its parents had.

    Args:
        repository: where.
        key: of one entity, which is followed through renames; None for all.
        start: the commit to begin with.
    """
    with _opened(repository) as repo:
        memo: dict[bytes, Blobs] = {}
        for commit in repo.iter_commits(start):
            changed = _changed(repo, repository, commit, memo)
            if key is not None:
                changed = [c for c in changed if c.key == key] + _origin(changed, key)
            if not changed:
                continue
            yield _recorded(commit, tuple(changed))
            for origin in _origin(changed, key) if key is not None else ():
                key = origin.key


def _origin(changed: list[Changed], key: Key) -> list[Changed]:
    """Return the removal that an entity's addition was a rename of."""
    new = next((c for c in changed if c.key == key and c.action == "added"), None)
    if new is None:
        return []
    return [c for c in changed if c.action == "removed" and is_rename(c, new)][:1]


def _recorded(commit: "git.Commit", changed: tuple[Changed, ...]) -> Recorded:
    message = commit.message if isinstance(commit.message, str) else commit.message.decode("utf-8", "replace")
    who = commit.author.name or ""
    return Recorded(commit.hexsha, who, moments.rfc3339(commit.committed_date), message.rstrip("\n"), changed)


def one(repository: Repository, commit: str) -> Recorded:
    """Return what one commit did to the profile."""
    with _opened(repository) as repo:
        found = repo.commit(commit)
        return _recorded(found, tuple(_changed(repo, repository, found, {})))


def _changed(repo: "git.Repo", repository: Repository, commit: "git.Commit", memo: dict[bytes, Blobs]) -> list[Changed]:
    after = _documents(commit, repository, memo)
    befores = [_documents(parent, repository, memo) for parent in _parents(commit)] or [{}]
    differing = [path for path in {*after, *befores[0]} if all(b.get(path) != after.get(path) for b in befores)]
    found = []
    for path in sorted(differing):
        key = key_of_path(path)
        if key is not None:
            old, new = (_content(repo, side.get(path)) for side in (befores[0], after))
            found.append(Changed(key, data_of(key, old), data_of(key, new)))
    return sorted(found, key=lambda c: c.key)


def _parents(commit: "git.Commit") -> list["git.Commit"]:
    """Return a commit's parents that are there (a shallow clone ends somewhere)."""
    found = []
    for parent in commit.parents:
        try:
            parent.tree  # noqa: B018 - read it
        except ValueError:
            continue
        found.append(parent)
    return found


def _documents(commit: "git.Commit", repository: Repository, memo: dict[bytes, Blobs]) -> Blobs:
    """Return blob ids of a commit's documents by path below the profile; unchanged folders are read once."""
    tree: Any = commit.tree
    for step in repository.prefix.rstrip("/").split("/") if repository.prefix else ():
        tree = next((inner for inner in tree.trees if inner.name == step), None)
        if tree is None:
            return {}
    found: Blobs = {}
    folders = {kind.folder for kind in KINDS.values()}
    for folder in tree.trees:
        if folder.name in folders:
            found.update({f"{folder.name}/{path}": oid for path, oid in _below(folder, memo).items()})
    return found


def _below(tree: Any, memo: dict[bytes, Blobs]) -> Blobs:
    known = memo.get(tree.binsha)
    if known is None:
        known = {blob.name: blob.binsha for blob in tree.blobs if blob.mode in _FILES}
        for folder in tree.trees:
            known.update({f"{folder.name}/{path}": oid for path, oid in _below(folder, memo).items()})
        memo[tree.binsha] = known
    return known


def _content(repo: "git.Repo", oid: bytes | None) -> bytes | None:
    if oid is None:
        return None
    try:
        return bytes(repo.odb.stream(oid).read())
    except (ValueError, KeyError):
        message = f"the object {oid.hex()[:12]} is missing"
        raise StoreBroken(message, hint="try: git fsck; a partial clone may need: git fetch --refetch") from None


def brief(repository: Repository, commit: str, message: str, changed: tuple[Changed, ...]) -> Recorded:
    """Return a commit that has just been made as history tells it, without starting anything."""
    objects = Objects(repository)
    try:
        head = objects.read(commit, "commit").decode("utf-8", "replace")
    finally:
        objects.close()
    author = re.search(r"^author (.*) <[^>\n]*> \d+ ", head, re.MULTILINE)
    when = re.search(r"^committer .*> (\d+) ", head, re.MULTILINE)
    seconds = float(when.group(1)) if when else 0.0
    return Recorded(commit, author.group(1) if author else "", moments.rfc3339(seconds), message, changed)
