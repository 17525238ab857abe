"""Start-up: commands that read settings alone, as fresh processes, beside a bare interpreter."""

import sys
from pathlib import Path

from measure import Table, process, rounds
from profiles import COMMAND


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure get, list, --version and completion."""
    process(COMMAND, "get")()
    found = rounds(
        {
            "pass": process(sys.executable, "-I", "-c", "pass"),
            "get": process(COMMAND, "get"),
            "list": process(COMMAND, "list"),
            "--version": process(COMMAND, "--version"),
            "completion": process(COMMAND, "set", "d", _ZENPROFILE_COMPLETE="words"),
        },
        7 if quick else 25,
    )
    for name, seconds in found.items():
        if name != "pass":
            table.row(f"zenprofile {name}", seconds, found["pass"], "python -I -c pass", "<= 4.5x")
