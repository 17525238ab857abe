"""What a work tree leaves out on purpose is there as the index has it: read, merged, never deleted from the disk."""

import shutil
from pathlib import Path

import pytest
from faults import sweep
from machines import S3, Machine, Team, store

from zenprofile.core.entity import Key
from zenprofile.git import skip_worktree
from zenprofile.git.repository import find

pytest_plugins = ("teams",)
CHURN = Key("project", "", "churn")
HOW = ("sparse", "sparse index", "skip-worktree", "assume-unchanged", "split index")


def leave_out(machine: Machine, how: str) -> None:
    """Leave the project and the artifact stores out of a work tree."""
    machine.git("status")  # its index knows the copied files
    if how.startswith("sparse"):
        machine.git("sparse-checkout", "set", "--cone", *(["--sparse-index"] if how == "sparse index" else []))
        machine.git("sparse-checkout", "add", "stacks", "users", "components/orchestrator")
        return
    if how == "split index":
        machine.git("update-index", "--split-index")
    flag = "assume-unchanged" if how == "assume-unchanged" else "skip-worktree"
    for path in (*machine.folder.glob("components/artifact_store/*"), machine.folder / CHURN.path):
        machine.git("update-index", f"--{flag}", str(path))
        path.unlink()


@pytest.mark.parametrize("how", HOW)
def test_it_is_read_checked_and_kept_through_writes_and_merges(team: Team, how: str) -> None:
    ben = team.ben
    before = ben.run("component list -o json").json
    leave_out(ben, how)
    assert not (ben.folder / S3.path).exists()
    assert not (ben.folder / CHURN.path).exists()

    assert ben.run("component list -o json").json == before
    ben.run("validate")
    assert ben.run("status -o json").json["changes"] == []
    assert "in use" in (failed := ben.run("component delete s3", fails=1).err) or "prod" in failed
    assert "exists already" in ben.run("project create churn", fails=1).err
    assert "left out" in ben.run("component update s3 --set path=s3://new", fails=1).err
    ben.run("user create zoe")
    ben.write("users/mia.yaml", "name: mia\n")
    team.ana.commit((S3, store("s3", {"path": "s3://ana"})))
    team.ana.git("push", "-q")
    assert "Nothing" not in ben.run("sync").out

    assert ben.head == ben.remote_head
    assert ben.run("component describe s3 -o json").json["configuration"] == {"path": "s3://ana"}
    team.ana.run("pull")
    assert (team.ana.folder / CHURN.path).exists()
    assert (team.ana.folder / "users" / "mia.yaml").exists()
    assert not (ben.folder / CHURN.path).exists()
    assert ben.git("status", "--porcelain") == ""


def test_what_is_assumed_unchanged_is_not_committed_from_the_disk(team: Team) -> None:
    ben = team.ben
    ben.git("update-index", "--assume-unchanged", S3.path)
    ben.write(S3, store("s3", {"path": "/home/ben/data"}))

    ben.run("sync")

    assert "/home/ben" not in ben.git("show", f"HEAD:{S3.path}")
    assert "/home/ben" in ben.read(S3)


def test_a_profile_whose_folder_is_left_out_whole_is_read(larger: Team) -> None:
    ben = larger.ben
    before = ben.run("stack list -o json").json
    ben.git("status")
    ben.git("sparse-checkout", "set", "--cone", "elsewhere")
    assert not ben.folder.exists()

    assert ben.run("stack list -o json").json == before


@pytest.mark.parametrize("content", [b"", b"DIRC", b"DIRC" + b"\0\0\0\2\xff\xff\xff\xff", b"x" * 100])
def test_an_index_that_is_none_is_left_to_git(team: Team, content: bytes) -> None:
    (team.ben.top / ".git" / "index").write_bytes(content)

    assert "mistake" not in team.ben.run("stack list", fails=None).err


def test_an_index_of_any_version_is_read_as_git_reads_it(team: Team) -> None:
    repository = find(team.ben.top)
    assert repository is not None
    leave_out(team.ben, "skip-worktree")
    expected = skip_worktree.find(repository)
    assert Path(CHURN.path).as_posix() in expected
    for version in ("4", "3"):
        team.ben.git("update-index", "--index-version", version)
        assert skip_worktree.find(repository) == expected


PULL = """
import os, sys
from zenprofile.cli.main import main
os.chdir(sys.argv[2])
sys.exit(main(["pull"]))
"""


@pytest.mark.slow
def test_it_stays_left_out_wherever_a_pull_is_killed(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before each process that it starts: what the index no longer leaves out would be deleted for everybody."""
    ben = team.ben
    leave_out(ben, "sparse index")
    team.ana.commit((S3, store("s3", {"path": "s3://ana"})), (Key("user", "", "kim"), {"name": "kim"}))
    team.ana.git("push", "-q")
    for name, value in ben.environment.items():
        monkeypatch.setenv(name, value)
    saved = ben.home.parent / "saved"
    shutil.copytree(ben.home, saved, symlinks=True)

    # Four pipes a process.
    for number in sweep(PULL, [str(ben.home), str(ben.home)], "pipe2", "signal=SIGKILL", 4):
        assert ben.run("status -o json").json["changes"] == [], number
        assert ben.git("status", "--porcelain") == "", number
        ben.run("pull")
        assert ben.run("component describe s3 -o json").json["configuration"] == {"path": "s3://ana"}, number
        assert ben.git("status", "--porcelain") == "", number
        assert (ben.folder / "users/kim.yaml").exists(), number
        shutil.rmtree(ben.home)
        shutil.copytree(saved, ben.home, symlinks=True)
