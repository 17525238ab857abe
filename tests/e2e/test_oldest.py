"""The oldest libraries that setup.cfg allows do."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the project with its oldest libraries, and what the tests need; return that Python."""
    folder = tmp_path_factory.mktemp("oldest")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    # As the Makefile installs it: other ways run code, and so import, at each start of Python.
    options = ["--constraint", str(ROOT / "tests" / "oldest.txt"), "--config-settings", "editable_mode=compat"]
    subprocess.run([python, "-m", "pip", "install", "-qq", *options, "-e", f"{ROOT}[test]"], check=True)
    return python


@pytest.mark.slow
def test_units_and_contract_hold_on_the_oldest_libraries(python: Path) -> None:
    # Without the stores in Git, which take most of the time: they stand on git, and on what the others prove.
    chosen = ["-m", "not slow", "-k", "not [git", "tests/unit", "tests/contract"]
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
