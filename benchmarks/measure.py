"""Timing of things beside each other: interleaved rounds, medians, ratios. No figure here fails anything."""

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import told

Run = Callable[[], Any]


def rounds(runs: Mapping[str, Run], count: int, before: Mapping[str, Run] | None = None) -> dict[str, float]:
    """Run each in turn, so many times, and return the medians in seconds.

    What ``before`` names runs before each measured run of that name, unmeasured. A first round warms up.
    """
    ready = before or {}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(count + 1):
        for name, run in runs.items():
            if name in ready:
                ready[name]()
            start = time.perf_counter()
            run()
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def process(*words: str | Path, cwd: Path | None = None, ok: tuple[int, ...] = (0,), **variables: str) -> Run:
    """Return a run of a whole process, its output thrown away."""
    environment = {**os.environ, **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run() -> None:
        done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, check=False)
        if done.returncode not in ok:
            raise RuntimeError(f"{words}: {done.stderr.decode()}")

    return run


def processor() -> str:
    """Name the processor, as far as the system does."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def machine() -> dict[str, Any]:
    """Say what this machine is, and how busy."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "python": platform.python_version(),
        "git": git,
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


class Table:
    """Rows of one run: what, measured, limit, ratio, target; and what could not be measured.

    Args:
        machine: that it runs on (`machine`).
        recorded: the last recorded run, whose figures are printed beside those of this one.
    """

    def __init__(self, machine: Mapping[str, Any], recorded: Mapping[str, Any]) -> None:
        self._machine = machine
        self.before = told.before(recorded, machine)
        self.rows: list[dict[str, Any]] = []
        self.missing: list[str] = []
        self.subject = ""

    def row(self, what: str, ours: float, limit: float, against: str, target: str = "") -> None:
        """Add a row and print it; without a target it is a peer's, for comparison."""
        ratio = ours / limit if limit else 0.0
        times = {"ours_ms": ours * 1e3, "limit_ms": limit * 1e3, "ratio": ratio}
        self._add({"what": what, **times, "against": against, "target": target})

    def size(self, what: str, megabytes: float, target: str) -> None:
        """Add a row of memory."""
        self._add({"what": what, "megabytes": megabytes, "target": target})

    def growth(self, what: str, sizes: Sequence[int], times: Sequence[float], target: str) -> None:
        """Add a row of the exponent that a time grows with, over sizes."""
        milliseconds = [time * 1e3 for time in times]
        grown = {"exponent": told.exponent(sizes, times), "sizes": list(sizes), "times_ms": milliseconds}
        self._add({"what": what, **grown, "target": target})

    def _add(self, row: dict[str, Any]) -> None:
        self.rows.append({"subject": self.subject, **row})
        print(told.line(row, self.before.get(row["what"])), flush=True)

    def lacks(self, what: str) -> None:
        """Name what could not be measured, and why."""
        self.missing.append(what)
        print(f"not measured: {what}", flush=True)

    def save(self, path: Path) -> None:
        """Write the rows with the machine that they were measured on."""
        data = {"machine": dict(self._machine), "rows": self.rows, "missing": self.missing}
        path.write_text(json.dumps(data, indent=2) + "\n")
