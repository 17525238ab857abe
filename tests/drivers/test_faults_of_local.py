"""A write that is killed, or that runs out of disk, at every system call: the store is as before or as after."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from faults import sweep

from zenprofile.core.change import Change, Edit
from zenprofile.core.document import writer
from zenprofile.core.entity import DEFAULTS, Key
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.store.base import Options

# One change that adds, edits and deletes.
PROGRAM = """
import sys
from zenprofile.core.document import writer
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.errors import ZenprofileError
from zenprofile.store.base import Options
from zenprofile.store.prepare import revision_of

store = DRIVER.open(sys.argv[1], Options(mode=sys.argv[2]))
bucket, stack, bob = Key("component", "artifact_store", "s3"), Key("stack", "", "default"), Key("user", "", "bob")
data = {"name": "s3", "type": "artifact_store", "flavor": "s3", "configuration": {"path": "s3://b"}}
old = store.snapshot().text(stack)
edits = (
    Edit(bucket, None, writer.write("component", data)),
    Edit(stack, revision_of(stack, old), old.replace("artifact_store: default", "artifact_store: s3")),
    Edit(bob, revision_of(bob, "name: bob\\n"), None),
)
try:
    store.apply(Change(edits))
except ZenprofileError as error:
    sys.exit(error.exit_status)
store.close()
"""
SIGKILL = ["write", "pwrite64", "rename", "unlink", "unlinkat", "renameat", "mkdir", "mkdirat", "fsync"]
NO_SPACE = ["write", "pwrite64", "rename", "renameat", "mkdirat", "fsync"]


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def copy(source: Path, target: Path) -> None:
    subprocess.run(["rm", "-rf", str(target)], check=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    edits = [Edit(key, None, writer.write(key.kind, data)) for key, data in DEFAULTS]
    store = DRIVER.create(str(folder), Options(), Change((*edits, Edit(Key("user", "", "bob"), None, "name: bob\n"))))
    store.close()
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["commit", "manual"])
@pytest.mark.parametrize(
    ("call", "fault"),
    [(call, "signal=SIGKILL") for call in SIGKILL]
    + [(call, "error=ENOSPC") for call in NO_SPACE]
    + [("write", "error=EIO"), ("fsync", "error=EIO")],
)
def test_the_store_is_as_before_or_as_after(base: Path, tmp_path: Path, mode: str, call: str, fault: str) -> None:
    before, log = content(base), git(base, "log", "--format=%H")
    good, work = tmp_path / "good", tmp_path / "work"
    copy(base, good)
    subprocess.run([sys.executable, "-c", PROGRAM, str(good), mode], check=True)
    after = content(good)
    assert before != after
    copy(base, work)

    for number in sweep(PROGRAM, [str(work), mode], call, fault):
        store = DRIVER.open(str(work), Options(mode=mode))
        now = content(work)
        assert now in (before, after), f"{call} {number}: {sorted(now)}"
        if mode == "commit":
            assert git(work, "status", "--porcelain") == "", f"{call} {number}"
            assert (git(work, "log", "--format=%H") == log) == (now == before), f"{call} {number}"
        git(work, "fsck", "--strict")
        store.apply(Change((Edit(Key("user", "", "eve"), None, "name: eve\n"),)))
        store.close()
        copy(base, work)


def test_a_users_own_commit_in_between_loses_nothing(base: Path, tmp_path: Path) -> None:
    """The files are in place, the ref is not: what the user commits then is what the change meant."""
    before = content(base)
    good, work = tmp_path / "good", tmp_path / "work"
    copy(base, good)
    subprocess.run([sys.executable, "-c", PROGRAM, str(good), "commit"], check=True)
    after = content(good)
    copy(base, work)
    committed = 0

    for _ in sweep(PROGRAM, [str(work), "commit"], "unlinkat", "signal=SIGKILL"):
        if (work / "stacks" / "default.yaml").read_bytes() != before["stacks/default.yaml"]:
            committed += 1
            git(work, "commit", "-q", "-a", "-m", "mine")
            DRIVER.open(str(work), Options()).close()
            assert content(work) == after
        copy(base, work)

    assert committed, "no kill left anything half done: the test has proved nothing"


def test_a_damaged_journal_is_set_aside(base: Path) -> None:
    (base / ".git" / "zenprofile" / "journal").write_text(json.dumps({"format": 1})[:-3])

    store = DRIVER.open(str(base), Options())

    assert store.snapshot().load().problems == []
    assert (base / ".git" / "zenprofile" / "journal.damaged").exists()
    store.close()
