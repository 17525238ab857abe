"""What commands may import: exact, where their time is not (PERFORMANCE, "Start-up")."""

import json
import os
import subprocess
import sys

import pytest

from zenprofile.profiles import Profile, Profiles

HEAVY = {
    "asyncio",
    "dataclasses",
    "git",
    "hashlib",
    "jsonschema",
    "keyring",
    "requests",
    "rich",
    "shutil",
    "sqlalchemy",
    "subprocess",
    "tempfile",
    "typing_extensions",
    "urllib",
    "watchdog",
    "yaml",
}
# The option parser is most of a start: the commonest commands do without.
PARSER = {"click", "inspect"}

PROGRAM = """\
import json, sys
from zenprofile.cli.main import main
status = main(sys.argv[1:])
print(json.dumps([status, sorted({name.partition('.')[0] for name in sys.modules})]), file=sys.stderr)
"""


def imported(*arguments: str, **variables: str) -> set[str]:
    """Run a command in a process of its own and return the packages that are loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{PROGRAM}", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    status, names = json.loads(done.stderr.splitlines()[-1])
    assert status == 0, done.stderr
    return set(names)


@pytest.fixture(autouse=True)
def profile() -> None:
    with Profiles().edit() as state:
        state.put(Profile("default", "/nowhere", "local"))


@pytest.mark.parametrize("arguments", [["get"], ["list"], ["get", "-o", "json"], ["--version"]], ids=" ".join)
def test_the_commonest_commands(arguments: list[str]) -> None:
    assert not imported(*arguments) & (HEAVY | PARSER)


@pytest.mark.parametrize(
    "arguments",
    [["get", "-o", "yaml"], ["list", "--profile", "default"], ["-v", "--version"], ["set", "default"]],
    ids=" ".join,
)
def test_other_spellings(arguments: list[str]) -> None:
    assert not imported(*arguments) & HEAVY


@pytest.mark.parametrize(
    "arguments", [[""], ["set", ""], ["--profile", ""], ["stack", "describe", ""], ["artifact-store", ""]], ids=" ".join
)
def test_completion(arguments: list[str]) -> None:
    found = imported(*arguments, _ZENPROFILE_COMPLETE="words")
    assert not found & HEAVY
    assert not found & PARSER
