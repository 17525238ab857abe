"""Reading and editing documents in process, beside PyYAML and ruamel.yaml."""

import io
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml
from measure import Run, Table, rounds

from zenprofile.core.document import reader
from zenprofile.core.document.edit import edit

YAML: Any
try:
    from ruamel.yaml import YAML
except ImportError:
    YAML = None

_FEW = 200  # ruamel.yaml is too slow for all of them

PLAIN = """\
name: s3-prod-{n}
type: artifact_store
flavor: s3
description: the bucket of team {n}
configuration:
  path: s3://ml-artifacts/{n}
  secret: "{{{{aws.key}}}}"
  replicas: {n}
"""
# What the quick reader leaves to the parser: a text of several lines, characters beyond ASCII.
RICH = """\
# Owned by the platform team.
name: s3-prod-{n}   # é
type: artifact_store
flavor: s3
description: |
  The bucket of team {n}.
configuration:
  path: 's3://ml-artifacts/{n}'  # bucket
  kwargs: {{region: eu-1, retries: {n}}}
"""


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure reading, editing and loading of plain and rich documents."""
    if YAML is None:
        table.lacks("ruamel.yaml is not installed")
    for name, template in (("plain", PLAIN), ("rich", RICH)):
        documents = [template.format(n=n) for n in range(1000 if quick else 10000)]
        _read(table, name, documents, 3 if quick else 7)
        _edit(table, name, documents, 3 if quick else 7)


def each(way: Callable[[Any], Any], documents: Iterable[Any]) -> Run:
    """Return a run of a way over all documents."""

    def run() -> None:
        for document in documents:
            way(document)

    return run


def _walk(folder: str) -> list[str]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            entry.stat()
            found.append(entry.path)
    return found


def _load(folder: str) -> None:
    for path in _walk(folder):
        descriptor = os.open(path, os.O_RDONLY)
        raw = os.read(descriptor, reader.MAX_BYTES + 1)
        os.close(descriptor)
        reader.read(raw)


def _read(table: Table, name: str, documents: list[str], count: int) -> None:
    few = documents[:_FEW]
    with tempfile.TemporaryDirectory() as folder:
        for number, document in enumerate(documents):
            Path(folder, f"{number}.yaml").write_text(document, encoding="utf-8")
        runs: dict[str, Run] = {
            "walk": lambda: _walk(folder),
            "load": lambda: _load(folder),
            "ours": each(reader.read, documents),
            "PyYAML": each(lambda document: yaml.load(document, yaml.CSafeLoader), documents),
        }
        if YAML is not None:
            runs["ruamel"] = each(lambda document: YAML(typ="safe", pure=True).load(document), few)
        found = rounds(runs, count)
    table.row(f"read and parse a folder of {name} documents", found["load"], found["walk"], "walk + stat")
    table.row(f"read {name} documents", found["ours"], found["PyYAML"], "PyYAML's C loader")
    if "ruamel" in found:
        whole = found["ruamel"] * len(documents) / len(few)
        table.row(f"ruamel.yaml, {name} documents", whole, found["PyYAML"], "PyYAML's C loader")


def _spliced(document: str) -> Any:
    """Replace a value as fast as it can be done with PyYAML, proving nothing."""
    root: Any = yaml.compose(document, yaml.CLoader)
    node = next(value for key, value in root.value if key.value == "flavor")
    return document[: node.start_mark.index] + "gcs" + document[node.end_mark.index :]


def _round_trip(document: str) -> None:
    round_trip = YAML()
    data = round_trip.load(document)
    data["flavor"] = "gcs"
    round_trip.dump(data, io.StringIO())


def _edit(table: Table, name: str, documents: list[str], count: int) -> None:
    pairs = [(document, {**reader.read(document), "flavor": "gcs"}) for document in documents]
    few = documents[:_FEW]
    runs = {"ours": each(lambda pair: edit(*pair), pairs), "splice": each(_spliced, documents)}
    if YAML is not None:
        runs["ruamel"] = each(_round_trip, few)
    found = rounds(runs, count)
    against = "compose + splice"
    table.row(f"edit one value, comments kept, {name} documents", found["ours"], found["splice"], against, "<= 1.5x")
    if "ruamel" in found:
        whole = found["ruamel"] * len(documents) / len(few)
        table.row(f"ruamel.yaml's round trip, {name} documents", whole, found["splice"], against)
