"""Reading and editing documents against PyYAML and ruamel.yaml, as ratios within one run.

`python benchmarks/bench_text.py [DOCUMENTS]` prints microseconds a document (median of the rounds, all ways in each
round in turn) and ratios, also against the limits of PERFORMANCE: walk + stat for a first load, compose + splice for an
edit. It never fails by time.
"""

import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

from zenprofile.core import events, text
from zenprofile.core.edit import edit

ROUNDS = 7
FEW = 200  # ruamel.yaml is too slow for all of them

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


def spent(way: Callable[[], Any], count: int) -> float:
    start = time.perf_counter()
    way()
    return (time.perf_counter() - start) / count * 1e6


def compare(title: str, ways: dict[str, tuple[Callable[[], Any], int]], limit: str) -> None:
    """Run all ways in turn, some rounds long, and print medians and ratios."""
    rounds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (way, count) in ways.items():
            rounds[name].append(spent(way, count))
    medians = {name: statistics.median(times) for name, times in rounds.items()}
    print(title)
    for name, median in medians.items():
        ratio = statistics.median(own / base for own, base in zip(rounds[name], rounds[limit], strict=True))
        print(f"  {name:<34} {median:9.2f} us   {ratio:6.2f} x {limit}")


def each(way: Callable[[str], Any], documents: Iterable[str]) -> Callable[[], None]:
    def run() -> None:
        for document in documents:
            way(document)

    return run


def walk(folder: str) -> list[str]:
    """Find the files and ask for their size and time: what any load must do."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            entry.stat()
            found.append(entry.path)
    return found


def load(folder: str) -> None:
    for path in walk(folder):
        descriptor = os.open(path, os.O_RDONLY)
        raw = os.read(descriptor, text.MAX_BYTES + 1)
        os.close(descriptor)
        text.read(raw)


def spliced(document: str) -> Any:
    """Replace a value as fast as it can be done with PyYAML, proving nothing."""
    root: Any = yaml.compose(document, yaml.CLoader)
    node = next(value for key, value in root.value if key.value == "flavor")
    return document[: node.start_mark.index] + "gcs" + document[node.end_mark.index :]


def edit_all(pairs: list[tuple[str, dict[str, Any]]]) -> None:
    for document, target in pairs:
        edit(document, target)


def ruamel_edited(document: str) -> None:
    round_trip = YAML()
    data = round_trip.load(document)
    data["flavor"] = "gcs"
    round_trip.dump(data, io.StringIO())


def main(count: int) -> None:
    for name, template in (("plain", PLAIN), ("rich", RICH)):
        documents = [template.format(n=n) for n in range(count)]
        few = documents[:FEW]
        compare(
            f"read, {name} documents",
            {
                "zenprofile.core.text.read": (each(text.read, documents), count),
                "zenprofile.core.events.data": (each(events.data, documents), count),
                "PyYAML CSafeLoader": (each(lambda d: yaml.load(d, yaml.CSafeLoader), documents), count),
                "PyYAML events, thrown away": (each(lambda d: list(yaml.parse(d, yaml.CLoader)), documents), count),
                "ruamel.yaml safe": (each(lambda d: YAML(typ="safe", pure=True).load(d), few), len(few)),
            },
            "PyYAML CSafeLoader",
        )
        targets = [{**text.read(document), "flavor": "gcs"} for document in documents]
        pairs = list(zip(documents, targets, strict=True))
        compare(
            f"edit one value, {name} documents",
            {
                "zenprofile.core.edit.edit": (partial(edit_all, pairs), count),
                "compose + splice": (each(spliced, documents), count),
                "ruamel.yaml round trip": (each(ruamel_edited, few), len(few)),
            },
            "compose + splice",
        )
        with tempfile.TemporaryDirectory() as folder:
            for number, document in enumerate(documents):
                Path(folder, f"{number}.yaml").write_text(document, encoding="utf-8")
            compare(
                f"first load of a folder, {name} documents",
                {
                    "walk + stat + read + parse": (partial(load, folder), count),
                    "walk + stat": (partial(walk, folder), count),
                },
                "walk + stat",
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
