"""What comes without the option parser says what it says with it (zenprofile/cli/fast_path.py)."""

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
    for shape in fast_path.QUICK:
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
