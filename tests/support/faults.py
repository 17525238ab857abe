"""Real faults for real processes: a kill or an error at the N-th system call of one kind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# What changes the state of a disk. Opening a file to create it is followed by a write at once.
CALLS = (
    "write",
    "pwrite64",
    "rename",
    "unlink",
    "unlinkat",
    "renameat",
    "mkdir",
    "mkdirat",
    "link",
    "fsync",
    "fdatasync",
)
_MOST = 4000


def sweep(script: str, arguments: list[str], call: str, fault: str, step: int = 1) -> Iterator[int]:
    """Run a Python script again and again, each time with the fault at the next system call of a kind.

    Args:
        script: the program's text; run by this interpreter.
        arguments: its arguments.
        call: the system call; counted in each process of the program by itself.
        fault: ``signal=SIGKILL`` or ``error=ENOSPC``, as strace names it.
        step: meet only each so-many-th call.

    Yields:
        The number of the call, after a run in which it was met. Ends behind the last one.
    """
    for number in range(1, _MOST, step):
        status, met = run(script, arguments, call, fault, number)
        if not met:
            assert status == 0, f"without a fault the program fails (status {status})"
            return
        yield number
    raise AssertionError(f"more than {_MOST} calls of {call}: the sweep would not end")


def run(script: str, arguments: list[str], call: str, fault: str, number: int) -> tuple[int, bool]:
    """Run a script with one fault; return its exit status, and whether the fault was met."""
    log = Path(arguments[0]).parent / "strace.log"
    command = [
        "strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={number}",
        sys.executable, "-c", script, *arguments,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False)
    said = log.read_text("utf-8", "replace")
    return done.returncode, "INJECTED" in said or "killed by SIGKILL" in said
