"""Start-up: commands that read settings alone, as fresh processes, beside a bare interpreter."""

import sys
from pathlib import Path

from measure import Table, process, rounds

TARGET = "<= 4.5x"


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure get, list, --version and completion."""
    python = sys.executable
    command = str(Path(python).with_name("zenprofile"))
    process(command, "get")()
    shell = {"_ZENPROFILE_COMPLETE": "bash_complete", "COMP_WORDS": "zenprofile set d", "COMP_CWORD": "2"}
    found = rounds(
        {
            "pass": process(python, "-I", "-c", "pass"),
            "get": process(command, "get"),
            "list": process(command, "list"),
            "--version": process(command, "--version"),
            "completion": process(command, **shell),
        },
        5 if quick else 25,
    )
    for name, seconds in found.items():
        if name != "pass":
            table.row(f"zenprofile {name}", seconds, found["pass"], "python -I -c pass", TARGET)
