"""GitPython as a second reader, for `doctor`: it takes every object from git, and parses it by code that is not ours.

Its import takes eight starts of Python, so that no command that people repeat waits for it. It never commits, clones or
pushes, and runs no hook.
"""

import contextlib
import itertools
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from zenprofile.errors import StoreBroken
from zenprofile.fs import nofollow
from zenprofile.git import log, runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    from git import Repo

_ENVIRONMENT = threading.RLock()
_COMMITS, _FILES = 100, 1000  # so many are compared at most


class Compared(NamedTuple):
    """What two readers saw.

    Attributes:
        commits: how many commits both read alike.
        files: how many files of the last commit, content for content.
        differing: the first commit or file of which they saw two things, or which is not what its id says; "" for none.
    """

    commits: int
    files: int
    differing: str


def can_read(repository: Repository) -> bool:
    """Return whether GitPython can read a repository: it knows no SHA-256."""
    return not repository.is_sha256


def compare(repository: Repository, commit: str) -> Compared:
    """Compare what GitPython reads with what `log.walk` and `Objects` do, from a commit on.

    Raises:
        StoreBroken: GitPython cannot read it.
    """
    with _open_repo(repository) as repo, contextlib.closing(Objects(repository)) as objects:
        ours = [(one.oid, one.tree, one.seconds) for one in log.walk(repository, commit, f"--max-count={_COMMITS}")]
        seen = repo.iter_commits(commit, max_count=_COMMITS)
        theirs = [(one.hexsha, one.tree.hexsha, one.committed_date) for one in seen]
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if one != other:
                return Compared(number, 0, f"the commit {one[0][:10]}")
        files = 0
        for path, oid, content in itertools.islice(_files(repo, commit, repository.prefix), _FILES):
            if objects.oid("blob", content) != oid or objects.read(oid, "blob") != content:
                return Compared(len(ours), files, f"the file {path}")
            files += 1
        return Compared(len(ours), files, "")


def _files(repo: "Repo", commit: str, prefix: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield path, id and content of a commit's files below a folder that are as small as documents."""
    import git

    folder: object = repo.commit(commit).tree
    try:
        folder = folder / prefix.rstrip("/") if prefix and isinstance(folder, git.Tree) else folder
    except KeyError:
        return
    for item in folder.traverse() if isinstance(folder, git.Tree) else ():
        if isinstance(item, git.Blob):
            with contextlib.suppress(ValueError):  # a partial clone lacks some
                if item.size <= nofollow.MAX_BYTES:
                    yield str(item.path), item.hexsha, item.data_stream.read()


@contextlib.contextmanager
def _open_repo(repository: Repository) -> Iterator["Repo"]:
    """Open GitPython's repository with this project's environment for every process that it starts."""
    import git
    from git.exc import ODBError

    class Clean(git.Git):
        """Git as GitPython starts it; it adds to this process's environment and takes nothing out of it."""

        def execute(self, *args: Any, **kwargs: Any) -> Any:
            with _scrubbed_environment():
                return super().execute(*args, **kwargs)

    class Opened(git.Repo):
        GitCommandWrapperType = Clean

    try:
        with _scrubbed_environment():
            repo = Opened(repository.top)
        with repo:
            repo.git.update_environment(**runner.environment())
            repo.git.set_persistent_git_options(c=["core.fsmonitor=false", "core.hooksPath=/dev/null"])
            yield repo
    except (git.GitError, ODBError, ValueError, OSError) as error:
        reason = next((line.strip() for line in str(error).splitlines() if "fatal:" in line), type(error).__name__)
        message = f"GitPython cannot read the history of {repository.folder}: {reason}"
        raise StoreBroken(message, hint="try: git fsck") from None


@contextlib.contextmanager
def _scrubbed_environment() -> Iterator[None]:
    """Remove from this process's environment, within the block, what the runner removes from git's."""
    with _ENVIRONMENT:
        kept = runner.environment()
        foreign = {name: value for name, value in os.environ.items() if name not in kept}
        for name in foreign:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(foreign)
