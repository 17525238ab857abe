"""A clone is a profile, found from the folder one stands in; choices stay on this machine, no tracked file changes."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from zenprofile.git import runner
from zenprofile.machine.profiles import Profile, Profiles
from zenprofile.usecases import profiles as usecase

MARKER = ".zenprofile.json"


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def clone(run: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Clone a repository with a profile, on a machine that has none; the current folder is the clone."""
    seed = tmp_path / "seed"
    seed.mkdir()
    git(seed, "init", "-q")
    usecase.create(Profiles(str(tmp_path / "elsewhere")), usecase.CreateOptions("x", str(seed / ".zenprofile")), 30.0)
    git(seed, "add", "-A")
    git(seed, "commit", "-q", "-m", "stacks")
    git(tmp_path, "clone", "-q", str(seed), "ml-platform")
    monkeypatch.chdir(tmp_path / "ml-platform")
    return tmp_path / "ml-platform"


def test_it_needs_no_create_and_leaves_nothing_behind(run, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clone / "src" / "deep").mkdir(parents=True)
    for folder in (clone, clone / "src" / "deep", clone / ".zenprofile" / "stacks"):
        monkeypatch.chdir(folder)
        done = run("stack list -o name")
        assert done.out == "stack/default\n"
        assert done.err == "Running with active profile: 'ml-platform' (local)\n"
    row = run("list -o json").json[0]
    assert row["store_url"] == str(clone / ".zenprofile")
    assert (row["name"], row["active"], row["scope"]) == ("ml-platform", True, "local")
    assert "ml-platform (local)" in run("list").out
    assert run("describe -o json").json == row
    assert run("stack list -o name --profile ml-platform").out == "stack/default\n"
    assert not Path(Profiles().file).exists()


def test_finding_it_starts_no_process(run, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(runner, "start", started)
    for line in ("get", "list", "stack list", "describe", "component describe default --type artifact_store"):
        run(line)


def test_choices_are_kept_here_for_this_checkout(run, clone: Path, tmp_path: Path, monkeypatch) -> None:
    run("user create ada")
    run("project create churn")
    run("stack copy default prod")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "more")
    git(clone, "worktree", "add", "-q", "../other", "-b", "feature")
    for line in (
        *("stack set prod", "project set churn", "user set ada", "config sync manual"),
        "override set component/artifact_store/default path=/mine",
    ):
        run(line)
    shown = run("describe -o json").json
    assert (shown["active_stack"], shown["active_user"]) == ("prod", "ada")
    assert run("project get -o json").json["name"] == "churn"
    assert git(clone, "status", "--porcelain") == ""

    monkeypatch.chdir(tmp_path / "other")
    shown = run("describe -o json").json
    assert (shown["name"], shown["active_stack"]) == ("ml-platform", "default")
    assert shown["store_url"] == str(tmp_path / "other" / ".zenprofile")
    assert run("override list -o json").json == []

    monkeypatch.chdir(clone)
    run("stack rename prod prod-2")
    assert run("describe -o json").json["active_stack"] == "prod-2"


def test_a_marker_names_store_profile_and_stack(run, clone: Path) -> None:
    git(clone, "mv", ".zenprofile", "conf")
    run("stack list", fails=0)  # the machine's own default, made now
    run("stack copy default prod --profile default")
    assert run("init --store conf --profile team -o json").json == {
        "file": str(clone / MARKER), "profile": "team", "stack": "default", "store": "conf",
    }  # fmt: skip
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "marker")
    assert run("get -o json").json == {"name": "team", "scope": "local"}
    run("stack copy default prod")
    run("stack set prod")
    run("set default")
    assert run("get").out == "default\n"
    run("set team")
    assert run("get").out == "team\n"
    assert git(clone, "status", "--porcelain") == "?? conf/stacks/prod.yaml\n"


def test_a_tracked_marker_that_names_a_profile_of_this_machine_is_not_changed(run, clone: Path) -> None:
    with Profiles().edit() as state:
        state.put(Profile("mine", str(clone / ".zenprofile"), "local"))
        state.put(Profile("second", str(clone / ".zenprofile"), "local"))
    (clone / MARKER).write_text('{"profile": "mine", "stack": "default"}')
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "marker")
    run("stack copy default prod")
    for line, wanted in (("stack set prod", "mine"), ("set second", "second"), ("project create x", "second")):
        run(line)
        assert run("get").out == f"{wanted}\n"
    run("project set x")
    assert run("project get -o json").json["name"] == "x"
    assert git(clone, "status", "--porcelain", "-uno") == ""


