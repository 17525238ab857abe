"""What commands write of a machine's settings: nothing through a link, nothing of another user's, nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from repos import git, zenprofile
from rights import only_root_can

from zenprofile.core.entity import Key
from zenprofile.machine.profiles import Profiles

NOBODY = 65534
WRITERS = ("init", "set default", "stack set default", "project set churn", "project unset")
ENTITY = str(Key("component", "artifact_store", "default"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a machine with a profile, a project in it, and a folder to mark."""
    zenprofile(tmp_path, "project", "create", "churn")
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def together(folder: Path, *lines: str) -> None:
    """Run commands at the same time; each has to succeed."""
    words = [[sys.executable, "-m", "zenprofile", *line.split()] for line in lines]
    started = [subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL) for line in words]
    assert [process.wait() for process in started] == [0] * len(lines)


@pytest.mark.parametrize("line", WRITERS)
def test_a_repository_whose_marker_is_a_link_has_nothing_written_outside(root: Path, line: str) -> None:
    victim = root.parent / ".bashrc"
    victim.write_text('{"profile": "default", "alias": "ll"}')
    (root / ".zenprofile.json").symlink_to("../.bashrc")

    failed = zenprofile(root, *line.split(), status=1)

    assert ".zenprofile.json is a link" in failed.stderr
    assert victim.read_text() == '{"profile": "default", "alias": "ll"}'
    assert zenprofile(root, "stack", "list", "--profile", "default").stdout


def test_a_dangling_link_makes_no_file(root: Path) -> None:
    (root / ".zenprofile.json").symlink_to("../made")

    zenprofile(root, "init", status=1)

    assert not (root.parent / "made").exists()


@pytest.mark.parametrize("link", [".zen", ".zen/config.yaml"])
def test_zenmls_own_file_behind_a_link_is_refused(root: Path, link: str) -> None:
    (root.parent / "other").mkdir()
    (root.parent / "other" / "config.yaml").write_text("active_profile_name: default\n")
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(root.parent / "other" / ("" if link == ".zen" else "config.yaml"))

    assert "is a link" in zenprofile(root, "stack", "list", status=1).stderr


@only_root_can("give a file away")
def test_another_users_marker_is_not_followed(root: Path) -> None:
    marker = root / ".zenprofile.json"
    marker.write_text('{"profile": "default"}')
    os.chown(marker, NOBODY, NOBODY)

    for line in ("stack list", "init"):
        assert "belongs to another user" in zenprofile(root, *line.split(), status=1).stderr
    assert json.loads(marker.read_text()) == {"profile": "default"}


def test_of_six_overrides_at_once_none_is_lost(root: Path) -> None:
    lines = [f"override set {ENTITY} path=/data/{n}" for n in range(2)]
    lines += [f"override set stack/{name} description={name}" for name in ("default",)]
    for name in ("a", "b", "c"):
        zenprofile(root, "stack", "copy", "default", name)
        lines.append(f"override set stack/{name} description={name}")

    together(root, *lines)

    kept = Profiles().find("default").overrides
    assert {entity: list(values) for entity, values in kept.items()} == {
        ENTITY: ["path"], **{f"stack/{name}": ["description"] for name in ("default", "a", "b", "c")}
    }  # fmt: skip


def test_stack_and_project_set_at_once_are_both_kept(root: Path) -> None:
    zenprofile(root, "stack", "copy", "default", "prod")
    for _ in range(3):
        zenprofile(root, "init")

        together(root, "stack set prod", "project set churn", "project set churn", "stack set prod")

        assert zenprofile(root, "project", "get").stdout == "The active project is: 'churn'\n"
        assert "'prod'" in zenprofile(root, "stack", "get").stdout
        (root / ".zenprofile.json").unlink()


def test_project_set_in_a_root_of_zenmls_keeps_the_active_profile(root: Path) -> None:
    zenprofile(root, "create", "team", "--url", str(root.parent / "team"))
    zenprofile(root, "project", "create", "churn", "--profile", "team")
    (root / ".zen").mkdir()
    (root / ".zen" / "config.yaml").write_text("active_profile_name: team\nactive_stack_name: default\n")

    zenprofile(root, "project", "set", "churn")

    assert zenprofile(root, "get").stdout == "team\n"
    assert git(root.parent / "team", "status", "--porcelain").stdout == ""
