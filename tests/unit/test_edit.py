"""Edits of documents: the data asked for, and no byte moved that did not have to."""

import copy
from typing import Any

import pytest
from generated import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile.core.change import same
from zenprofile.core.document import reader, writer
from zenprofile.core.document.edit import edit
from zenprofile.errors import Invalid

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
    data = reader.read(document)
    into = data
    for step in where[:-1]:
        into = into[step]
    into[where[-1]] = value
    result = edit(document, data)
    assert same(reader.read(result), data)
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
    data = reader.read(DOCUMENT)
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


LEAVES = st.sampled_from(
    [None, True, 0, 2, 1.5, "", "x", "no", "a b", "a\nb", "a\n", "# no comment", "{{a.b}}", "y: z"],
)
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


@settings(max_examples=examples(400), deadline=None)
@given(documents(), DATA)
def test_any_document_takes_any_data(document: str, data: dict[str, Any]) -> None:
    assert same(reader.read(edit(document, data)), data)


@settings(max_examples=examples(400), deadline=None)
@given(documents(), st.sampled_from([7, "seven", None, "sev\nen"]))
def test_a_changed_leaf_leaves_every_other_line(document: str, value: Any) -> None:
    data = reader.read(document)
    target = copy.deepcopy(data)
    key = next(iter(target))
    if isinstance(target[key], dict | list):
        return
    target[key] = value
    before, after = document.splitlines(), edit(document, target).splitlines()
    comments = [line for line in before if line.lstrip().startswith("# above")]

    assert [line for line in after if line.lstrip().startswith("# above")] == comments


# One entry each, at the indent and with the key that it is given; what stands in it must not confuse its neighbours.
ENTRIES = """\
@K: 1  # c
¦@K:    's'   # c
¦@"K": "a # b"
¦@'K':
¦@K: {a: 1, "b": [x, 'y']}  # c
¦@K: [x,
@  y, # c
@  z]
¦@K: plain
@  goes on
¦@K: 'one

@  two'  # c
¦@K: "one
@  two"
¦@K: |  # c
@  # no comment
@    text

@  end
¦@K: >-
@  folded
@  text
# c
¦@K:  # c
@- a
# c
@- 'b'  # c
¦@K:
@    - a
@    # c

@    - b: 1  # c
@      c: 2
¦@K:
@ # c
@ a: 1
@ b:   # c
@ - x
¦@K: é \U0001f600  # ünï
¦@K:
@  - - a
@    - b
@  -  # c
@    c: 1
¦@# c
@K: http://a:80/b#c

¦@K: |2
@    in
@  out
""".split("¦")  # noqa: SIM905 - a document, not a list
ASKED = st.sampled_from([5, "new", "no", "a\nb", None, {}, [], {"a": {"b": [1]}}, ["p", "q"], [{"a": 1}], "", 1.5])


@st.composite
def blocks(draw: st.DrawFn) -> tuple[list[str], str, str]:
    """Give entries ``k0``, ``k1``, ... as text, what stands in front of them all, and the line end."""
    indent = draw(st.sampled_from(["", "  ", "    "]))
    chosen = draw(st.lists(st.sampled_from(ENTRIES), min_size=2, max_size=5))
    texts = [entry.replace("@", indent).replace("K", f"k{number}") for number, entry in enumerate(chosen)]
    head = draw(st.sampled_from(["", "# head\n", "---\n"])) + ("outer:  # o\n" if indent else "")
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    return [text.replace("\n", end) for text in texts], head.replace("\n", end), end


def in_order(lines: list[str], document: str) -> bool:
    rest = iter(document.splitlines(keepends=True))
    return all(line in rest for line in lines)


@settings(max_examples=examples(300), deadline=None)
@given(blocks(), st.integers(0, 4), st.sampled_from(["set", "add", "remove"]), ASKED)
def test_every_other_entry_keeps_its_bytes(
    given_: tuple[list[str], str, str], number: int, action: str, value: Any
) -> None:
    entries, head, _ = given_
    number %= len(entries)
    document = head + "".join(entries)
    data = reader.read(document)
    into = data.get("outer", data)
    if action == "remove":
        del into[f"k{number}"]
    else:
        into[f"k{number}" if action == "set" else "new"] = value
    others = [entry for n, entry in enumerate(entries) if n != number or action == "add"]

    result = edit(document, data)

    assert same(reader.read(result), data)
    assert in_order("".join([head, *others]).splitlines(keepends=True), result)
    if action == "set" and "# c" in entries[number].splitlines()[0]:
        assert "# c" in result[len(head) + sum(map(len, others[:number])) :]


