"""What comes without the option parser says what it says with it (zenprofile/cli/fast_path.py)."""

import subprocess
from pathlib import Path

import pytest

from zenprofile.cli import fast_path
from zenprofile.cli.main import main

Capture = pytest.CaptureFixture[str]
# What a person names, for each shape.
_GIVEN = {"NAME": ("default", "nobody"), "TYPE": ("artifact_store", "alerter"), "NUMBER": ("2", "0")}


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["create", "team", "--url", "team"]) == 0
    assert main(["set", "team"]) == 0
    assert main(["user", "create", "ada"]) == 0
    return tmp_path / "team"


def said(words: list[str], capsys: Capture) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(words)
    return status, *capsys.readouterr()


def lines() -> list[list[str]]:
    """Return command lines of each shape."""
    found = []
    for shape in fast_path.COMMANDS:
        for turn in range(2):
            words = [_GIVEN[word][turn % len(_GIVEN[word])] if word in _GIVEN else word for word in shape]
            found += [] if words in found else [words]
    return found


@pytest.mark.parametrize("words", lines(), ids=" ".join)
def test_the_parser_says_the_same(profile: Path, capsys: Capture, words: list[str]) -> None:
    for form in ([], ["-o", "json"], ["--profile", "default"]):
        line = [*words, *form] if words != ["--version"] else words
        assert fast_path.find(line)
        assert said(line, capsys) == said(["--timeout", "30", *line], capsys), line


@pytest.mark.parametrize(
    "words",
    [
        *(["--profile", "team", "get"], ["get", "--profile", "team"], ["get", "-o", "json", "--profile", "team"]),
        *(["--profile", "team", "stack", "list", "-o", "json"], ["list", "--profile", "nobody"]),
        ["status", "--profile", "nobody"],
    ],
    ids=" ".join,
)
def test_a_profile_is_named_before_or_behind(profile: Path, capsys: Capture, words: list[str]) -> None:
    assert main(["set", "default"]) == 0
    assert fast_path.find(words)
    assert said(words, capsys) == said(["--timeout", "30", *words], capsys)


_REGISTER = "component register s3 --type artifact_store --flavor s3 --set path=s3://b"


def twice(words: list[str], take_back: list[str], capsys: Capture) -> None:
    """Write without the parser and with it, from the same state; what is refused changes no state."""
    assert fast_path.find(words)
    found = said(words, capsys)
    if take_back:
        assert main(take_back) == 0
    assert said(["--timeout", "30", *words], capsys) == found


@pytest.mark.parametrize("form", [[], ["-o", "json"]])
def test_the_parser_writes_the_same(profile: Path, capsys: Capture, form: list[str]) -> None:
    delete = ["component", "delete", "s3", "--type", "artifact_store"]
    twice([*_REGISTER.split(), *form], delete, capsys)
    update = "component update s3 --set path=s3://c --set client_kwargs.a=1"
    twice(
        [*update.split(), *form],
        ["component", "update", "s3", "--set", "path=s3://b", "--unset", "client_kwargs"],
        capsys,
    )
    for words in (
        _REGISTER,  # it is there already
        "component register s4 --flavor s3 --type artifact_store",  # lacks its path
        "component register s4 --flavor none --type artifact_store",
        "component register s4 --flavor s3 --type artifact_store --set path=s3://b --set none=1",
        "component register s4 --flavor s3 --type artifact_store --set path:=[",
        "component update s3 --type artifact_store",  # nothing to change
        "component update s3 --type alerter --set path=s3://c",
        "component update default --set path=s3://c",  # of several types
        "component update s3 --flavor gcp",
    ):
        twice([*words.split(), *form], [], capsys)


def test_a_plain_write_is_pushed_where_writes_are(profile: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "hub.git")], check=True)
    for words in (["remote", "set", str(tmp_path / "hub.git")], ["config", "sync", "push"], ["push"]):
        assert main(words) == 0
    words = _REGISTER.split()
    assert fast_path.find(words)

    assert main(words) == 0

    there = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD"], cwd=tmp_path / "hub.git", capture_output=True, check=True
    )
    assert b"components/artifact_store/s3.yaml" in there.stdout


def test_what_is_broken_is_told_the_same(profile: Path, capsys: Capture) -> None:
    (profile / "stacks/default.yaml").write_text("name: other\n")
    (profile / "users/ada.yaml").write_text("[")
    for words in ("validate", "stack list", "stack describe", "component list", "describe", "status"):
        assert said(words.split(), capsys) == said(["--timeout", "30", *words.split()], capsys)


@pytest.mark.parametrize(
    "words",
    [
        *(["get", "-o", "yaml"], ["-o", "json"], ["log", "-n", "-1"], ["log", "-n", "x"], ["log", "-n", "9" * 9]),
        *(["stack", "describe", "-h"], ["stack", "describe", "stack/prod"], ["stack", "describe", ""], []),
        *(["component", "describe", "a b"], ["component", "describe", "é"], ["status", "--strict"]),
        ["component", "describe", "a", "--type", "artifact-store"],
        *(["get", "--profile"], ["--profile", "get"], ["get", "--profile", ""], ["get", "--profile=team"]),
        *(["--profile", "a", "get", "--profile", "b"], ["get", "-o", "--profile", "json"], ["get", "--profile", "-o"]),
        *(["component", "register", "a", "--flavor", "s3"], ["component", "update", "a", "--set"]),
        *(["component", "update", "a", "--flavor", "s3", "--flavor", "s4"], ["component", "update", "-h"]),
        *(["component", "update", "a", "--set", "-h=1"], ["component", "update", "a", "--set", "x"]),
        *(["component", "update", "a", "b", "--set", "x=1"], ["component", "update"]),
    ],
    ids=" ".join,
)
def test_every_other_spelling_is_the_parsers(words: list[str]) -> None:
    assert fast_path.find(words) is None


def test_stores_are_closed_however_a_command_ends(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zenprofile.drivers.local.store import LocalStore

    closed: list[LocalStore] = []

    def close(store: LocalStore) -> None:
        closed.append(store)

    monkeypatch.setattr(LocalStore, "close", close)
    assert main(["stack", "describe", "default"]) == 0
    assert main(["stack", "describe", "nobody"]) == 1
    assert len(closed) == 2
