"""`git status` of a work tree, started before its answer is needed: the files that git takes for changed."""

import os
from typing import TYPE_CHECKING

from zenprofile.git import runner

if TYPE_CHECKING:
    import subprocess

    from zenprofile.git.config import GitConfig
    from zenprofile.git.repository import Repository

_STATUS = (
    *("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignored=matching"),
    "--ignore-submodules=all",
)


class WorktreeStatus:
    """A `git status` that runs. Close it."""

    def __init__(self, repository: "Repository", settings: "GitConfig") -> None:
        self._prefix = repository.prefix
        self._args = [*_STATUS, "--", repository.prefix or "."]
        self._process: subprocess.Popen[bytes] = runner.start(self._args, repository.folder, flags=settings.filters_off)

    def modified(self) -> list[str]:
        """List the files below the profile that git takes for changed: its index knows at once which are not."""
        out = runner.finish(self._process, self._args).out
        paths = (os.fsdecode(row[3:]) for row in out.split(b"\0") if row)
        return [path.removeprefix(self._prefix) for path in paths if path.startswith(self._prefix)]

    def close(self) -> None:
        """End git where nobody has waited for it."""
        if self._process.returncode is None:
            runner.end(self._process)
