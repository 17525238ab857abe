"""Growth: how the time of an operation grows with the number of entities, as the power of that number."""

import itertools
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import profiles
from measure import Run, Table, process, rounds
from profiles import COMMAND

from zenprofile.drivers.local import cache as caches
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.store.base import Options

_SIZES = (100, 1000, 10000)
_LARGE = 100_000  # with ZENPROFILE_BENCH_LARGE=1: some minutes, 2 GB of disk
_READ, _WRITE, _STATUS = "read one entity", "write one entity, with its commit", "status"
_PULL, _VALIDATE = "pull of one change, by a path", "validate, nothing changed"
_FIRST, _AGAIN = "load the first time, in process", "load again, in process"


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure each operation at every size, less the time of `zenprofile get`, which reads no entity."""
    large = os.environ.get("ZENPROFILE_BENCH_LARGE") == "1"
    sizes = (*_SIZES[: 2 if quick else 3], *([_LARGE] if large else []))
    found = {size: _size(home, size, 3 if quick or size == _LARGE else 7) for size in sizes}
    for what in found[sizes[0]]:
        table.growth(f"{what}, {sizes[0]:,} to {sizes[-1]:,}", sizes, [found[size][what] for size in sizes], "<= 1")
    if large:
        for what in (_READ, _WRITE):
            ours, limit = (found[size][what] for size in (_LARGE, _SIZES[-1]))
            table.row(f"{what}, {_LARGE:,} entities", ours, limit, f"the same of {_SIZES[-1]:,}", "<= 2x")
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        table.size(f"memory of any command on {_LARGE:,} entities", largest, "< 1000 MB")


def _size(home: Path, size: int, count: int) -> dict[str, float]:
    name = f"growth-{size}"
    folder = profiles.repository(home / name, size)
    bare = home / f"{name}.git"
    profiles.git(home, "clone", "-q", "--bare", str(folder), str(bare))
    profiles.git(folder, "remote", "add", "origin", str(bare))
    profiles.git(folder, "push", "-q", "-u", "origin", "main")
    profiles.registered(name, folder, "sync", "commit")
    numbers = itertools.count()

    def write() -> None:
        words = f"component register new-{next(numbers)} --type artifact_store --flavor s3 --set path=s3://b"
        process(COMMAND, *words.split())()

    runs = {
        "start": process(COMMAND, "get"),
        _READ: process(COMMAND, "stack", "describe", "stack-7"),
        _STATUS: process(COMMAND, "status"),
        _VALIDATE: process(COMMAND, "validate"),
        _PULL: process(COMMAND, "pull"),
        _WRITE: write,
        **_loads(home, folder),
    }
    place = str(home / f"cache-{size}")
    found = rounds(runs, count, {_PULL: _arrivals(home, bare, size), _FIRST: lambda: caches.delete(place)})
    start = found.pop("start")
    less = {_FIRST: 0.0, _AGAIN: 0.0}
    return {what: max(time - less.get(what, start), 1e-4) for what, time in found.items()}


def _loads(home: Path, folder: Path) -> dict[str, Run]:
    cache = home / folder.name.replace("growth", "cache")

    def load() -> None:
        store = DRIVER.open(str(folder), Options(cache=str(cache)))
        assert store.snapshot().load().entities
        store.close()

    return {_FIRST: load, _AGAIN: load}


def _arrivals(home: Path, bare: Path, size: int) -> Callable[[], None]:
    """Return what makes a commit of one entity arrive at the remote, on top of what is there."""
    numbers = itertools.count()

    def arrive() -> None:
        name = f"arrived-{next(numbers)}"
        text = f"name: {name}\ncomponents:\n  orchestrator: orchestrator-1\n"
        stream = f"commit refs/heads/main\ncommitter B <b@example.com> {next(numbers) + 2_000_000_000} +0000\n"
        stream += f"data 3\nnew\nfrom refs/heads/main^0\nM 100644 inline stacks/{name}.yaml\ndata {len(text)}\n{text}\n"
        words = ["git", "fast-import", "--quiet", "--date-format=raw"]
        subprocess.run(words, cwd=bare, input=stream.encode(), check=True, stdout=sys.stderr)

    return arrive
