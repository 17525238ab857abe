"""A command that is interrupted while its git holds a lock: no lock is left, here or at a remote that is a path."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from machines import Machine, Team

from zenprofile.core.entity import Key
from zenprofile.errors import Unreachable
from zenprofile.git import runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import find

pytest_plugins = ("teams",)


def started(machine: Machine, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "zenprofile", *words],
        cwd=machine.home,
        env=machine.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def interrupted(process: subprocess.Popen[bytes], number: signal.Signals, lock: Path) -> int:
    """Send a signal once a lock is there; return the exit status."""
    while not lock.exists():
        assert process.poll() is None, "it ended before it was interrupted"
    process.send_signal(number)
    return process.wait()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_pull_that_is_interrupted_leaves_no_lock_of_the_index(
    larger: Team, number: signal.Signals, status: int
) -> None:
    (larger.ana.top / "code.py").write_text("print(1)\n")
    larger.ana.commit(message="code")
    larger.ana.git("push", "-q")
    ben = larger.ben
    ben.git("config", "filter.slow.smudge", "sleep 30; cat")
    (ben.top / ".git" / "info").mkdir(exist_ok=True)
    (ben.top / ".git" / "info" / "attributes").write_text("*.py filter=slow\n")
    before = ben.head

    assert interrupted(started(ben, "pull"), number, ben.top / ".git" / "index.lock") == status

    ben.git("config", "filter.slow.smudge", "cat")
    ben.run("user create zoe")
    assert ben.git("rev-parse", "HEAD^") == before
    assert ben.is_clean()


def test_a_push_that_is_interrupted_leaves_no_lock_at_a_remote_that_is_a_path(team: Team) -> None:
    team.ben.commit((Key("user", "", "zoe"), {"name": "zoe"}))
    hook = team.bare / "hooks" / "reference-transaction"
    hook.write_text('#!/bin/sh\ntest "$1" != prepared || sleep 30\n')
    hook.chmod(0o755)
    lock = team.bare / "refs" / "heads" / "main.lock"

    assert interrupted(started(team.ben, "push"), signal.SIGINT, lock) == 130

    assert list(team.bare.rglob("*.lock")) == []
    hook.unlink()
    team.ben.run("push")
    assert team.ben.remote_head == team.ben.head


def test_what_a_killed_git_has_locked_is_free(team: Team) -> None:
    script = "!touch .git/config.lock .git/refs/heads/x.lock; kill -9 $PPID"

    with pytest.raises(runner.GitError) as caught:
        runner.run(["-c", f"alias.die={script}", "die"], team.ben.top)

    assert caught.value.ran.status == -signal.SIGKILL
    assert list((team.ben.top / ".git").rglob("*.lock")) == []


def test_what_a_git_has_locked_that_we_had_to_kill_is_free(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_GRACE", 0.2)
    script = "!trap '' TERM; touch .git/index.lock; sleep 60"

    with pytest.raises(Unreachable):
        runner.run(["-c", f"alias.stay={script}", "stay"], team.ben.top, deadline=1)

    assert list((team.ben.top / ".git").rglob("*.lock")) == []


def test_the_hint_about_grafts_is_in_no_answer(team: Team) -> None:
    ran = runner.run(["log", "-1"], team.ben.top)

    assert (ran.out[:6], ran.err) == (b"commit", "")


def test_an_object_that_is_there_already_is_as_young_as_a_new_one(team: Team) -> None:
    """Between a write of ours and the commit that names it, a `git gc` may run."""
    repository = find(team.ben.top)
    assert repository is not None
    objects = Objects(repository)
    oid = objects.write("blob", b"nobody names it yet")
    path = team.ben.top / ".git" / "objects" / oid[:2] / oid[2:]
    os.utime(path, (1, 1))

    assert objects.write("blob", b"nobody names it yet") == oid
    team.ben.git("prune", "--expire=1.hour.ago")

    assert path.exists()
    objects.close()
