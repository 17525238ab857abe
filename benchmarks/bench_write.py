"""Writes: a stack registered in a profile of 200 in process, and one write with its commit at 10,000 files."""

import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import profiles
from measure import Table, process, rounds

from zenprofile.core import writer
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.drivers.local import DRIVER
from zenprofile.drivers.sql import DRIVER as SQL
from zenprofile.store.base import Options, Store

ZENML_LOCAL = 1 / 28.8  # seconds a registration, recorded of ZenML 0.13.2 (facts), not measured here


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure registrations."""
    _in_process(table, home, 50 if quick else 200)
    _whole(table, home, 1000 if quick else 10000, 5 if quick else 15)


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
        for words in (["add", "-N", name], ["-c", "core.fsync=committed", "commit", "-q", "-m", "x", "--only", name]):
            subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)

    return commit


def _in_process(table: Table, home: Path, count: int) -> None:
    folder = profiles.repository(home / "two-hundred", 200)
    peer = profiles.repository(home / "peer", 200)
    manual = profiles.repository(home / "manual", 200)
    database = SQL.create(f"sqlite:///{home / 'bench.db'}", Options(), profiles.change(200))
    found = rounds(
        {
            "git commit --only": _commit_only(peer),
            "with a commit": _register(DRIVER.open(str(folder), Options(mode="commit"))),
            "manual": _register(DRIVER.open(str(manual), Options(mode="manual"))),
            "sqlite": _register(database),
        },
        count,
    )
    limit = found["git commit --only"]
    table.row("register a stack of 200 with a commit, in process", found["with a commit"], limit, "git commit --only", "<= 1x")
    against = "ZenML 0.13.2, as recorded"
    table.row("register a stack of 200, manual, in process", found["manual"], ZENML_LOCAL, against, "<= 0.1x")
    table.row("register a stack of 200, SQLite, in process", found["sqlite"], 1 / 66.3, against, "<= 0.1x")


def _whole(table: Table, home: Path, size: int, count: int) -> None:
    command = str(Path(sys.executable).with_name("zenprofile"))
    folder = profiles.repository(home / "large", size)
    peer = profiles.repository(home / "large-peer", size)
    for words in (["create", "large", "--url", str(folder)], ["set", "large"], ["config", "sync", "commit"]):
        process(command, *words)()
    numbers = itertools.count()
    edits = itertools.count()

    def register() -> None:
        name = f"new-{next(numbers)}"
        process(command, "component", "register", name, "--type", "artifact_store", "--flavor", "s3", "--set", "path=s3://b")()

    def commit() -> None:
        path = peer / "components" / "artifact_store" / "artifact-store-1.yaml"
        path.write_text(path.read_text() + f"# {next(edits)}\n")
        words = ["-c", "core.fsync=committed", "commit", "-q", "-m", "x", "--only", "components/artifact_store/artifact-store-1.yaml"]
        subprocess.run(["git", *words], cwd=peer, check=True, capture_output=True)

    while time.time() < (folder / "zenprofile.yaml").stat().st_ctime + 2.1:
        time.sleep(0.1)
    found = rounds({"start": process(command, "describe"), "peer": commit, "register": register}, count)
    ours = found["register"] - found["start"]
    table.row(f"one write with its commit less start-up, {size:,} files", ours, found["peer"], "git commit --only", "<= 1.2x")
