"""The README's first command works on a machine that has nothing but Python, git and make."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_first_command_sets_up_and_shows_the_main_job(tmp_path: Path) -> None:
    checkout = tmp_path / "a clone"
    leave = shutil.ignore_patterns(
        ".git", ".venv", ".tools", "build", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
    )
    shutil.copytree(ROOT, checkout, ignore=leave)
    home = tmp_path / "home"
    home.mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "SSL_", "UV_")) or name.endswith(("_proxy", "_PROXY"))
    }
    environment = {**kept, "HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    done = subprocess.run(["make", "demo"], cwd=checkout, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "$ zenprofile stack describe prod" in done.stdout
    assert "path s3://ml-artifacts -> s3://ml-artifacts-eu\nPushed 2 commits to origin/main.\nsynced" in done.stdout
    assert done.stdout.endswith("# Both machines describe the same, byte for byte.\n")
    assert not {".config", ".gitconfig", ".zenprofile", ".local"} & {path.name for path in home.iterdir()}
