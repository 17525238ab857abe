"""`zenprofile watch` on real machines: what is saved is shared, what is held is explained, git by hand goes on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from machines import PROD, S3, Machine, Team, stack, store
from watchers import DEADLINE, commits, is_shared, pausing, setting, until, watching

from zenprofile.core.entity import Key

pytest_plugins = ("teams",)
NEW = Key("stack", "", "new")
SOAK = float(os.environ.get("ZENPROFILE_SOAK", "8"))  # seconds


def test_a_file_saved_on_one_machine_is_read_on_the_other(team: Team) -> None:
    setting(team.ben, "poll=1s")
    with watching(team.ana) as ana, watching(team.ben) as ben:
        team.ana.write(S3, store("s3", {"path": "s3://elsewhere"}))

        assert ana.told("committed")["changes"][0]["fields"][0]["after"] == "s3://elsewhere"
        ana.told("pushed", "1 commit")
        ben.told("pulled", "s3://elsewhere")
        until(lambda: "elsewhere" in team.ben.read(S3), "the value on the other machine")

        team.ben.write(NEW, stack("new"))
        ben.told("pushed")
        # A command's own commit is pushed as well.
        team.ben.run("user create zoe")
        until(lambda: is_shared(team.ben), "a commit by a command is pushed")
    assert team.ben.is_clean()
    with watching(team.ana):
        until((team.ana.folder / "users" / "zoe.yaml").exists, "what was pushed while nobody watched")


def test_what_is_invalid_or_secret_is_held_told_once_and_explained(team: Team) -> None:
    machine, before = team.ana, team.ana.head
    with watching(machine) as watcher:
        machine.write(PROD, "name: prod\ncomponents:\n  orchestrator: nowhere\n")
        told = watcher.told("held", "nowhere")
        assert told["next"]
        machine.write(NEW, stack("new"))  # the rest of the set waits with it

        status = machine.run("status -o json").json
        assert status["state"] == "held"
        assert "nowhere" in status["reason"]
        assert status["since"]
        watched = machine.run("watch status -o json").json
        assert (watched["running"], watched["state"]) == (True, "held")

        machine.write(PROD, stack("prod", artifact_store="s3"))
        watcher.told("resumed")
        watcher.told("committed", "new")
        watcher.told("pushed")
        assert [row["event"] for row in watcher.lines].count("held") == 1

        after, lines = machine.head, len(watcher.lines)
        machine.write(S3, store("s3", {"path": "s3://a", "secret": "AKIA" + "IOSFODNN7EXAMPLE"}))
        watcher.told("held", after=lines)
        assert machine.head == after
        rows = {row["check"]: row for row in machine.run("doctor -o json", fails=1).json}
        assert not rows["watcher"]["ok"]
        assert "held since" in rows["watcher"]["found"]
        machine.git("checkout", "-q", "--", S3.path)
        watcher.is_in("watching")
        rows = {row["check"]: row for row in machine.run("doctor -o json", fails=None).json}
        assert rows["watcher"]["ok"]
        assert "its last error, at 2" in rows["watcher"]["found"]
    assert commits(machine, before) == 1
    assert is_shared(machine)


def test_a_mass_deletion_waits_for_a_person_a_single_one_does_not(team: Team) -> None:
    machine = team.ana
    with watching(machine) as watcher:
        machine.write(Key("project", "", "churn"), None)
        watcher.told("committed", "churn")
        before = machine.head
        assert machine.run("watch confirm", fails=1).err.count("Error: ") == 1

        pausing(watcher)  # else a part that is deleted long before the rest would be one of its own
        for folder in ("users", "teams", "roles", "stacks"):
            subprocess.run(["rm", "-r", machine.folder / folder], check=True)
        machine.run("watch resume")
        watcher.told("held", "deleted")
        assert machine.run("status -o json").json["state"] == "held"
        machine.git("checkout", "-q", "--", ".")
        watcher.is_in("watching")
        assert machine.head == before

        pausing(watcher)
        lines = len(watcher.lines)
        _delete_most(machine)
        machine.run("watch resume")
        watcher.is_in("held")
        machine.run("watch confirm")
        watcher.told("committed", after=lines)
    assert not (machine.folder / PROD.path).exists()
    assert commits(machine, before) == 1


def _delete_most(machine: Machine) -> None:
    for path in machine.folder.rglob("*.yaml"):
        if "default" not in path.name and path.name != "zenprofile.yaml":
            path.unlink()


def test_a_mass_deletion_is_confirmed_while_no_watcher_runs(team: Team) -> None:
    machine = team.ana
    _delete_most(machine)
    assert "files are deleted" in machine.run("watch --once", fails=1).out
    machine.run("watch confirm")
    assert "committed" in machine.run("watch --once").out
    assert is_shared(machine)
    # That was for these files, and for this time.
    machine.git("revert", "--no-edit", "HEAD")
    _delete_most(machine)
    assert "files are deleted" in machine.run("watch --once", fails=1).out


def test_git_by_hand_goes_on_under_the_watcher(team: Team) -> None:
    """Checkout, stash, rebase and pull: nothing half done is committed, and the branch that is watched goes on."""
    machine, before = team.ana, team.ana.head
    with watching(machine) as watcher:
        machine.git("switch", "-q", "-c", "feature")
        assert "git switch main" in watcher.is_in("paused", "feature")["next"]
        until(lambda: "is watched" in machine.run("status -o json").json["reason"], "status names the branch")
        machine.commit((NEW, stack("new")), message="on a branch")
        machine.write(Key("stack", "", "draft"), stack("draft"))
        machine.git("add", "-A")
        machine.git("stash", "-q")
        machine.git("switch", "-q", "main")
        watcher.is_in("watching")
        assert machine.head == before

        (machine.top / "README").write_text("other\n")
        machine.git("commit", "-q", "-a", "-m", "moved on")
        until(lambda: machine.head == machine.remote_head, "a commit by hand is pushed")
        machine.git("switch", "-q", "feature")
        (machine.top / "README").write_text("mine\n")
        machine.git("commit", "-q", "-a", "-m", "clashes")
        assert "README" in machine.git("rebase", "main", fails=True)  # it stops in the middle
        watcher.is_in("paused", "rebase")  # for a moment it may be the index that git holds
        status = machine.run("status -o json").json
        assert (status["state"], bool(status["since"])) == ("paused", True)
        machine.write(Key("stack", "", "late"), stack("late"))
        machine.git("rebase", "--abort")
        machine.git("switch", "-q", "main")
        watcher.told("committed", "late")
        machine.git("stash", "pop", "-q")
        watcher.told("committed", "draft")
        until(lambda: is_shared(machine), "what was stashed is pushed")

        team.ben.commit((Key("stack", "", "bens"), stack("bens")))
        team.ben.run("sync")
        machine.git("pull", "-q", "--no-rebase", "--no-edit")
        until(lambda: is_shared(machine), "a pull by hand is no trouble")

        machine.git("checkout", "-q", "--detach")
        watcher.is_in("paused", "detached")
        status = machine.run("status -o json").json
        assert (status["state"], status["next"]) == ("paused", "git switch BRANCH")
        assert status["since"]
    with watching(machine) as watcher:  # whatever is checked out after that is the branch to watch
        watcher.is_in("paused", "detached")
        machine.git("switch", "-q", "main")
        watcher.is_in("watching")
    assert "on a branch" not in machine.git("log", "--format=%s", "main")
    assert {"late", "draft", "bens"} <= {path.stem for path in machine.folder.glob("stacks/*.yaml")}


def test_it_rests_while_others_only_look(team: Team) -> None:
    machine, before = team.ana, team.ana.head
    with watching(machine) as watcher:
        ticks = _cpu(watcher.process.pid)
        lines = len(watcher.lines)
        for _ in range(8):
            machine.git("status")
            assert machine.run("status -o json").json["state"] == "synced"
        assert _cpu(watcher.process.pid) - ticks < 100
        assert watcher.lines[lines:] == []
    assert machine.head == before


def _cpu(pid: int) -> int:
    words = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


def test_pause_resume_a_second_watcher_and_hooks(team: Team) -> None:
    machine = team.ana
    told = machine.home / "told"
    setting(machine, f"on_change=cat >> {told}", "on_problem=exit 3", "poll=1s")
    with watching(machine) as watcher:
        second = machine.run("watch", fails=1)
        assert str(watcher.process.pid) in second.err
        machine.run("watch pause 30m")
        watcher.is_in("paused")
        assert "resume" in machine.run("status -o json").json["next"]
        machine.write(NEW, stack("new"))
        machine.run("watch resume")
        watcher.told("committed", "new")
        row = until(lambda: told.read_text().strip() if told.exists() else "", "the hook's input")
        assert json.loads(row)["changes"][0]["name"] == "new"
        machine.write(PROD, "name: prod\n")
        watcher.told("note", "exit 3")
    assert machine.run("watch status -o json").json["state"] == "stopped"
    assert machine.run("config watch -o json").json["watch"]["on_problem"] == "exit 3"
    machine.run("watch pause 30m")
    assert machine.run("watch status -o json").json["reason"] == "no watcher runs; one that starts is paused"


def test_commits_are_held_back_and_a_policy_is_kept(team: Team) -> None:
    machine = team.ana
    with watching(machine, "--no-push") as watcher:
        machine.write(NEW, stack("new"))
        watcher.told("committed")
        team.ben.commit((Key("stack", "", "bens"), stack("bens")))
        team.ben.git("push", "-q")
        machine.run("watch resume")  # whatever waits is tried at once
        watcher.told("pulled", "bens")
    assert machine.remote_head == team.ben.head
    setting(machine, "policy=manual")
    before = machine.head
    with watching(machine) as watcher:
        machine.write(NEW, stack("new", orchestrator="default", artifact_store="s3"))
        assert watcher.is_in("uncommitted")["next"] == "zenprofile commit"
    assert machine.head == before


def test_one_round_ends_with_what_it_came_to(team: Team) -> None:
    machine = team.ana
    machine.write(NEW, stack("new"))
    done = machine.run("watch --once -o json")
    assert [json.loads(line)["event"] for line in done.out.splitlines()] == ["committed", "pushed"]
    assert machine.run("watch --once").out == ""

    machine.write(PROD, "name: prod\n")
    assert "held" in machine.run("watch --once", fails=1).out
    machine.git("checkout", "-q", "--", ".")
    machine.write(Key("user", "", "eve"), None)
    assert "committed" in machine.run("watch --once").out

    team.ben.commit((S3, store("s3", {"path": "s3://ben"})))
    team.ben.git("pull", "-q", "--no-rebase", "--no-edit")
    team.ben.git("push", "-q")
    machine.write(S3, store("s3", {"path": "s3://ana"}))
    assert "conflict" in machine.run("watch --once", fails=3).out
    machine.run("resolve component/artifact_store/s3 --ours")
    machine.run("watch --once")
    machine.git("config", "remote.origin.url", str(team.root / "gone.git"))
    machine.write(S3, store("s3", {"path": "s3://later"}))
    assert "committed" in machine.run("watch --once", fails=4).out


def test_in_a_larger_repository_nothing_else_is_committed(larger: Team) -> None:
    machine = larger.ana
    with watching(machine) as watcher:
        (machine.top / "code.py").write_text("half\n")
        machine.git("add", "code.py")
        (machine.folder / "notes.txt").write_text("mine\n")
        machine.write(NEW, stack("new"))
        watcher.told("pushed")
    assert machine.git("show", "--name-only", "--format=", "HEAD") == "conf/zen/stacks/new.yaml"
    assert machine.git("status", "--porcelain").splitlines() == ["A  code.py", "?? conf/zen/notes.txt"]


def test_what_a_sparse_checkout_leaves_out_is_no_deletion(team: Team) -> None:
    """Not when it is left out, not in what is committed meanwhile, and not when it comes back."""
    machine, before = team.ana, team.ana.head
    with watching(machine) as watcher:
        machine.git("status")  # else git takes files that were copied for edited, and leaves them
        machine.git("sparse-checkout", "set", "--cone", "stacks")
        until(lambda: not (machine.folder / "components").exists(), "the folder is left out")
        machine.write(NEW, stack("new"))
        watcher.told("pushed")
        assert machine.git("diff", "--name-status", before, "HEAD") == f"A\t{NEW.path}"
        machine.git("sparse-checkout", "disable")
        machine.write(S3, store("s3", {"path": "s3://later"}))
        watcher.told("committed", "s3://later")
    assert machine.git("diff", "--name-status", before, "HEAD").split() == ["M", S3.path, "A", NEW.path]
    assert "held" not in [row["event"] for row in watcher.lines]


def test_all_profiles_have_a_watcher_each(team: Team) -> None:
    machine = team.ana
    machine.run("create other")
    words = [sys.executable, "-m", "zenprofile", "watch", "--all", "-o", "json"]
    process = subprocess.Popen(words, env=machine.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for name in ("team", "other"):
            until(
                lambda name=name: machine.run(f"watch status --profile {name} -o json").json["running"],  # type: ignore[misc]
                f"a watcher of {name}",
            )
        machine.write(NEW, stack("new"))
        until(lambda: is_shared(machine), "the save is pushed")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    assert not machine.run("watch status -o json").json["running"]
    assert machine.run("watch --all --once").out == ""
    for line in ("watch --all --profile team", "watch --once status", "watch --all pause"):
        machine.run(line, fails=2)


def test_profiles_elsewhere_are_not_watched(team: Team) -> None:
    team.ana.run("create base -t sql")
    assert "shared already" in team.ana.run("watch --profile base", fails=1).err
    for bad in ("poll=soon", "colour=red", "policy=often", "quiet=0"):
        team.ana.run("config watch", bad, fails=2)


def test_the_service_is_one_that_systemd_takes(team: Team) -> None:
    machine = team.ana
    shown = machine.run("watch service install", ZENPROFILE_CONFIG_DIR=f"{machine.home}/zenprofile", XDG_RUNTIME_DIR="")
    unit = machine.home / ".config/systemd/user/zenprofile-watch-team.service"
    assert "installed" in shown.out
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--user", unit],
        env=machine.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert unit.name not in checked.stderr, checked.stderr
    assert f'"{sys.executable}" "-m" "zenprofile" "watch" "--profile" "team"' in unit.read_text()
    assert machine.run("watch service status -o json").json["installed"]
    machine.run("watch service uninstall")
    assert not unit.exists()
    assert "no service" in machine.run("watch service uninstall").out


@pytest.mark.slow
def test_two_watchers_and_a_script_end_equal_and_keep_every_value(team: Team) -> None:
    """A short soak; ZENPROFILE_SOAK sets its seconds."""
    chance = random.Random(13)
    saved: dict[tuple[Machine, str], str] = {}  # the last value of each file
    kept: set[str] = set()  # values that had the time to be committed
    for machine in (team.ana, team.ben):
        setting(machine, "poll=1s", "quiet=0.2s")
    with watching(team.ana) as ana, watching(team.ben) as ben:
        end, number = time.monotonic() + SOAK, 0
        while time.monotonic() < end:
            number += 1
            name, machine = chance.choice([("ana", team.ana), ("ben", team.ben)])
            key = Key("component", "artifact_store", f"{name}-{number % 7}")
            value = f"s3://{name}-{number}"
            machine.write(key, store(key.name, {"path": value}))
            saved[machine, key.path] = value
            if chance.random() < 0.7:
                until(lambda m=machine: not m.git("status", "--porcelain"), "all is committed")  # type: ignore[misc]
                kept.add(value)
        until(
            lambda: (
                team.ana.head == team.ben.head == team.ana.remote_head and is_shared(team.ana) and is_shared(team.ben)
            ),
            "both sides equal",
        )
        assert ana.process.poll() is ben.process.poll() is None
    lines = set(team.ana.git("log", "-p", "--format=", "--", "components").splitlines())
    assert [value for value in {*kept, *saved.values()} if f"+  path: {value}" not in lines] == []
    assert team.ana.is_clean()
    assert team.ben.is_clean()
