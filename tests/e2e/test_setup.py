"""The set-up of the tests: as root it installs what is missing, else it names what is left out; in CI nothing is."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "setup.sh"
TOOLS = ("sh", "cat", "cut", "sort", "tail", "rm", "mkdir", "mktemp", "sed", "grep", "dirname", "touch", "chmod")


class Wanted(NamedTuple):
    """A row of the set-up's table."""

    program: str
    package: str
    suite: str
    why: str


TABLE = [
    Wanted(*line.split("|"))
    for line in SCRIPT.read_text(encoding="utf-8").partition("programs='")[2].partition("'")[0].splitlines()
    if line
]


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
        ["sh", SCRIPT, programs.parent / "arguments"],
        env={**clean, "PATH": str(programs), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def installer(folder: Path, log: Path, packages: set[str]) -> str:
    """Return the body of a package manager that brings the programs of the packages that it is told to install."""
    cases = "".join(
        f"{package.removeprefix('npm:')}) for name in {' '.join(r.program for r in TABLE if r.package == package)}; do "
        f"touch {folder}/$name; chmod +x {folder}/$name; done; {_record(folder, package)} ;;\n"
        for package in sorted(packages)
    )
    return f'echo "$*" >>{log}\n[ "$1" = update ] || mkdir -p {folder}\nfor word; do case $word in\n{cases}esac; done'


def _record(folder: Path, package: str) -> str:
    """Return what leaves a package's name and version behind, as npm does."""
    if not package.startswith("npm:"):
        return ":"
    name, _, version = package.removeprefix("npm:").rpartition("@")
    place = folder.parent / name
    return f'mkdir -p {place}; echo \'  "version": "{version}",\' >{place}/package.json'


APT = {row.package for row in TABLE if not row.package.startswith(("npm:", "pip:"))}
NPM = {row.package for row in TABLE if row.package.startswith("npm:")}


def test_without_root_each_suite_that_is_left_out_is_named(programs: Path) -> None:
    script(programs / "id", "echo 1000")

    done = set_up(programs)

    assert done.returncode == 0, done.stderr
    left_out = (programs.parent / "arguments").read_text().splitlines()
    assert "--ignore=tests/drivers/test_faults_of_local.py" in left_out
    assert "--deselect=tests/cli/test_shells.py::test_what_a_shell_offers[fish]" in left_out
    for argument in left_out:
        assert f"Left out: {argument.partition('=')[2]} " in done.stderr


def test_in_ci_nothing_is_left_out(programs: Path) -> None:
    script(programs / "id", "echo 1000")

    done = set_up(programs, CI="true")

    assert done.returncode == 1
    assert "In CI nothing is left out" in done.stderr


def test_as_root_what_is_missing_is_installed(programs: Path) -> None:
    script(programs / "id", "echo 0")
    log = programs.parent / "log"
    script(programs / "apt-get", installer(programs, log, APT))
    made = programs.parent / "npm" / "node_modules" / ".bin"
    script(programs / "npm", installer(made, log, NPM))

    # Python makes an environment with a Python of its own in it, and that one installs.
    venv = 'mkdir -p "$3/bin" && cp "$0" "$3/bin/python"'
    pip = f'echo "$*" >>{log}; touch "${{0%python}}zenml"; chmod +x "${{0%python}}zenml"'
    script(programs / "python3", f'if [ "$2" = venv ]; then {venv}; else {pip}; fi')
    (programs / "cp").symlink_to(shutil.which("cp") or "")

    done = set_up(programs, CI="true")

    assert done.returncode == 0, done.stderr
    assert (programs.parent / "arguments").read_text() == ""
    update, apt, npm, pip = log.read_text().splitlines()
    assert pip.endswith("zenml[local,server]==0.98.0")
    assert update.startswith("update")
    assert {"strace", "fish"} <= set(apt.split())
    assert {package.removeprefix("npm:") for package in NPM} <= set(npm.split())


def test_what_cannot_be_installed_is_told_with_its_log(programs: Path) -> None:
    script(programs / "id", "echo 0")
    script(programs / "apt-get", "echo 'no such mirror'; exit 100")

    done = set_up(programs, CI="true")

    assert done.returncode == 1
    assert "no such mirror" in done.stderr
    assert "apt could not install what is missing" in done.stderr


def test_where_nothing_is_missing_nothing_is_done(programs: Path) -> None:
    script(programs / "id", "echo 0")
    script(programs / "apt-get", "exit 1")
    for row in TABLE:
        script(programs / row.program, "exit 0")

    done = set_up(programs, CI="true")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_another_version_of_a_package_of_npms_is_replaced(programs: Path) -> None:
    script(programs / "id", "echo 1000")
    for row in TABLE:
        if row.package not in NPM:
            script(programs / row.program, "exit 0")
    modules = programs.parent / "npm" / "node_modules"
    for package in NPM:
        place = modules / package.removeprefix("npm:").rpartition("@")[0]
        place.mkdir(parents=True)
        (place / "package.json").write_text('{\n  "version": "0.0.1",\n}\n')
    log = programs.parent / "log"
    script(programs / "npm", installer(modules / ".bin", log, NPM))

    done = set_up(programs, CI="true")

    assert (done.returncode, done.stderr) == (0, "")
    assert {package.removeprefix("npm:") for package in NPM} <= set(log.read_text().split())


def test_what_may_be_left_out_is_there() -> None:
    for row in TABLE:
        path = f"tests/support/{row.suite[1:]}.py" if row.suite.startswith("@") else row.suite.partition("::")[0]
        assert (ROOT / path).exists(), row.suite
