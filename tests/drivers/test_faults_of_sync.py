"""A sync with a real merge that is killed, or that runs out of disk, at every system call: as before or as after."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from faults import sweep
from machines import PROD, S3, Machine, Team, stack, store

from zenprofile.core.entity import Key
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.errors import ConflictError
from zenprofile.store.base import Options
from zenprofile.usecases import sharing

pytest_plugins = ("teams",)

PROGRAM = """
import sys
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.errors import ZenprofileError
from zenprofile.store.base import Options
from zenprofile.usecases import sharing

store = DRIVER.open(sys.argv[2], Options(mode="commit"))
try:
    sharing.sync(store, store.sharing(), lambda _: None, commits=True, with_others=True)
except ZenprofileError as error:
    sys.exit(error.exit_status)
store.close()
"""
SIGKILL = ["rename", "renameat", "unlink", "unlinkat", "fsync", "write", "pwrite64", "mkdir", "mkdirat", "link"]
NO_SPACE = ["write", "rename", "renameat", "fsync", "mkdirat"]
# Calls that are met hundreds of times; with ZENPROFILE_SWEEP=all each of them.
STEPS = (
    {}
    if os.environ.get("ZENPROFILE_SWEEP") == "all"
    else {"write": 11, "link": 5, "unlink": 3, "rename": 3, "mkdir": 3, "pwrite64": 2}
)
CHURN = Key("project", "", "churn")


def content(top: Path) -> dict[str, bytes]:
    files = (path for path in top.rglob("*") if path.is_file() and ".git" not in path.relative_to(top).parts)
    return {str(path.relative_to(top)): path.read_bytes() for path in files}


def change(machine: Machine, path: str, text: str | None) -> None:
    file = machine.top / path
    if text is None:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def diverge(team: Team) -> None:
    """Change, add and delete on both sides: entities, and files of the larger repository outside the profile."""
    lines = (team.ana.top / "README").read_text()
    change(team.ana, "README", lines.replace("line 1\n", "line one\n"))
    change(team.ana, "src/new.py", "print(1)\n" * 50)
    team.ana.commit((S3, store("s3", {"path": "s3://ana"})), (CHURN, None), (Key("user", "", "zoe"), {"name": "zoe"}))
    team.ana.git("push", "-q")
    change(team.ben, "README", lines.replace("line 9\n", "line nine\n"))
    team.ben.commit(
        (S3, store("s3", {"path": "s3://a"}, description="Ben's")), (PROD, stack("prod", orchestrator="default"))
    )


def sync(folder: Path) -> None:
    opened = DRIVER.open(str(folder), Options(mode="commit"))
    sharing.sync(opened, opened.sharing(), lambda _: None, commits=True, with_others=True)
    opened.close()


def restore(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "fault"),
    [(call, "signal=SIGKILL") for call in SIGKILL] + [(call, "error=ENOSPC") for call in NO_SPACE],
)
def test_the_clone_is_as_before_or_as_after(larger: Team, call: str, fault: str) -> None:
    diverge(larger)
    ben = larger.ben
    ben.git("config", "remote.origin.url", "../../team.git")
    before, old = content(ben.top), ben.head
    base = larger.root.with_name("base")
    restore(larger.root, base)
    sync(ben.folder)
    after = content(ben.top)
    assert before != after
    restore(base, larger.root)

    met = 0
    for number in sweep(PROGRAM, [str(larger.root), str(ben.folder)], call, fault, STEPS.get(call, 1)):
        met += 1
        DRIVER.open(str(ben.folder), Options(mode="commit")).close()
        now, where = content(ben.top), f"{call} {number}"
        assert now in (before, after), f"{where}: {differing(now, before, after)}"
        assert (ben.head == old) == (now == before), where
        assert ben.is_clean(), f"{where}: {ben.git('status', '--porcelain')}"
        sync(ben.folder)
        assert content(ben.top) == after, where
        head = ben.head
        assert head == ben.remote_head, where
        sync(ben.folder)
        assert (ben.head, ben.is_clean()) == (head, True), where
        restore(base, larger.root)
    assert met


def differing(now: dict[str, bytes], before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, str]:
    """Say of each file whether it is as before, as after, or neither."""
    names = {name for side in (now, before, after) for name in side}
    found = {}
    for name in sorted(names):
        sides = [word for word, side in (("before", before), ("after", after)) if side.get(name) == now.get(name)]
        if len(sides) < 2:
            found[name] = sides[0] if sides else "neither"
    return found


FLOW = PROGRAM.replace(
    "    sys.exit(error.exit_status)\n", "    sharing.share_unconflicted(store.sharing(), lambda _: None, push=True)\n"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "fault", "step"),
    [
        ("rename", "signal=SIGKILL", 2), ("renameat", "signal=SIGKILL", 1), ("unlink", "signal=SIGKILL", 3),
        ("link", "signal=SIGKILL", 6), ("write", "signal=SIGKILL", 17), ("write", "error=ENOSPC", 23),
    ],
)  # fmt: skip
def test_what_is_not_in_conflict_is_shared_wholly_or_not_at_all(team: Team, call: str, fault: str, step: int) -> None:
    """At each kill both values of what is in conflict are where they were; the next watcher's round does the rest."""
    ana, ben, zoe = team.ana, team.ben, Key("user", "", "zoe")
    ana.commit((S3, store("s3", {"path": "s3://ana"})), (CHURN, None), (zoe, {"name": "zoe"}))
    ana.git("push", "-q")
    ben.commit((S3, store("s3", {"path": "s3://ben"})), (PROD, stack("prod", orchestrator="default")))
    ben.git("config", "remote.origin.url", "../../../../team.git")
    base = team.root.with_name("base")
    restore(team.root, base)
    before = content(ben.top)
    flow(ben.folder)
    after = content(ben.top)
    assert (ben.folder / zoe.path).exists()
    assert before != after
    restore(base, team.root)

    met = 0
    for number in sweep(FLOW, [str(team.root), str(ben.folder)], call, fault, step):
        met, where = met + 1, f"{call} {number}"
        DRIVER.open(str(ben.folder), Options(mode="commit")).close()
        now = content(ben.top)
        assert now in (before, after), f"{where}: {differing(now, before, after)}"
        assert ben.is_clean(), where
        flow(ben.folder)
        assert content(ben.top) == after, where
        there = {path: ben.git("show", f"{ben.remote_head}:{path}") for path in (S3.path, zoe.path, PROD.path)}
        assert ("s3://ana" in there[S3.path], "s3://ben" in ben.read(S3)) == (True, True), where
        assert there[PROD.path] == ben.read(PROD).strip(), where
        opened = DRIVER.open(str(ben.folder), Options(mode="commit"))
        (conflict,) = opened.sharing().open_conflicts().conflicts
        assert (conflict.base, conflict.ours, conflict.theirs) == ("s3://a", "s3://ben", "s3://ana"), where
        sharing.resolve(opened.sharing(), S3, "", "ours")
        sharing.sync(opened, opened.sharing(), lambda _: None, commits=True)
        opened.close()
        assert (content(ben.top), ben.head) == (after, ben.remote_head), where
        restore(base, team.root)
    assert met


