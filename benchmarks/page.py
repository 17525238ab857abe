"""Write docs/performance.md from the figures that `make bench` keeps: ``python benchmarks/page.py FIGURES.json``."""

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_HEAD = """\
# How fast it is

Written by `benchmarks/page.py` from one run of `make bench`; change nothing here.

Each row is a median of interleaved rounds beside its limit or peer in the same run. Ratios count: they hold on other
machines, milliseconds do not. A row without a target is a peer's own, for comparison. "Less start-up" takes away the
time of `zenprofile describe` on the same profile in the same rounds.

Measured on {processor} ({cores} cores, load {load:.1f}), {system}, Python {python}, {git}.

To repeat it, on a machine that does nothing else: `make bench`. It makes environments of its own below `.tools/bench`:
zenprofile as its users install it, both sides compiled, and the peers. `make bench BENCH=--quick` takes some two
minutes; `make bench BENCH="start read"` measures these subjects alone. No test fails by time: what the tests hold is
what each command imports and how many git processes it starts.
"""


def _cells(row: dict[str, Any]) -> list[str]:
    if "megabytes" in row:
        return [row["what"], f"{row['megabytes']:.1f} MB", "", "", "", row["target"]]
    times = [f"{row[field]:.2f} ms" for field in ("ours_ms", "limit_ms")]
    return [row["what"], *times, f"{row['ratio']:.2f}x", row["against"], row["target"]]


_BUSY = """\
**The machine was busy**: more ran on it than it has cores, so that what takes longer waited more often, and ratios are
too high. Repeat the run on a quiet machine before you trust a row.
"""


def page(figures: dict[str, Any]) -> str:
    """Return the page of a run's figures."""
    machine = figures["machine"]
    parts = [_HEAD.format(**machine), *([_BUSY] if machine["load"] > machine["cores"] else [])]
    for subject, rows in groupby(figures["rows"], lambda row: row["subject"]):
        lines = [f"## {subject.partition(':')[0]}", "", subject.partition(": ")[2] or subject, ""]
        lines += ["| what | measured | beside | ratio | of | target |", "| --- | ---: | ---: | ---: | --- | --- |"]
        lines += [f"| {' | '.join(_cells(row))} |" for row in rows]
        parts.append("\n".join(lines) + "\n")
    if figures["missing"]:
        parts.append("\n".join(["Not measured:", "", *(f"* {what}" for what in figures["missing"])]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    _PAGE.write_text(page(json.loads(Path(sys.argv[1]).read_text("utf-8"))), "utf-8")
