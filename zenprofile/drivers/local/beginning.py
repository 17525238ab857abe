"""A folder becomes a repository of zenprofile's own making."""

import os

from zenprofile.fs import atomic

MADE = "made"  # marks, in our own folder of its git folder, a repository that zenprofile made or cloned


def make_repository(root: str) -> None:
    """Make a folder (with the folders above it) a repository of zenprofile's own making.

    Raises:
        StoreBroken: no permission, no space.
    """
    from zenprofile.git import runner

    try:
        os.makedirs(root, exist_ok=True)
        branch = runner.run(["config", "--get", "init.defaultBranch"], root, ok=(0, 1)).out.decode().strip() or "main"
        runner.run(["init", "-q"], root, flags=(f"init.defaultBranch={branch}",))
        own = os.path.join(root, ".git", "zenprofile")
        os.makedirs(own, exist_ok=True)
        with open(os.path.join(own, MADE), "w"):
            pass
    except OSError as error:
        atomic.failed(error, root)
