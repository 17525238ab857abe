"""Many clones write and sync at the same time, as processes: everything is everywhere in the end."""

import subprocess
import sys
from pathlib import Path

import pytest
from machines import Machine, Team, cloned

pytest_plugins = ("teams",)

CLONES, EACH = 6, 10


def start(machine: Machine, script: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["sh", "-c", script],
        cwd=machine.home,
        env=machine.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(running: "list[subprocess.Popen[str]]") -> None:
    """Wait for all of them; each has to succeed."""
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(running), "\n".join(said)


def names(machine: Machine) -> set[str]:
    return {path.stem for path in (machine.folder / "components" / "artifact_store").glob("c*.yaml")}


@pytest.mark.slow
def test_six_clones_register_ten_each(team: Team, tmp_path: Path) -> None:
    machines = [cloned(team.root, f"m{number}", f"git+file://{team.bare}") for number in range(CLONES)]
    command = f"{sys.executable} -m zenprofile"
    register = f"{command} component register --type artifact_store --flavor s3"

    def script(number: int) -> str:
        lines = [
            f"{register} c{number}-{n} --set path=s3://{n} || exit\n"
            f"{command} sync || {command} sync || {command} sync || exit\n"
            for n in range(EACH)
        ]
        return "".join(lines)

    ended([start(machine, script(number)) for number, machine in enumerate(machines)])

    everything = {f"c{number}-{n}" for number in range(CLONES) for n in range(EACH)}
    for machine in machines:
        machine.run("sync")
    for machine in machines:
        machine.run("sync")
        assert names(machine) == everything
        assert machine.head == machine.remote_head
        assert machine.is_clean()


def test_two_processes_sync_one_clone(team: Team) -> None:
    team.ana.run("user create zoe")
    team.ana.run("sync")
    team.ben.run("user create yan")
    command = f"{sys.executable} -m zenprofile sync"

    ended([start(team.ben, command) for _ in range(4)])

    assert team.ben.head == team.ben.remote_head
    assert team.ben.is_clean()
