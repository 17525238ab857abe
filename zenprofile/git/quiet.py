"""Whether the git command that runs a hook was told to be quiet.

Git says so to `post-merge` only for ``git pull`` (in ``GIT_REFLOG_ACTION``): for all else its own command line is read.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence

from zenprofile.fs import nofollow

_WORDS = frozenset({"-q", "--quiet"})
_WITH_A_VALUE = frozenset({"-m", "-F", "-s", "-X", "-C", "-c", "--into-name", "--strategy", "--strategy-option"})
_GENERATIONS = 8  # between a hook and git: shells, and the tool that rules the hooks


def is_quiet() -> bool:
    """Return whether ``-q`` was given to the git command, or to the ``git pull`` that runs it."""
    if _WORDS & set(os.environ.get("GIT_REFLOG_ACTION", "").split()):
        return True
    command = next((words for words in _ancestors() if os.path.basename(words[0]) == "git"), ["git"])
    return any(word in _WORDS for word in _options(command[1:]))


def _options(words: Sequence[str]) -> Iterator[str]:
    before = ""
    for word in words:
        if word == "--":
            return
        if before not in _WITH_A_VALUE:
            yield word
        before = word


def _ancestors() -> Iterator[list[str]]:
    """Yield the command lines of the processes above this one, nearest first, as far as the system tells."""
    pid = os.getppid()
    for _ in range(_GENERATIONS):
        pid, words = _process(pid) if pid > 1 else (0, [])
        if not words:
            return
        yield words


def _process(pid: int) -> tuple[int, list[str]]:
    """Return a process's parent and its command line; (0, []) where the system does not tell."""
    with contextlib.suppress(OSError, ValueError):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = [os.fsdecode(word) for word in file.read(nofollow.MAX_BYTES).split(b"\0")[:-1]]
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name in brackets may hold anything; behind it stand the state and the parent.
            return int(file.read().rpartition(b")")[2].split()[1]), words
    return _by_ps(pid) if not os.path.isdir("/proc/self") else (0, [])


def _by_ps(pid: int) -> tuple[int, list[str]]:  # pragma: no cover - macOS, which has no /proc
    import subprocess

    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        args = ["ps", "-o", "ppid=,args=", "-p", str(pid)]
        ran = subprocess.run(args, capture_output=True, check=True, timeout=5)
        parent, _, line = ran.stdout.decode("utf-8", "replace").strip().partition(" ")
        return int(parent), line.split()
    return 0, []
