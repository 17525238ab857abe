"""Reads of a local profile: whole processes on 1,000 entities, loading 10,000 in process, status, memory."""

import os
import subprocess
import sys
import time
from pathlib import Path

import profiles
from measure import Table, process, rounds

from zenprofile.drivers import cache as caches
from zenprofile.drivers.local import DRIVER
from zenprofile.store.base import Options

_MEMORY = """
import resource, sys
from zenprofile.drivers.local import DRIVER
from zenprofile.store.base import Options
store = DRIVER.open(sys.argv[1], Options())
assert len(store.snapshot().load().entities) > 100
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure list, describe, log and status as processes, then loading in process."""
    count = 5 if quick else 15
    _processes(table, home, count)
    _loading(table, home, 1000 if quick else 10000, 3 if quick else 7)
    _status(table, home, 1000 if quick else 10000, count)
    _memory(table, home, 1000 if quick else 10000)


def _registered(home: Path, name: str, size: int) -> tuple[str, Path]:
    command = str(Path(sys.executable).with_name("zenprofile"))
    folder = profiles.repository(home / name, size)
    for words in (["create", name, "--url", str(folder)], ["set", name]):
        process(command, *words)()
    _settle(folder)
    return command, folder


def _settle(folder: Path) -> None:
    """Wait until no file is so young that the cache reads it again."""
    newest = max(path.stat().st_ctime for top in folder.glob("[a-z]*") for path in (top, *top.rglob("*.yaml")))
    while time.time() < newest + 2.1:
        time.sleep(0.1)


def _processes(table: Table, home: Path, count: int) -> None:
    command, _ = _registered(home, "thousand", 1000)
    found = rounds(
        {
            "pass": process(sys.executable, "-I", "-c", "pass"),
            "stack list": process(command, "stack", "list"),
            "stack list -o json": process(command, "stack", "list", "-o", "json"),
            "component list": process(command, "component", "list"),
            "stack describe": process(command, "stack", "describe", "stack-7"),
            "component describe": process(command, "component", "describe", "artifact-store-7"),
            "describe": process(command, "describe"),
        },
        count,
    )
    for name, seconds in found.items():
        if name != "pass":
            table.row(f"zenprofile {name}, 1,000 entities", seconds, found["pass"], "python -I -c pass", "<= 6x")


def _walk(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        if ".git" in parent:
            continue
        for name in names:
            os.stat(os.path.join(parent, name))


def _loading(table: Table, home: Path, size: int, count: int) -> None:
    folder = profiles.repository(home / "load", size)
    _settle(folder)
    cache = home / "cache"

    def load() -> None:
        store = DRIVER.open(str(folder), Options(cache=str(cache)))
        assert len(store.snapshot().load().entities) >= size
        store.close()

    def first() -> None:
        caches.forget(str(cache))
        load()

    found = rounds({"walk": lambda: _walk(folder), "first": first, "again": load}, count)
    table.row(f"load {size:,} entities the first time, in process", found["first"], found["walk"], "walk + stat", "<= 12x")
    table.row(f"load {size:,} entities again, in process", found["again"], found["walk"], "walk + stat", "<= 2.0x")


def _status(table: Table, home: Path, size: int, count: int) -> None:
    command, folder = _registered(home, "status", size)
    found = rounds(
        {
            "git status": process("git", "status", "--porcelain", cwd=folder),
            "start": process(command, "describe"),
            "status": process(command, "status"),
        },
        count,
    )
    limit = found["git status"]
    table.row(f"zenprofile status less start-up, {size:,} files", found["status"] - found["start"], limit, "git status", "<= 1.2x")


def _memory(table: Table, home: Path, size: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(home / "load")], capture_output=True, text=True, check=True
    )
    used = int(done.stdout) / 1024
    print(f"{f'memory with {size:,} entities loaded':<58} {used:9.1f} MB; target < 200 MB", flush=True)
    table.rows.append({"what": f"memory, {size:,} entities", "megabytes": used, "target": "< 200 MB"})
