"""Start-up: commands that read settings alone, as fresh processes, beside a bare interpreter."""

import sys
from pathlib import Path

from measure import Table, process, rounds
from profiles import COMMAND, registered, repository

# Lines to be completed in a profile of 1,000 entities.
_LINES = {
    "names": ("component", "describe", ""),
    "ENTITYs": ("log", ""),
    "a stack's components": ("stack", "register", "x", "-a", ""),
    "flavors": ("component", "register", "x", "--type", "artifact_store", "--flavor", ""),
    "settings": ("component", "register", "x", "--type", "artifact_store", "--flavor", "s3", "--set", ""),
    "labels": ("component", "list", "-l", ""),
    "revisions": ("component", "list", "--at", ""),
}


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure get, list, --version and completion."""
    process(COMMAND, "get")()
    registered("completed", repository(home / "completed", 1000))
    found = rounds(
        {
            "pass": process(sys.executable, "-I", "-c", "pass"),
            "get": process(COMMAND, "get"),
            "list": process(COMMAND, "list"),
            "--version": process(COMMAND, "--version"),
            "completion": process(COMMAND, "set", "d", _ZENPROFILE_COMPLETE="words"),
            **{
                f"completion of {what}": process(COMMAND, *words, _ZENPROFILE_COMPLETE="words")
                for what, words in _LINES.items()
            },
        },
        7 if quick else 25,
    )
    for name, seconds in found.items():
        if name != "pass":
            table.row(f"zenprofile {name}", seconds, found["pass"], "python -I -c pass", "<= 4.5x")
