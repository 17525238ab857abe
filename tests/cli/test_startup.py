"""What commands may import: exact, where their time is not (docs/performance.md)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zenprofile.cli.main import main
from zenprofile.machine.profiles import Profile, Profiles

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

# Only where two sides meet.
MERGING = {f"zenprofile.{name}" for name in ("core.merge", "drivers.local.conflicts", "drivers.local.resolving")}

PROGRAM = """\
import json, sys, typing
from zenprofile.cli.main import main
made = typing.ForwardRef.__init__
compiled = []
typing.ForwardRef.__init__ = lambda self, text, *rest, **kept: compiled.append(text) or made(self, text, *rest, **kept)
status = main(sys.argv[1:])
print(json.dumps([status, sorted(sys.modules), compiled]), file=sys.stderr)
"""


def imported(*arguments: str, **variables: str) -> set[str]:
    """Run a command in a process of its own and return the packages that are loaded at its end."""
    return {name.partition(".")[0] for name in loaded(*arguments, **variables)[0]}


def loaded(*arguments: str, **variables: str) -> tuple[set[str], list[str]]:
    """Run a command in a process of its own; return the modules loaded at its end, and annotations made of text."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{PROGRAM}", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    status, names, compiled = json.loads(done.stderr.splitlines()[-1])
    assert status == 0, done.stderr
    return set(names), compiled


@pytest.fixture(autouse=True)
def profile() -> None:
    with Profiles().edit() as state:
        state.put(Profile("default", "/nowhere", "local"))


@pytest.mark.parametrize("arguments", [["get"], ["list"], ["get", "-o", "json"], ["--version"]], ids=" ".join)
def test_the_commonest_commands(arguments: list[str]) -> None:
    assert not imported(*arguments) & (HEAVY | PARSER)


@pytest.mark.parametrize("arguments", [["status"], ["status", "-o", "json"], ["push"]], ids=" ".join)
def test_what_people_repeat_comes_without_the_parser(arguments: list[str], tmp_path: Path) -> None:
    """Git has to be started; nothing else is waited for that is not needed."""
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "srv.git")], check=True)
    for words in (["create", "mine"], ["set", "mine"], ["remote", "set", str(tmp_path / "srv.git")], ["push"]):
        assert main(words) == 0
    if arguments == ["push"]:
        assert main(["user", "create", "ada"]) == 0
    modules, compiled = loaded(*arguments)
    packages = {name.partition(".")[0] for name in modules}
    heavy = HEAVY - {"subprocess"} | PARSER | {"binascii", "bisect", "pathlib", "random", "re2", "shlex"}
    assert not packages & heavy
    assert not modules & MERGING
    assert compiled == []  # the first one of a named tuple's fields costs a process 0.7 ms: quote what is in brackets


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


@pytest.mark.parametrize(
    "arguments",
    [
        "stack list",
        "component list",
        "stack describe default",
        "component describe default --type artifact_store",
        "describe",
        "validate",
        "user list --quiet",
        "flavor list --quiet",
    ],
)
def test_reads_of_a_local_profile(arguments: str) -> None:
    """Nothing that a person would wait for, even where no cache helps; revisions alone need a hash."""
    assert main(["create", "read"]) == 0
    assert main(["set", "read"]) == 0
    parser = set() if "--quiet" in arguments else PARSER
    assert imported(*arguments.split()) & (HEAVY | parser | {"pathlib", "random", "re2"}) == set()


@pytest.mark.parametrize(
    "arguments", ["log -n 3", "show HEAD", "blame stack/default", "diff HEAD", "stack list --at HEAD"]
)
def test_reads_of_history(arguments: str) -> None:
    """Git is asked, and by our own runner: GitPython takes longer to import than all the rest."""
    assert main(["create", "past"]) == 0
    assert main(["set", "past"]) == 0
    parser = PARSER if arguments.startswith("log") else set()
    assert imported(*arguments.split()) & (HEAVY - {"hashlib", "subprocess"} | parser) == set()


def test_a_write_of_a_plain_document() -> None:
    assert main(["create", "written"]) == 0
    assert main(["set", "written"]) == 0
    found = imported(
        *["component", "register", "s3", "--type", "artifact_store", "--flavor", "s3", "--set", "path=s3://b"]
    )
    assert found & (HEAVY - {"hashlib", "subprocess"} | PARSER | {"pathlib", "random", "re2"}) == set()
