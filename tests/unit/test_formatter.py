import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core.change import same
from zenprofile.core.document import reader as texts
from zenprofile.core.document import writer
from zenprofile.core.document.formatter import formatted
from zenprofile.core.entity import KINDS, ordered
from zenprofile.errors import Invalid

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def documents(draw):
    kind = draw(st.sampled_from(sorted(KINDS)))
    fields = draw(st.permutations([*KINDS[kind].fields, "unknown"]))
    data = {field: draw(VALUES) for field in fields[: draw(st.integers(1, len(fields)))]}
    comments, text = [], draw(st.sampled_from(["", "# head\n\n", "# head\n---\n", "---\n"]))
    for number, (field, value) in enumerate(data.items()):
        comments.append(f"# {number}:{field}")
        gap = draw(st.sampled_from(["", "\n"])) if number else ""
        text += f"{gap}# {number}:{field}\n{writer.entry(field, value, 0)}"
    tails = ["", "\n# end\n", "  # tail\n"]
    # Behind a literal text, an indented comment is a line of that text.
    return kind, data, comments, text + draw(st.sampled_from([t for t in tails if same(texts.read(text + t), data)]))


@given(documents())
def test_any_document_gets_its_keys_in_order_with_their_comments(document):
    kind, data, comments, text = document

    result = formatted(kind, text)

    read = texts.read(result)
    assert same(read, data)
    assert list(read) == list(ordered(kind, data))
    assert formatted(kind, result) == result
    lines = result.split("\n")
    for comment in comments:
        at = lines.index(comment)
        assert lines[at + 1].startswith(comment.partition(":")[2] + ":")
    assert ("# head" in lines) == ("# head" in text.split("\n"))
    if list(data) == list(ordered(kind, data)):
        assert result == text


CASES = {
    "in order already": ("name:  'x'   # odd\ncomponents: {}\n", None),
    "line ends": ("name: x\r\ncomponents: {}\r\n", "name: x\ncomponents: {}\n"),
    "no last line end": ("name: x", "name: x\n"),
    "on one line": ("{components: {}, name: x}", "name: x\ncomponents: {}\n"),
    "an empty value": ("labels:\nname: x\n", "name: x\nlabels:\n"),
    "a kept block": ("description: |+\n  a\n\nname: x\n", "name: x\ndescription: |+\n  a\n\n"),
    "a comment of the entry above": (
        "labels:\n  a: b\n  # of labels\n\n# of name\nname: x\n",
        "# of name\nname: x\nlabels:\n  a: b\n  # of labels\n",
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_layouts(text, expected):
    assert formatted("stack", text) == (text if expected is None else expected)


def test_what_cannot_be_read_is_refused():
    with pytest.raises(Invalid):
        formatted("stack", "name: [\n")