def test_several_profiles_in_one_repository_and_a_name_for_one(run, clone: Path, monkeypatch) -> None:
    run("create y --new --url teams/b")
    run("delete y")
    monkeypatch.chdir(clone / "teams" / "b")
    assert run("describe -o json").json["store_url"] == str(clone / "teams" / "b")
    run("override set component/artifact_store/default path=/mine")
    run("create b --url .")
    assert run("get").out == "b\n"
    assert len(run("override list -o json").json) == 1
    monkeypatch.chdir(clone)
    assert run("get").out == "ml-platform\n"
    assert run("override list -o json --profile b").json != []


def test_a_submodule_is_a_checkout_of_its_own(run, clone: Path, tmp_path: Path, monkeypatch) -> None:
    bare = tmp_path / "plain"
    bare.mkdir()
    git(bare, "init", "-q")
    git(bare, "commit", "-q", "--allow-empty", "-m", "x")
    git(clone, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(bare), "lib")
    git(clone, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "seed"), "sub")
    monkeypatch.chdir(clone / "sub")
    assert run("describe -o json").json["store_url"] == str(clone / "sub" / ".zenprofile")
    monkeypatch.chdir(clone / "lib")  # no profile in it, and the one around it is another repository's
    assert run("get -o json").json == {"name": "default", "scope": "global"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"store": "../seed/.zenprofile"}', "leads out of the repository"),
        ('{"store": "/etc"}', "leads out of the repository"),
        ('{"store": ".git/x"}', "leads out of the repository"),
        ('{"store": "gone"}', "is not there"),
        ('{"store": "src"}', "holds no profile"),
        ('{"store": "link"}', "lies behind a link"),
        ('{"store": 1}', "is no text"),
        ("{", "not JSON"),
    ],
)
def test_a_marker_that_is_wrong(run, clone: Path, text: str, says: str) -> None:
    (clone / "src").mkdir()
    (clone / "link").symlink_to(".zenprofile")
    (clone / MARKER).write_text(text)
    before = git(clone, "status", "--porcelain", "--ignored")
    done = run("stack list", fails=1)
    assert len(done.err.splitlines()) == 1
    assert says in done.err
    assert f"{clone / MARKER}:" in done.err
    assert git(clone, "status", "--porcelain", "--ignored") == before
    assert not Path(Profiles().file).exists()
    assert says in run("list").err  # the others go on


def test_links_and_other_peoples_folders_are_refused(run, clone: Path, monkeypatch) -> None:
    monkeypatch.chdir(clone)
    (clone / ".zenprofile").rename(clone / "real")
    (clone / ".zenprofile").symlink_to("real")
    assert "is a link" in run("stack list", fails=1).err
    (clone / ".zenprofile").unlink()
    (clone / "real").rename(clone / ".zenprofile")
    if os.geteuid() == 0:
        os.chown(clone / ".zenprofile", 4242, -1)
        os.chown(clone, 4242, -1)
        assert "belongs to another user" in run("stack list", fails=1).err
        git(clone, "config", "--global", "--add", "safe.directory", str(clone))
        run("stack list")


