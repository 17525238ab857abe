"""What the modules that touch a repository do in situations that no other test brings about."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from permissions import as_somebody_else

from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.drivers.local import commit, journal
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.drivers.local.store import LocalStore
from zenprofile.errors import ConflictError, Invalid, Locked, Paused, StoreBroken, Unreachable, Unsafe
from zenprofile.fs import atomic, nofollow
from zenprofile.git import index, local_only, runner, stale_locks
from zenprofile.git import repository as repository_
from zenprofile.git.repository import Head, Repository, find
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store

BOB, EVE = Key("user", "", "bob"), Key("user", "", "eve")
OTHER = "1" * 40


class Killed(BaseException):
    """The process is gone."""


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def at(folder: Path) -> Repository:
    found = find(folder)
    assert found is not None
    return found


def opened(folder: Path, mode: str = "commit") -> LocalStore:
    store = DRIVER.open(str(folder), Options(mode=mode))
    assert isinstance(store, LocalStore)
    return store


def register(folder: Path, key: Key, mode: str = "commit") -> None:
    store = opened(folder, mode)
    store.apply(Change((Edit(key, None, f"name: {key.name}\n"),)))
    store.close()


def cut_off(folder: Path, step: str) -> None:
    """Register two users, and kill the process where a step begins."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    store = opened(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in (step, "roll_back", "discard"):
            patch.setattr(journal, name, killed)
        with pytest.raises(Killed):
            store.apply(Change(tuple(Edit(key, None, f"name: {key.name}\n") for key in (BOB, EVE))))
    store.close()


def reopened(folder: Path) -> set[str]:
    opened(folder).close()
    assert not (folder / ".git" / "zenprofile" / journal.JOURNAL).exists()
    return {path.name for path in (folder / "users").iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_store(str(tmp_path / "profile"), Options()).close()
    git(tmp_path / "profile", "config", "user.name", "a")
    git(tmp_path / "profile", "config", "user.email", "a@b")
    return tmp_path / "profile"


# Files


def test_what_may_not_be_read_is_told(open_folder: Path) -> None:
    (open_folder / "file").write_text("x")
    (open_folder / "file").chmod(0)
    (open_folder / "folder").mkdir(mode=0)

    with as_somebody_else():
        with pytest.raises(Invalid, match="no permission"):
            nofollow.read(open_folder, "file")
        with pytest.raises(StoreBroken, match="no permission"):
            nofollow.read(open_folder, "folder/file")


def test_a_file_that_grows_is_read_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)

    with (tmp_path / "file").open("rb") as file:
        assert nofollow._read_all(file.fileno(), 3, 1000) == b"x" * 100
        file.seek(0)
        assert len(nofollow._read_all(file.fileno(), 3, 10)) > 10


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_many_files_are_staged_or_none_is_left_open(tmp_path: Path) -> None:
    before = open_files()
    paths = [f"users/u{number}.yaml" for number in range(300)]

    atomic.stage_all(tmp_path, ((path, path.encode()) for path in paths))
    for path in paths:
        atomic.publish(tmp_path, path)
    with pytest.raises(Unsafe):
        atomic.stage_all(tmp_path, [("users/one", b"1"), ("../two", b"2")])

    assert all((tmp_path / path).read_bytes() == path.encode() for path in paths)
    assert open_files() == before


def test_one_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        atomic.write(tmp_path, "users/eve.yaml", content)

        assert [(path.name, path.read_bytes()) for path in (tmp_path / "users").iterdir()] == [("eve.yaml", content)]


