"""A watcher whose machine fails it: killed, told to end, offline, locked out, without disk, deaf, its folder gone."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from machines import PROD, S3, Machine, Team, stack, store
from ports import free_port
from rights import only_root_can
from servers import GitServer, serving
from watchers import DEADLINE, commits, customized, is_shared, pausing, setting, start, until, watching

from zenprofile.core.entity import Key
from zenprofile.watch import file_events, loop, run

pytest_plugins = ("servers", "teams")
NEW = Key("stack", "", "new")


def burst(machine: Machine, number: int = 60) -> list[Key]:
    """Write many documents as fast as it goes; return them."""
    keys = [Key("component", "artifact_store", f"burst-{n}") for n in range(number)]
    for key in keys:
        machine.write(key, store(key.name, {"path": f"s3://{key.name}"}))
    return keys


def there(machine: Machine, keys: list[Key]) -> bool:
    """Say whether the last commit has them all."""
    names = set(machine.git("ls-tree", "-r", "--name-only", "HEAD").splitlines())
    return {key.path for key in keys} <= names


@pytest.mark.parametrize("after", [0.05, 0.55, 0.7, 0.9])
def test_killed_in_a_burst_the_next_one_goes_on(team: Team, after: float) -> None:
    machine = team.ana
    watcher = start(machine)
    watcher.is_in("watching")
    keys = burst(machine)
    time.sleep(after)
    watcher.killed()

    assert not machine.run("watch status -o json").json["running"]
    with watching(machine):
        until(lambda: there(machine, keys) and is_shared(machine), "all is committed and pushed")
    assert machine.is_clean()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_told_to_end_it_commits_what_was_saved(team: Team, number: int) -> None:
    machine = team.ana
    setting(machine, "quiet=1h", "longest=1h")
    # A busy machine may need longer to commit than the watcher has.
    slow = customized(machine, "import zenprofile.watch.loop\nzenprofile.watch.loop.GRACE = 50.0\n")
    with watching(machine, PYTHONPATH=slow) as watcher:
        keys = burst(machine)
        watcher.is_in("settling")

        assert watcher.ends(number) == (130 if number == signal.SIGINT else 0)
    assert there(machine, keys)
    assert machine.is_clean()
    assert machine.run("watch status -o json").json["state"] == "stopped"


def test_told_to_end_while_the_remote_is_silent(team: Team) -> None:
    """It breaks off what would go on for an hour; what it waits for at its end adds up to less than five seconds."""
    machine = team.ana
    with socket.create_server(("127.0.0.1", 0)) as server, watching(machine, "--timeout", "3600") as watcher:
        server.settimeout(DEADLINE)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/team.git"
        machine.git("config", "remote.origin.url", url)
        machine.write(NEW, stack("new"))
        watcher.told("committed")
        with server.accept()[0]:  # it talks
            assert watcher.ends() == 0
    assert machine.is_clean()
    assert loop.GRACE + file_events.LEAVE + run.AT_THE_END < 5


def test_offline_it_goes_on_committing_and_catches_up(team: Team) -> None:
    machine, url = team.ana, team.ana.git("config", "remote.origin.url")
    with watching(machine) as watcher:
        machine.git("config", "remote.origin.url", f"http://127.0.0.1:{free_port()}/team.git")
        for number in (1, 2):
            machine.write(S3, store("s3", {"path": f"s3://{number}"}))
            watcher.told("committed", f"s3://{number}")
        watcher.is_in("offline")

        def says_when() -> bool:
            status = machine.run("status -o json").json
            assert status["state"] == "offline"
            return "tries again at" in status["reason"]  # not while it tries

        until(says_when, "a status that says when it tries again")
        machine.git("config", "remote.origin.url", url)

        watcher.told("pushed", "2 commits")
        assert [row["event"] for row in watcher.lines].count("offline") == 1


def test_a_refused_login_is_tried_once(team: Team) -> None:
    machine = team.ana
    with serving(GitServer(team.bare.parent)) as server, watching(machine) as watcher:
        watcher.is_in("watching")
        machine.git("config", "remote.origin.url", f"{server.url}/team.git")  # type: ignore[attr-defined]
        machine.write(NEW, stack("new"))
        watcher.told("committed", "new")
        watcher.is_in("blocked")
        machine.write(NEW, stack("new", artifact_store="s3"))
        watcher.told("committed", "s3")
        status = machine.run("status -o json").json
        assert status["state"] == "blocked"
        assert [row["event"] for row in watcher.lines].count("blocked") == 1
        machine.git("config", "remote.origin.url", str(team.bare))
        machine.run("watch resume")
        watcher.told("pushed", "2 commits")


def test_a_conflict_holds_back_only_what_is_in_it(team: Team) -> None:
    """All else goes both ways meanwhile; what is in conflict stays on each side as it was, until a person decides."""
    ana, ben = team.ana, team.ben
    ben.commit((S3, store("s3", {"path": "s3://ben"})), (Key("user", "", "zoe"), {"name": "zoe"}))
    ben.git("push", "-q")
    ana.commit((S3, store("s3", {"path": "s3://ana"})), (NEW, stack("new")))
    for machine in (ana, ben):
        setting(machine, "poll=1s")

    def same() -> bool:
        with contextlib.suppress(FileNotFoundError):  # git takes a file away before it writes it anew
            return ben.read(NEW) == ana.read(NEW)
        return False

    with watching(ana) as watcher, watching(ben) as bens:
        assert "all else is shared" in watcher.told("conflict", "s3")["text"]
        since = ana.run("status -o json").json["since"]
        until((ana.folder / "users" / "zoe.yaml").exists, "what is not in conflict comes")
        until((ben.folder / NEW.path).exists, "what is not in conflict goes")
        for number in (1, 2):  # again and again, also where both have changed the same entity since
            ana.write(NEW, stack("new", artifact_store=("s3", "default")[number - 1]))
            until(same, "an edit here goes")
            ben.write(NEW, f"# {number}\n{ben.read(NEW)}")
            until(same, "an edit there comes")
        ben.write(Key("user", "", "zoe"), None)
        until(lambda: not (ana.folder / "users" / "zoe.yaml").exists(), "what is deleted there is deleted here")
        assert "s3://ana" in ana.read(S3)
        assert "s3://ben" in ben.read(S3)
        status = ana.run("status -o json").json
        assert (status["state"], [c["name"] for c in status["conflicts"]]) == ("conflict", ["s3"])
        assert status["since"] == since
        assert [row["event"] for row in watcher.lines].count("conflict") == 1
        (conflict,) = ana.run("conflicts -o json").json
        assert [conflict[side] for side in ("base", "ours", "theirs")] == ["s3://a", "s3://ana", "s3://ben"]
        pausing(watcher)
        pausing(bens)
        head, there = ana.head, ana.remote_head
        assert "nothing was moved" in ana.run("sync", fails=3).err
        assert (ana.head, ana.remote_head) == (head, there)
        for machine in (ana, ben):
            machine.run("watch resume")

        ana.run("resolve component/artifact_store/s3 --ours")
        until(lambda: "s3://ana" in ben.read(S3), "what was decided goes")
        watcher.told("resumed")
        until(lambda: ana.head == ben.head == ana.remote_head, "both sides are one")
    assert ana.read(NEW).startswith("# 2\n")
    assert ana.is_clean()
    assert ana.git("for-each-ref", "refs/zenprofile/met") == ""


def test_a_conflict_that_reaches_further_stops_everything(team: Team) -> None:
    """A component that is deleted here and used there: no whole would hold that has one without the other."""
    ana, ben = team.ana, team.ben
    ben.commit((NEW, stack("new", artifact_store="s3")))
    ben.git("push", "-q")
    ana.commit((PROD, stack("prod")), (S3, None))
    there = ana.remote_head
    with watching(ana) as watcher:
        assert "nothing was moved" in watcher.told("conflict", "new")["text"]
        ana.write(Key("user", "", "zoe"), {"name": "zoe"})
        watcher.told("committed", "zoe")
        ana.run("resolve stack/new --theirs")
        watcher.told("pushed")
    assert ana.git("merge-base", there, "HEAD") == there
    assert (ana.folder / S3.path).exists()


def test_the_root_is_removed_and_made_again(team: Team) -> None:
    machine = team.ana
    with watching(machine) as watcher:
        watcher.is_in("watching")
        aside = machine.home / "aside"
        machine.top.rename(aside)
        watcher.told("paused", "gone")
        assert "put the folder back" in machine.run("status", fails=1).err
        shutil.copytree(aside, machine.home / "copy", symlinks=True)
        (machine.home / "copy").rename(machine.top)
        watcher.is_in("watching")
        machine.write(NEW, stack("new"))
        watcher.told("pushed")

        machine.top.rename(machine.home / "gone")
        assert watcher.process.wait(DEADLINE) == 1
    assert "is gone" in watcher.log.read_text()
    assert not machine.top.exists(), "nothing is written where the profile was"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


@only_root_can("mount a small disk")
def test_a_full_disk_is_told_and_nothing_is_lost(team: Team, small_disk: Path) -> None:
    machine = team.ana
    shutil.copytree(machine.top, small_disk / "team", symlinks=True)
    shutil.rmtree(machine.top)
    machine.top.symlink_to(small_disk / "team")
    with watching(machine) as watcher:
        watcher.is_in("watching")
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space"):
            fill(filler)
        text = machine.read(S3)
        with (machine.folder / S3.path).open("r+") as document:  # fits into the page that the file has already
            document.write(text.replace("s3://a", "s3://b"))
        assert "space" in watcher.told("held")["text"]
        status = machine.run("status -o json").json
        assert (status["state"], "space" in status["reason"]) == ("held", True)
        filler.unlink()
        watcher.told("committed", "s3://b")
        watcher.told("pushed")
    assert machine.is_clean()


@only_root_can("count on user namespaces")
def test_without_inotify_watches_it_polls_and_says_so(team: Team) -> None:
    """The limit is lowered for the watcher's own user namespace alone."""
    limits = 'echo 1 > /proc/sys/user/max_inotify_watches && exec "$@"'
    with watching(team.ana, wrapper=("unshare", "--user", "--map-root-user", "sh", "-c", limits, "sh")) as watcher:
        assert "no watches left" in watcher.told("polling")["text"]
        assert watcher.said["listens"].startswith("polling")
        team.ana.write(NEW, stack("new"))
        watcher.told("pushed")


