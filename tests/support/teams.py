"""Two machines that share a profile, for each test anew. A test module names this one in ``pytest_plugins``."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from machines import PROD, S3, Machine, Team, brought, cloned, make_bare, moved, new_machine, stack, store

from zenprofile.core.entity import Key

README = "".join(f"line {number}\n" for number in range(1, 10))


def fill(machine: Machine) -> None:
    """Commit what the tests start from, and push it."""
    names = ("ada", "bob", "eve")
    machine.commit(
        (S3, store("s3", {"path": "s3://a"})),
        (PROD, stack("prod", artifact_store="s3")),
        *((Key("user", "", name), {"name": name}) for name in names),
        (Key("team", "", "ml"), {"name": "ml", "members": ["ada"]}),
        (Key("role", "", "admin"), {"name": "admin", "assignments": [{"user": "ada"}]}),
        (Key("project", "", "churn"), {"name": "churn", "description": "one"}),
    )
    (machine.top / "README").write_text(README)
    machine.git("add", "README")
    machine.git("commit", "-q", "-m", "read me")
    machine.git("push", "-q", "-u", "origin", "main")


@pytest.fixture(scope="session")
def team_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the machines once."""
    root = tmp_path_factory.mktemp("team")
    bare = make_bare(root / "team.git")
    fill(cloned(root, "ana", f"git+file://{bare}"))
    cloned(root, "ben", f"git+file://{bare}")
    return root


@pytest.fixture(scope="session")
def larger_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make machines whose profile is a folder of a repository that is about something else."""
    root = tmp_path_factory.mktemp("larger")
    bare = make_bare(root / "team.git")
    ana = brought(root, "ana", bare, "conf/zen")
    fill(ana)
    brought(root, "ben", bare, "conf/zen")
    return root


def _team(template: Path, root: Path, top: str, below: str) -> Team:
    moved(template, root)
    machines = (Machine(root / name, root / name / top, root / name / top / below) for name in ("ana", "ben"))
    return Team(root, root / "team.git", *machines)


@pytest.fixture
def team(team_template: Path, tmp_path: Path) -> Iterator[Team]:
    """Give two machines whose profile is a clone that zenprofile made."""
    yield _team(team_template, tmp_path / "t", "zenprofile/clones/team", "")
    shutil.rmtree(tmp_path)


@pytest.fixture
def larger(larger_template: Path, tmp_path: Path) -> Iterator[Team]:
    """Give two machines whose profile is a folder of a larger repository."""
    yield _team(larger_template, tmp_path / "t", "work", "conf/zen")
    shutil.rmtree(tmp_path)


@pytest.fixture
def two_profiles(tmp_path: Path) -> Team:
    """Make two machines that share a repository with two profiles: ``team`` in ``one``, ``other`` in ``two``."""
    bare = make_bare(tmp_path / "two.git")
    ana = brought(tmp_path, "ana", bare, "one")
    ana.run("create other --new --url", str(ana.top / "two"))
    ana.git("add", "-A")
    ana.git("commit", "-q", "-m", "two profiles")
    ana.git("push", "-q")
    ben = brought(tmp_path, "ben", bare, "one")
    ben.run("create other --new --url", str(ben.top / "two"))
    ben.run("config sync commit --profile other")
    return Team(tmp_path, bare, ana, ben)


@pytest.fixture
def begun_apart(tmp_path: Path) -> Team:
    """Make two machines whose profiles began apart, and a remote that is new to both."""
    bare = make_bare(tmp_path / "team.git")
    machines = []
    for name in ("ana", "ben"):
        home = new_machine(tmp_path, name)
        folder = home / "zenprofile" / "profiles" / "team"
        machine = Machine(home, folder, folder)
        machine.run("create team --set")
        machine.run("remote set", str(bare))
        machines.append(machine)
    return Team(tmp_path, bare, *machines)
