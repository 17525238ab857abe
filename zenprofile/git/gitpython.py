"""GitPython, of which only the object model is used: it never commits, clones or pushes, and runs no hook.

Its index ignores signing and other writers, and its import takes eight starts of Python: only history waits for it.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zenprofile.errors import StoreBroken, Unsupported
from zenprofile.git import runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    from git import Commit, Repo

__all__ = ["Commit", "Repo", "opened"]

_SHA1 = 40  # characters of an id
_ENVIRONMENT = threading.RLock()


@contextlib.contextmanager
def opened(repository: Repository) -> Iterator["Repo"]:
    """Open GitPython's repository with this project's environment for every process that it starts."""
    try:
        import git
    except ImportError as error:  # GitPython looks for git when it is imported
        said = str(error).partition("\n")[0].rstrip(".")
        hint = "install git 2.31 or newer and put it on PATH"
        raise Unsupported(f"GitPython cannot start: {said}", hint=hint) from None
    if len(Objects(repository).zero) > _SHA1:
        message = "the history of a repository with SHA-256 ids cannot be read: GitPython does not know them"
        raise Unsupported(message, hint="reads, writes, diff, --at and undo work; for the history: git log")

    class Clean(git.Git):
        """Git as GitPython starts it; it adds to this process's environment and takes nothing out of it."""

        def execute(self, *args: Any, **kwargs: Any) -> Any:
            with _without_foreign():
                return super().execute(*args, **kwargs)

    class Opened(git.Repo):
        GitCommandWrapperType = Clean

    try:
        with _without_foreign():
            repo = Opened(repository.top)
        with repo:
            repo.git.update_environment(**runner.environment())
            repo.git.set_persistent_git_options(c=["core.fsmonitor=false", "core.hooksPath=/dev/null"])
            yield repo
    except (git.GitError, BrokenPipeError) as error:
        said = next((line.strip() for line in str(error).splitlines() if "fatal:" in line), type(error).__name__)
        message = f"git cannot read the history of {repository.top}: {said}"
        raise StoreBroken(message, hint="try: git status, git fsck") from None


@contextlib.contextmanager
def _without_foreign() -> Iterator[None]:
    """Leave out of this process's environment, for a moment, what the runner leaves out of git's."""
    with _ENVIRONMENT:
        kept = runner.environment()
        foreign = {name: value for name, value in os.environ.items() if name not in kept}
        for name in foreign:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(foreign)
