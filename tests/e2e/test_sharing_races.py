"""Sharing while others push, rewrite, lock and commit: nothing comes back, nothing is lost, and it is said why."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from machines import S3, Machine, Team, brought, store

from zenprofile.core.entity import Key

pytest_plugins = ("teams",)
CHURN = Key("project", "", "churn")


def user(name: str) -> tuple[Key, dict[str, str]]:
    return Key("user", "", name), {"name": name}


def taken_back(team: Team) -> str:
    """Have Ana push a commit, Ben pull it, and Ana take it back at the remote; return it."""
    secret = team.ana.commit(user("secret"))
    team.ana.git("push", "-q")
    team.ben.run("pull")
    team.ana.git("reset", "-q", "--hard", "HEAD^")
    team.ana.git("push", "-q", "--force")
    return secret


@pytest.mark.parametrize("fetched", ["by us", "by git", "not yet"])
def test_what_was_taken_back_at_the_remote_is_not_pushed_again(team: Team, fetched: str) -> None:
    secret = taken_back(team)
    if fetched == "by us":
        team.ben.run("pull", fails=3)
    elif fetched == "by git":
        team.ben.git("fetch", "-q")

    failed = team.ben.run("push", fails=1 if fetched == "not yet" else 3)
    synced = team.ben.run("sync", fails=3)

    assert secret not in team.ana.git("ls-remote", "origin")
    assert "rewritten" in failed.err or fetched == "not yet"
    assert "rewritten" in synced.err
    said = team.ben.run("status -o json").json
    assert (said["state"], "zenprofile push" in said["next"]) == ("blocked", False)
    assert "rewritten" in said["reason"]
    team.ben.git("reset", "-q", "--hard", "origin/main")
    assert team.ben.run("sync").out.endswith("synced\n")


def test_a_clone_that_never_shared_by_us_knows_a_rewritten_history_by_gits_own_log(team: Team) -> None:
    dan = brought(team.root, "dan", team.bare)
    secret = team.ana.commit(user("secret"))
    team.ana.git("push", "-q")
    dan.git("pull", "-q")
    team.ana.git("reset", "-q", "--hard", "HEAD^")
    team.ana.git("push", "-q", "--force")
    dan.git("fetch", "-q")

    assert "rewritten" in dan.run("push", fails=3).err
    assert secret not in team.ana.git("ls-remote", "origin")
    dan.git("push", "-q")
    dan.run("push")


def test_six_clones_that_sync_at_once_all_get_through(team: Team) -> None:
    clones = [team.ana, team.ben, *(brought(team.root, f"m{n}", team.bare) for n in range(4))]
    for number, clone in enumerate(clones):
        clone.commit(user(f"new-{number}"))

    started = [
        subprocess.Popen(
            [sys.executable, "-m", "zenprofile", "sync", "--timeout", "120"],
            cwd=clone.home,
            env=clone.environment,
            stdout=subprocess.DEVNULL,
        )
        for clone in clones
    ]

    assert [process.wait() for process in started] == [0] * 6
    team.ana.run("pull")
    assert {f"users/new-{n}.yaml" for n in range(6)} <= set(team.ana.git("ls-files", "users").split())


def always(team: Team, script: str) -> Path:
    """Let a hook run at the remote before each update of its branch."""
    hook = team.bare / "hooks" / "update"
    hook.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH GIT_DIR\ncd '{team.bare}'\n{script}\n")
    hook.chmod(0o755)
    return hook


def test_a_remote_that_moves_all_the_time_ends_with_the_deadline(team: Team) -> None:
    team.ben.commit(user("ben"))
    tree = "tree=$(git rev-parse refs/heads/main^{tree}); old=$(git rev-parse refs/heads/main)"
    new = "git -c user.name=x -c user.email=x@x commit-tree -p $old -m moved $tree"
    hook = always(team, f"{tree}; git update-ref refs/heads/main $({new})")

    failed = team.ben.run("sync --timeout 3", fails=4)

    assert "moved" in failed.err
    assert "kept" in failed.err
    hook.unlink()
    team.ben.run("sync")


def test_a_lock_at_the_remote_is_no_moved_remote(team: Team) -> None:
    team.ben.commit(user("ben"))
    lock = team.bare / "refs" / "heads" / "main.lock"
    lock.touch()

    pushed = team.ben.run("push", fails=4)
    synced = team.ben.run("sync --timeout 1", fails=4)

    for done in (pushed, synced):
        assert "main.lock" in done.err
        assert "moved" not in done.err
        assert "changes that are not here" not in done.err
    lock.unlink()
    team.ben.run("sync")


def test_a_plain_commit_during_a_merge_is_merged_too(team: Team) -> None:
    team.ana.commit(user("ana"))
    team.ana.git("push", "-q")
    team.ben.commit((S3, store("s3", {"path": "s3://ben"})))
    program = """
