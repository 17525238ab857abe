"""Starts a watcher's processes that are none of git's: a person's hook commands, other watchers, systemctl."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Process = subprocess.Popen[bytes]
HOOK_DEADLINE = 300.0  # seconds that a hook command may take
DEADLINE = 30.0  # seconds that the system's own programs may take, and hook commands at the end of one round
_READ = 1 << 20  # bytes of what a failed one has said
_MOST = 100  # hook runs that may wait; more are dropped, and that is said


class Hooks:
    """Runs a person's commands beside the watcher, one after the other.

    Args:
        commands: by event (``change``, ``problem``), for the shell; from this machine's settings alone.
        failed: takes a line where one failed.
        deadline: seconds that one may take.
    """

    def __init__(
        self, commands: Mapping[str, str], failed: Callable[[str], None], deadline: float = HOOK_DEADLINE
    ) -> None:
        self._commands = commands
        self._failed = failed
        self._deadline = deadline
        self._todo: queue.Queue[tuple[str, str] | None] = queue.Queue(_MOST)
        self._thread: threading.Thread | None = None

    def run(self, event: str, data: Mapping[str, Any]) -> None:
        """Have the event's command run, with data as JSON on its input."""
        command = self._commands.get(event, "")
        if not command:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        try:
            self._todo.put_nowait((command, json.dumps(data)))
        except queue.Full:
            self._failed(f"on_{event} was not run: {_MOST} runs wait already")

    def close(self, wait: float) -> None:
        """Wait for queued commands, for so many seconds."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._todo.put_nowait(None)
            self._thread.join(wait)

    def _work(self) -> None:
        while (item := self._todo.get()) is not None:
            output = _shell(*item, self._deadline)
            if output:
                self._failed(output)


def _shell(command: str, stdin: str, deadline: float) -> str:
    """Run a command; return why it failed, "" where it did not."""
    import tempfile

    try:
        # A file: what a command leaves running in the background would keep a pipe open.
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                ["/bin/sh", "-c", command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=output,
                start_new_session=True,
            )
            try:
                process.communicate(stdin.encode(), timeout=deadline)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return f"the hook command {command!r} did not end within {deadline:g} seconds, and was ended"
            if not process.returncode:
                return ""
            output.seek(0)
            lines = output.read(_READ).decode("utf-8", "replace").strip().splitlines()
    except OSError as error:
        return f"the hook command {command!r} could not be run: {error.strerror}"
    reason = (lines or [f"exit status {process.returncode}"])[-1]
    return f"the hook command {command!r} failed: {reason[:200]}"


def start(command: Sequence[str]) -> Process:
    """Start a watcher of one profile; it has this process's output and environment."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)


def run(command: Sequence[str]) -> tuple[int, str]:
    """Run a program, for at most `DEADLINE`; return exit status and output (127: there is no such program)."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=DEADLINE
        )
    except FileNotFoundError:
        return 127, ""
    except subprocess.TimeoutExpired:
        return 124, "it did not end in time"
    return done.returncode, (done.stdout + done.stderr).strip()
