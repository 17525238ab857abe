"""Edits of documents: the data asked for, and no byte moved that did not have to."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile.core import text, writer
from zenprofile.core.change import same
from zenprofile.core.edit import edit

DOCUMENT = """\
# head
name: s3-prod   # the name
type: artifact_store
# about the flavor
flavor: s3
configuration:   # conf
  # the bucket
  path: 's3://ml-artifacts'  # bucket
  kw: {a: 1, b: [x, z]}
  args:
    # first
    - one  # 1
    - two
    # third
    - three
  text: |
    hello
    world

  # last comment
  empty:
# tail
"""


def changed(document: str, where: tuple[str, ...], value: Any) -> str:
    data = text.read(document)
    into = data
    for step in where[:-1]:
        into = into[step]
    into[where[-1]] = value
    result = edit(document, data)
    assert same(text.read(result), data)
    return result


@pytest.mark.parametrize(
    ("where", "value", "old", "new"),
    [
        (("configuration", "path"), "s3://b", "'s3://ml-artifacts'", "s3://b"),
        (("configuration", "path"), 5, "'s3://ml-artifacts'", "5"),
        (("configuration", "empty"), True, "  empty:", "  empty: true"),
        (("configuration", "empty"), {"k": "v"}, "  empty:", "  empty:\n    k: v"),
        (("configuration", "path"), "a\nb", "'s3://ml-artifacts'  # bucket", "|-  # bucket\n    a\n    b"),
        (("configuration", "path"), {"k": 1}, " 's3://ml-artifacts'  # bucket", "  # bucket\n    k: 1"),
        (("configuration", "text"), "bye", "|\n    hello\n    world", "bye"),
        (("configuration", "text"), "bye\nall\n", "    hello\n    world", "    bye\n    all"),
        (("configuration", "kw"), {"a": 2, "b": ["x", "z"], "c": 3}, "{a: 1, b: [x, z]}", "{a: 2, b: [x, z], c: 3}"),
        (("configuration", "kw"), {"b": ["x"]}, "{a: 1, b: [x, z]}", "{b: [x]}"),
        (("configuration", "kw"), {}, "{a: 1, b: [x, z]}", "{}"),
        (("configuration", "args"), ["one", "three"], "    - two\n", ""),
        (("configuration", "args"), ["zero", "one", "two", "three"], "    - one", "    - zero\n    - one"),
        (("configuration", "args"), ["one", "two", "three", "four"], "- three\n", "- three\n    - four\n"),
        (("configuration", "args"), ["one", "2", "three"], "- two", '- "2"'),
        (("configuration", "new"), "v", "  empty:\n", "  empty:\n  new: v\n"),
        (("labels",), {"team": "ml"}, "  empty:\n", "  empty:\nlabels:\n  team: ml\n"),
    ],
)
def test_only_the_value_moves(where: tuple[str, ...], value: Any, old: str, new: str) -> None:
    assert DOCUMENT.count(old) == 1
    assert changed(DOCUMENT, where, value) == DOCUMENT.replace(old, new)


def test_a_removed_field_takes_its_line_and_leaves_the_comments_around_it() -> None:
    data = text.read(DOCUMENT)
    del data["configuration"]["path"]

    assert edit(DOCUMENT, data) == DOCUMENT.replace("  path: 's3://ml-artifacts'  # bucket\n", "")


def test_the_last_field_leaves_an_empty_mapping() -> None:
    assert changed("name: a\nconfiguration:  # all\n  path: x\n", ("configuration",), {}) == (
        "name: a\nconfiguration: {}  # all\n"
    )


def test_a_first_field_opens_the_empty_mapping() -> None:
    assert changed("configuration: {}  # all\nname: a\n", ("configuration",), {"path": "x"}) == (
        "configuration:  # all\n  path: x\nname: a\n"
    )


def test_new_keys_stand_behind_the_key_that_precedes_them() -> None:
    document = "name: a\n# c\ncomponents: {orchestrator: o}\n"
    data = {"name": "a", "description": "d", "components": {"orchestrator": "o"}}

    assert edit(document, data) == "name: a\ndescription: d\n# c\ncomponents: {orchestrator: o}\n"


def test_windows_line_ends_stay() -> None:
    assert changed("name: a\r\nemail: b # c\r\n", ("email",), "d") == "name: a\r\nemail: d # c\r\n"


def test_a_missing_last_line_end_is_no_trouble() -> None:
    assert changed("name: a", ("email",), "d") == "name: a\nemail: d\n"


def test_unchanged_data_changes_no_byte() -> None:
    odd = "name:    'a'\r\nemail: b"

    assert edit(odd, {"email": "b", "name": "a"}) == odd


LEAVES = st.sampled_from([None, True, 0, 2, 1.5, "", "x", "no", "a b", "a\nb", "a\n", "# no comment", "{{a.b}}", "y: z"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
DATA = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), VALUES, min_size=1, max_size=4)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Documents with comments on their own lines, behind values, blank lines, flow style here and there."""
    data = draw(DATA)
    if draw(st.booleans()):
        lines = [f"{writer.key_text(key)}: {writer.inline(value)}" for key, value in data.items()]
    else:
        lines = writer.dump(data).splitlines()
    result: list[str] = []
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        literal = any(above.rstrip().endswith(("|", "|-")) for above in result[-4:])
        if draw(st.booleans()) and not literal:
            result.append(" " * indent + f"# above {number}")
        result.append(line)
    return "\n".join(result) + "\n"


@settings(max_examples=400, deadline=None)
@given(documents(), DATA)
def test_any_document_takes_any_data(document: str, data: dict[str, Any]) -> None:
    assert same(text.read(edit(document, data)), data)


@settings(max_examples=400, deadline=None)
@given(documents(), st.sampled_from([7, "seven", None, "sev\nen"]))
def test_a_changed_leaf_leaves_every_other_line(document: str, value: Any) -> None:
    data = text.read(document)
    target = copy.deepcopy(data)
    key = next(iter(target))
    if isinstance(target[key], dict | list):
        return
    target[key] = value
    before, after = document.splitlines(), edit(document, target).splitlines()
    comments = [line for line in before if line.lstrip().startswith("# above")]

    assert [line for line in after if line.lstrip().startswith("# above")] == comments
