"""Completion: the quick answers are the parser's, and each shell gets them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from zenprofile.cli import completing
from zenprofile.cli.commands import cli
from zenprofile.cli.completing import Offer, complete_fast
from zenprofile.cli.main import main
from zenprofile.cli.session import Session
from zenprofile.cli.table import SECTIONS, TYPED, VERBS
from zenprofile.core.entity import COMPONENT_TYPES
from zenprofile.machine.profiles import Profile, Profiles

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Path:
    """A machine with the profiles default and team; a store with some files."""
    for name in (
        "stacks/prod",
        "stacks/dev",
        "components/artifact_store/s3",
        "components/orchestrator/kubeflow",
        "users/ada",
    ):
        file = tmp_path / f"store/{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "store/stacks/notes.txt").touch()
    with Profiles().edit() as state:
        state.put(Profile("default", str(tmp_path / "store"), "local"))
        state.put(Profile("team", "sqlite:////x.db", "sql"))
    return tmp_path / "store"


def words(*typed: str) -> list[str]:
    return [offer.word for offer in complete_fast(Session(), list(typed)) or []]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["comp"], ["completion", "component"]),
        (["artifact"], ["artifact-store"]),
        (["set", ""], ["default", "team"]),
        (["describe", "te"], ["team"]),
        (["--profile", "d"], ["default"]),
        (["get", "--profile", "t"], ["team"]),
        (["set", "team", ""], []),
        (["stack", "describe", ""], ["dev", "prod"]),
        (["stack", "delete", "p"], ["prod"]),
        (["-o", "json", "stack", "describe", "p"], ["prod"]),
        (["component", "describe", ""], ["kubeflow", "s3"]),
        (["artifact-store", "update", ""], ["s3"]),
        (["user", "describe", ""], ["ada"]),
        (["stack", "describe", "--profile", "team", ""], []),
        (["project", "describe", ""], []),
        (["config", ""], ["sync", "run-hooks", "message", "watch"]),
        (["role", "assi"], ["assign", "assignment"]),
        (["role", "assignment", ""], ["list"]),
        (["step-operator", "flavor", ""], ["register", "list"]),
    ],
    ids=" ".join,
)
def test_answers_without_the_parser(typed: list[str], expected: list[str]) -> None:
    assert words(*typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        ["-"],
        ["list", "--"],
        ["list", "-o", ""],
        ["config", "sync", ""],
        ["stack", "-o", "x", "y", ""],
        ["--timeout", ""],
        ["x", "y", "z"],
    ],
    ids=" ".join,
)
def test_what_takes_the_parser(typed: list[str]) -> None:
    assert complete_fast(Session(), typed) is None


@pytest.mark.parametrize(
    "typed",
    [["set", ""], ["describe", "te"], ["--profile", ""], ["stack", "describe", ""], ["user", "delete", ""]],
    ids=" ".join,
)
def test_the_parser_says_the_same(typed: list[str]) -> None:
    assert sorted(offer.word for offer in completing._complete_by_parser(typed)) == sorted(words(*typed))


def test_the_table_names_the_commands_of_every_group() -> None:
    def groups(name: str, command: click.Command) -> Iterator[tuple[str, set[str]]]:
        if isinstance(command, click.Group):
            yield name, set(command.commands)
            for verb, below in command.commands.items():
                yield from groups(f"{name} {verb}", below)

    top = [name for section in SECTIONS.values() for name in section]
    found = dict(pair for name in top for pair in groups(name, _load(name)))
    for type_ in COMPONENT_TYPES:
        typed = dict(groups(TYPED, _load(type_.replace("_", "-"))))
        assert typed == {name: set(verbs.split()) for name, verbs in VERBS.items() if name.startswith(TYPED)}
    assert found == {name: set(verbs.split()) for name, verbs in VERBS.items() if not name.startswith(TYPED)}


def _load(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def test_a_command_says_what_it_does() -> None:
    assert complete_fast(Session(), ["get"]) == [Offer("get", "Print the name of the active profile.")]


def printed(capsys: Capture, monkeypatch: pytest.MonkeyPatch, *typed: str) -> list[str]:
    monkeypatch.setenv("_ZENPROFILE_COMPLETE", "words")
    assert main(list(typed)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [line.partition("\t")[0] for line in out.splitlines()]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["set", ""], ["default", "team"]),
        (["get", "--profile", "=", "te"], ["team"]),
        (["get", "--profile", "="], ["default", "team"]),
        (["config", "sync", ""], ["manual", "commit", "push"]),
        (["list", "-o", "j"], ["json"]),
        (["create", "x", "--u"], ["--url", "--user"]),
        (["create", "x", "--url", ""], []),
    ],
    ids=" ".join,
)
def test_what_is_printed(
    typed: list[str], expected: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert printed(capsys, monkeypatch, *typed) == expected


@pytest.mark.parametrize("typed", [["set", ""], ["stack", "describe", ""]], ids=" ".join)
def test_a_damaged_list_of_profiles_offers_nothing(
    typed: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(Profiles().file).write_text("{")
    assert printed(capsys, monkeypatch, *typed) == []


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A search path on which ``zenprofile`` is this interpreter's."""
    program = tmp_path / "bin/zenprofile"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m zenprofile "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["zenprofile", "set", ""], ["default", "team"]),
        (["zenprofile", "stack", "describe", "pr"], ["prod"]),
        (["zenprofile", "--profile", "=", "te"], ["team"]),
        (["zenprofile", "get"], ["get"]),
    ],
    ids=" ".join,
)
def test_in_bash(line: list[str], expected: list[str], path: str) -> None:
    script = (
        'eval "$(zenprofile completion bash)"; complete -p zenprofile >/dev/null || exit 1\n'
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _zenprofile; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", *line],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == expected
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_asks_for_words(shell: str, capsys: Capture) -> None:
    assert main(["completion", shell]) == 0
    assert "_ZENPROFILE_COMPLETE=words zenprofile" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_parsers_own_way_works_too(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zenprofile"],
        env={
            **os.environ,
            "_ZENPROFILE_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": "zenprofile set te",
            "COMP_CWORD": "2",
        }
        | ({"COMP_CWORD": "te"} if shell == "fish" else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "team" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["component", "register", "x", "--type", "artifact_store", "--flavor", "s"], {"s3"}),
        (["artifact-store", "register", "x", "--flavor", "gc"], {"gcp"}),
        (["component", "register", "x", "--type", "artifact_store", "--flavor", "s3", "--set", "pa"], {"path="}),
        (["artifact-store", "register", "x", "--flavor", "s3", "--set", "client_k"], {"client_kwargs="}),
        (["stack", "register", "x", "-a", "s"], {"s3"}),
        (["stack", "register", "x", "-o", "k"], {"kubeflow"}),
        (["edit", "stack/p"], {"stack/prod"}),
        (["path", "component/artifact_store/"], {"component/artifact_store/s3"}),
        (["resolve", "stack/d"], {"stack/dev"}),
        (["override", "set", "user/"], {"user/ada"}),
        (["diff", "stack/dev", "stack/p"], {"stack/prod"}),
        (["help", "stac"], {"stack"}),
        (["help", "stack", "tr"], {"tree"}),
        (["component", "update", "s3", "--set", "pa"], {"path="}),
        (["component", "update", "component/artifact_store/s3", "--set", "pa"], {"path="}),
    ],
)
def test_options_offer_what_they_take(typed: list[str], expected: set[str], capsys: Capture, store: Path) -> None:
    (store / "components/artifact_store/s3.yaml").write_text("name: s3\ntype: artifact_store\nflavor: s3\n")
    completing.main(typed)

    assert {line.partition("\t")[0] for line in capsys.readouterr().out.splitlines()} == expected
    assert complete_fast(Session(), typed) is not None  # without the parser