import subprocess, sys
from zenprofile.drivers.local import checkout
from zenprofile.cli.main import main
move, top = checkout.move_to_commit, sys.argv[1]
def late(*given):
    checkout.move_to_commit = move
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "plain"], cwd=top, check=True)
    return move(*given)
checkout.move_to_commit = late
sys.exit(main(["sync"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(team.ben.top)],
        cwd=team.ben.home,
        env=team.ben.environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "cannot lock ref" in done.stderr) == (0, False), done.stderr
    assert "plain" in team.ben.git("log", "--format=%s")
    assert team.ben.head == team.ben.remote_head
    assert team.ben.is_clean()


def test_a_pulled_mode_is_the_files(team: Team) -> None:
    team.ana.git("update-index", "--chmod=+x", S3.path)
    (team.ana.folder / S3.path).chmod(0o755)
    team.ana.git("commit", "-q", "-m", "may be run")
    team.ana.git("push", "-q")

    team.ben.run("pull")

    assert team.ben.is_clean()
    assert os.access(team.ben.folder / S3.path, os.X_OK)
    team.ana.git("update-index", "--chmod=-x", S3.path)
    (team.ana.folder / S3.path).chmod(0o644)
    team.ana.commit((CHURN, {"name": "churn", "description": "two"}))
    team.ana.git("push", "-q")
    team.ben.commit(user("ben"))
    team.ben.run("sync")
    assert team.ben.is_clean()
    assert not os.access(team.ben.folder / S3.path, os.X_OK)


def wiped(machine: Machine) -> None:
    for path in [*machine.folder.glob("*/*.yaml"), *machine.folder.glob("*/*/*.yaml")]:
        path.unlink()


def test_that_most_is_deleted_is_asked_first(team: Team) -> None:
    wiped(team.ben)
    head = team.ben.head

    failed = team.ben.run("sync", fails=1)

    assert "documents are deleted here; nothing was committed or sent" in failed.err
    assert team.ben.head == head == team.ben.remote_head
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "zenprofile", "sync"]
    process = subprocess.Popen(
        command, cwd=team.ben.home, env=team.ben.environment, stdin=child, stdout=subprocess.DEVNULL, stderr=child
    )
    os.write(parent, b"y\n")
    assert process.wait() == 0
    assert team.ben.remote_head == team.ben.head != head
    os.close(parent)
    os.close(child)


def test_an_editor_that_takes_the_file_away_settles_nothing(team: Team) -> None:
    for machine, path in ((team.ana, "s3://ana"), (team.ben, "s3://ben")):
        machine.commit((S3, store("s3", {"path": path})))
    team.ana.git("push", "-q")
    team.ben.run("sync", fails=3)

    failed = team.ben.run("resolve s3 --edit", fails=2, EDITOR="rm")

    assert "was not saved" in failed.err
    assert len(team.ben.run("conflicts -o json").json) == 1


def second(team: Team) -> Path:
    """Make another bare repository that has what the remote has."""
    subprocess.run(["git", "clone", "-q", "--bare", str(team.bare), str(team.root / "second.git")], check=True)
    return team.root / "second.git"


def head_of(bare: Path) -> str:
    done = subprocess.run(["git", "rev-parse", "main"], cwd=bare, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize("how", ["pushurl", "pushInsteadOf"])
def test_what_is_pushed_elsewhere_is_no_rewritten_history(team: Team, how: str) -> None:
    elsewhere, old, ben = second(team), head_of(team.bare), team.ben
    if how == "pushurl":
        ben.git("config", "remote.origin.pushurl", str(elsewhere))
    else:
        ben.git("config", f"url.{elsewhere}.pushInsteadOf", ben.git("config", "remote.origin.url"))
    for name in ("one", "two"):
        ben.commit(user(name))

        assert "Pushed" in ben.run("sync").out

        assert (head_of(team.bare), head_of(elsewhere)) == (old, ben.head)
        assert "Nothing to push" in ben.run("sync").out
        ben.run("pull")
    team.ana.commit(user("ana"))
    team.ana.git("push", "-q")
    ben.run("sync")
    assert head_of(elsewhere) == ben.head
    assert (ben.folder / "users" / "ana.yaml").exists()


@pytest.mark.parametrize("number", [0, 1])
def test_one_of_several_push_urls_that_refuses_is_no_synced(team: Team, number: int) -> None:
    elsewhere, ben = second(team), team.ben
    places = [ben.git("config", "remote.origin.url"), str(elsewhere)]
    for place in places:
        ben.git("config", "--add", "remote.origin.pushurl", place)
    hook = (team.bare, elsewhere)[number] / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    ben.commit(user("ben"))

    for line in ("sync", "push", "sync"):
        failed = ben.run(line, fails=1)
        assert "not today" in failed.err
        assert (team.bare, elsewhere)[number].name in failed.err
        assert "synced" not in failed.out

    hook.unlink()
    assert ben.run("sync").out.endswith("synced\n")
    assert head_of(team.bare) == head_of(elsewhere) == ben.head
