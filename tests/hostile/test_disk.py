"""The real commands on a failing disk: killed or refused at every call that changes it, read-only, with odd clocks."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from faults import CALLS, sweep

PROGRAM = """
import sys
from zenprofile.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
REGISTER = ["stack", "register", "prod", "-c", "orchestrator=default", "-c", "artifact_store=default"]
COMMIT = ["commit", "-m", "mine"]


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def documents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def put_back(saved: Path, folder: Path) -> None:
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    subprocess.run(["cp", "-a", str(saved), str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("command", [REGISTER, COMMIT], ids=["stack register", "commit"])
@pytest.mark.parametrize(
    ("call", "fault"),
    [(call, "signal=SIGKILL") for call in CALLS]
    + [(call, f"error={error}") for call in ("write", "rename", "fsync") for error in ("ENOSPC", "EIO")],
)
def test_all_is_as_before_or_as_after(
    run: Any, folder: Path, tmp_path: Path, command: list[str], call: str, fault: str
) -> None:
    if command is COMMIT:
        (folder / "users" / "eve.yaml").write_text("name: eve\n")
    saved = tmp_path / "saved"
    put_back(folder, saved)
    before, head = documents(folder), git(folder, "rev-parse", "HEAD")
    run(command[0], *command[1:])
    after = documents(folder)
    put_back(saved, folder)

    for number in sweep(PROGRAM, [str(folder), *command], call, fault):
        run("validate")  # no repair is asked for
        now, moved = documents(folder), git(folder, "rev-parse", "HEAD") != head
        assert now in (before, after), f"{call} {number}"
        if command is REGISTER:
            assert moved == (now == after), f"{call} {number}"
        dirty = git(folder, "status", "--porcelain")
        assert dirty == ("" if moved or command is REGISTER else "?? users/eve.yaml\n"), f"{call} {number}"
        git(folder, "fsck", "--strict")
        run("user create next")
        put_back(saved, folder)


def read_only(folder: Path, tmp_path: Path) -> Any:
    """Make a folder read-only: by its mode, or, for root, whom no mode stops, by the file system."""
    if os.geteuid():
        paths = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
        for path in paths:
            path.chmod(0o555)
        return lambda: [path.chmod(0o755) for path in paths]
    flags = ["chattr", "-R", "+i", str(folder)]
    if subprocess.run(flags, capture_output=True, check=False).returncode == 0:
        return lambda: subprocess.run(["chattr", "-R", "-i", str(folder)], check=True)
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
    return lambda: subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_profile_is_read_and_says_why_it_is_not_written(run: Any, folder: Path, tmp_path: Path) -> None:
    before = documents(folder)
    writable = read_only(folder, tmp_path)
    try:
        for line in ("stack list", "validate", "log", "stack list --at HEAD", "status", "diff"):
            run(line)
        for line in ("user create eve", "stack copy default prod", "undo"):
            assert str(folder) in run(line, fails=1).err or line == "undo", line
    finally:
        writable()

    assert documents(folder) == before
    run("user create eve")


def test_a_profile_that_cannot_be_deleted_stays_in_the_list(run: Any, machine: Path, tmp_path: Path) -> None:
    run("create own")
    place = machine / "zenprofile" / "profiles" / "own"
    writable = read_only(place, tmp_path)
    try:
        assert str(place) in run("delete own --force", fails=1).err
        assert "own" in run("list").out
    finally:
        writable()

    run("stack list --profile own")
    run("delete own --force")
    assert "own" not in run("get").out + run("list").out
    assert not place.exists()


@pytest.mark.parametrize("lock", ["index.lock", "refs/heads/main.lock", "HEAD.lock"])
def test_somebody_elses_lock_is_named_and_not_removed(run: Any, folder: Path, lock: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("zenprofile.git.index.LOCK_TIMEOUT", 0.05)
    before = documents(folder)
    path = folder / ".git" / lock
    path.touch()

    failed = run("user create eve", fails=1)

    assert path.name in failed.err
    assert path.exists()
    assert documents(folder) == before
    path.unlink()
    run("user create eve")


def test_a_clock_that_goes_backwards_hides_nothing(run: Any, folder: Path, monkeypatch: Any) -> None:
    path = folder / "users" / "eve.yaml"
    run("user create eve --email one@example.com")
    run("user list")
    path.write_text(path.read_text().replace("one@", "two@"))
    os.utime(path, (1, 1))
    assert run("user describe eve -o json").json["email"] == "two@example.com"
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1000000000 +0000")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "1000000000 +0000")

    run("commit -m", "in 2001")

    assert [row["message"] for row in run("log -o json").json][:2] == ["in 2001", "add user eve"]
    run("undo")
    assert run("user describe eve -o json").json["email"] == "one@example.com"


def test_modes_and_line_ends_are_no_change(run: Any, folder: Path) -> None:
    for path in folder.rglob("*.yaml"):
        path.chmod(0o755)
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert run("status -o json").json["state"] == "unshared"
    assert run("diff -o json").json == []
    assert "Nothing to commit" in run("commit").out
    run("stack update default --description new")
    assert b"\r\n" in (folder / "stacks" / "default.yaml").read_bytes()
    assert git(folder, "show", "--name-only", "--format=", "HEAD").split() == ["stacks/default.yaml"]


def test_names_that_a_file_system_takes_for_one_are_named(run: Any, folder: Path) -> None:
    (folder / "users" / "Ada.yaml").write_text("name: Ada\n")
    (folder / "users" / "ada.yaml").write_text("name: ada\n")
    (folder / "users" / "e\u0301ve.yaml").write_text("name: e\u0301ve\n")

    told = run("validate", fails=1).out

    assert "differ only in case" in told
    assert "is no user's name" in told
    run("user create ADA", fails=1)
    run("user create bob")
