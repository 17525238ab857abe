"""The pre-commit hook, as git runs it, with one document staged."""

import sys
from pathlib import Path

import profiles
from measure import Table, process, rounds
from profiles import COMMAND


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure the hook in a profile of 1,000 entities."""
    folder = profiles.repository(home / "hooked", 1000)
    profiles.registered("hooked", folder)
    process(COMMAND, "hooks", "install", cwd=folder)()
    hook = folder / ".git" / "hooks" / "pre-commit"
    document = folder / "components" / "artifact_store" / "artifact-store-1.yaml"
    document.write_text(f"{document.read_text()}# edited\n")
    profiles.git(folder, "add", "-A")
    found = rounds(
        {
            "pass": process(sys.executable, "-I", "-c", "pass"),
            "hook": process(hook, cwd=folder, GIT_INDEX_FILE=".git/index"),
        },
        7 if quick else 25,
    )
    table.row(
        "pre-commit hook, one document of 1,000 staged", found["hook"], found["pass"], "python -I -c pass", "<= 8x"
    )
