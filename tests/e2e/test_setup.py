"""The set-up of the tests: as root it installs what is missing, else it names what is left out; in CI nothing is."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "cut", "sort", "tail", "rm", "mktemp", "sed", "grep", "touch", "chmod")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Make a PATH on which nothing but the usual tools is found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return folder


def script(file: Path, body: str) -> None:
    """Write a program."""
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(0o755)


def set_up(programs: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up on that PATH; its arguments for pytest go to a file beside it."""
    clean = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        ["sh", ROOT / "tests" / "setup.sh", programs.parent / "arguments"],
        env={**clean, "PATH": str(programs), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_root_each_suite_that_is_left_out_is_named(programs: Path) -> None:
    script(programs / "id", "echo 1000")

    done = set_up(programs)

    assert done.returncode == 0, done.stderr
    left_out = [line.removeprefix("--ignore=") for line in (programs.parent / "arguments").read_text().splitlines()]
    assert "tests/hostile/test_kill.py" in left_out
    for suite in left_out:
        assert f"Left out: {suite} " in done.stderr


def test_in_ci_nothing_is_left_out(programs: Path) -> None:
    script(programs / "id", "echo 1000")

    done = set_up(programs, CI="true")

    assert done.returncode == 1
    assert "In CI nothing is left out" in done.stderr


def test_as_root_what_is_missing_is_installed(programs: Path) -> None:
    script(programs / "id", "echo 0")
    log = programs.parent / "log"
    script(
        programs / "apt-get",
        f'echo "$*" >>{log}; [ "$1" = update ] || for word; do touch {programs}/$word; chmod +x {programs}/$word; done',
    )

    done = set_up(programs, CI="true")

    assert done.returncode == 0, done.stderr
    assert (programs.parent / "arguments").read_text() == ""
    update, install = log.read_text().splitlines()
    assert update.startswith("update")
    assert "strace" in install.split()


def test_where_nothing_is_missing_nothing_is_done(programs: Path) -> None:
    script(programs / "id", "echo 0")
    script(programs / "apt-get", "exit 1")
    listed = (ROOT / "tests" / "setup.sh").read_text(encoding="utf-8").partition("programs='")[2].partition("'")[0]
    for line in listed.split():
        if "|" in line:
            script(programs / line.partition("|")[0], "exit 0")

    done = set_up(programs, CI="true")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
