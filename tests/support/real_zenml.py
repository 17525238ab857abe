"""ZenML 0.98.0 itself, in the virtual environment that the set-up of the tests made, on a folder of a test's own."""

import os
import shutil
import subprocess
from pathlib import Path

from zenprofile.zenml import process

ROOT = Path(__file__).resolve().parents[2]
FLAVORS = ROOT / "tests" / "data" / "zenml-0.98.0"  # holds a custom flavor, as a user would write it
OWN = ROOT / ".venv" / "zenml" / "bin" / "python"


def python() -> str:
    """Return the interpreter that has ZenML."""
    return str(OWN) if OWN.exists() else process.interpreter()


def environment(folder: Path) -> dict[str, str]:
    """Return what a process of ZenML needs to keep to a folder, and to tell nobody."""
    return {
        "ZENML_CONFIG_PATH": str(folder),
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_LOGGING_VERBOSITY": "ERROR",
        "ZENPROFILE_ZENML_PYTHON": python(),
        "PYTHONPATH": str(FLAVORS),
    }


def command(folder: Path, *arguments: str) -> str:
    """Run ZenML's own command on a folder and return what it prints."""
    program = Path(python()).with_name("zenml")
    done = subprocess.run(
        [program, *arguments],
        env={**os.environ, **environment(folder), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder.parent,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def copy(source: Path, target: Path) -> Path:
    """Copy a folder of ZenML; to begin one takes seconds. Its settings hold its own path."""
    shutil.copytree(source, target)
    settings = target / "config.yaml"
    settings.write_text(settings.read_text().replace(str(source), str(target)))
    return target
