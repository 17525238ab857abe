import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from zenprofile.machine.profiles import Profiles

BAD = "name: bad\ncomponents:\n  orchestrator: nothing\n"
ZENML_013 = Path(__file__).resolve().parents[1] / "data" / "zenml-0.13.2" / "profile"
WORSE = "name: worse\nwhat: is this\n"


@pytest.fixture
def bad(folder: Path) -> Path:
    (folder / "stacks" / "bad.yaml").write_text(BAD)
    (folder / "users" / "worse.yaml").write_text(WORSE)
    return folder


def test_a_profile_that_holds_prints_nothing(run, profile):
    done = run("validate")

    assert done.out == ""
    assert run("validate -o json").json == {"valid": True, "problems": []}


def test_problems_are_lines_with_their_places(run, bad):
    lines = run("validate", fails=1).out.splitlines()

    assert lines[0].startswith(f"{os.path.relpath(bad)}/stacks/bad.yaml:3:17: ")
    assert lines[1].startswith(f"{os.path.relpath(bad)}/users/worse.yaml:2:1: ")
    assert len(lines) == 2


def test_problems_as_json(run, bad):
    done = run("validate -o json", fails=1)

    assert done.err == ""
    assert done.json["valid"] is False
    first = done.json["problems"][0]
    assert set(first) == {"file", "line", "column", "path", "message", "hint", "code"}
    assert (first["file"], first["line"]) == (f"{os.path.relpath(bad)}/stacks/bad.yaml", 3)
    assert first["path"] == "components.orchestrator"


def test_paths_say_which_documents_are_checked(run, bad):
    assert len(run("validate stacks", fails=1).out.splitlines()) == 1
    assert len(run("validate users/worse.yaml stacks/bad.yaml", fails=1).out.splitlines()) == 2
    run("validate stacks/default.yaml components zenprofile.yaml")
    assert "stacks/nothing.yaml" in run("validate stacks/nothing.yaml", fails=1).err


@pytest.mark.parametrize("path", ["nothing", ".zenprofil", "/nothing/at/all", "stack", "components/artefact_store"])
def test_a_path_that_is_not_there_is_no_profile_that_holds(run, profile, path):
    assert path in run(f"validate {path}", fails=1).err
    assert run(f"fmt --check {path} -o json", fails=1).error["code"] == "not-found"


def test_a_folder_of_a_kind_without_documents_holds(run, profile):
    run("validate teams components components/alerter ./flavors/")


def test_a_profile_is_found_from_its_files_known_or_not(run, bad, tmp_path):
    copy = tmp_path / "elsewhere" / ".zenprofile"
    shutil.copytree(bad, copy, ignore=shutil.ignore_patterns(".git"))
    (tmp_path / "README.md").write_text("nothing of ours")

    assert len(run("validate elsewhere/.zenprofile", fails=1).out.splitlines()) == 2
    assert run("validate elsewhere/.zenprofile/stacks/bad.yaml", fails=1).out.startswith(
        "elsewhere/.zenprofile/stacks/bad.yaml:3:17: "
    )
    run("validate elsewhere/.zenprofile/stacks/default.yaml")
    assert len(run(f"validate {bad}", fails=1).out.splitlines()) == 2
    run(f"validate {bad} {copy}", fails=2)
    assert "no profile" in run("validate README.md", fails=1).err


def test_a_rev_is_checked_as_it_was(run, bad):
    run("validate --rev HEAD")
    run("validate --rev nothing", fails=1)


def test_a_write_is_not_stopped_by_what_was_wrong_before(run, bad):
    run("stack register prod -o default -a default")
    run("validate", fails=1)


def git(folder, *words):
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def test_the_index_is_checked_where_it_is_asked_for(run, bad):
    run("validate --staged")
    git(bad, "add", "stacks/bad.yaml")

    assert run("validate --staged", fails=1).out.startswith(f"{os.path.relpath(bad)}/stacks/bad.yaml:3:17: ")
    (bad / "stacks" / "bad.yaml").unlink()
    assert len(run("validate --staged stacks", fails=1).out.splitlines()) == 1
    run("validate --staged users")
    run("validate --staged --rev HEAD", fails=2)


