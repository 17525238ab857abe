"""The user's document: each of its console blocks for local and SQLite profiles runs, and prints what it shows.

`tests/data/transcripts` holds the blocks as they stand. What must differ on another machine stands in `Machine.own`,
and what the document got wrong in `SLIPS`, nowhere else.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

BLOCKS = Path(__file__).parents[1] / "data" / "transcripts"
PROMPT = re.compile(r"^(?:\S*\$|\S+@\S+:\S+\$) ?(.*)")
ASIDE = ("Running with", "Running without")

# The document's own slips: (block, number of the command, what it shows, what it means).
SLIPS = [
    ("git-store", 0, "Initializing profile git...", "Initializing profile git_store..."),
    # Written down on a machine whose global profile was another one than the line before had just said.
    ("sqlite", 1, "Running with active profile: 'zenml' (global)", "Running with active profile: 'default' (global)"),
]


class Step(NamedTuple):
    command: str
    shown: list[str]


class Machine:
    """A home, and the paths in it that stand for those of the document's author."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / ".config" / "zenprofile"
        self.folder = home / "zenml"
        self.folder.mkdir(parents=True)
        self.own = {
            "zenml profile ": f"{sys.executable} -m zenprofile ",
            "file:///home/zenml/.config/profiles/default": f"file://{self.config}/profiles/default",
            "/home/stefan/.config/zenml/profiles/sqlite_profile/zenml.db": (
                f"{self.config}/profiles/sqlite_profile/zenprofile.db"
            ),
            "/tmp/zenml": str(self.folder),
        }

    def translated(self, line: str) -> str:
        for theirs, ours in self.own.items():
            line = line.replace(theirs, ours)
        return line

    def run(self, command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config")}
        del environment["ZENPROFILE_CONFIG_DIR"]
        return subprocess.run(
            command, shell=True, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def prepare(self, command: str, cwd: Path) -> None:
        done = self.run(command.replace("zenprofile ", f"{sys.executable} -m zenprofile "), cwd)
        assert done.returncode == 0, done.stderr

    def play(self, block: str, cwd: Path) -> None:
        """Run a block's commands and hold what they print against what it shows."""
        for number, step in enumerate(steps(block)):
            shown = [meant(block, number, line) for line in step.shown]
            done = self.run(self.translated(step.command), cwd)
            assert done.returncode == 0, done.stderr
            expected = [squeezed(self.translated(line)) for line in shown]
            assert list(map(squeezed, done.stderr.splitlines())) == [s for s in expected if s.startswith(ASIDE)]
            assert list(map(squeezed, done.stdout.splitlines())) == [s for s in expected if not s.startswith(ASIDE)]


def steps(block: str) -> Iterator[Step]:
    """Yield a block's zenml commands with the lines below them."""
    step: Step | None = None
    for line in (BLOCKS / f"{block}.txt").read_text(encoding="utf-8").splitlines():
        prompt = PROMPT.match(line)
        if prompt and step:
            yield step
        if prompt:
            step = Step(prompt[1], []) if prompt[1].startswith("zenml profile") else None
        elif step and line:
            step.shown.append(line)
    if step:
        yield step


def meant(block: str, number: int, line: str) -> str:
    return {(*slip[:2], slip[2]): slip[3] for slip in SLIPS}.get((block, number, line), line)


def squeezed(line: str) -> str:
    """Return a line without the widths that follow the length of a path."""
    return re.sub(r" +", " ", re.sub(r"([━─])\1*", r"\1", line)).strip()


@pytest.fixture
def one(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "one")


@pytest.fixture
def another(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "another")


def test_the_slips_stand_in_the_document() -> None:
    for block, number, shown, _ in SLIPS:
        assert shown in list(steps(block))[number].shown


def test_the_default_profile(one: Machine) -> None:
    one.play("describe-default", one.home)


def test_a_profile_in_a_git_clone_and_the_same_on_another_machine(one: Machine, another: Machine) -> None:
    one.prepare("git init --quiet && zenprofile init", one.folder)
    one.play("git-store", one.folder)
    one.prepare("git add .zenprofile/ && git commit --quiet --message=stacks", one.folder)

    another.folder.rmdir()
    another.prepare(f"git clone --quiet {one.folder} zenml", another.home)
    # The document's other machine was in a repository with a profile `git` already.
    another.prepare("zenprofile create git -t sql && zenprofile init --profile git", another.folder)
    another.play("git-clone", another.folder)
    another.prepare("git diff --quiet", another.folder)


def test_sqlite_profiles(one: Machine) -> None:
    one.play("sqlite", one.home)
    one.play("custom-sqlite", one.home)
    assert (one.folder / "zenml_profile.db").is_file()
