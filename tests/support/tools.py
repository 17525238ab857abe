"""Programs that the set-up of the tests brings from npm."""

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_NPM = ROOT / ".venv" / "npm" / "node_modules" / ".bin"


def path() -> str:
    """Return a PATH on which zenprofile, the programs of npm and the system's are found."""
    return os.pathsep.join([str(Path(sys.executable).parent), str(OF_NPM), os.environ["PATH"]])


def program(name: str) -> str:
    """Return a program's file; one that is not there is a failure of the set-up."""
    found = shutil.which(name, path=path())
    assert found, f"{name} is missing: sh tests/setup.sh .venv/left-out"
    return found
