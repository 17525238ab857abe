"""Timing of things beside each other: interleaved rounds, medians, ratios. No figure here fails anything."""

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

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


class Table:
    """Rows of one run: what, measured, limit, ratio, target; and what could not be measured."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.missing: list[str] = []
        self.subject = ""

    def row(self, what: str, ours: float, limit: float, against: str, target: str = "") -> None:
        """Add a row and print it; without a target it is a peer's, for comparison."""
        ratio = ours / limit if limit else 0.0
        self.rows.append(
            {
                "subject": self.subject,
                "what": what,
                "ours_ms": ours * 1e3,
                "limit_ms": limit * 1e3,
                "ratio": ratio,
                "against": against,
                "target": target,
            }
        )
        aim = f"; target {target}" if target else ""
        print(f"{what:<62} {ours * 1e3:9.2f} ms {limit * 1e3:9.2f} ms {ratio:7.2f}x  {against}{aim}", flush=True)

    def size(self, what: str, megabytes: float, target: str) -> None:
        """Add a row of memory."""
        self.rows.append({"subject": self.subject, "what": what, "megabytes": megabytes, "target": target})
        print(f"{what:<62} {megabytes:9.1f} MB; target {target}", flush=True)

    def lacks(self, what: str) -> None:
        """Name what could not be measured, and why."""
        self.missing.append(what)
        print(f"not measured: {what}", flush=True)

    def save(self, path: Path) -> None:
        """Write the rows with the machine that they were measured on."""
        git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        machine = {
            "python": platform.python_version(),
            "git": git,
            "system": platform.platform(),
            "processor": processor(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
        }
        data = {"machine": machine, "rows": self.rows, "missing": self.missing}
        path.write_text(json.dumps(data, indent=2) + "\n")