@pytest.mark.parametrize(
    ("document", "data", "expected"),
    [
        ("a: 1\r\nb: 2\nc: 3\r\n", {"a": 1, "b": 5, "c": 3}, "a: 1\r\nb: 5\nc: 3\r\n"),
        ("a: 1\r\nb: [x]\nc: 3", {"a": 1, "b": ["x"], "c": 3, "d": 4}, "a: 1\r\nb: [x]\nc: 3\r\nd: 4\r\n"),
        ("a: 1\nb: é  # é", {"a": 1, "b": "ü"}, 'a: 1\nb: "ü"  # é'),
        ("# c\n{a: 1, b: 2}  # d\n", {"a": 1, "b": 3}, "# c\n{a: 1, b: 3}  # d\n"),
        ("# c\n{a: 1, b: 2}  # d\n", {"b": 2}, "# c\n{b: 2}  # d\n"),
        ("- x\n", {"a": 1}, None),
        ("r:\n  - user: u  # c\n    team: t\n", {"r": [{"team": "t"}]}, "r:\n  - team: t\n"),
        ("r:\n  - user: u\n    # c\n    team: t\n", {"r": [{"team": "t"}]}, "r:\n  -\n    # c\n    team: t\n"),
        ("m:\n- a\n# c\n- b  # d\n- c\n", {"m": ["a", "c"]}, "m:\n- a\n# c\n- c\n"),
        ("m:\n-  # c\n  x: 1\n- b\n", {"m": ["w", "b"]}, "m:\n- w  # c\n- b\n"),
        ("a: |+\n  x\n\nb: 1\n", {"a": "x\n\n", "new": 1, "b": 1}, "a: |+\n  x\n\nnew: 1\nb: 1\n"),
        ("a: 1\n   # right\nb: 1\n", {"a": "x\ny", "b": 1}, 'a: "x\\ny"\n   # right\nb: 1\n'),
        ("a: |  # c\n  x\nb: 1\n", {"a": "w", "b": 1}, "a: w  # c\nb: 1\n"),
        ("a: 1\n", {}, "{}\n"),
        ("a: {b: , c: 1}\n", {"a": {"b": 2, "c": 1}}, "a: {b:  2, c: 1}\n"),
        ("a: {b: 1}\n", {"a": {"b": 1, "c": {"d": []}}}, "a: {b: 1, c: {d: []}}\n"),
        ("m: [a, b, c, d]\n", {"m": ["b", "x", "d"]}, "m: [b, x, d]\n"),
        ("m:\n- a\n- b  # b\n- c\n- d  # d\n", {"m": ["b", "w", "d", "a"]}, "m:\n- b  # b\n- w\n- d  # d\n- a\n"),
    ],
)
def test_odd_layouts(document: str, data: dict[str, Any], expected: str | None) -> None:
    if expected is None:
        with pytest.raises(Invalid):
            edit(document, data)
    else:
        assert edit(document, data) == expected


def test_a_long_list_is_edited_without_comparing_all_with_all() -> None:
    before = {"m": [f"u{n}" for n in range(8000)]}
    document = "m:\n" + "".join(f"  - {name}  # c\n" for name in before["m"])

    assert edit(document, {"m": [*before["m"][:4000], "new", *before["m"][4001:]]}).count("# c\n") == 8000
    assert edit(document, {"m": before["m"][:4000] + before["m"][4001:]}).count("# c\n") == 7999
    shuffled = {"m": [*before["m"][::-1], "new"]}
    assert reader.read(edit(document, shuffled)) == shuffled


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(Invalid):
        edit("a: 1\n", {"a": float("nan")})
    with pytest.raises(Invalid):
        edit("a: [x]\n", {"a": "\ud800"})
