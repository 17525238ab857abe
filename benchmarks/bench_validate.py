"""Validating a whole profile, as whole processes, beside check-jsonschema and yamllint."""

import itertools
from pathlib import Path

import profiles
from measure import Table, process, rounds
from profiles import COMMAND

from zenprofile import resources
from zenprofile.drivers.local import cache as caches

_PEERS = COMMAND.parents[1].parent / "peers" / "bin"
_SIZES = ((100, 7), (1000, 3), (10000, 1))


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure validate for the first time, and again with nothing changed."""
    lint = _PEERS / "yamllint"
    checker = _PEERS / "check-jsonschema"
    for peer in (checker, lint):
        if not peer.exists():
            table.lacks(f"{peer.name} is not installed")
    if not checker.exists():
        return
    schema = home / "component.json"
    schema.write_bytes(resources.schema_bytes("kinds/component.json") or b"")
    for size, count in itertools.islice(_SIZES, 2 if quick else 3):
        _size(table, home, schema, size, 1 if quick else count)


def _size(table: Table, home: Path, schema: Path, size: int, count: int) -> None:
    name = f"validate-{size}"
    folder = profiles.repository(home / name, size)
    profiles.registered(name, folder)
    files = sorted(folder.glob("components/*/*.yaml"))
    runs = {
        "first": process(COMMAND, "validate"),
        "again": process(COMMAND, "validate"),
        "checker": process(_PEERS / "check-jsonschema", "--schemafile", schema, *files),
    }
    if (_PEERS / "yamllint").exists():
        runs["lint"] = process(_PEERS / "yamllint", "-d", "relaxed", folder)
    cache = home / "config" / "cache" / name
    found = rounds(runs, count, {"first": lambda: caches.delete(str(cache))})
    against = "check-jsonschema (components alone)"
    aim = "<= 0.2x" if size == 1000 else "<= 0.25x"
    table.row(f"validate {size:,} files, first time", found["first"], found["checker"], against, aim)
    aim = "<= 0.05x" if size == 10000 else "<= 0.25x"
    table.row(f"validate {size:,} files, nothing changed", found["again"], found["checker"], against, aim)
    if "lint" in found:
        table.row(f"yamllint, {size:,} files", found["lint"], found["checker"], against)
