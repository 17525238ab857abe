"""Writes: a stack registered in a profile of 200 in process, and one write with its commit at 10,000 files."""

import itertools
from collections.abc import Callable
from pathlib import Path

import profiles
from measure import Table, process, rounds
from profiles import COMMAND

from zenprofile.core.change import Change, Edit
from zenprofile.core.document import writer
from zenprofile.core.entity import Key
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.drivers.sql import DRIVER as SQL
from zenprofile.store.base import Options, Store

# Seconds a registration, recorded of ZenML 0.13.2 on a machine like this one, not measured here.
_ZENML_LOCAL, _ZENML_SQLITE = 1 / 28.8, 1 / 66.3


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure registrations."""
    _in_process(table, home, 50 if quick else 200)
    for size in (1000,) if quick else (1000, 10000):
        _whole(table, home, size, 5 if quick else 15)


def _register(store: Store) -> Callable[[], None]:
    numbers = itertools.count()

    def register() -> None:
        name = f"new-{next(numbers)}"
        components = {"orchestrator": "orchestrator-1", "artifact_store": "artifact-store-1"}
        text = writer.write("stack", {"name": name, "components": components})
        store.apply(Change((Edit(Key("stack", "", name), None, text),)))

    return register


def _commit_only(folder: Path) -> Callable[[], None]:
    numbers = itertools.count()

    def commit() -> None:
        name = f"stacks/peer-{next(numbers)}.yaml"
        (folder / name).write_text("name: x\n")
        profiles.git(folder, "add", "-N", name)
        profiles.git(folder, "-c", "core.fsync=committed", "commit", "-q", "-m", "x", "--only", name)

    return commit


def _in_process(table: Table, home: Path, count: int) -> None:
    folder = profiles.repository(home / "two-hundred", 200)
    peer = profiles.repository(home / "peer", 200)
    manual = profiles.repository(home / "manual", 200)
    database = SQL.create(f"sqlite:///{home / 'bench.db'}", Options(), profiles.change(200))
    found = rounds(
        {
            "peer": _commit_only(peer),
            "commit": _register(DRIVER.open(str(folder), Options(mode="commit"))),
            "manual": _register(DRIVER.open(str(manual), Options(mode="manual"))),
            "sqlite": _register(database),
        },
        count,
    )
    what = "register a stack of 200, {}, in process"
    table.row(what.format("with a commit"), found["commit"], found["peer"], "git commit --only", "<= 1x")
    against = "ZenML 0.13.2, as recorded"
    table.row(what.format("manual"), found["manual"], _ZENML_LOCAL, against, "<= 0.1x")
    table.row(what.format("SQLite"), found["sqlite"], _ZENML_SQLITE, against, "<= 0.1x")


def _whole(table: Table, home: Path, size: int, count: int) -> None:
    name = f"large-{size}"
    folder = profiles.repository(home / name, size)
    peer = profiles.repository(home / f"{name}-peer", size)
    profiles.registered(name, folder, "sync", "commit")
    numbers = itertools.count()
    edited = "components/artifact_store/artifact-store-1.yaml"

    def register() -> None:
        words = f"component register new-{next(numbers)} --type artifact_store --flavor s3 --set path=s3://b"
        process(COMMAND, *words.split())()

    def edit() -> None:
        path = peer / edited
        path.write_text(f"{path.read_text()}# {next(numbers)}\n")

    commit = process("git", "-c", "core.fsync=committed", "commit", "-q", "-m", "x", "--only", edited, cwd=peer)
    found = rounds(
        {"start": process(COMMAND, "describe", "--profile", name), "peer": commit, "ours": register},
        count,
        {"peer": edit},
    )
    ours = found["ours"] - found["start"]
    what = f"one write with its commit less start-up, {size:,} files"
    table.row(what, ours, found["peer"], "git commit --only", "<= 1.2x")
