"""Watchers as real processes, and waiting for what they do."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from machines import Machine

DEADLINE = 60.0

T = TypeVar("T")


def until(holds: Callable[[], T | None], what: str, seconds: float = DEADLINE) -> T:
    """Wait until something holds, and return it; what never does fails the test."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it never came to this: {what}")


class Watched:
    """A watcher that runs.

    Attributes:
        machine: where.
        process: it.
        log: the file with its lines, JSON each.
    """

    def __init__(self, machine: Machine, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.machine = machine
        self.process = process
        self.log = log

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has told so far."""
        text = self.log.read_text("utf-8")
        rows = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith("{")]
        assert all("event" in row for row in rows), f"it ended: {text}"
        return rows

    def told(self, event: str, text: str = "", after: int = 0) -> dict[str, Any]:
        """Wait until it tells of an event, with a text in it."""

        def found() -> dict[str, Any] | None:
            rows = self.lines[after:]
            return next((row for row in rows if row["event"] == event and text in row["text"]), None)

        try:
            return until(found, f"'{event}: {text}'")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log.read_text('utf-8')}") from None

    def is_in(self, state: str, why: str = "") -> dict[str, Any]:
        """Wait until it says of itself that it is in a state, with a text in the reason; return all that it says."""

        def found() -> dict[str, Any] | None:
            said = self.said
            return said if said.get("state") == state and why in said["reason"] else None

        try:
            return until(found, f"state {state}: {why}")
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.said}\n{self.log.read_text('utf-8')}") from None

    @property
    def said(self) -> dict[str, Any]:
        """What it has last said of itself, as its file has it."""
        git = self.machine.top / ".git"
        files = sorted((git / "zenprofile").glob("watch*.json"))
        found = [file for file in files if "asked" not in file.name]
        with contextlib.suppress(OSError, ValueError):
            return json.loads(found[0].read_text("utf-8")) if found else {}
        return {}

    def ends(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(DEADLINE)

    def killed(self) -> None:
        """Kill it, as no program can prevent."""
        self.process.kill()
        self.process.wait(10)


def start(machine: Machine, *options: str, wrapper: tuple[str, ...] = (), **variables: str) -> Watched:
    """Start a watcher; it runs and listens once this returns."""
    log = machine.home / f"watch-{time.monotonic_ns()}.log"
    words = [*wrapper, sys.executable, "-m", "zenprofile", "watch", "--profile", "team", "-o", "json", *options]
    with log.open("wb") as file:
        process = subprocess.Popen(
            words, cwd=machine.home, env={**machine.environment, **variables}, stdout=file, stderr=subprocess.STDOUT
        )
    watched = Watched(machine, process, log)
    until(
        lambda: process.poll() is not None or (watched.said.get("pid") == process.pid and watched.said["listens"]),
        "a watcher that runs",
    )
    return watched


@contextlib.contextmanager
def watching(machine: Machine, *options: str, wrapper: tuple[str, ...] = (), **variables: str) -> Iterator[Watched]:
    """Run a watcher for the time of a block."""
    watched = start(machine, *options, wrapper=wrapper, **variables)
    try:
        yield watched
    finally:
        if watched.process.poll() is None:
            try:
                watched.ends()
            except subprocess.TimeoutExpired:
                watched.killed()
                raise
        said = watched.log.read_text("utf-8")
        assert "Traceback" not in said, said


def customized(machine: Machine, code: str) -> str:
    """Return the PYTHONPATH of a process there that runs a piece of Python before anything else."""
    folder = machine.home / "customized"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return str(folder)


def setting(machine: Machine, *pairs: str) -> None:
    """Change settings of a machine's watcher."""
    machine.run("config watch", *pairs)


def commits(machine: Machine, since: str) -> int:
    """Return how many commits were made on the branch since one."""
    return int(machine.git("rev-list", "--count", f"{since}..HEAD"))


def pausing(watched: Watched) -> None:
    """Have a watcher pause, and wait until it does nothing any more: until it is told to resume."""
    watched.machine.run("watch pause")
    watched.is_in("paused", "a person")


def is_shared(machine: Machine) -> bool:
    """Say whether nothing is left to commit, and the remote has what is here."""
    return not machine.git("status", "--porcelain") and machine.head == machine.remote_head
