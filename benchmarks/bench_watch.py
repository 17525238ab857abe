"""A watcher: an edit on its way, ten thousand at once beside gitwatch's algorithm, what it uses while all is quiet."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import profiles
from measure import Table, rounds
from profiles import COMMAND, git

_PATIENCE = 180.0  # seconds that a peer may take
_TICK = os.sysconf("SC_CLK_TCK")
# gitwatch's way: each event ends the waiting child and starts another, which waits two seconds and commits everything.
_GITWATCH = """\
inotifywait -qmr --exclude '(\\.git/|\\.git$)' -e close_write,move,move_self,delete,create,modify --format %w%f . |
while read -r _; do
    if [ -n "$child" ] && kill -0 "$child" 2>/dev/null; then kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; fi
    ( sleep 2; git add --all . && git commit -q -m auto ) & child=$!
done
"""


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure each on a profile of its own."""
    _settling(table, home)
    _pushed(table, home, 3 if quick else 9)
    _idle(table, home, 10 if quick else 30)
    _storm(table, home, 1000 if quick else 10000)


@contextlib.contextmanager
def _watching(name: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a watcher, from its first look at everything on."""
    with (folder.parent / f"{name}.log").open("wb") as log:
        words = [str(COMMAND), "watch", "--profile", name, "-o", "json"]
        process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
    state = folder / ".git" / "zenprofile" / "watch.json"
    _until(lambda: state.exists() and b'"listens": "events"' in state.read_bytes(), "a watcher that listens")
    time.sleep(2)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _until(holds: "object", what: str, seconds: float = 300.0, pause: float = 0.005) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise RuntimeError(f"never: {what}")
        time.sleep(pause)


def _settling(table: Table, home: Path) -> None:
    """Measure in one process, by its own clock: from the write to the machine's state."""
    from zenprofile.watch import machine
    from zenprofile.watch.events import Hint, Policy
    from zenprofile.watch.file_events import FileEvents

    folder = home / "settling" / "stacks"
    folder.mkdir(parents=True)
    reading, writing = os.pipe()
    file_events = FileEvents(str(folder.parent), lambda: (os.write(writing, b"."), None)[1])
    file_events.check()
    file = folder / "a.yaml"

    def once() -> None:
        state = machine.begin(time.monotonic(), shared=False)._replace(first=None)
        file_events.armed = True
        file.write_text("name: a\n")
        select.select([reading], [], [], 10)
        os.read(reading, 4096)
        state, _ = machine.step(Policy(), state, Hint(file_events.heard), time.monotonic())

    def rest() -> None:
        time.sleep(0.05)  # the events of the last write are all in

    found = rounds({"settling": once}, 50, {"settling": rest})
    file_events.close()
    table.row("an edit, until the watcher counts it as being changed", found["settling"], 0.002, "2 ms", "<= 1x")


def _shared(home: Path, name: str, count: int) -> Path:
    bare, first = home / f"{name}.git", profiles.repository(home / f"{name}-first", count)
    git(home, "clone", "-q", "--bare", str(first), str(bare))
    git(home, "clone", "-q", str(bare), name)
    return home / name


def _pushed(table: Table, home: Path, count: int) -> None:
    """From the save to the remote's having it, beside quiet time, commit and push."""
    ours, theirs = _shared(home, "saved", 1000), _shared(home, "by-hand", 1000)
    profiles.registered("saved", ours)
    path = Path("stacks/stack-1.yaml")
    number = iter(range(10**6))

    def edit(folder: Path) -> None:
        text = (folder / path).read_text().split("# edit")[0]
        (folder / path).write_text(f"{text}# edit {next(number)}\n")

    def head(repository: Path) -> str:
        words = ["git", "rev-parse", "main"]
        return subprocess.run(words, cwd=repository, capture_output=True, text=True, check=True).stdout

    def saved() -> None:
        ref = home / "saved.git" / "refs" / "heads" / "main"
        before = ref.read_text() if ref.exists() else ""
        edit(ours)
        _until(lambda: ref.exists() and ref.read_text() != before, "a push")

    def by_hand() -> None:
        edit(theirs)
        time.sleep(0.5)
        git(theirs, "-c", "core.fsync=committed", "commit", "-q", "--only", str(path), "-m", "edit")
        git(theirs, "push", "-q")

    with _watching("saved", ours):
        found = rounds({"watch": saved, "by hand": by_hand}, count)
    against = "0.5 s and git commit --only and git push"
    table.row("an edit, from saved to pushed, 1,000 files", found["watch"], found["by hand"], against, "<= 1.3x")
    assert head(home / "saved.git")


def _cpu(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / _TICK  # its own and its children's


def _idle(table: Table, home: Path, seconds: float) -> None:
    folder = _shared(home, "idle", 1000)
    profiles.registered("idle", folder)
    with _watching("idle", folder) as process:
        time.sleep(3)
        before = _cpu(process.pid)
        time.sleep(seconds)
        used = _cpu(process.pid) - before
    limit = 0.1 * seconds / 30
    table.row(f"processor time of a watcher in {seconds:g} s, 1,000 files", used, limit, "0.1 s in 30 s", "<= 1x")


def _write(folder: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        (folder / path).write_text(text)


def _is_clean(folder: Path) -> bool:
    words = ["git", "status", "--porcelain"]
    return not subprocess.run(words, cwd=folder, capture_output=True, check=True).stdout


def _storm(table: Table, home: Path, count: int) -> None:
    """Write many documents at once, and wait until all are committed."""
    texts = {key.path: text for key, text in profiles.documents(count).items()}
    ours, theirs = profiles.repository(home / "storm", 100), profiles.repository(home / "storm-peer", 100)
    for folder in (ours, theirs):
        for path in texts:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
    profiles.registered("storm", ours)
    took = {}
    with _watching("storm", ours) as process:
        began = time.perf_counter()
        _write(ours, texts)
        quiet = time.perf_counter()
        _until(lambda: _is_clean(ours), "all committed", pause=0.2)  # git's look takes as much of the machine
        took["ours"], took["after quiet"] = time.perf_counter() - began, time.perf_counter() - quiet
        status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    words = ["git", "rev-list", "--count", "HEAD"]
    commits = int(subprocess.run(words, cwd=ours, capture_output=True, text=True, check=True).stdout) - 1
    table.row(f"{count:,} files at once, from the last write to committed", took["after quiet"], 10, "10 s", "<= 1x")
    table.row("its commits (a thousandth of a second stands for one)", commits / 1e3, 0.02, "20 commits", "<= 1x")
    table.size("its memory", peak / 1024, "<= 300 MB")
    if shutil.which("inotifywait") is None:
        table.lacks("gitwatch's algorithm: there is no inotifywait")
        return
    silent = subprocess.DEVNULL
    words = ["bash", "-c", _GITWATCH]
    peer = subprocess.Popen(words, cwd=theirs, start_new_session=True, stdout=silent, stderr=silent)
    try:
        time.sleep(2)
        began = time.perf_counter()
        _write(theirs, texts)
        _until(lambda: _is_clean(theirs), "all committed by the peer", _PATIENCE, pause=0.2)
        took["peer"] = time.perf_counter() - began
    except RuntimeError:  # a commit that it killed half way has left index.lock, and no other one succeeds
        table.lacks(f"gitwatch's algorithm on {count:,} files: it did not end within {_PATIENCE:g} s")
        return
    finally:
        os.killpg(peer.pid, signal.SIGKILL)
        peer.wait()
    what = f"{count:,} files at once, from the first write to committed"
    table.row(what, took["ours"], took["peer"], "gitwatch's algorithm", "<= 0.5x")


if sys.platform != "linux":
    raise SystemExit("what is read here is Linux's own")