@only_root_can("lower the kernel's queue of file events")
def test_a_full_event_queue_loses_nothing(team: Team) -> None:
    """The kernel's limit is lowered while the watcher opens its queue."""
    limit = Path("/proc/sys/fs/inotify/max_queued_events")
    usual = limit.read_text()
    machine = team.ana
    try:
        limit.write_text("4")
        watcher = start(machine)
    finally:
        limit.write_text(usual)
    before = machine.head
    try:
        keys = burst(machine, 400)
        until(lambda: there(machine, keys) and is_shared(machine), "all is committed and pushed")
        assert commits(machine, before) <= 20
    finally:
        watcher.ends()


def test_a_clock_that_jumps_makes_it_look_at_once(team: Team) -> None:
    """As after sleep: the wall clock has gone on, the other one has not; a library between moves it."""
    shift = team.ana.home / "shift"
    shift.write_text("0")
    code = "import pathlib, time\nreal, file = time.time, pathlib.Path.home() / 'shift'\n"
    code += "time.time = lambda: real() + float(file.read_text() or 0)\n"
    with watching(team.ana, PYTHONPATH=customized(team.ana, code)) as watcher:
        watcher.is_in("watching")
        team.ben.commit((NEW, stack("new")))
        team.ben.git("push", "-q")
        shift.write_text("3600")
        watcher.told("pulled", "new")
