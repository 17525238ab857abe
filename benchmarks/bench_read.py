"""Reads of a local profile: whole processes on 1,000 entities, loading 10,000 in process, status, memory."""

import os
import subprocess
import sys
from pathlib import Path

import profiles
from measure import Table, process, rounds
from profiles import COMMAND

from zenprofile.drivers.local import cache as caches
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.store.base import Options

_MEMORY = """
import re, sys
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.store.base import Options
store = DRIVER.open(sys.argv[1], Options())
assert len(store.snapshot().load().entities) > 100
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1))
"""  # not ru_maxrss: a child begins with its parent's
_READS = (
    "stack list",
    "stack list -o json",
    "component list",
    "component list -o json",
    "stack describe stack-7",
    "component describe artifact-store-7",
    "describe",
)


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure list, describe and status as processes, then loading in process."""
    size = 1000 if quick else 10000
    _processes(table, home, 5 if quick else 15)
    _log(table, home, 5 if quick else 15)
    _loading(table, home, size, 3 if quick else 7)
    _status(table, home, size, 5 if quick else 15)
    _memory(table, home, size)


def _processes(table: Table, home: Path, count: int) -> None:
    profiles.registered("thousand", profiles.repository(home / "thousand", 1000))
    runs = {words: process(COMMAND, *words.split()) for words in _READS}
    for run in runs.values():
        run()
    found = rounds({"pass": process(sys.executable, "-I", "-c", "pass"), **runs}, count)
    for name in runs:
        table.row(f"zenprofile {name}, 1,000 entities", found[name], found["pass"], "python -I -c pass", "<= 3.5x")


def _log(table: Table, home: Path, count: int) -> None:
    profiles.registered("logged", home / "thousand", "sync", "commit")
    for n in range(3):
        process(COMMAND, "user", "create", f"user-{n}")()
    found = rounds(
        {"pass": process(sys.executable, "-I", "-c", "pass"), "log": process(COMMAND, "log", "-n", "3")}, count
    )
    table.row("zenprofile log -n 3, 1,000 entities", found["log"], found["pass"], "python -I -c pass", "<= 6x")


def _walk(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        if ".git" in parent:
            continue
        for name in names:
            os.stat(os.path.join(parent, name))  # noqa: PTH116, PTH118 - as quick as Python can


def _loading(table: Table, home: Path, size: int, count: int) -> None:
    folder = profiles.repository(home / "load", size)
    profiles.settle(folder)
    cache = home / "cache"

    def load() -> None:
        store = DRIVER.open(str(folder), Options(cache=str(cache)))
        assert len(store.snapshot().load().entities) >= size
        store.close()

    runs = {"walk": lambda: _walk(folder), "first": load, "again": load}
    found = rounds(runs, count, {"first": lambda: caches.delete(str(cache))})
    against = "walk + stat"
    table.row(f"load {size:,} entities the first time, in process", found["first"], found["walk"], against, "<= 12x")
    table.row(f"load {size:,} entities again, in process", found["again"], found["walk"], against, "<= 1.5x")


def _status(table: Table, home: Path, size: int, count: int) -> None:
    folder = profiles.repository(home / "status", size)
    profiles.registered("status", folder)
    process(COMMAND, "status")()
    found = rounds(
        {
            "git status": process("git", "status", "--porcelain", cwd=folder),
            "start": process(COMMAND, "describe"),
            "status": process(COMMAND, "status"),
        },
        count,
    )
    ours = found["status"] - found["start"]
    table.row(f"zenprofile status less start-up, {size:,} files", ours, found["git status"], "git status", "<= 1.0x")


def _memory(table: Table, home: Path, size: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(home / "load")], capture_output=True, text=True, check=True
    )
    table.size(f"memory with {size:,} entities loaded", int(done.stdout) / 1024, "< 200 MB")
