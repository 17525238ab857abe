"""Comments in a merge: what one side touched survives, as values do."""

import re

import pytest
from generated import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile.core.change import same
from zenprofile.core.document import reader as texts
from zenprofile.core.document import writer
from zenprofile.core.entity import Key
from zenprofile.core.merge.documents import merge_document

KEY = Key("component", "step_operator", "gpu")
BASE = """\
# the big ones
name: gpu
type: step_operator
configuration:
  # how many
  replicas: 3  # small
  image: busybox
  pull: |  # as is
    always
  nodes:  # where
    - a
    - b
labels: {}
# end
"""


def merged(ours: str, theirs: str, base: str | None = BASE) -> str:
    text, conflicts, _ = merge_document(KEY, base, ours, theirs)
    assert not conflicts
    assert text is not None
    return text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  image: busybox\n", "  # who knows\n  image: busybox\n"),
        ("  # how many\n", "  # how many\n\n  # at most\n"),
        ("  # how many\n", ""),
        ("  # how many\n", "\n  # how many?\n"),
        ("3  # small", "3  # few"),
        ("3  # small", "3"),
        ("type: step_operator", "type: step_operator  # the type"),
        ("|  # as is", "|  # as it is"),
        ("nodes:  # where", "nodes:"),
        ("    - b\n", "    # second\n    - b  # b\n    # no more\n"),
        ("# the big ones\n", "# the big ones\n#\n---\n"),
        ("# end\n", "\n# the end\n"),
    ],
)
def test_what_they_did_to_a_comment_survives_our_change_beside_it(old: str, new: str) -> None:
    theirs = BASE.replace(old, new)
    assert theirs != BASE
    for mine in ("image: alpine", "image: alpine\n  more: [x]  # y"):
        ours = BASE.replace("image: busybox", mine)

        assert merged(ours, theirs) == theirs.replace("image: busybox", mine)
        assert merged(theirs, ours) == theirs.replace("image: busybox", mine)


def test_what_both_wrote_at_one_place_stays() -> None:
    ours = BASE.replace("# how many\n", "# how many\n  # (ann)\n").replace("busybox", "alpine")
    theirs = BASE.replace("# how many\n", "# how many\n  # (ben)\n").replace("- a", "- c")

    assert merged(ours, theirs) == ours.replace("# (ann)\n", "# (ann)\n  # (ben)\n").replace("- a", "- c")


def test_a_comment_at_another_indent_goes_with_its_entry() -> None:
    base = "name: gpu\nconfiguration:\n    a: 1\n    b: 2\n    c: 3\n"
    ours = base.replace("a: 1", "a: 2")
    theirs = "name: gpu\nconfiguration:\n  a: 1\n  # two\n  b: 2\n  c: 4\n"

    assert merged(ours, theirs, base) == ours.replace("    b", "    # two\n    b").replace("c: 3", "c: 4")


def test_the_comment_of_what_we_deleted_stays_where_they_alone_wrote_it() -> None:
    ours = BASE.replace("  image: busybox\n", "")
    theirs = BASE.replace("  image", "  # ask ann first\n  image")

    assert merged(ours, theirs) == ours.replace("  pull", "  # ask ann first\n  pull")


FIELDS = ("a", "b", "c", "d")
CHANGES = st.lists(st.sampled_from(["same", "same", "value", "above", "behind", "uncomment"]), min_size=4, max_size=4)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, str, str]:
    """A document of commented fields, nested or not, and two sides that each touched other things in it."""
    deep = draw(st.booleans())
    columns = draw(st.tuples(*[st.sampled_from([2, 4])] * 3)) if deep else (0, 0, 0)
    values = [draw(st.sampled_from([1, "x", ["x", "y"], "two\nlines\n", {"k": "v"}])) for _ in FIELDS]
    kinds = [draw(st.tuples(CHANGES, CHANGES).filter(lambda both: "same" in both[0] or "same" in both[1]))]
    sides = ["", "", ""]
    for number, column in enumerate(columns):
        lines = ["name: gpu\n", "configuration:\n"] if deep else ["name: gpu\n"]
        for at, field in enumerate(FIELDS):
            mine, other = kinds[0][0][at], kinds[0][1][at]
            change = ("same", mine, other if mine == "same" else "same")[number]
            value = values[at] if change != "value" else f"new{number}"
            pad = " " * column
            lines += [] if change == "uncomment" else [f"{pad}# {field}: base\n"]
            lines += [f"{pad}# {field}: side {number}\n"] if change == "above" else []
            entry = writer.entry(field, value, column)
            if change == "behind":
                first, end, rest = entry.partition("\n")
                entry = f"{first}  # {field}: behind {number}{end}{rest}"
            lines.append(entry)
        sides[number] = "".join(lines)
    return sides[0], sides[1], sides[2]


@settings(max_examples=examples(150), deadline=None)
@given(documents())
def test_disjoint_edits_never_conflict_and_every_comment_survives(sides: tuple[str, str, str]) -> None:
    base, ours, theirs = sides
    result = merged(ours, theirs, base)

    read = [texts.read(text) for text in sides]
    expected = [data.get("configuration", data) for data in read]
    found = texts.read(result).get("configuration", texts.read(result))
    for field in FIELDS:
        changed = expected[1][field] if not same(expected[0][field], expected[1][field]) else expected[2][field]
        assert same(found[field], changed)
    said = [set(re.findall("# .: .*", text)) for text in sides]
    assert set(re.findall("# .: .*", result)) == (said[1] & said[2]) | (said[1] - said[0]) | (said[2] - said[0])
