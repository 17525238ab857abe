"""Reading, checking, changing, merging and telling cost what the size of a document or profile says, times its log."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from zenprofile import resources
from zenprofile.core import change, profile_check
from zenprofile.core.change import Changed
from zenprofile.core.document import writer
from zenprofile.core.document.edit import edit
from zenprofile.core.document.formatter import formatted
from zenprofile.core.entity import Data, Key
from zenprofile.core.merge.documents import merge, merge_document
from zenprofile.core.snapshot import from_texts

CATALOG = resources.catalog()
S3 = Key("component", "artifact_store", "s3")
TEAM, PROD = Key("team", "", "ml"), Key("stack", "", "prod")
LABELS = Key("project", "", "p")


def store(name: str, **more: Any) -> tuple[Key, str]:
    key = S3._replace(name=name)
    return key, component(key, path="s3://ml", **more)


def component(key: Key, **configuration: Any) -> str:
    data: Data = {"name": key.name, "type": key.type, "flavor": "s3", "configuration": configuration}
    return writer.write("component", data)


def stack(name: str, *stores: str) -> tuple[Key, str]:
    data: Data = {"name": name, "components": {"artifact_store": list(stores)}}
    return Key("stack", "", name), writer.write("stack", data)


def labels(number: int, text: str, comment: str = "") -> str:
    return "name: p\nlabels:\n" + "".join(f"  # {n}{comment}\n  l{n}: {text}\n" for n in range(number))


def whole(*documents: tuple[Key, str]) -> list[Any]:
    return profile_check.check_all(from_texts(dict(documents), CATALOG))


def unknown_members(number: int) -> list[Any]:
    return whole(store("s3", **{f"pth{n}": n for n in range(number)}))


def unknown_members_of_a_team(number: int) -> list[Any]:
    return whole((TEAM, writer.write("team", {"name": "ml", "members": [f"u{n}" for n in range(number)]})))


def stacks_of_nothing(number: int) -> list[Any]:
    return whole(*(store(f"s{n}") for n in range(number)), *(stack(f"p{n}", f"t{n}") for n in range(number)))


def secrets_in_comments_and_values(number: int) -> list[Any]:
    token = "ghp_" + "a1B2" * 9
    return whole((LABELS, labels(number, token, f" {token}")))


def deletions_of_what_is_in_use(number: int) -> list[Any]:
    names = [f"s{n}" for n in range(number)]
    before = from_texts(dict([*(store(name) for name in names), *(stack(f"p{name}", name) for name in names)]), CATALOG)
    return profile_check.added_problems(before, {S3._replace(name=name): None for name in names}, CATALOG)


def values_changed(number: int) -> str:
    return edit(labels(number, "a"), {"name": "p", "labels": {f"l{n}": "b" for n in range(number)}})


def keys_added(number: int) -> str:
    return edit(labels(number, "a"), {"name": "p", "labels": {f"{c}{n}": "a" for n in range(number) for c in "lm"}})


def keys_put_in_order(number: int) -> str:
    return formatted("project", labels(number, "a").removeprefix("name: p\n") + "name: p\n")


def fields_of_both_sides(number: int) -> Any:
    base = labels(number, "a")
    ours = "".join(
        line.replace(": a", ": b") if n % 4 == 1 else line for n, line in enumerate(base.splitlines(keepends=True))
    )
    theirs = "".join(
        line.replace(": a", ": c").replace("# ", "# their ") if n % 4 in (2, 3) else line
        for n, line in enumerate(base.splitlines(keepends=True))
    )
    return merge_document(LABELS, base, ours, theirs)


def fields_in_conflict(number: int) -> Any:
    return merge_document(LABELS, labels(number, "a"), labels(number, "b"), labels(number, "c"))


def renames_on_both_sides(number: int) -> Any:
    base = dict([store(f"s{n}", k=f"{n}") for n in range(number)])
    ours = dict([store(f"o{n}", k=f"{n}") for n in range(number)])
    theirs = dict([store(f"t{n}", k=f"{n}") for n in range(number)])
    return merge(base, ours, theirs)


def names_that_clash(number: int) -> Any:
    return merge({}, dict([store(f"s{n}") for n in range(number)]), dict([store(f"S{n}") for n in range(number)]))


def renames_told(number: int) -> Any:
    gone = [Changed(S3._replace(name=f"s{n}"), {"name": f"s{n}", "x": n}, None) for n in range(number)]
    come = [Changed(S3._replace(name=f"t{n}"), None, {"name": f"t{n}", "x": n}) for n in range(number)]
    return change.summary_lines([*gone, *come])


CASES: list[Callable[[int], Any]] = [
    unknown_members,
    unknown_members_of_a_team,
    stacks_of_nothing,
    secrets_in_comments_and_values,
    deletions_of_what_is_in_use,
    values_changed,
    keys_added,
    keys_put_in_order,
    fields_of_both_sides,
    fields_in_conflict,
    renames_on_both_sides,
    names_that_clash,
    renames_told,
]


def steps(work: Callable[[int], Any], size: int) -> int:
    """Count the lines of our code that run."""
    count = 0

    def local(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return local

    def trace(frame: FrameType, _: str, __: Any) -> Any:
        return local if "zenprofile" in frame.f_globals.get("__name__", "") else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work(size)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("work", CASES, ids=lambda work: work.__name__.replace("_", " "))
def test_twice_the_size_takes_twice_the_steps(work: Callable[[int], Any]) -> None:
    work(150)  # what is made once, such as patterns, is made

    assert steps(work, 600) < 2.5 * steps(work, 300)


@pytest.mark.parametrize("work", [unknown_members, unknown_members_of_a_team, secrets_in_comments_and_values])
def test_a_hundred_problems_of_a_document_are_told(work: Callable[[int], Any]) -> None:
    assert len(work(99)) >= 99
    assert len(work(1000)) == 100
