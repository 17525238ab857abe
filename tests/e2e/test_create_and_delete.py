"""Making and deleting profiles: a slow remote stops nobody else, and nothing goes that is nowhere else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from machines import Machine, Team, cloned, new_machine
from servers import silent_server

pytest_plugins = ("teams",)


@pytest.fixture
def alone(tmp_path: Path) -> Machine:
    """Make a machine with a profile ``p`` of its own beside the default one."""
    home = new_machine(tmp_path, "ana")
    folder = home / "zenprofile" / "profiles" / "p"
    machine = Machine(home, folder, folder)
    machine.run("create p")
    return machine


def test_a_slow_remote_stops_no_other_command(alone: Machine) -> None:
    with silent_server() as port:
        command = [sys.executable, "-m", "zenprofile", "create", "slow", "--url", f"git+http://127.0.0.1:{port}/x.git"]
        process = subprocess.Popen(
            command, cwd=alone.home, env=alone.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not list((alone.home / "zenprofile" / "clones").glob(".*")):
            assert process.poll() is None

        alone.run("create other")
        alone.run("set other")
        alone.run("override set stack/default description=x")
        assert {row["name"] for row in alone.run("list -o json").json} == {"default", "p", "other"}
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert list((alone.home / "zenprofile" / "clones").iterdir()) == []


def test_of_two_that_make_one_name_at_once_one_is_told_so(alone: Machine) -> None:
    command = [sys.executable, "-m", "zenprofile", "create", "twice"]
    started = [
        subprocess.Popen(command, cwd=alone.home, env=alone.environment, stderr=subprocess.DEVNULL) for _ in range(3)
    ]

    assert sorted(process.wait() for process in started) == [0, 1, 1]
    alone.run("stack list --profile twice")


def test_an_empty_url_is_wrong_usage(alone: Machine) -> None:
    assert "URL is empty" in alone.run("create x --url", "", fails=2).err


def refused(machine: Machine, name: str) -> str:
    """Try to delete a profile, which must fail and leave it all there."""
    failed = machine.run(f"delete {name}", fails=1)
    assert name in {row["name"] for row in machine.run("list -o json").json}
    return failed.err


@pytest.mark.parametrize("how", ["setting", "ignored", "assumed", "comment"])
def test_a_clone_with_what_was_never_committed_stays(team: Team, how: str) -> None:
    ben = team.ben
    ben.run("set default")
    path = ben.write(
        "stacks/mine.yaml", "name: mine\ncomponents:\n  orchestrator: default\n  artifact_store: default\n"
    )
    if how == "setting":
        ben.git("config", "--global", "status.showUntrackedFiles", "no")
    elif how == "ignored":
        (ben.top / ".git" / "info").mkdir(exist_ok=True)
        (ben.top / ".git" / "info" / "exclude").write_text("mine.yaml\n")
    else:
        path.unlink()
        default = ben.folder / "stacks" / "default.yaml"
        default.write_text("# by hand\n" + default.read_text())
        if how == "assumed":
            ben.git("update-index", "--assume-unchanged", "stacks/default.yaml")

    assert "uncommitted edits" in refused(ben, "team")
    assert ben.top.exists()


@pytest.mark.parametrize("what", ["comment", "file", "branch", "uncommitted"])
def test_a_profile_of_its_own_with_more_than_the_defaults_stays(alone: Machine, what: str) -> None:
    default = alone.folder / "stacks" / "default.yaml"
    if what == "comment":
        default.write_text("# by hand\n" + default.read_text())
        alone.git("commit", "-q", "-a", "-m", "by hand")
    elif what == "file":
        alone.write("notes.md", "what nobody else has\n")
    elif what == "branch":
        alone.git("branch", "later")
    else:
        default.write_text("# by hand\n" + default.read_text())

    refused(alone, "p")

    assert default.exists()
    alone.run("delete p --force")
    assert not alone.folder.exists()


def test_the_defaults_alone_are_no_loss(alone: Machine) -> None:
    alone.run("delete p")
    assert not alone.folder.exists()


def test_what_cannot_be_removed_stays_in_the_list(alone: Machine) -> None:
    """By its mode, or for root, whom no mode stops, by the file system."""
    inner = alone.folder / "stacks"
    flags = ["chattr", "+i", str(inner)]
    by_mode = os.geteuid() != 0 or subprocess.run(flags, capture_output=True, check=False).returncode != 0
    mounted = by_mode and os.geteuid() == 0
    if mounted:
        subprocess.run(["mount", "--bind", str(inner), str(inner)], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(inner)], check=True)
    elif by_mode:
        inner.chmod(0o555)
    try:
        assert "cannot be written" in alone.run("delete p --force", fails=1).err
    finally:
        if mounted:
            subprocess.run(["umount", str(inner)], check=True)
        elif by_mode:
            inner.chmod(0o755)
        else:
            subprocess.run(["chattr", "-i", str(inner)], check=True)

    assert "p" in {row["name"] for row in alone.run("list -o json").json}
    alone.run("stack list --profile p")
    alone.run("delete p --force")


def test_a_clone_is_made_again_after_it_was_deleted(team: Team) -> None:
    eve = cloned(team.root, "eve", f"git+file://{team.bare}")
    eve.run("delete team --force")
    eve.run("create team --url", f"git+file://{team.bare}")
    assert eve.top.exists()
