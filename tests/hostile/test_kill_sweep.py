"""Commands that are no writes to a store, killed at each call that changes the disk: as before or as after."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import sweep
from machines import PROD, S3, Machine, brought, cloned, make_bare, stack, store

pytestmark = pytest.mark.slow
PROGRAM = """
import os, sys
from zenprofile.cli.main import main
os.chdir(sys.argv[2])
sys.exit(main(sys.argv[3:]))
"""
ENTITY = "component/artifact_store/default"
State = Callable[[Machine, Path], object]


def settings(machine: Machine, root: Path) -> object:
    """Return what the machine says: its profiles, which is active, the root's file."""
    marker = root / ".zenprofile.json"
    own = json.loads((machine.home / "zenprofile" / "profiles.json").read_text())
    own.pop("trash", None)
    listed = [(row["name"], row["active_stack"], row["active"]) for row in machine.run("list -o json").json]
    return own, listed, json.loads(marker.read_text()) if marker.exists() else None


def documents(machine: Machine, root: Path) -> object:
    """Return the files of the active profile."""
    machine.run("validate", fails=None)
    return machine.git("stash", "list"), {
        path.relative_to(machine.top).as_posix(): path.read_bytes() for path in machine.top.glob("*/**/*.yaml")
    }


def profiles(machine: Machine, root: Path) -> object:
    """Return the names of the profiles, each of which answers."""
    names = [row["name"] for row in machine.run("list -o json").json]
    for name in names:
        machine.run("stack list --profile", name)
    return names


def hooks(machine: Machine, root: Path) -> object:
    return machine.run("hooks status -o json").json["installed"]


COMMANDS: dict[str, tuple[list[str], State]] = {
    "init": (["init"], settings),
    "set": (["set", "default"], settings),
    "stack set": (["stack", "set", "prod"], settings),
    "override set": (["override", "set", ENTITY, "path=/data"], settings),
    "rename": (["rename", "other", "another"], settings),
    "delete": (["delete", "other"], profiles),
    "create": (["create", "new"], profiles),
    "fmt": (["fmt"], documents),
    "hooks install": (["hooks", "install"], hooks),
}
ALL = os.environ.get("ZENPROFILE_SWEEP") == "all"  # looked at before a test's own environment is made
CALLS: tuple[str, ...] = ("write", "pwrite64", "rename", "link", "unlink", "mkdir", "ftruncate", "fsync")
CALLS += ("renameat", "unlinkat", "mkdirat", "rmdir", "fchmod", "chmod", "symlink") if ALL else ()
# Of calls that are met many times each so-many-th; with ZENPROFILE_SWEEP=all each of them.
STEPS = {"create": 29, "fmt": 11, "hooks install": 7, "delete": 7, "stack set": 3, "init": 3}


def step(name: str) -> int:
    return 1 if ALL else STEPS.get(name, 4)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Make a machine with three profiles; ``team`` is active, and lies in a work tree of the user's."""
    bare = make_bare(tmp_path / "team.git")
    machine = brought(tmp_path, "ana", bare)
    machine.commit((S3, store("s3", {"path": "s3://a"})), (PROD, stack("prod", artifact_store="s3")))
    machine.write(S3, "flavor: s3\nname:   s3\ntype: artifact_store\nconfiguration:\n  path: s3://a\n")
    machine.run("create other")
    (machine.home / "root").mkdir()
    hook = machine.top / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    hook.chmod(0o755)
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    return machine