def test_a_file_that_does_not_fit_is_not_left_open(tmp_path: Path) -> None:
    before = open_files()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            atomic.stage_all(tmp_path, [("file", b"x" * 2000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert open_files() == before
    assert not (tmp_path / "file").exists()


# Runner


def is_gone(pid: int) -> bool:
    """Wait for the end of a process that was killed; its parent may be one that never asks for it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


def alias(command: str) -> list[str]:
    return ["-c", f"alias.wait=!{command}", "wait"]


@pytest.mark.parametrize(("name", "error"), [("INT", KeyboardInterrupt), ("TERM", SystemExit)])
def test_a_signal_ends_git_and_its_children(tmp_path: Path, name: str, error: type[BaseException]) -> None:
    old = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with pytest.raises(error):
            runner.run(alias(f"echo $$ >pid; cat; kill -{name} {os.getpid()}; sleep 600"), tmp_path)
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)

    assert is_gone(int((tmp_path / "pid").read_text()))


def test_a_process_that_has_ended_is_ended_without_a_word(tmp_path: Path) -> None:
    process = runner.start(["version"], tmp_path)
    process.communicate()

    runner.end(process)

    assert process.returncode == 0


def test_a_command_that_talks_is_heard_and_ended_when_it_goes_silent(tmp_path: Path) -> None:
    heard: list[str] = []

    ran = runner.run_network(alias("echo out; echo told >&2"), tmp_path, timeout=60, progress=heard.append)
    with pytest.raises(Unreachable, match="nothing moved"):
        runner.run_network(alias("echo $$ >pid; echo told >&2; sleep 600"), tmp_path, timeout=1)

    assert (ran.status, ran.out, "".join(heard)) == (0, b"out\n", "told\n")
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_a_folder_that_may_not_be_entered_is_told(open_folder: Path) -> None:
    (open_folder / "closed").mkdir(mode=0)

    with as_somebody_else(), pytest.raises(StoreBroken, match="no permission to enter"):
        runner.run(["version"], open_folder / "closed")


# Index


def test_a_file_that_was_only_touched_is_as_the_index_has_it(folder: Path) -> None:
    repository, path = at(folder), "users/default.yaml"
    os.utime(folder / path, (1, 1))
    assert path in git(folder, "diff-files", "--name-only").splitlines()

    index.refresh(repository, ["nowhere"])
    index.refresh(repository, [path, "nowhere"])

    assert path not in git(folder, "diff-files", "--name-only").splitlines()
    assert index.staged_blobs(repository, [path, "nowhere"]) == {path: git(folder, "rev-parse", f"HEAD:{path}")}


# Journal


def test_old_records_go(folder: Path) -> None:
    changes = folder / ".git" / "zenprofile" / journal.CHANGES
    changes.mkdir(exist_ok=True)
    for number in range(journal.KEPT_CHANGES + 5):
        (changes / f"{number:020d}.json").write_text("{}")

    register(folder, EVE)

    names = sorted(path.name for path in changes.iterdir())
    assert len(names) == journal.KEPT_CHANGES
    assert f"{5:020d}.json" not in names
    assert json.loads((changes / names[-1]).read_text())["message"] == "add user eve"


def test_a_change_that_cannot_be_finished_is_kept_for_the_next_try(folder: Path) -> None:
    repository = at(folder)
    cut_off(folder, "archive")
    changes = folder / ".git" / "zenprofile" / journal.CHANGES
    shutil.rmtree(changes)
    changes.write_text("in the way")

    with pytest.raises(StoreBroken):
        journal.recover(repository)

    changes.unlink()
    assert reopened(folder) == {"default.yaml", "bob.yaml", "eve.yaml"}


def test_without_its_branch_a_change_goes_back(folder: Path) -> None:
    cut_off(folder, "update_ref")
    git(folder, "update-ref", "-d", "refs/heads/main")

    assert reopened(folder) == {"default.yaml"}


@pytest.mark.parametrize("lost", [False, True])
def test_behind_somebody_elses_commit_a_change_goes_back(folder: Path, lost: bool) -> None:
    cut_off(folder, "update_ref")
    other = git(folder, "commit-tree", "-m", "other", "-p", "HEAD", "HEAD^{tree}")
    git(folder, "update-ref", "refs/heads/main", other)
    if lost:  # the journal's commit never came to the disk
        path = folder / ".git" / "zenprofile" / journal.JOURNAL
        path.write_text(json.dumps({**json.loads(path.read_text()), "new": OTHER}))

    assert reopened(folder) == {"default.yaml"}
    assert git(folder, "rev-parse", "HEAD") == other
    assert git(folder, "status", "--porcelain") == ""


@pytest.mark.parametrize("after", [b"new", None], ids=["written", "deleted"])
@pytest.mark.parametrize("committed", [False, True])
def test_a_file_that_holds_something_else_is_left(folder: Path, committed: bool, after: bytes | None) -> None:
    repository, path = at(folder), "users/default.yaml"
    before = (folder / path).read_bytes()
    change = [commit.FileChange("users/bob.yaml", None, b"b"), commit.FileChange(path, b"other", after)]

    def write() -> None:
        if committed:
            commit.record(repository, change, "x", commit.Author("a", print))
        else:
            commit.write_uncommitted(repository, change, "x")

    with pytest.raises(Locked, match="by somebody else"):
        write()

    assert (folder / path).read_bytes() == before
    assert not (folder / "users" / "bob.yaml").exists()
    assert git(folder, "status", "--porcelain") == ""


def test_a_log_that_cannot_be_written_undoes_no_commit(folder: Path) -> None:
    log = folder / ".git" / "logs" / "HEAD"
    log.unlink()
    log.mkdir()
    (log / "in-the-way").touch()

    register(folder, EVE)

    assert git(folder, "log", "-1", "--format=%s") == "add user eve"
    assert git(folder, "status", "--porcelain") == ""


def test_an_old_lock_is_somebody_elses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "LOCK_TIMEOUT", 0.1)
    cut_off(folder, "update_ref")
    lock = folder / ".git" / "index.lock"
    lock.touch()
    os.utime(lock, (1, 1))

    with pytest.raises(Locked, match="another git holds"):
        opened(folder)
    assert lock.exists()

    lock.unlink()
    assert reopened(folder) == {"default.yaml"}


def test_locks_of_refs_in_tables_are_freed(folder: Path) -> None:
    cut_off(folder, "update_ref")
    tables = folder / ".git" / "reftable"
    tables.mkdir()
    lock = tables / "tables.list.lock"
    lock.touch()
    (folder / ".git" / "refs" / "heads" / "main.lock").touch()

    assert reopened(folder) == {"default.yaml"}
    assert not lock.exists()
    stale_locks.remove(at(folder), [str(folder / ".git" / "HEAD" / "main.lock")], 0)  # below a file there is none


def test_a_lock_of_a_git_that_runs_is_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "LOCK_TIMEOUT", 0.1)
    cut_off(folder, "update_ref")
    (folder / ".git" / "index.lock").touch()
    command = ["git", "check-ignore", "--verbose", "--non-matching", "--stdin"]
    running = subprocess.Popen(command, cwd=folder / "users", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert running.stdin
    assert running.stdout
    running.stdin.write(b"file\n")
    running.stdin.flush()
    assert running.stdout.readline()  # it is git by now, and not what starts it

    with pytest.raises(Locked, match="another git holds"):
        opened(folder)

    running.communicate()
    assert reopened(folder) == {"default.yaml"}
    assert not (folder / ".git" / "index.lock").exists()


# Journal: files outside the profile


class Larger:
    """A repository about something else with a profile in it; a remote has a newer commit of both."""

    def __init__(self, tmp_path: Path) -> None:
        self.top, self.profile = tmp_path / "larger", tmp_path / "larger" / "ml"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "bare")], check=True)
        subprocess.run(["git", "clone", "-q", str(tmp_path / "bare"), str(self.top)], check=True, capture_output=True)
        for name, value in (("user.name", "a"), ("user.email", "a@b")):
            git(self.top, "config", name, value)
        git(self.top, "checkout", "-q", "-B", "main")
        (self.top / "code.py").write_text("1\n")
        (self.top / "old.py").write_text("1\n")
        create_store(str(self.profile), Options()).close()
        git(self.top, "add", ".")
        git(self.top, "commit", "-q", "-m", "begin")
        git(self.top, "push", "-q", "-u", "origin", "main")
        (self.top / "code.py").write_text("2\n")
        (self.top / "old.py").unlink()
        (self.top / "new.py").write_text("2\n")
        (self.profile / "users" / "bob.yaml").write_text("name: bob\n")
        git(self.top, "add", "-A")
        git(self.top, "commit", "-q", "-m", "theirs")
        git(self.top, "push", "-q")
        git(self.top, "reset", "-q", "--hard", "HEAD~1")
        register(self.profile, EVE)

    def pull(self) -> None:
        store = opened(self.profile)
        try:
            store.sharing().pull()
        finally:
            store.close()

    def holds(self) -> dict[str, str]:
        names = ("code.py", "old.py", "new.py", "ml/users/bob.yaml", "ml/users/eve.yaml")
        return {name: (self.top / name).read_text() for name in names if (self.top / name).exists()}


@pytest.fixture
def larger(tmp_path: Path) -> Larger:
    return Larger(tmp_path)


OURS = {"code.py": "1\n", "old.py": "1\n", "ml/users/eve.yaml": "name: eve\n"}
BOTH = {"code.py": "2\n", "new.py": "2\n", "ml/users/bob.yaml": "name: bob\n", "ml/users/eve.yaml": "name: eve\n"}


def test_a_pull_brings_what_is_outside_the_profile(larger: Larger) -> None:
    before = git(larger.top, "rev-parse", "HEAD")

    larger.pull()

    assert larger.holds() == BOTH
    assert git(larger.top, "status", "--porcelain") == ""
    assert git(larger.top, "rev-parse", f"{journal.BACKUP}main") == before


def test_an_edit_outside_the_profile_stops_a_pull(larger: Larger) -> None:
    before = git(larger.top, "rev-parse", "HEAD")
    (larger.top / "code.py").write_text("mine\n")

    with pytest.raises(ConflictError, match="in the way"):
        larger.pull()

    assert larger.holds() == {**OURS, "code.py": "mine\n"}
    assert git(larger.top, "rev-parse", "HEAD") == before
    assert not at(larger.profile).own_dir.joinpath(journal.JOURNAL).exists()


def test_an_edit_made_while_a_pull_begins_stops_it_too(larger: Larger, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write = git(larger.top, "rev-parse", "HEAD"), journal.write

    def and_a_person_edits(repository: Repository, move: journal.Move) -> None:
        write(repository, move)
        (larger.top / "code.py").write_text("mine\n")

    monkeypatch.setattr(journal, "write", and_a_person_edits)

    with pytest.raises(ConflictError, match="in the way"):
        larger.pull()

    assert larger.holds() == {**OURS, "code.py": "mine\n"}
    assert git(larger.top, "rev-parse", "HEAD") == before
    assert not at(larger.profile).own_dir.joinpath(journal.JOURNAL).exists()


def pull_cut_off(larger: Larger) -> None:
    def killed(*_: object, **__: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        for name in ("update_ref", "roll_back", "discard"):
            patch.setattr(journal, name, killed)
        with pytest.raises(Killed):
            larger.pull()
    assert larger.holds() == BOTH


def test_a_pull_that_was_cut_off_goes_back_outside_the_profile_too(larger: Larger) -> None:
    pull_cut_off(larger)

    opened(larger.profile).close()

    assert larger.holds() == OURS
    assert git(larger.top, "status", "--porcelain") == ""


def test_what_a_person_wrote_after_a_pull_was_cut_off_stays(larger: Larger) -> None:
    pull_cut_off(larger)
    (larger.top / "code.py").write_text("2")  # a checkout that was killed while it wrote
    (larger.top / "new.py").write_text("mine\n")
    (larger.top / "old.py").write_text("mine\n")

    opened(larger.profile).close()

    assert larger.holds() == {**OURS, "new.py": "mine\n", "old.py": "mine\n"}


# Repository


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), ("ref: ../x", "is no branch")])
def test_a_head_that_is_none_is_told(folder: Path, content: str | None, words: str) -> None:
    repository, head = at(folder), folder / ".git" / "HEAD"
    head.unlink()
    if content is None:
        head.mkdir()
    else:
        head.write_text(content)

    with pytest.raises(StoreBroken, match=words):
        repository.head()


def test_refs_that_are_kept_elsewhere_are_asked_of_git(folder: Path) -> None:
    (folder / ".git" / "reftable").mkdir()  # a git that knows nothing of it reads files

    assert at(folder).ref("refs/heads/main") == git(folder, "rev-parse", "HEAD")
    assert at(folder).ref("refs/heads/nowhere") == ""


def test_a_head_that_is_kept_elsewhere_is_asked_of_git(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git that keeps refs in tables is newer than what every machine has: a program stands in for its answers."""
    real, stands_in = shutil.which("git"), tmp_path / "bin" / "git"
    stands_in.parent.mkdir()
    stands_in.write_text(
        '#!/bin/sh\ncase "$*" in\n*symbolic-ref*) echo refs/heads/main;;\n'
        f"*rev-parse*) exec {real} rev-parse refs/heads/main;;\nesac\n"
    )
    stands_in.chmod(0o755)
    oid = git(folder, "rev-parse", "HEAD")
    monkeypatch.setenv("PATH", str(stands_in.parent), prepend=os.pathsep)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")

    assert at(folder).head() == Head("refs/heads/main", oid)


def test_refs_of_every_form_are_read(folder: Path) -> None:
    repository, heads, oid = at(folder), folder / ".git" / "refs" / "heads", git(folder, "rev-parse", "HEAD")
    (heads / "symbolic").write_text("ref: refs/heads/main\n")
    (heads / "endless").write_text("ref: refs/heads/endless\n")
    (heads / "garbage").write_text("garbage\n")
    (heads / "folder").mkdir()
    os.mkfifo(heads / "pipe")

    names = ("main", "symbolic", "endless", "garbage", "folder", "nowhere", "../../HEAD")
    assert [repository.ref(f"refs/heads/{name}") for name in names] == [oid, oid, "", "", "", "", ""]
    assert repository.ref("HEAD") == ""
    with pytest.raises(StoreBroken, match="no plain file"):
        repository.ref("refs/heads/pipe")
    (heads / "pipe").unlink()
    for name in ("endless", "garbage", "symbolic"):
        (heads / name).unlink()
    git(folder, "pack-refs", "--all")
    assert repository.ref("refs/heads/main") == oid
    assert repository.ref("refs/heads/nowhere") == ""


def test_in_the_middle_of_something_nothing_is_committed(folder: Path) -> None:
    repository = at(folder)
    (folder / ".git" / "MERGE_HEAD").touch()
    with pytest.raises(Paused, match="a merge"):
        repository.check_ready()
    (folder / ".git" / "MERGE_HEAD").unlink()
    git(folder, "checkout", "-q", "--detach")

    with pytest.raises(Paused, match="detached"):
        repository.check_ready()
    assert repository.head() == Head("", git(folder, "rev-parse", "HEAD"))


def test_a_git_folder_may_be_elsewhere(folder: Path, tmp_path: Path) -> None:
    git(folder, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "linked")
    linked = at(tmp_path / "linked")
    assert linked.common_dir == folder / ".git"
    assert linked.head().branch == "linked"

    (tmp_path / "linked" / ".git").write_text(f"gitdir: {tmp_path}/nowhere\n")
    with pytest.raises(StoreBroken, match="is not there"):
        find(tmp_path / "linked")


@pytest.mark.parametrize("kind", ["text", "pipe", "folder", "half"])
def test_what_is_no_git_folder_is_passed_over(folder: Path, kind: str) -> None:
    inner = folder / "users"
    if kind == "text":
        (inner / ".git").write_text("nothing\n")
    elif kind == "pipe":
        os.mkfifo(inner / ".git")
    else:
        (inner / ".git").mkdir()
    if kind == "half":
        (inner / ".git" / "objects").mkdir()

    found = at(inner)

    assert (found.folder, found.prefix) == (str(folder), "users/")
    assert find("/") is None


@pytest.mark.parametrize("name", ["config", "refs/heads/main"])
def test_a_pipe_where_git_keeps_a_file_is_refused(folder: Path, name: str) -> None:
    (folder / ".git" / name).unlink(missing_ok=True)
    os.mkfifo(folder / ".git" / name)

    with pytest.raises(Unsafe, match="no plain file"):
        find(folder)


@pytest.mark.parametrize("name", ["zenprofile", "zenprofile/changes", "zenprofile/state.json", "zenprofile/lock"])
@pytest.mark.parametrize("kind", ["link", "file", "pipe", "second name"])
def test_what_is_not_plain_among_our_own_files_is_refused(folder: Path, name: str, kind: str) -> None:
    place = folder / ".git" / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    (folder / "target").touch()
    if kind == "link":
        place.symlink_to(folder / "target")
    elif kind == "file":
        place.touch()
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        os.link(folder / "target", place)

    plain = name.endswith(("state.json", "lock")) and (kind == "file" or (kind, name[-4:]) == ("second name", "json"))
    if plain:
        assert find(folder)
    else:
        with pytest.raises(Unsafe, match="nothing is read or written"):
            find(folder)


def test_a_repository_of_the_user_behind_sudo_is_ones_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("SUDO_UID", "4321")
    if os.geteuid() == 0:
        for path in (folder, folder / ".git"):
            os.chown(path, 4321, -1)

    assert find(folder)
    monkeypatch.setenv("SUDO_UID", "no number")
    if os.geteuid() == 0:
        with pytest.raises(Unsafe, match="another user"):
            find(folder)


def test_a_repository_that_goes_while_it_is_looked_at_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreBroken, match="No such file"):
        repository_.check_ownership(str(tmp_path), str(tmp_path / ".git"))


def test_a_remote_that_was_never_asked_keeps_nothing(folder: Path) -> None:
    assert local_only.describe_unshared(at(folder)) is None