def test_what_another_repositorys_hook_left_is_not_followed(run, clone: Path, tmp_path: Path, monkeypatch) -> None:
    git(tmp_path, "init", "-q", "foreign")
    foreign = tmp_path / "foreign" / ".git"
    for name, value in (
        ("GIT_DIR", foreign), ("GIT_WORK_TREE", foreign.parent), ("GIT_OBJECT_DIRECTORY", foreign / "objects"),
        ("GIT_INDEX_FILE", foreign / "index"),
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    assert run("status -o json").json["state"] == "synced"
    assert json.loads(run("validate -o json").out)["valid"]


def test_its_name_is_taken_wherever_a_profile_is_named(run, clone: Path, tmp_path: Path) -> None:
    run("component register s3 --type artifact_store --flavor s3 --set path=s3://bucket")

    assert "Copied" in run("copy", "ml-platform", f"sqlite:///{tmp_path}/copy.db").out
    run("create", "db", "--url", f"sqlite:///{tmp_path}/copy.db")

    assert run("--profile db diff --profile-to ml-platform -o json --exit-code").json == []
    assert "no profile 'nobody'" in run("diff --profile-to nobody", fails=1).err


def test_verbose_tells_each_git_command_without_secrets(run, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run("status -v").err

    assert re.search(r"^git status .* \(\d+\.\d+ s, status 0\)$", told, re.M)
    assert "git status" not in run("status").err
    assert run("status -v -o json").err == ""
    lines: list[str] = []
    monkeypatch.setattr(runner, "listeners", [lines.append])
    runner.run(["ls-remote", "https://ana:pass-word@127.0.0.1/x"], clone, ok=(128,))
    assert [line.partition(" (")[0] for line in lines] == ["git ls-remote https://***@127.0.0.1/x"]


def test_a_profile_that_a_sparse_checkout_leaves_out_is_named(run, clone: Path) -> None:
    (clone / "README").write_text("")
    git(clone, "add", "README")
    git(clone, "commit", "-q", "-m", "read me")
    git(clone, "sparse-checkout", "set", "src")
    for line in ("stack list", "create x --url .zenprofile"):
        assert "git sparse-checkout add .zenprofile" in run(line, fails=1).err
    git(clone, "sparse-checkout", "add", ".zenprofile/stacks")
    assert run("stack list -o name").out == "stack/default\n"
    assert len(run("component list -o name").out.splitlines()) == 3
    run("user create zoe")
    run("commit")
    assert git(clone, "show", "--stat", "--format=").split()[0] == ".zenprofile/users/zoe.yaml"


def test_status_tells_of_each_profile_of_the_repository(run, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "5 documents of ./.zenprofile\n" in run("status").err
    usecase.create(
        Profiles(str(clone.parent / "elsewhere")), usecase.CreateOptions("y", str(clone / "eu"), new=True), 30.0
    )
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "two")
    (clone / "eu" / "users" / "ada.yaml").write_text("name: ada\n")
    monkeypatch.chdir(clone / "eu")
    done = run("status")
    assert "5 documents of ../.zenprofile\n6 documents of" in done.err
    assert "ml-platform (../.zenprofile): branch" in done.out
    assert "ml-platform (.): branch" in done.out
    rows = run("status -o json").json["profiles"]
    assert [(row["state"], row["documents"]) for row in rows] == [("ahead", 5), ("uncommitted", 6)]
    assert "profiles" not in run("status -o json --profile ml-platform").json
    (clone / ".zenprofile" / "users" / "bob.yaml").write_text("name: bob\nage: 1\n")
    assert "invalid: ../.zenprofile/users/bob.yaml:2:1: 'age'" in run("status").out


def test_status_finds_nothing_in_a_repository_without_a_profile(run, tmp_path: Path, monkeypatch) -> None:
    git(tmp_path, "init", "-q", "bare")
    monkeypatch.chdir(tmp_path / "bare")
    assert "no profile was found" in run("status", fails=1).err


def test_two_markers_that_disagree_are_said(run, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clone / "sub").mkdir()
    (clone / MARKER).write_text('{"profile": "a", "store": ".zenprofile"}')
    (clone / "sub" / MARKER).write_text('{"profile": "b", "store": "../.zenprofile"}')
    monkeypatch.chdir(clone / "sub")
    done = run("stack list -o name")
    assert done.out == "stack/default\n"
    assert done.err.count("the nearer decides") == 1
    (clone / "sub" / MARKER).write_text('{"profile": "a", "store": "../.zenprofile"}')
    assert "Warning" not in run("stack list -o name").err


def test_a_submodule_in_the_profiles_place_that_is_not_checked_out(
    run, clone: Path, tmp_path: Path, monkeypatch
) -> None:
    git(tmp_path, "init", "-q", "over")
    git(tmp_path / "over", "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(clone), ".zenprofile")
    git(tmp_path / "over", "commit", "-q", "-m", "submodule")
    git(tmp_path, "clone", "-q", "over", "again")
    monkeypatch.chdir(tmp_path / "again")
    for line in ("stack list", "status", "user create zoe"):
        assert "git submodule update --init .zenprofile" in run(line, fails=1).err
    assert git(tmp_path / "again", "status", "--porcelain") == ""
    assert not Path(Profiles().file).exists()
