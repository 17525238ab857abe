"""A folder becomes a repository of zenprofile's own making."""

import contextlib
import errno
import os

from zenprofile.fs import atomic
from zenprofile.git.repository import Repository

DRAFT = f"{atomic.TEMPORARY}git."  # and the process: folder of a repository that is being made
MADE = "made"  # marks, in our own folder of its git folder, a repository that zenprofile made or cloned


def init_repository(root: str) -> None:
    """Make a folder (with the folders above it) a repository of zenprofile's own making.

    Raises:
        StoreBroken: no permission, no space.
    """
    import shutil

    from zenprofile.git import runner

    # It is there at once, and known as ours: killed on the way, none is left that would be taken for the user's.
    draft = os.path.join(root, f"{DRAFT}{os.getpid()}")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        os.makedirs(draft)
        branch = runner.run(["config", "--get", "init.defaultBranch"], draft, ok=(0, 1)).out.decode().strip() or "main"
        runner.run(["init", "-q"], draft, flags=(f"init.defaultBranch={branch}",))
        made = Repository(draft, os.path.join(draft, ".git"), draft)
        atomic.replace(made.own_file(MADE), b"", sharing=made.shared_mode)
        with contextlib.suppress(FileExistsError):  # another process was faster
            _publish(os.path.join(draft, ".git"), os.path.join(root, ".git"))
    except OSError as error:
        atomic.raise_write_error(error, root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _publish(made: str, git: str) -> None:
    try:
        os.rename(made, git)
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:
            raise FileExistsError from None
        raise


def remove_drafts(root: str) -> None:
    """Remove what killed processes left while they made a repository."""
    import shutil

    with contextlib.suppress(OSError):
        for name in os.listdir(root):
            if name.startswith(DRAFT) and not atomic.is_running(name.removeprefix(DRAFT)):
                shutil.rmtree(os.path.join(root, name), ignore_errors=True)