def test_around_a_conflict_files_outside_the_profile_stay_apart(larger: Team) -> None:
    """They are the merge's, which waits: what is sent and what is taken is the profile's alone."""
    diverge(larger)
    ana, ben = larger.ana, larger.ben
    ben.commit((S3, store("s3", {"path": "s3://ben"})), (Key("team", "", "ml"), {"name": "ml", "members": ["default"]}))
    there = ben.git("ls-remote", "origin", "main").split()[0]
    flow(ben.folder)

    assert (ben.folder / "users/zoe.yaml").exists()
    assert not (ben.top / "src").exists()
    ana.git("pull", "-q")
    assert ana.git("diff", "--name-only", there, "HEAD").split() == [
        f"{ana.folder.relative_to(ana.top)}/{name}" for name in ("stacks/prod.yaml", "teams/ml.yaml")
    ]
    opened = DRIVER.open(str(ben.folder), Options(mode="commit"))
    sharing.resolve(opened.sharing(), S3, "", "theirs")
    opened.close()
    sync(ben.folder)
    ana.git("pull", "-q")
    assert content(ana.top) == content(ben.top)
    readme = (ana.top / "README").read_text()
    assert ("line one" in readme, "line nine" in readme) == (True, True)


def flow(folder: Path) -> None:
    opened = DRIVER.open(str(folder), Options(mode="commit"))
    with pytest.raises(ConflictError):
        sharing.sync(opened, opened.sharing(), lambda _: None, commits=True)
    sharing.share_unconflicted(opened.sharing(), lambda _: None, push=True)
    opened.close()


def test_a_killed_pull_leaves_edits_of_the_users_own(larger: Team) -> None:
    """Edits of other files, outside the profile and in it, are what they were when the next command has cleaned up."""
    diverge(larger)
    ben = larger.ben
    change(ben, "other.txt", "dirty\n")
    ben.write("users/bob.yaml", "name: bob\nemail: dirty@ben\n")
    ben.git("config", "remote.origin.url", "../../team.git")
    base = larger.root.with_name("base")
    restore(larger.root, base)
    program = PROGRAM.replace("commits=True", "commits=False")

    for _ in sweep(program, [str(larger.root), str(ben.folder)], "renameat", "signal=SIGKILL"):
        DRIVER.open(str(ben.folder), Options(mode="commit")).close()
        assert (ben.top / "other.txt").read_text() == "dirty\n"
        assert "dirty@ben" in ben.read("users/bob.yaml")
        restore(base, larger.root)


def test_git_that_outlives_its_parent_is_waited_for(larger: Team) -> None:
    """The process is killed while its git still checks files out: the next command does not work against it."""
    diverge(larger)
    ben = larger.ben
    ben.git("config", "filter.slow.smudge", "sleep 1; cat")
    ben.git("config", "filter.slow.clean", "cat")
    (ben.top / ".git" / "info").mkdir(exist_ok=True)
    (ben.top / ".git" / "info" / "attributes").write_text("*.py filter=slow\n")
    marker = ben.top / ".git" / "zenprofile" / "journal"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "", str(ben.folder)], env={**os.environ, **ben.environment}
    )
    lock = ben.top / ".git" / "index.lock"
    while not (marker.exists() and lock.exists()):
        assert process.poll() is None
    process.kill()
    process.wait()

    sync(ben.folder)

    assert ben.head == ben.remote_head
    assert ben.is_clean()
