"""The quick reader: whatever it reads, the parser reads alike; what it is made for, it reads."""

import itertools
from typing import Any

import pytest
from generated import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile.core.change import same
from zenprofile.core.document import events, lines, writer

INDENTS = st.sampled_from(["", "", "", "  ", "  ", "    ", " "])
NAMES = st.sampled_from(
    ["a:", "b:", "c:", "a:", "d.e:", "-", "- a:", "- b:", "null:", "on:", "?", "- -", "a :", "'a':"]
)
# Apart by "¦".
PLAIN = "¦ x¦ x y¦ s3://b¦ 1¦ -1¦ 1.5¦ 'q'¦ \"q\"¦ [a, b]¦ []¦ {}¦ null¦ true¦ x#c¦ x  ¦ a,b¦ (x)"
OTHER = " 01¦ 1e3¦ -¦ 'it''s'¦ \"\\n\"¦ {a: 1}¦ True¦ ~¦ x: y¦ x:¦ |¦ >¦ &a x¦ *a¦ !t x¦ @x¦ [a,b]¦ 1.2.3¦ .inf¦ 'a' b"
VALUES = st.sampled_from([*PLAIN.split("¦"), *OTHER.split("¦"), "\tx"])
COMMENTS = st.sampled_from(["", "", "", " #c", "  # d: e", "#e", " # 'x"])
ENDS = st.sampled_from(["\n"] * 8 + ["\r\n", "\r", "\n\n", "\n#c\n", "\n  # c\n", "\n---\n", "\n \n", ""])
DOCUMENTS = st.lists(st.tuples(INDENTS, NAMES, VALUES, COMMENTS, ENDS).map("".join), min_size=1, max_size=7).map(
    "".join
)


def agrees(document: str) -> bool:
    """Say whether the quick reader read it; fail where the parser reads something else, or refuses."""
    data = lines.data(document)
    if data is not None:
        assert same(events.data(document), data)
    return data is not None


@settings(max_examples=examples(300), deadline=None)
@given(DOCUMENTS)
def test_it_reads_as_the_parser_does_or_leaves_it(document: str) -> None:
    agrees(document)


def test_every_layout_of_three_lines_is_read_as_the_parser_does() -> None:
    entries = [
        f"{pad}{name}{value}\n"
        for pad in ("", "  ", "    ")
        for name in ("a:", "b:", "-", "- a:")
        for value in ("", " x")
    ]
    read = sum(agrees("".join(rows)) for rows in itertools.product(entries, repeat=3))

    assert read > 300


def test_every_value_of_three_characters_is_read_as_the_parser_does() -> None:
    characters = "ab:- #'\"[]{},10./(_&*!|>?%@~\\é\xa0\ufeff"
    read = sum(agrees(f"k: {''.join(value)}\n") for value in itertools.product(characters, repeat=3))

    assert read > 300


@pytest.mark.parametrize(
    "document",
    [
        "a: b\n",
        "a: 'é'  # ü \U0001f600\nb: ab é ß\n",
        "a: b\r\nc:\r\n  d: 1\r\n",
        "# head\n\na: 's3://b'  # bucket\nb: [x, y]\nc: {}\nd: -1.5\ne: null\nf:\n",
        "a:\n- x\n- y\nb:\n  - z\n",
        "a:\n  - user: x\n    project: y\n  - team: z\n",
        "a:\n  b:\n    c:\n      - 1\n  d: true\n",
        'secret: "{{aws.key}}"\n',
    ],
)
def test_it_reads_what_it_is_made_for(document: str) -> None:
    assert agrees(document)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "a: b",
        "# nothing\n",
        "a: 1\na: 2\n",
        "null: 1\n",
        "a: x\x85\n",
        "a: x\u2028\n",
        "a: x\ud800\n",
        "a: \ufeffx\n",
        "a: x # \x9b\n",
        "a: |\n  b\n",
        "a: b\n  c\n",
        "a: b\n  c: d\n",
        "  a: b\nc: d\n",
        "a:\n  b: 1\n c: 2\n",
        "- a\n",
        "a: " + "x" * 70_000 + "\n",
        "a:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 60)),
    ],
)
def test_it_leaves_the_rest_to_the_parser(document: str) -> None:
    assert lines.data(document) is None


DOCUMENT = """\
a: 1  # one
b:
  # c: x
  c: 'x'
  d:
    - c: z
  e: {}
f:
"""


@pytest.mark.parametrize(
    ("path", "value"),
    [(("a",), "1"), (("b", "c"), "'x'"), (("b", "e"), "{}"), (("f",), None), (("b", "x"), None), (("x",), None)],
)
def test_a_value_has_its_place(path: tuple[str, ...], value: str | None) -> None:
    place = lines.span(DOCUMENT, path)

    assert (None if place is None else DOCUMENT[slice(*place)]) == value


LEAVES = st.none() | st.booleans() | st.integers(-999, 999) | st.sampled_from(["x", "a b", "s3://b", "no", "{{a.b}}"])
DATA: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    LEAVES | st.dictionaries(st.sampled_from(["a", "b"]), LEAVES, min_size=1),
    min_size=1,
)


@given(DATA)
def test_it_reads_what_the_writer_writes(data: dict[str, Any]) -> None:
    assert same(lines.data(writer.dump(data)), data)