def test_a_document_in_conflict_is_named(run, bad):
    oid = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=bad, input=BAD, capture_output=True, text=True, check=True
    ).stdout.strip()
    rows = "".join(f"100644 {oid} {stage}\tstacks/bad.yaml\n" for stage in (1, 2, 3))
    subprocess.run(["git", "update-index", "--index-info"], cwd=bad, input=rows, text=True, check=True)

    assert "is in conflict in git's index" in run("validate --staged", fails=1).out


def test_an_index_is_gits(run):
    run("create s -t sql")
    run("--profile s validate --staged", fails=1)


def test_annotations_for_github(run, bad, tmp_path):
    first, second = run("validate --annotations", fails=1).out.splitlines()

    assert first.startswith("::error file=stacks/bad.yaml,line=3,col=17,title=broken-reference::stack bad refers to")
    assert second.startswith("::error file=users/worse.yaml,line=2,col=1,title=")
    run("validate --rev HEAD --annotations")


def test_annotations_name_files_from_the_repositorys_top_and_escape(run, tmp_path):
    git(tmp_path, "init", "-q")
    run("create here --url 50%,off")
    (tmp_path / "50%,off" / "users" / "odd.yaml").write_text('name: odd\n"a: %0A": 1\n')

    line = run("--profile here validate --annotations", fails=1).out

    assert line.startswith("::error file=50%25%2Coff/users/odd.yaml,line=2,col=1,title=")
    assert "%250A" in line
    assert line.count("\n") == 1


FORMS = {
    "sarif": lambda d: d["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
    "code-quality": lambda d: d[0]["location"]["path"],
}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_what_the_current_folder_holds_is_judged(run, tmp_path, monkeypatch, form):
    """As a job on a fresh machine does: nothing is created, and what is judged is said."""
    subprocess.run(["git", "init", "-q", "code"], cwd=tmp_path, check=True)
    code = tmp_path / "code"
    run("create seed --url", str(code / "ml" / "stacks"))
    (code / "ml" / "stacks" / "stacks" / "bad.yaml").write_text("name: bad\ncomponents:\n  orchestrator: nothing\n")
    Path(Profiles().file).unlink()
    subprocess.run(["git", "add", "-A"], cwd=code, check=True)
    (code / "src").mkdir()
    monkeypatch.chdir(code / "src")

    done = run("validate", fails=1)
    assert done.out.startswith("../ml/stacks/stacks/bad.yaml:3:17: ")
    assert "6 documents of ../ml/stacks" in done.err
    assert FORMS[form](json.loads(run(f"validate --format {form}", fails=1).out)) == "ml/stacks/stacks/bad.yaml"
    assert run("validate --annotations", fails=1).out.startswith("::error file=ml/stacks/stacks/bad.yaml,line=3,")
    assert "6 documents" in run("fmt --check").err
    assert not Path(Profiles().file).exists()

    shutil.rmtree(code / "ml")
    run("validate", fails=1)
    subprocess.run(["git", "rm", "-qr", "--cached", ":/ml"], cwd=code, check=True)
    assert "no profile was found" in run("validate", fails=1).err
    assert "no profile was found" in run("fmt --check", fails=1).err


def test_a_tab_is_warned_of_as_long_as_it_is_there(run, folder, monkeypatch):
    monkeypatch.setattr("zenprofile.drivers.local.cache._YOUNG", -(10**18))  # nothing is too young to be cached
    tabbed = folder / "users" / "ada.yaml"
    tabbed.write_text("name: ada\ndescription:\tours\n")
    (folder / "users" / "worse.yaml").write_text(f"{WORSE}description:\tours\n")

    for _ in range(2):
        err = run("validate", fails=1).err
        assert "users/ada.yaml:2:13: a tab" in err
        assert "users/worse.yaml:3:13: a tab" in err
    tabbed.write_text("name: ada\ndescription: ours\n")
    assert "ada.yaml" not in run("validate", fails=1).err


def test_what_is_damaged_in_a_store_of_zenml_013_is_named(run, tmp_path):
    old = shutil.copytree(ZENML_013, tmp_path / "old")
    (old / "artifact_stores" / "art_local.yaml").write_text("{{{{\n")
    run("create old --url", str(old))

    done = run("validate --profile old")

    assert "artifact_stores/art_local.yaml:1:2" in done.err
    assert "its settings are lost" in done.err
