"""An editor with the YAML language server, which knows documents by the schemas that `schema export` writes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from language_server import Editor
from repos import git, repository, write, zenprofile
from tools import path, program

pytestmark = pytest.mark.slow

COMPONENT = "name: s3-prod\ntype: artifact_store\nflavor: s3\nconfiguration:\n  path: s3://bucket\n"
FILE = ".zenprofile/components/artifact_store/s3-prod.yaml"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", path())
    folder = repository(tmp_path / "repo")
    zenprofile(folder, "schema", "export", ".schemas")
    return folder


@pytest.fixture
def editor(repo: Path) -> Iterator[Editor]:
    mapping = json.loads((repo / ".schemas" / "yaml-schemas.json").read_text("utf-8"))
    yaml = {"schemas": mapping, "validate": True, "completion": True, "schemaStore": {"enable": False}}
    with Editor(program("yaml-language-server"), repo, {"yaml": yaml, "http": {}, "[yaml]": {}}) as opened:
        yield opened


def test_what_holds_has_no_diagnostics(editor: Editor, repo: Path) -> None:
    assert editor.open(write(repo, FILE, COMPONENT)) == []
    assert editor.open(repo / ".zenprofile" / "stacks" / "default.yaml") == []


def test_a_wrong_field_gets_a_diagnostic_at_its_place(editor: Editor, repo: Path) -> None:
    (found,) = editor.open(write(repo, FILE, COMPONENT + "  pth: x\n"))

    assert "pth" in found["message"]
    assert found["range"]["start"] == {"line": 5, "character": 2}


def test_plain_text_in_a_sensitive_field_gets_a_diagnostic(editor: Editor, repo: Path) -> None:
    found = editor.open(write(repo, FILE, COMPONENT + "  secret: hunter2hunter2\n"))

    assert [problem["range"]["start"]["line"] for problem in found] == [5]


def test_completion_offers_the_flavors_fields(editor: Editor, repo: Path) -> None:
    file = write(repo, FILE, COMPONENT + "  \n")
    editor.open(file)

    offered = editor.complete(file, 5, 2)

    assert {"authentication_secret", "client_kwargs", "secret", "token"} <= set(offered)
    assert "kubernetes_context" not in offered


def test_completion_offers_flavors_of_the_type(editor: Editor, repo: Path) -> None:
    file = write(repo, FILE, "name: s3-prod\ntype: artifact_store\nflavor: \n")
    editor.open(file)

    assert {"s3", "gcp", "azure", "local"} <= set(editor.complete(file, 2, 8))


OTHER = "services:\n  - name: other peoples\n"


@pytest.mark.parametrize("folder", ["my conf/zen", "."])
@pytest.mark.parametrize("cwd", [".", "deploy"])
def test_other_peoples_files_in_a_larger_repository_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, cwd: str
) -> None:
    """The mapping as it is written, whatever folder one stood in; the editor has the repository open."""
    monkeypatch.setenv("PATH", path())
    top = tmp_path / "larger repo"
    places = ["deploy/stacks", "deploy/zen/stacks", *(["stacks", "my conf/stacks"] if folder != "." else [])]
    theirs = [write(top, f"{place}/web.yaml", OTHER) for place in places]
    git(top, "init", "-q")
    write(top, "code.py", "")
    zenprofile(top, "create", "team", "--url", folder)
    zenprofile(top, "set", "team")
    zenprofile(top / cwd, "schema", "export", "my schemas")
    mapping = json.loads((top / cwd / "my schemas" / "yaml-schemas.json").read_text("utf-8"))
    settings = {"schemas": mapping, "validate": True, "completion": True, "schemaStore": {"enable": False}}

    with Editor(program("yaml-language-server"), top, {"yaml": settings, "http": {}, "[yaml]": {}}) as editor:
        for file in theirs:
            assert editor.open(file) == [], file
        assert editor.open(top / folder / "stacks" / "default.yaml") == []
        file = write(top / folder, "stacks/wrong.yaml", "name: wrong\nwhat: is this\n")
        assert any("what" in found["message"] for found in editor.open(file))
