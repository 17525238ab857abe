"""A hook's input from git: the repository, the index, ranges of commits. Read by object id, never from a work tree.

A hook must look at what git looks at: here alone git's own variables are kept (elsewhere they are scrubbed, since they
may come from another repository's hook), and in quarantine new objects can be read only through them.
"""

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from zenprofile.errors import StoreBroken
from zenprofile.git import runner
from zenprofile.git.objects import Objects, Pair, TreeEntry
from zenprofile.git.repository import Repository, find

_OBJECTS = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")
_EMPTY_MODE = "000000"


class HookContext(NamedTuple):
    """What one hook works on.

    Attributes:
        repository: its work tree, or the bare repository.
        extra: git's own variables for every git process that reads it.
    """

    repository: Repository
    extra: dict[str, str]

    def git(self, *args: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> runner.GitResult:
        """Run git as the hook's own git sees the repository."""
        return runner.run(list(args), self.repository.top, stdin=stdin, extra=self.extra, ok=ok)

    def objects(self) -> Objects:
        """Open its objects, those in quarantine among them. The caller closes them."""
        return Objects(self.repository, self.extra)


def from_environment() -> HookContext:
    """Return what git gave the hook that this process is.

    Raises:
        StoreBroken: the current folder is in no repository.
    """
    here = os.getcwd()
    named = os.environ.get("GIT_DIR")
    repository = Repository(here, os.path.realpath(named), here) if named else _find_repository(here)
    extra = {name: os.environ[name] for name in _OBJECTS if os.environ.get(name)}
    if named:
        extra["GIT_DIR"] = named  # the work tree is the current folder then, as git has it
    index = os.environ.get("GIT_INDEX_FILE")
    if index:
        extra["GIT_INDEX_FILE"] = index
    return HookContext(repository, {name: _absolute(name, value) for name, value in extra.items()})


def from_repository(repository: Repository) -> HookContext:
    """Return a repository as a command sees it: variables that another repository's hook left are not its own.

    An index is taken from the environment only where it lies in this repository's own folder.
    """
    index = os.environ.get("GIT_INDEX_FILE", "")
    own = os.path.realpath(repository.git_dir)
    if index and os.path.dirname(os.path.realpath(os.path.join(repository.top, index))) == own:
        return HookContext(repository, {"GIT_INDEX_FILE": os.path.join(repository.top, index)})
    return HookContext(repository, {})


def bare(folder: str) -> HookContext:
    """Return a bare repository, or the git folder of one that is not.

    Raises:
        StoreBroken: it is none.
    """
    folder = os.path.realpath(folder)
    if not all(os.path.exists(os.path.join(folder, name)) for name in ("HEAD", "objects", "refs")):
        raise StoreBroken(f"{folder} is no bare repository", hint="name the folder that holds HEAD, objects and refs")
    return HookContext(Repository(folder, folder, folder), {"GIT_DIR": folder})


def _find_repository(here: str) -> Repository:
    if _is_bare(here):
        return bare(here).repository
    repository = find(here)
    if repository is None:
        raise StoreBroken(f"{here} is in no git repository", hint="a hook is run by git; try: git status")
    return Repository(str(repository.top), str(repository.git_dir), str(repository.top))


def _is_bare(folder: str) -> bool:
    """Return whether a folder is a git folder without a work tree, by its looks and its settings."""
    if not all(os.path.exists(os.path.join(folder, name)) for name in ("HEAD", "objects", "refs")):
        return False
    out = runner.run(["config", "--type=bool", "--get", "core.bare"], folder, extra={"GIT_DIR": folder}, ok=(0, 1)).out
    return out.strip() == b"true"


def _absolute(name: str, value: str) -> str:
    if name == "GIT_ALTERNATE_OBJECT_DIRECTORIES":
        return os.pathsep.join(os.path.abspath(part) for part in value.split(os.pathsep) if part)
    return os.path.abspath(value)


def staged(hook: HookContext, tree: str) -> dict[str, Pair]:
    """Return what the tree that ``git write-tree`` would make of the index changes against another, by path.

    What is only announced (``git add --intent-to-add``) is not in it.

    Raises:
        GitError: the index cannot be read.
    """
    return _differing(hook, tree, ())


def _differing(hook: HookContext, tree: str, below: Iterable[str]) -> dict[str, Pair]:
    args = ["diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--ignore-submodules=none"]
    words = hook.git(*args, "--ita-invisible-in-index", tree, "--", *below).out.split(b"\0")
    found: dict[str, Pair] = {}
    for row, path in zip(words[0::2], words[1::2], strict=False):
        modes = row.decode("ascii").lstrip(":").split(" ")
        found[os.fsdecode(path)] = (_entry(modes[0], modes[2]), _entry(modes[1], modes[3]))
    return found


def _entry(mode: str, oid: str) -> TreeEntry | None:
    return None if mode == _EMPTY_MODE else TreeEntry(mode, oid)


def indexed(hook: HookContext, below: Iterable[str]) -> dict[str, TreeEntry | None]:
    """Return the index's entries below folders or of files, as `staged` sees them; None for one in conflict."""
    objects = hook.objects()
    try:
        return {path: new for path, (_, new) in _differing(hook, objects.empty_tree, below).items()}
    finally:
        objects.close()


def commit_of(hook: HookContext, name: str) -> str:
    """Return the commit that a name or tag stands for; "" for none."""
    return hook.git("rev-parse", "-q", "--verify", f"{name}^{{commit}}", ok=(0, 1, 128)).out.decode().strip()


def new_commits(hook: HookContext, tip: str, known: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the commits that a tip brings, oldest first, and those at the edge of what is known.

    Args:
        hook: the repository.
        tip: a commit.
        known: arguments of ``rev-list`` behind ``--not``.
    """
    out = hook.git("rev-list", "--topo-order", "--reverse", "--boundary", tip, "--not", *known).out.decode()
    lines = out.split()
    return [line for line in lines if line[0] != "-"], [line[1:] for line in lines if line[0] == "-"]


def is_null_oid(oid: str) -> bool:
    """Return whether an id stands for no object."""
    return not oid.strip("0")


def lines(stdin: Iterable[str], columns: int) -> Iterator[list[str]]:
    """Yield the rows of what git writes to a hook."""
    for line in stdin:
        words = line.split()
        if len(words) >= columns:
            yield words[:columns]
