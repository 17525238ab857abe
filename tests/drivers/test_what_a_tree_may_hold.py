"""One rule of what a profile's folders may hold: in the work tree, a commit, the index, a pull, a push, a hook."""

from collections.abc import Callable
from pathlib import Path

import pytest
from machines import Team

pytest_plugins = ("teams",)
pytestmark = pytest.mark.slow

TEXT = "name: odd\n"


def text(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT)


def link(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("s3.yaml")


@pytest.mark.parametrize(
    ("path", "made"),
    [
        ("stacks/odd.yml", text),
        ("stacks/odd.YAML", text),
        ("stacks/odd.json", text),
        ("stacks/sub/odd.yaml", text),
        ("components/odd.yaml", text),
        ("components/artifact_store/deep/er/odd.yaml", text),
        ("components/odd", link),
        ("components/artifact_store/odd", link),
        ("components/artifact_store/odd.yaml", link),
        ("users/sub/odd", link),
    ],
)
def test_what_is_out_of_place_is_refused_everywhere(team: Team, path: str, made: Callable[[Path], None]) -> None:
    made(team.ana.top / path)
    assert path in team.ana.run("validate", fails=1).out
    kind = "stack" if path.startswith("stacks") else "user" if path.startswith("users") else "component"
    team.ana.run(f"{kind} list", fails=1)

    team.ana.git("add", "-A")
    assert path in team.ana.run("validate --staged", fails=1).out
    team.ana.git("commit", "-q", "-m", "odd")
    assert path in team.ana.run("validate --rev HEAD", fails=1).out
    assert path in team.ana.run("push", fails=1).err
    team.ana.git("push", "-q")
    assert path in team.ben.run("pull", fails=1).err


@pytest.mark.parametrize("path", ["stacks/.odd.yaml", "components/.odd/x.yaml", "stacks/README.md", "docs/odd.yml"])
def test_what_is_nobodys_business_is_let_pass_everywhere(team: Team, path: str) -> None:
    text(team.ana.top / path)
    team.ana.run("validate")
    team.ana.run("stack list")
    team.ana.git("add", "-A")
    team.ana.run("validate --staged")
    team.ana.git("commit", "-q", "-m", "odd")
    team.ana.run("validate --rev HEAD")
    team.ana.run("push --with-others")
    team.ben.run("pull")

    assert (team.ben.top / path).read_text() == TEXT


def test_a_submodule_is_out_of_place(team: Team) -> None:
    head = team.ana.head
    for path in ("stacks/odd", "components/odd", "components/artifact_store/odd"):
        team.ana.git("update-index", "--add", "--cacheinfo", f"160000,{head},{path}")
    team.ana.git("commit", "-q", "-m", "odd")
    said = team.ana.run("validate --rev HEAD", fails=1).out
    assert all(f"{path}:" in said for path in ("stacks/odd", "components/odd", "components/artifact_store/odd"))
    (team.ana.top / "stacks" / "odd" / ".git").mkdir(parents=True)
    assert "stacks/odd" in team.ana.run("validate", fails=1).out
    team.ana.git("push", "-q")
    assert "odd: the remote" in team.ben.run("pull", fails=1).err
