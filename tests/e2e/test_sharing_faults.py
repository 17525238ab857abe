"""A remote that cannot be reached, does not let us in or misbehaves: exit codes, deadlines, no process left behind."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from machines import Machine, cloned, make_bare
from ports import free_port
from servers import PASSWORD, USER, BadServer, Certificate, GitServer, serving, silent_server, started_here

pytest_plugins = ("servers",)

COMMANDS = ("pull", "push", "sync")
MARK = "ZENPROFILE_TEST_MARK"


class Place(NamedTuple):
    """A machine whose work is not pushed yet, and a way to send it elsewhere."""

    machine: Machine
    bare: Path

    def leads_to(self, url: str) -> None:
        self.machine.git("config", "remote.origin.url", url)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    bare = make_bare(tmp_path / "served" / "team.git")
    machine = cloned(tmp_path, "ana", f"git+file://{bare}")
    machine.run("sync")
    machine.run("user create zoe")
    yield Place(machine, bare)
    shutil.rmtree(tmp_path)


def fails(place: Place, command: str, status: int, *arguments: str) -> str:
    """Run a command that fails: local work is kept and said to be, nothing runs on, the next command works."""
    machine, mark = place.machine, f"{MARK}-{time.monotonic_ns()}"
    before = machine.head

    done = machine.run(command, *arguments, fails=status, ZENPROFILE_TEST_MARK=mark)

    assert started_here(mark) == []
    assert machine.head == before
    assert (machine.folder / "users" / "zoe.yaml").exists()
    assert PASSWORD not in done.err + done.out
    assert done.err.count("Error: ") == 1
    assert machine.is_clean()
    return done.err


@pytest.mark.parametrize("command", COMMANDS)
def test_offline(place: Place, command: str) -> None:
    place.leads_to(f"http://127.0.0.1:{free_port()}/team.git")

    assert "kept" in fails(place, command, 4)

    status = place.machine.run("status -o json").json
    assert (status["state"], status["ahead"]) == ("offline", 1)
    assert status["since"]
    # Back again, it is as if nothing had happened.
    place.leads_to(str(place.bare))
    place.machine.run("sync")
    assert place.machine.run("status -o json").json["state"] == "synced"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_that_never_answers(place: Place, command: str) -> None:
    with silent_server() as port:
        place.leads_to(f"http://127.0.0.1:{port}/team.git")
        began = time.monotonic()

        assert "kept" in fails(place, command, 4, "--timeout", "1")

        assert time.monotonic() - began < 25, "the deadline did not end it"


@pytest.mark.parametrize("command", COMMANDS)
def test_locked_out(place: Place, command: str) -> None:
    with serving(GitServer(place.bare.parent)) as server:
        place.leads_to(f"{server.url}/team.git")  # type: ignore[attr-defined]

        assert "kept" in fails(place, command, 4)

    assert place.machine.run("status -o json").json["state"] == "blocked"


def test_a_password_in_the_remotes_url_is_never_shown(place: Place) -> None:
    with serving(GitServer(place.bare.parent)) as server:
        url = server.url.replace("://", f"://{USER}:{PASSWORD}x@")  # type: ignore[attr-defined]
        place.leads_to(f"{url}/team.git")

        fails(place, "sync", 4)

        for command in ("status", "status -o json", "remote", "remote -o json"):
            assert PASSWORD not in place.machine.run(command).out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_certificate_that_nobody_knows(place: Place, command: str, certificate: Certificate) -> None:
    with serving(GitServer(place.bare.parent, certificate)) as server:
        place.leads_to(f"{server.url}/team.git")  # type: ignore[attr-defined]

        assert "certificate" in fails(place, command, 4)


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_server_that_is_none_of_gits(place: Place, status: int) -> None:
    with serving(BadServer(status, b"<html>nothing</html>")) as server:
        place.leads_to(f"{server.url}/team.git")  # type: ignore[attr-defined]

        fails(place, "sync", 4)


def test_an_answer_that_is_lost_is_looked_up(place: Place, certificate: Certificate) -> None:
    server = GitServer(place.bare.parent, certificate)
    machine = place.machine
    credentials = machine.home / "credentials"
    with serving(server):
        credentials.write_text(server.url.replace("://", f"://{USER}:{PASSWORD}@") + "\n")
        machine.git("config", "--global", "credential.helper", f"store --file {credentials}")
        machine.git("config", "--global", "http.sslCAInfo", str(certificate.file))
        place.leads_to(f"{server.url}/team.git")
        server.lose_answers = True

        done = machine.run("sync")

    assert done.out.endswith("synced\n")
    place.leads_to(str(place.bare))
    assert machine.head == machine.remote_head


def test_an_unrelated_history_without_a_profile_is_refused(place: Place, tmp_path: Path) -> None:
    other = make_bare(tmp_path / "other.git")
    strange = Machine(place.machine.home, tmp_path / "strange", tmp_path / "strange")
    strange.top.mkdir()
    strange.git("init", "-q")
    strange.commit(("README", "about something else\n"))
    strange.git("push", "-q", str(other), "main")
    place.leads_to(str(other))
    place.machine.git("update-ref", "-d", "refs/remotes/origin/main")
    (place.machine.top / ".git" / "zenprofile" / "seen.json").unlink()

    said = fails(place, "sync", 1)

    assert "another history" in said
    assert not (place.machine.top / "README").exists()


def killed(bare: Path) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")
    hook.chmod(0o755)


def damaged(bare: Path) -> None:
    shutil.rmtree(bare / "objects")


@pytest.mark.parametrize("damage", [killed, damaged])
def test_a_remote_that_breaks(place: Place, damage: Callable[[Path], None]) -> None:
    damage(place.bare)
    machine = place.machine
    before = machine.head

    done = machine.run("sync", fails=None)

    assert done.status in {1, 4}
    assert machine.head == before
    assert machine.is_clean()