def restore(saved: Path, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(saved, home, symlinks=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_all_is_as_before_or_as_after(base: Machine, tmp_path: Path, name: str) -> None:
    command, state = COMMANDS[name]
    root = base.home / "root"
    saved = tmp_path / "saved"
    restore(base.home, saved)
    before = state(base, root)
    subprocess.run([*_python(), str(root), str(root), *command], check=True, capture_output=True)
    after = state(base, root)
    assert before != after

    met = 0
    for call in CALLS:
        restore(saved, base.home)
        for number in sweep(PROGRAM, [str(root), str(root), *command], call, "signal=SIGKILL", step(name)):
            met += 1
            where = f"{name}: {call} {number}"
            now = state(base, root)
            assert now in (before, after), where
            again = subprocess.run([*_python(), str(root), str(root), *command], capture_output=True, check=False)
            assert again.returncode == 0 or now == after, f"{where}: {again.stderr.decode()}"
            assert state(base, root) == after, where
            assert not [path for path in base.home.rglob("*.lock") if path.parent.name != "zenprofile"], where
            restore(saved, base.home)
    assert met


def _python() -> list[str]:
    import sys

    return [sys.executable, "-c", PROGRAM]


def test_create_of_an_own_profile_commits_after_a_kill_at_its_first_folder(base: Machine, tmp_path: Path) -> None:
    """What it leaves is no repository of the user's, in which writes would stay uncommitted."""
    root, saved = base.home / "root", tmp_path / "saved"
    restore(base.home, saved)
    for call in ("mkdir", "rename"):
        restore(saved, base.home)
        for number in sweep(PROGRAM, [str(root), str(root), "create", "new"], call, "signal=SIGKILL", 1 if ALL else 5):
            base.run("create new", fails=None)
            base.run("user create eve --profile new")
            folder = base.home / "zenprofile" / "profiles" / "new"
            new = Machine(base.home, folder, folder)
            assert new.git("status", "--porcelain") == "", f"{call} {number}"
            assert "eve" in new.git("log", "-1", "--format=%s"), f"{call} {number}"
            restore(saved, base.home)


@pytest.mark.parametrize("call", ["mkdir", "rename", "link", "unlink", "write"])
def test_create_with_a_clone_is_as_before_or_as_after(base: Machine, tmp_path: Path, call: str) -> None:
    base.git("push", "-q", "-u", "origin", "main")
    root, saved = base.home / "root", tmp_path / "saved"
    restore(base.home, saved)
    command = ["create", "clone", "--url", f"git+file://{tmp_path}/team.git"]
    STEPS.update({"write": 37, "mkdir": 13, "link": 7, "unlink": 7, "rename": 13})

    for number in sweep(PROGRAM, [str(root), str(root), *command], call, "signal=SIGKILL", step(call)):
        names = profiles(base, root)
        assert names in (["default", "other", "team"], ["clone", "default", "other", "team"]), f"{call} {number}"
        base.run(" ".join(command), fails=None)
        assert "clone" in profiles(base, root), f"{call} {number}"  # type: ignore[operator]
        assert base.run("stack describe prod --profile clone").out
        base.run("user create eve --profile clone")
        restore(saved, base.home)


@pytest.mark.parametrize(
    "call", ["write", "rename", *(["unlink", "link", "renameat", "fsync", "pipe2"] if ALL else [])]
)
def test_a_signed_write_is_as_before_or_as_after(base: Machine, tmp_path: Path, call: str) -> None:
    program = base.home / "gpg"
    program.write_text("#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho signature\n")
    program.chmod(0o755)
    for name, value in {"gpg.program": str(program), "commit.gpgsign": "true", "user.signingkey": "any"}.items():
        base.git("config", name, value)
    base.run("config sync commit")
    base.run("commit")
    root, saved = base.home / "root", tmp_path / "saved"
    restore(base.home, saved)
    old = base.head

    for number in sweep(
        PROGRAM, [str(root), str(root), "user", "create", "eve"], call, "signal=SIGKILL", 1 if ALL else 17
    ):
        there = "eve" in base.run("user list -o name").out
        assert there == (base.head != old), f"{call} {number}"
        assert base.git("status", "--porcelain") == "", f"{call} {number}"
        base.run("user create eve" if not there else "validate")
        assert "gpgsig signature" in base.git("cat-file", "commit", "HEAD"), f"{call} {number}"
        assert base.git("rev-parse", "HEAD~1") == old, f"{call} {number}"
        restore(saved, base.home)


@pytest.mark.parametrize("call", ["write", "rename", *(["unlink", "link", "renameat", "fsync"] if ALL else [])])
@pytest.mark.parametrize(("command", "opposite"), [("undo", "redo"), ("redo", "undo")])
def test_undo_and_redo_are_as_before_or_as_after(
    base: Machine, tmp_path: Path, command: str, opposite: str, call: str
) -> None:
    """What was taken back, or not, can be taken back and done again."""
    base.run("user create eve --profile other")
    if command == "redo":
        base.run("undo --profile other")
    folder = base.home / "zenprofile" / "profiles" / "other"
    other = Machine(base.home, folder, folder)
    root, saved = base.home / "root", tmp_path / "saved"
    restore(base.home, saved)
    old = other.head

    words = [str(root), str(root), command, "--profile", "other"]
    for number in sweep(PROGRAM, words, call, "signal=SIGKILL", 1 if ALL else 13):
        where = f"{command}: {call} {number}"
        there = (folder / "users" / "eve.yaml").exists()
        done = other.head != old
        assert "user/eve" in base.run("user list -o name --profile other").out if there else not there, where
        assert there == (done == (command == "redo")), where
        assert other.git("status", "--porcelain") == "", where
        base.run(f"{opposite if done else command} --profile other")
        base.run(f"{command if done else opposite} --profile other")
        assert (folder / "users" / "eve.yaml").exists() == ((command == "redo") == done), where
        restore(saved, base.home)


@pytest.mark.parametrize("call", ["write", "rename", "unlink"])
def test_resolve_is_as_before_or_as_after(tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = make_bare(tmp_path / "team.git")
    ana = cloned(tmp_path, "ana", f"git+file://{bare}")
    ana.commit((S3, store("s3", {"path": "s3://a"})))
    ana.git("push", "-q", "-u", "origin", "main")
    ben = cloned(tmp_path, "ben", f"git+file://{bare}")
    ana.commit((S3, store("s3", {"path": "s3://ana"})))
    ana.git("push", "-q")
    ben.commit((S3, store("s3", {"path": "s3://ben"})))
    ben.run("pull", fails=3)
    for name, value in ben.environment.items():
        monkeypatch.setenv(name, value)
    saved = tmp_path / "saved"
    restore(ben.home, saved)
    old = ben.head

    for number in sweep(
        PROGRAM, [str(ben.home), str(ben.home), "resolve", "s3", "--theirs"], call, "signal=SIGKILL", 1 if ALL else 3
    ):
        waiting = len(ben.run("conflicts -o json").json)
        path = ben.run("component describe s3 -o json").json["configuration"]["path"]
        assert (waiting, path, ben.head == old) in ((1, "s3://ben", True), (0, "s3://ana", False)), f"{call} {number}"
        if waiting:
            ben.run("resolve s3 --theirs")
        ben.run("sync")
        assert ben.is_clean(), f"{call} {number}"
        assert ben.head == ben.remote_head
        subprocess.run(["git", "update-ref", "refs/heads/main", ana.head], cwd=bare, check=True)
        restore(saved, ben.home)
    assert os.path.lexists(ben.top)