@pytest.mark.parametrize(
    ("labels", "keys"),
    [
        ("labels:\n  team: ml\n  'a.b/c': x  # why\nconfiguration:\n  path: y\n", ["a.b/c", "team"]),
        ("labels: {env: prod, c-d: e}\nkey: x\n", ["c-d", "env"]),
        ("description: labels\n", []),
        ("labels:\n  q: 1", ["q"]),
    ],
)
def test_labels_are_found_however_they_are_written(store: Path, labels: str, keys: list[str]) -> None:
    (store / "stacks" / "prod.yaml").write_text(f"name: prod\n{labels}", encoding="utf-8")
    (store / "stacks" / "link.yaml").symlink_to(store / "stacks" / "prod.yaml")

    assert words("stack", "tree", "-l", "") == keys


def test_labels_and_branches_of_a_profile_are_offered(tmp_path: Path, capsys: Capture) -> None:
    made = tmp_path / "made"
    assert main(["create", "made", "--url", str(made), "--set"]) == 0
    assert main(["user", "create", "eve", "--label", "team=ml"]) == 0
    for typed, expected in (
        (["stack", "list", "-l", "te"], "team"),
        (["stack", "list", "--at", "ma"], "main"),
        (["show", "ma"], "main"),
        (["diff", "HE"], "HEAD"),
        (["validate", "--rev", "ma"], "main"),
    ):
        capsys.readouterr()
        completing.main(typed)
        assert capsys.readouterr().out.startswith(expected)
