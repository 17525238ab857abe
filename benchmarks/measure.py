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


def rounds(runs: Mapping[str, Run], count: int, before: Run | None = None) -> dict[str, float]:
    """Run each in turn, so many times, and return the medians in seconds. ``before`` runs unmeasured before each."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(count + 1):
        for name, run in runs.items():
            if before is not None:
                before()
            start = time.perf_counter()
            run()
            if number:  # the first round warms up
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def process(*words: str, cwd: Path | None = None, ok: tuple[int, ...] = (0,), **variables: str) -> Run:
    """Return a run of a whole process, its output thrown away."""
    environment = {**os.environ, **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run() -> None:
        done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, check=False)
        if done.returncode not in ok:
            raise RuntimeError(f"{words}: {done.stderr.decode()}")

    return run


class Table:
    """Rows of one run: what, measured, limit, ratio, target."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def row(self, what: str, ours: float, limit: float, against: str, target: str) -> None:
        """Add a row and print it."""
        ratio = ours / limit if limit else 0.0
        row = {"what": what, "ours_ms": ours * 1e3, "limit_ms": limit * 1e3, "ratio": ratio, "against": against, "target": target}
        self.rows.append(row)
        print(f"{what:<58} {ours * 1e3:9.2f} ms {limit * 1e3:9.2f} ms {ratio:7.2f}x  {against}; target {target}", flush=True)

    def save(self, path: Path) -> None:
        """Write the rows with the machine that they were measured on."""
        machine = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
        git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        path.write_text(json.dumps({"machine": {**machine, "git": git}, "rows": self.rows}, indent=2) + "\n")
