"""`apply` and `edit`: documents from files and from an editor, whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

STREAM = """\
# Prod of the EU
kind: component
name: s3-eu
type: artifact_store
flavor: s3
configuration:
  path: s3://eu  # Frankfurt
---
kind: stack
name: eu
labels:
  managed-by: ci
components:
  orchestrator: default
  artifact_store: s3-eu
"""


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    file = tmp_path / "team.yaml"
    file.write_text(STREAM)
    return file


def test_a_stream_is_applied_in_one_change_and_the_second_time_nothing_is(run, profile, stream):
    dry = run("apply -f team.yaml --dry-run -o json").json
    first = run("apply -f team.yaml -o json").json
    log = run("log -o json").json

    assert [(c["action"], c["kind"], c["name"]) for c in dry] == [
        ("added", "component", "s3-eu"),
        ("added", "stack", "eu"),
    ]
    assert dry == first["changes"]
    assert log[0]["rev"] == first["rev"]
    assert run("apply -f team.yaml").out == "Nothing to change.\n"
    assert run("log -o json").json == log
    stream.write_text(STREAM.replace("s3://eu ", "s3://eu-2 "))
    assert run("apply -f team.yaml").out == "Updated stack component with type 'artifact_store' and name 's3-eu'.\n"


def test_comments_arrive_and_stay(run, folder, stream):
    run("apply -f team.yaml")
    file = folder / "components/artifact_store/s3-eu.yaml"
    assert file.read_text() == STREAM.partition("---\n")[0].replace("kind: component\n", "")
    file.write_text(file.read_text() + "# ours\n")
    run("commit")
    stream.write_text(STREAM.replace("s3://eu ", "s3://eu-2 "))

    run("apply -f team.yaml")

    assert file.read_text().endswith("path: s3://eu-2  # Frankfurt\n# ours\n")


def test_what_lists_print_and_folders_laid_out_as_a_profile_are_taken(run, folder, stream, tmp_path, monkeypatch):
    run("apply -f team.yaml")
    listed = run("component list -o json").out
    run("create other -t sql")

    (tmp_path / "list.json").write_text(listed)
    run("--profile other apply -f list.json")
    run("--profile other apply -f", str(folder))

    assert run("--profile other component list -o json").out == listed
    assert run("--profile other stack list -o json").out == run("stack list -o json").out
    assert run("--profile other apply -f list.json").out == "Nothing to change.\n"


def test_only_what_has_the_label_is_pruned(run, profile, stream, tmp_path):
    run("apply -f team.yaml")
    run("stack register kept -o default -a default")
    stream.write_text(STREAM.partition("---\n")[0])

    assert "go together" in run("apply -f team.yaml --prune", fails=2).err
    assert run("apply -f team.yaml --prune -l managed-by=ci").out == "Deleted stack with name 'eu'.\n"

    assert [row["name"] for row in run("stack list -o json").json] == ["default", "kept"]


def test_the_active_stack_is_not_pruned(run, profile, stream):
    run("apply -f team.yaml")
    run("stack set eu")
    stream.write_text(STREAM.partition("---\n")[0])

    assert "active stack" in run("apply -f team.yaml --prune -l managed-by=ci", fails=1).err


def test_one_bad_document_of_many_and_nothing_is_applied(run, profile, tmp_path):
    good = "kind: project\nname: p{}\n---\n"
    bad = (
        "kind: component\nname: s3\ntype: artifact_store\nflavor: s3\nconfiguration:\n  path: s3://b\n  paht: x\n---\n"
    )
    wrong = "kind: stak\nname: x\n---\nname: y\n---\nkind: project\nname: p1\n---\nkind: user\nname: [\n"
    (tmp_path / "many.yaml").write_text("".join(good.format(n) for n in range(50)) + bad)
    (tmp_path / "wrong.yaml").write_text(good.format(1) + wrong)

    error = run("apply -f many.yaml -o json", fails=1).error
    several = run("apply -f wrong.yaml -o json", fails=1).error["problems"]

    assert (error["file"], error["line"], error["column"]) == ("many.yaml", 157, 3)
    lines = run("apply -f wrong.yaml", fails=1).err.splitlines()
    assert [place for line in lines for place in line.split() if place.startswith("wrong.yaml:")] == [
        "wrong.yaml:7:1:",
        "wrong.yaml:14:1:",
        "wrong.yaml:4:7:",
    ]
    assert [(p["line"], p["code"]) for p in several] == [(4, "bad-kind"), (7, "bad-kind"), (14, "yaml")]
    assert run("project list -o json").json == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "no document was given"), ("kind: project\nname: p\n---\nkind: project\nname: p\n", "given twice")],
)
def test_nothing_and_doubles_are_refused(run, profile, tmp_path, text, said):
    (tmp_path / "a.yaml").write_text(text)

    assert said in run("apply -f a.yaml", fails=1).err
    assert "no file" in run("apply -f missing.yaml", fails=1).err


def test_values_of_one_machine_are_refused(run, profile, stream, tmp_path):
    run("apply -f team.yaml")
    run("override set component/artifact_store/s3-eu path=s3://mine")
    (tmp_path / "mine.json").write_text(run("component list -o json").out)

    assert "overrides" in run("apply -f mine.json", fails=1).err


def test_standard_input_is_a_file_too(run, profile):
    done = subprocess.run(
        [sys.executable, "-m", "zenprofile", "apply", "-f", "-"],
        input=STREAM,
        text=True,
        capture_output=True,
        check=True,
    )

    assert done.stdout.splitlines()[1] == "Registered stack with name 'eu'."


# --- edit


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *scripts: str) -> Path:
    """Make an editor that runs one shell script a time it is opened; returns the folder with what each saw."""
    seen = tmp_path / "seen"
    seen.mkdir()
    for number, script in enumerate(scripts):
        (tmp_path / f"script{number}").write_text(script)
    program = tmp_path / "editor"
    program.write_text(f'#!/bin/sh\nn=$(ls {seen} | wc -l)\ncp "$1" {seen}/$n\nf=$1\n. {tmp_path}/script$n\n')
    program.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(program))
    return seen


@pytest.fixture
def s3(run, profile):
    run("component register s3 --type artifact_store --flavor s3 --set path=s3://b")
    return profile


def test_what_is_saved_is_written(run, s3, tmp_path, monkeypatch):
    editor(tmp_path, monkeypatch, 'sed -i "s,s3://b,s3://c," "$f"; echo "# why" >> "$f"')

    run("edit s3 -m Move")

    assert run("component describe s3 -o json").json["configuration"] == {"path": "s3://c"}
    assert run("log -n 1 -o json").json[0]["message"] == "Move"


def test_what_is_invalid_opens_again_with_its_problems_which_are_not_kept(run, s3, tmp_path, monkeypatch):
    seen = editor(tmp_path, monkeypatch, 'echo "colour: red" >> "$f"', 'sed -i "/colour/d;s,s3://b,s3://c," "$f"')

    run("edit component/artifact_store/s3")

    assert "colour" not in (seen / "0").read_text()
    first = (seen / "1").read_text().splitlines()[0]
    assert first.startswith("#! line 6: 'colour' is no field of component")
    assert run("component describe s3 -o json").json["configuration"] == {"path": "s3://c"}
    assert "#!" not in run("edit s3", fails=1).out  # the third time there is no script, so nothing is saved


@pytest.mark.parametrize("script", ["true", 'true > "$f"', 'rm "$f"'])
def test_nothing_saved_changes_nothing(run, s3, tmp_path, monkeypatch, script):
    editor(tmp_path, monkeypatch, script)
    head = run("log -o json").json

    assert "nothing was saved" in run("edit s3", fails=1).err

    assert run("log -o json").json == head


def test_an_invalid_text_saved_again_is_kept_in_a_file(run, s3, tmp_path, monkeypatch):
    editor(tmp_path, monkeypatch, 'echo "colour: red" >> "$f"', "true")

    error = run("edit s3 -o json", fails=1).error

    file = next(word for word in error["hint"].split() if word.startswith("/")).rstrip(";")
    assert "colour: red" in Path(file).read_text()
    assert run("component describe s3 -o json").json["configuration"] == {"path": "s3://b"}


def test_an_editor_that_makes_another_mistake_each_time_comes_to_an_end(run, s3, monkeypatch):
    monkeypatch.setenv("VISUAL", "sed -i s,^flavor:.s3,&x,")

    error = run("edit s3 -o json", fails=1).error

    file = next(word for word in error["hint"].split() if word.startswith("/")).rstrip(";")
    assert "flavor: s3xxx" in Path(file).read_text()


def test_an_editor_that_fails_or_is_none(run, s3, tmp_path, monkeypatch):
    monkeypatch.setenv("VISUAL", "false")
    assert "the editor failed, nothing was changed" in run("edit s3", fails=1).err
    monkeypatch.delenv("VISUAL")
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no editor" in run("edit s3", fails=1).err


# --- path, help, version


def test_a_path_leads_to_the_files(run, folder):
    assert run("path").out == f"{folder}\n"
    assert run("path stack/default").out == f"{folder}/stacks/default.yaml\n"
    assert Path(run("path component/artifact_store/default -o json").json["path"]).is_file()
    run("path nothing", fails=1)
    run("create s -t sql")
    assert "has no folder" in run("path --profile s", fails=1).err


def test_help_and_version(run):
    assert run("help").out == run("--help").out
    assert run("help stack register").out == run("stack register --help").out
    assert "did you mean 'stack'?" in run("help stak", fails=2).err
    assert run("version").out == run("--version").out
    assert set(run("version -o json").json) == {"version"}


@pytest.mark.parametrize(("line", "meant"), [("stak list", "stack"), ("stack lst", "list"), ("syn", "sync")])
def test_a_mistyped_command_is_answered_with_what_was_meant(run, line, meant):
    assert f"did you mean '{meant}'?" in run(line, fails=2).err
