"""Write docs/performance.md from the figures that `make bench` keeps: ``make page`` (``page.py FIGURES.json``).

They become the recorded run, which the next one is compared with, and whose figures stand beside these ones.
"""

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import told

_RECORDED = Path(__file__).with_name("recorded.json")
_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_HEAD = """\
# How fast it is

Written by `benchmarks/page.py` from one run of `make bench`; change nothing here.

Each row is a median of interleaved rounds beside its limit or peer in the same run. Ratios count: they hold on other
machines, milliseconds do not. A row without a target is a peer's own, for comparison. "Less start-up" takes away the
time of `zenprofile describe` on the same profile in the same rounds.

"Last run" is the figure of the run that was recorded before this one, on the same kind of machine; within 15 % they
are equal.

Measured on {processor} ({cores} cores, load {load:.1f}), {system}, Python {python}, {git}.

To repeat it, on a machine that does nothing else: `make bench`. It makes environments of its own below `.tools/bench`:
zenprofile as its users install it, both sides compiled, and the peers. `make bench BENCH=--quick` takes some two
minutes; `make bench BENCH="start read"` measures these subjects alone. `make page` writes this page anew from what was
measured. No test fails by time: what the tests hold is what each command imports and how many git processes it starts.
"""


def _cells(row: dict[str, Any], was: dict[str, float]) -> list[str]:
    last = told.with_unit(row, was[row["what"]]) if row["what"] in was else ""
    target = row.get("target", "")
    if "megabytes" in row:
        return [row["what"], told.figure_text(row), "", "", last, "", target]
    if "exponent" in row:
        times = ", ".join(f"{t:.1f} ms ({n:,})" for n, t in zip(row["sizes"], row["times_ms"], strict=True))
        return [row["what"], times, "", told.figure_text(row), last, "exponent", target]
    both = [f"{row[field]:.2f} ms" for field in ("ours_ms", "limit_ms")]
    return [row["what"], *both, told.figure_text(row), last, row["against"], target]


_HEADER = "| what | measured | beside | ratio | last run | of | target |"
_RULE = "| --- | ---: | ---: | ---: | ---: | --- | --- |"
_BUSY = """\
**The machine was busy**: more ran on it than it has cores, so that what takes longer waited more often, and ratios are
too high. Repeat the run on a quiet machine before you trust a row.
"""


def page(figures: dict[str, Any], was: dict[str, float]) -> str:
    """Return the page of a run's figures, beside those that a run before had."""
    machine = figures["machine"]
    parts = [_HEAD.format(**machine), *([_BUSY] if machine["load"] > machine["cores"] else [])]
    for subject, rows in groupby(figures["rows"], lambda row: row["subject"]):
        lines = [f"## {subject.partition(':')[0]}", "", subject.partition(": ")[2] or subject, ""]
        lines += [_HEADER, _RULE]
        lines += [f"| {' | '.join(_cells(row, was))} |" for row in rows]
        parts.append("\n".join(lines) + "\n")
    if figures["missing"]:
        parts.append("\n".join(["Not measured:", "", *(f"* {what}" for what in figures["missing"])]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    new = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    old = json.loads(_RECORDED.read_text("utf-8")) if _RECORDED.exists() else {}
    _PAGE.write_text(page(new, told.before(old, new["machine"])), "utf-8")
    _RECORDED.write_text(json.dumps(new, indent=1) + "\n", "utf-8")
