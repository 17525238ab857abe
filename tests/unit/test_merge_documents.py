"""Merging documents: bytes, comments, deletions, renames, names, markers."""

import re
from typing import Any

import pytest
from generated import examples
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from zenprofile import errors
from zenprofile.core.change import MISSING, same
from zenprofile.core.document import reader as texts
from zenprofile.core.document import writer
from zenprofile.core.entity import Data, Key
from zenprofile.core.merge.data import merge_data
from zenprofile.core.merge.documents import Merged, Value, merge, merge_document, resolve, with_markers

KEY = Key("component", "step_operator", "gpu")
BASE = """\
# the big ones
name: gpu
type: step_operator
flavor: kubernetes
configuration:
  # how many
  replicas: 3  # small
  image: busybox

  args: [a, b]
"""


def patched(ours: str, theirs: str, base: str = BASE, key: Key = KEY) -> str:
    text, conflicts, notes = merge_document(key, base, ours, theirs)
    assert (conflicts, notes) == ((), ())
    assert text is not None
    return text


def test_both_fields_arrive_and_our_comments_stay() -> None:
    ours = BASE.replace("# how many\n", "# how many, at most\n").replace("busybox", "alpine  # smaller")
    theirs = BASE.replace("[a, b]", "[a, b, c]")

    assert patched(ours, theirs) == ours.replace("[a, b]", "[a, b, c]")


def test_a_comment_of_ours_alone_survives_their_value() -> None:
    ours = BASE.replace("# the big ones", "# the biggest")

    assert patched(ours, BASE.replace("replicas: 3", "replicas: 4")) == ours.replace("replicas: 3", "replicas: 4")


def test_a_new_key_of_theirs_comes_with_its_comments_and_bytes() -> None:
    new = "  # who pulls\n  # (ask ann)\n  puller:   'ann'   # she does\n"
    ours = BASE.replace("busybox", "alpine")

    assert patched(ours, BASE.replace("\n  args", f"{new}\n  args")) == ours.replace("\n  args", f"{new}\n  args")


def test_a_new_mapping_of_theirs_comes_whole_at_our_indent() -> None:
    ours = "name: gpu\nconfiguration:\n    a: 1\n    b: 2\n"
    base = "name: gpu\nconfiguration:\n  a: 1\n"
    theirs = f"{base}  # limits\n  limits:\n    # cores\n    cpu: '1'  # one\n    text: |\n      x\n"
    merged = patched(ours, theirs, base)

    assert merged == (
        "name: gpu\nconfiguration:\n    a: 1\n    b: 2\n"
        "    # limits\n    limits:\n      # cores\n      cpu: '1'  # one\n      text: |\n        x\n"
    )


def test_a_value_that_theirs_alone_changed_comes_with_its_comment() -> None:
    ours = BASE.replace("busybox", "alpine")
    theirs = BASE.replace("# how many\n  replicas: 3  # small", "# how many (see #7)\n  replicas: 0x9  # large")

    assert patched(ours, theirs) == theirs.replace("busybox", "alpine")


def test_a_comment_that_we_changed_stays_beside_their_value() -> None:
    ours = BASE.replace("# small", "# few")
    theirs = BASE.replace("3  # small", "30  # large")

    assert patched(ours, theirs) == BASE.replace("3  # small", "30  # few")


def test_a_comment_that_theirs_alone_changed_is_taken() -> None:
    theirs = BASE.replace("# small", "# few")

    assert patched(BASE, theirs) == theirs
    ours = BASE.replace("busybox", "alpine")
    assert patched(ours, theirs) == theirs.replace("busybox", "alpine")


def test_new_members_come_with_their_comments() -> None:
    base = "name: t\nmembers:\n  - ann\n  - bob\n"
    ours = "name: t\nmembers:\n- bob\n- cat  # ours\n"
    theirs = "name: t\nmembers:\n  - ann\n  - bob\n  # from afar\n  - 'dan'  # theirs\n"

    assert patched(ours, theirs, base, Key("team", "", "t")) == (
        "name: t\nmembers:\n- bob\n- cat  # ours\n# from afar\n- 'dan'  # theirs\n"
    )


def test_our_line_ends_stay() -> None:
    ours = BASE.replace("busybox", "alpine").replace("\n", "\r\n")
    theirs = BASE.replace("replicas: 3", "replicas: 4")

    assert patched(ours, theirs) == theirs.replace("busybox", "alpine").replace("\n", "\r\n")
    assert patched(BASE.replace("\n", "\r\n"), theirs) == theirs.replace("\n", "\r\n")
    assert patched(ours, BASE.replace("\n", "\r\n")) == ours
    assert merge_document(KEY, BASE, None, BASE.replace("\n", "\r\n")) == (None, (), ())


def test_flow_style_takes_their_members() -> None:
    base = "name: gpu\nconfiguration: {a: 1}\n"

    assert patched("name: gpu\nconfiguration: {a: 2}\n", "name: gpu\nconfiguration: {a: 1, b: '3'}\n", base) == (
        'name: gpu\nconfiguration: {a: 2, b: "3"}\n'
    )


def test_a_text_of_many_lines_merges_by_line() -> None:
    base = "name: gpu\ndescription: |\n  one\n  two\n  three\n"

    assert patched(base.replace("one", "1"), base.replace("three", "3"), base) == (
        "name: gpu\ndescription: |\n  1\n  two\n  3\n"
    )


def test_add_against_add_merges_equal_fields() -> None:
    ours, theirs = "name: gpu\n# o\na: 1\n", "name: gpu\nb: 2  # t\n"

    assert merge_document(KEY, None, ours, theirs) == ("name: gpu\n# o\na: 1\nb: 2  # t\n", (), ())
    text, conflicts, _ = merge_document(KEY, None, ours, "name: gpu\na: 2\n")
    assert text is None
    assert [(c.path, c.base, c.ours, c.theirs) for c in conflicts] == [(("a",), MISSING, 1, 2)]


def test_delete_against_edit_keeps_the_edit_and_says_so() -> None:
    edited, key = BASE.replace("busybox", "alpine"), Key("stack", "", "prod")

    note = "stack prod: deleted there, edited here: the edit stays"
    assert merge_document(key, BASE, edited, None) == (edited, (), (note,))
    note = "stack prod: deleted here, edited there: the edit stays"
    assert merge_document(key, BASE, None, edited) == (edited, (), (note,))


def test_an_edit_of_a_field_stays_against_its_deletion_and_says_so() -> None:
    deleted, edited = BASE.replace("  image: busybox\n", ""), BASE.replace("busybox", "alpine")

    text, conflicts, notes = merge_document(KEY, BASE, deleted.replace("3  #", "4  #"), edited)
    assert (text and texts.read(text), conflicts) == (texts.read(edited.replace("3  #", "4  #")), ())
    assert notes == ("step_operator gpu, configuration.image: deleted here, edited there: the edit stays",)
    text, conflicts, notes = merge_document(KEY, BASE, edited, deleted)
    assert (text, conflicts) == (edited, ())
    assert notes == ("step_operator gpu, configuration.image: deleted there, edited here: the edit stays",)


def test_a_mapping_that_one_side_deleted_and_the_other_edited_stays_whole() -> None:
    base = "name: gpu\nlabels:\n  a: one\n  b: two\n"
    edited = base.replace("two", "three")

    note = "step_operator gpu, labels: deleted {}, edited {}: the edit stays"
    assert merge_document(KEY, base, "name: gpu\n", edited) == (edited, (), (note.format("here", "there"),))
    assert merge_document(KEY, base, edited, "name: gpu\n") == (edited, (), (note.format("there", "here"),))


def test_components_narrowed_apart_until_none_is_left_are_a_conflict() -> None:
    base, ours, theirs = (f"name: s\ncomponents:\n  orchestrator: {names}\n" for names in ("[a, b]", "a", "[b]"))
    key = Key("stack", "", "s")
    text, (conflict,), notes = merge_document(key, base, ours, theirs)

    assert (text, notes) == (None, ())
    assert conflict[:6] == (key, ("components", "orchestrator"), ["a", "b"], "a", ["b"], "field")
    assert resolve(key, base, ours, theirs, {(): "theirs"}) == theirs
    assert resolve(key, base, ours, theirs, {("components", "orchestrator"): Value(["a", "b"])}) == base


def test_strictly_a_deletion_of_an_edited_field_is_a_conflict() -> None:
    deleted, edited = BASE.replace("  image: busybox\n", ""), BASE.replace("busybox", "alpine")

    merged = merge({KEY: BASE}, {KEY: edited}, {KEY: deleted}, strict=True)

    assert [(c.path, c.ours, c.theirs) for c in merged.conflicts] == [(("configuration", "image"), "alpine", MISSING)]


def test_a_document_that_cannot_be_read_is_a_persons_choice() -> None:
    ours, theirs = "name: [", BASE.replace("busybox", "alpine")
    text, (conflict,), _ = merge_document(KEY, BASE, ours, theirs)

    assert text is None
    assert conflict[:6] == (KEY, (), BASE, ours, theirs, "field")
    assert resolve(KEY, BASE, ours, theirs, {(): "theirs"}) == theirs
    assert resolve(KEY, BASE, ours, theirs, {(): Value("name: x\n")}) == "name: x\n"
    assert "=======" in with_markers(KEY, BASE, ours, theirs)


@pytest.mark.slow
def test_two_documents_too_large_for_one_are_a_persons_choice() -> None:
    ours = f"{BASE}description: {'o' * 600_000}\n"
    theirs = f"{BASE}labels:\n  text: {'t' * 600_000}\n"
    text, (conflict,), _ = merge_document(KEY, BASE, ours, theirs)

    assert text is None
    assert conflict.path == ()
    assert "bytes" in conflict.detail
    assert resolve(KEY, BASE, ours, theirs, {(): "ours"}) == ours


@pytest.mark.slow
def test_a_document_with_very_many_new_members_is_merged_in_time() -> None:
    base = "name: t\nmembers:\n  - x\n"
    ours = base + "".join(f"  - o{n}\n" for n in range(3000))
    theirs = base + "".join(f"  - t{n}  # theirs\n" for n in range(3000))

    assert patched(ours, theirs, base, Key("team", "", "t")) == ours + theirs[len(base) :]


def test_what_one_side_changed_is_not_read() -> None:
    assert merge({KEY: "{"}, {KEY: "["}, {KEY: "{"}) == Merged({}, (), ())
    assert merge({KEY: "{"}, {KEY: "{"}, {KEY: "["}) == Merged({KEY: "["}, (), ())


def test_markers_stand_around_what_clashes_and_nothing_else() -> None:
    ours = BASE.replace("3  # small", "4  # ours").replace("[a, b]", "[a]")
    theirs = BASE.replace("3  # small", "5  # theirs").replace("busybox", "alpine")

    assert with_markers(KEY, BASE, ours, theirs, ("here", "there"), 9) == ours.replace("busybox", "alpine").replace(
        "  replicas: 4  # ours\n",
        "<<<<<<<<< here\n  replicas: 4  # ours\n=========\n  replicas: 5  # ours\n>>>>>>>>> there\n",
    )


def test_resolve_names_what_is_left() -> None:
    ours, theirs = BASE.replace("3", "4").replace("busybox", "o"), BASE.replace("3", "5").replace("busybox", "t")
    with pytest.raises(errors.ConflictError, match=re.escape("configuration.image")) as caught:
        resolve(KEY, BASE, ours, theirs, {("configuration", "replicas"): "ours"})

    assert "replicas" not in caught.value.message
    choices: Any = {("configuration", "replicas"): Value(7), ("configuration", "image"): "theirs"}
    assert resolve(KEY, BASE, ours, theirs, choices) == BASE.replace("3", "7").replace("busybox", "t")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param("name: gpu\nm:\n  a: 2\n", "{name: gpu, m: {a: 1, b: 1}}\n", id="in brackets"),
        pytest.param("name: gpu\nm:\n a: 2\n", "name: gpu\nm:\n    a: 1\n    b:\n     - |2\n         x\n", id="deep"),
        pytest.param("name: gpu\nm:\n a: 2\n", 'name: gpu\nm:\n    a: 1\n    b: "x\n  y"\n', id="too far left"),
        pytest.param("{name: gpu, m: {a: 2}}\n", "name: gpu\nm:\n  a: 1\n  # b\n  b: x\n", id="our brackets"),
        pytest.param("name: gpu\nm:\n  a: 2\n", "? name\n: gpu\n? m\n: a: 1\n  b: 1\n", id="question marks"),
    ],
)
def test_any_layout_of_theirs_arrives_as_data(ours: str, theirs: str) -> None:
    merged = patched(ours, theirs, "name: gpu\nm:\n  a: 1\n")
    expected = texts.read(theirs)
    expected["m"]["a"] = 2

    assert same(texts.read(merged), expected)


# Names: renames and clashes, over several documents.

A, B, C = (Key("component", "alerter", name) for name in "abc")
PROD, DEV = Key("stack", "", "prod"), Key("stack", "", "dev")


def component(key: Key, **configuration: Any) -> str:
    return writer.write(
        "component", {"name": key.name, "type": key.type, "flavor": "f", "configuration": configuration}
    )


def stack(key: Key, alerter: str | list[str], **more: str) -> str:
    return f"# {key.name}\n" + writer.write("stack", {"name": key.name, "components": {"alerter": alerter, **more}})


def test_an_edit_follows_their_rename() -> None:
    result = merge({A: component(A, x=1)}, {A: component(A, x=2)}, {B: component(B, x=1)})

    assert result.documents == {A: None, B: component(B, x=2)}
    assert result.notes == ("alerter a: renamed to b there, edited here: the edit follows",)
    assert not result.conflicts


def test_an_edit_follows_our_rename() -> None:
    result = merge({A: component(A, x=1)}, {B: "# ours\n" + component(B, x=1)}, {A: component(A, x=2)})

    assert result.documents == {B: "# ours\n" + component(B, x=2)}
    assert not result.conflicts


def test_a_rename_without_an_edit_is_taken_as_it_is() -> None:
    base, renamed = {A: component(A, x=1)}, {B: "# c\n" + component(B, x=1)}

    assert merge(base, base, renamed) == Merged({A: None, B: renamed[B]}, (), ())
    assert merge({**base, C: "c"}, {**base, C: "d"}, {**renamed, C: "c"}) == Merged({A: None, B: renamed[B]}, (), ())
    assert merge(base, renamed, base) == Merged({}, (), ())


def test_references_follow_a_rename() -> None:
    base = {A: component(A), PROD: stack(PROD, "a")}
    ours = {B: component(B), PROD: stack(PROD, "b")}
    theirs = {**base, DEV: stack(DEV, ["x", "a"])}

    assert merge(base, ours, theirs) == Merged({DEV: stack(DEV, ["x", "b"])}, (), ())
    assert merge(base, theirs, ours) == Merged({A: None, **ours, DEV: stack(DEV, ["x", "b"])}, (), ())


def test_a_followed_rename_is_no_edit_of_the_field() -> None:
    base = {A: component(A), PROD: stack(PROD, "a")}
    ours = {B: component(B), PROD: stack(PROD, "b")}

    assert merge(base, ours, {**base, PROD: stack(PROD, "x")}).documents == {PROD: stack(PROD, "x")}
    assert merge(base, ours, {A: base[A]}) == Merged({PROD: None}, (), ())


def test_a_rename_against_a_deletion_stays() -> None:
    base = {A: component(A), C: "c"}
    result = merge(base, {B: component(B), C: "c"}, {C: "d"})

    assert result == Merged({C: "d"}, (), ("alerter a: deleted there, renamed to b here: it stays",))
    assert merge(base, {C: "d"}, {B: component(B), C: "c"}).documents == {B: component(B)}


def test_the_same_rename_on_both_sides_is_one() -> None:
    base = {A: component(A, x=1, y=1)}
    result = merge(base, {B: component(B, x=1, y=1)}, {B: component(B, x=1, y=2)})

    assert result == Merged({B: component(B, x=1, y=2)}, (), ())


def test_two_new_names_conflict_until_one_is_chosen() -> None:
    base = {A: component(A, x=1), PROD: stack(PROD, "a")}
    ours = {B: component(B, x=1), PROD: stack(PROD, "b")}
    theirs = {C: component(C, x=1), PROD: stack(PROD, "c")}

    (conflict,) = merge(base, ours, theirs).conflicts
    assert conflict[:6] == (B, ("name",), "a", "b", "c", "name")
    assert merge(base, ours, theirs, {B: {("name",): "ours"}}) == Merged({}, (), ())
    assert merge(base, ours, theirs, {B: {(): "theirs"}}).documents == {B: None, **theirs}
    named = merge(base, ours, theirs, {B: {("name",): Value("d")}}).documents
    new = B._replace(name="d")
    assert named == {B: None, new: component(new, x=1), PROD: stack(PROD, "d")}


def test_names_that_differ_only_by_case_conflict_until_one_is_chosen() -> None:
    upper = Key("component", "alerter", "A")
    ours, theirs = {A: component(A, x=1)}, {upper: component(upper, x=2)}

    (conflict,) = merge({}, ours, theirs).conflicts
    assert conflict[:6] == (A, ("name",), MISSING, "a", "A", "name")
    assert merge({}, ours, theirs, {A: {("name",): "ours"}}) == Merged({}, (), ())
    assert merge({}, ours, theirs, {A: {("name",): "theirs"}}) == Merged({A: None, **theirs}, (), ())
    renamed = merge({}, ours, theirs, {A: {("name",): Value("b")}})
    assert renamed == Merged({A: None, B: component(B, x=1), **theirs}, (), ())


def test_a_rename_of_case_alone_is_a_rename_whatever_else_changed() -> None:
    upper = Key("component", "alerter", "A")
    result = merge({A: component(A, x=1, y=1)}, {A: component(A, x=2, y=1)}, {upper: component(upper, x=1, y=2)})

    assert result.documents == {A: None, upper: component(upper, x=2, y=2)}
    assert not result.conflicts


def test_a_name_alone_tells_no_rename() -> None:
    ann, bob = Key("user", "", "ann"), Key("user", "", "bob")
    result = merge({ann: "name: ann\n"}, {ann: "name: ann\nemail: a@b\n"}, {bob: "name: bob\n"})

    assert result.documents == {bob: "name: bob\n"}
    assert result.notes == ("user ann: deleted there, edited here: the edit stays",)


def test_documents_that_cannot_be_read_are_no_rename_and_refer_to_nothing() -> None:
    base = {A: component(A, x=1), PROD: stack(PROD, "a"), C: "{"}
    ours = {B: component(B, x=1), PROD: stack(PROD, "b")}
    theirs = {**base, DEV: "a: ["}

    assert merge(base, ours, theirs) == Merged({DEV: "a: ["}, (), ())


def test_two_histories_merge_with_an_empty_base() -> None:
    ours, theirs = {A: component(A, x=1), B: "o"}, {A: component(A, y=1), C: "t"}

    assert merge({}, ours, theirs).documents == {A: component(A, x=1, y=1), C: "t"}


# Properties.

LEAVES = st.sampled_from([None, True, 1, "x", "no", "", "a\nb\n", "a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)
DATA = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4).map(lambda data: {"name": "gpu", **data})


@st.composite
def documents(draw: st.DrawFn, data: Any = DATA) -> str:
    """Documents with comments above and behind, block or flow style, any line ends."""
    content = draw(data) if isinstance(data, st.SearchStrategy) else data
    flow = draw(st.booleans())
    lines: list[str] = []
    for key, value in content.items():
        entry = f"{key}: {writer.inline(value)}\n" if flow else writer.entry(key, value, 0)
        comments = draw(st.lists(st.sampled_from(["# one\n", "# two\n", "\n", "  # deep\n"]), max_size=2))
        if draw(st.booleans()) and "\n" not in entry[:-1]:
            entry = f"{entry[:-1]}  # behind\n"
        lines += [*comments, entry]
    text = "".join(lines)
    return text.replace("\n", "\r\n") if draw(st.sampled_from([False, False, False, True])) else text


@given(documents(), documents())
def test_what_one_side_changed_is_taken_byte_for_byte(base: str, side: str) -> None:
    assert merge_document(KEY, base, side, base) == (side, (), ())
    assert merge_document(KEY, base, base, side) == (side, (), ())
    assert merge_document(KEY, base, side, side) == (side, (), ())


@settings(max_examples=examples(200), deadline=None)
@given(documents(), documents(), documents())
def test_the_text_holds_the_merged_data(base: str, ours: str, theirs: str) -> None:
    before, mine, other = (texts.read(side) for side in (base, ours, theirs))
    data, conflicts = merge_data(KEY, before, mine, other, kept=[])
    text, found, _ = merge_document(KEY, base, ours, theirs)

    assert [repr(c) for c in found] == [repr(c) for c in conflicts]
    if not conflicts:
        assert text is not None
        assert same(texts.read(text), data)


@st.composite
def additions(draw: st.DrawFn) -> tuple[str, str, str]:
    """Two sides that each add keys of their own to one document."""
    base = draw(documents(st.just({"name": "gpu", "m": {"k": 1}})))
    sides = []
    for name in ("o", "t"):
        lines = texts.read(base)
        extra = draw(st.dictionaries(st.sampled_from([f"{name}1", f"{name}2"]), VALUES, min_size=1))
        added = draw(documents(st.just(extra)))
        assume("\r" not in base + added)
        sides.append(base + added)
        # A comment below a text of many lines is one of its lines.
        assume(same(texts.read(base + added), {**lines, **extra}))
    return base, sides[0], sides[1]


@settings(max_examples=examples(200), deadline=None)
@given(additions())
def test_disjoint_additions_keep_every_line_of_both(sides: tuple[str, str, str]) -> None:
    base, ours, theirs = sides
    merged = patched(ours, theirs, base)

    assert same(texts.read(merged), {**texts.read(ours), **texts.read(theirs)})
    rest = merged.splitlines()
    # A comment moves to the left where it would become a part of a text that is above it now.
    left = {line.lstrip() for line in rest if line.lstrip().startswith("#")}
    assert [line for line in ours.splitlines() if line not in rest and line.lstrip() not in left] == []
    entry = theirs[len(base) :].splitlines()
    # Comments that do not stand right above an entry belong to nobody; those behind a value come with it.
    assert [line for line in entry if line.strip() and not line.lstrip().startswith("#") and line not in rest] == []


def test_only_a_comment_that_would_become_a_line_of_a_text_moves_to_the_left() -> None:
    base = "name: gpu\nm:\n  k: 1\n"
    ours, theirs = f"{base}  # mine\no: |\n  a\n", f"{base}  # theirs\nt: 1\n"

    assert patched(ours, theirs, base) == f"{ours}# theirs\nt: 1\n"


@settings(max_examples=examples(150), deadline=None)
@given(st.none() | documents(), documents(), documents())
def test_each_side_of_the_markers_is_a_whole_document(base: str | None, ours: str, theirs: str) -> None:
    marked = with_markers(KEY, base, ours, theirs, size=9)
    for side in ("ours", "theirs"):
        lines: list[str] = []
        at = ""
        for line in marked.replace("\r\n", "\n").splitlines(keepends=True):
            mark = {"<<<<<<<<<": "ours", "=========": "theirs", ">>>>>>>>>": ""}.get(
                line.split()[0] if line.split() else ""
            )
            if mark is None:
                lines += [line] if at in ("", side) else []
            else:
                at = mark
        settled = resolve(KEY, base, ours, theirs, {(): side})
        assert settled is not None
        assert same(texts.read("".join(lines)), texts.read(settled))
        before = {} if base is None else texts.read(base)
        data, _ = merge_data(KEY, before, texts.read(ours), texts.read(theirs), {(): side}, [])
        assert same(texts.read(settled), data)


NAMES = ("a", "b", "c", "A")
COMPONENTS = st.dictionaries(
    st.sampled_from(NAMES), st.dictionaries(st.sampled_from("xy"), st.integers(1, 3)), max_size=3
)
USES = st.dictionaries(
    st.sampled_from(["prod", "dev"]), st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)
)


def profile(components: dict[str, Data], stacks: dict[str, list[str]]) -> dict[Key, str]:
    result = {}
    for name, configuration in components.items():
        key = Key("component", "alerter", name)
        result[key] = component(key, **configuration)
    for name, uses in stacks.items():
        key = Key("stack", "", name)
        result[key] = stack(key, uses)
    return result


PROFILES = st.builds(profile, COMPONENTS, USES)


def applied(ours: dict[Key, str], merged: Merged) -> dict[Key, str]:
    result: dict[Key, str | None] = {**ours, **merged.documents}
    return {key: text for key, text in result.items() if text is not None}


def as_data(documents_: dict[Key, str]) -> dict[Key, Any]:
    """Return the data of a profile; the order of sets says nothing."""
    result = {}
    for key, text in documents_.items():
        data = texts.read(text)
        if key.kind == "stack":
            uses = data["components"].get("alerter", [])
            data["components"] = sorted(uses if isinstance(uses, list) else [uses])
        result[key] = data
    return result


@given(PROFILES, PROFILES)
def test_one_sides_profile_is_taken_as_it_is(base: dict[Key, str], side: dict[Key, str]) -> None:
    for ours, theirs in ((side, base), (base, side), (side, side)):
        merged = merge(base, ours, theirs)
        assert not merged.notes
        # Only a profile that holds both names already keeps them.
        assert applied(ours, merged) == side
        assert not merged.conflicts


@settings(max_examples=examples(200))
@given(PROFILES, PROFILES, PROFILES)
def test_profiles_merge_alike_from_both_sides(
    base: dict[Key, str], ours: dict[Key, str], theirs: dict[Key, str]
) -> None:
    here, there = merge(base, ours, theirs), merge(base, theirs, ours)

    assert len(here.notes) == len(there.notes)
    # Until a name is chosen, references are shown with ours.
    named = any(c.class_ == "name" for c in here.conflicts)
    assert sorted((repr(c.ours), repr(c.theirs)) for c in here.conflicts if c.class_ == "name" or not named) == sorted(
        (repr(c.theirs), repr(c.ours)) for c in there.conflicts if c.class_ == "name" or not named
    )
    if not here.conflicts:
        assert as_data(applied(ours, here)) == as_data(applied(theirs, there))


@settings(max_examples=examples(150))
@given(PROFILES, PROFILES, PROFILES)
def test_leaving_out_what_is_alike_changes_nothing(
    base: dict[Key, str], ours: dict[Key, str], theirs: dict[Key, str]
) -> None:
    alike = {key for key in base if base[key] == ours.get(key) == theirs.get(key)}
    less = [{k: text for k, text in side.items() if k not in alike} for side in (base, ours, theirs)]

    assert repr(merge(less[0], less[1], less[2])) == repr(merge(base, ours, theirs))


def test_a_comment_of_theirs_comes_though_we_changed_another_field() -> None:
    head = "name: s3\ntype: artifact_store\nflavor: s3\nconfiguration:\n"
    base = f"{head}  path: s3://a\n  key: x\n  # readers\n  token: y\n"
    ours = base.replace("s3://a", "s3://b")
    theirs = base.replace("# readers", "# who may read").replace("name: s3", "name: s3  # prod")
    key = Key("component", "artifact_store", "s3")

    merged, conflicts, _ = merge_document(key, base, ours, theirs)

    assert not conflicts
    assert merged == theirs.replace("s3://a", "s3://b")
    assert merge_document(key, base, theirs, ours)[0] == merged


# --- comments: what one side alone has touched survives, whoever's value stands


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  image: busybox\n", "  # pinned by Eve\n  image: busybox\n"),
        ("flavor: kubernetes\n", "# since May\nflavor: kubernetes\n"),
        ("flavor: kubernetes\n", "flavor: kubernetes  # since May\n"),
        ("configuration:\n", "configuration:  # ask ann\n"),
        ("  args: [a, b]\n", "  args: [a, b]  # in this order\n"),
        ("  args: [a, b]\n", "  args: [a, b]\n# the end\n"),
        ("type: step_operator\n", "\ntype: step_operator\n"),
        ("# the big ones\n", "# the biggest ones\n# (of all)\n"),
        ("# the big ones\n", ""),
        ("  # how many\n", "  # how many of them\n"),
    ],
)
def test_a_comment_that_they_alone_touched_survives_where_lines_do_not_merge(old: str, new: str) -> None:
    """Ours changed the order: no merge by line is possible, and their values are ours already."""
    pair = "type: step_operator\nflavor: kubernetes\n"
    ours = BASE.replace(pair, "flavor: kubernetes\ntype: step_operator\n")
    ours = ours.replace("replicas: 3  # small", "replicas: 4  # ours")
    theirs = BASE.replace(old, new).replace("[a, b]", "[a, b, c]")

    text = patched(ours, theirs)

    assert new.replace("[a, b]", "[a, b, c]") in text
    assert new or old not in text
    assert "replicas: 4  # ours" in text


def test_their_comment_survives_where_the_data_is_ours_already() -> None:
    ours = BASE.replace("replicas: 3", "replicas: 4")
    theirs = BASE.replace("  replicas: 3  # small\n", "  # doubled soon\n  replicas: 4  # small\n")

    assert "  # doubled soon\n  replicas: 4" in patched(ours, theirs)


def test_of_comments_that_both_touched_ours_stands_first_and_theirs_is_kept() -> None:
    ours = BASE.replace("  # how many\n", "  # how many, says Ann\n").replace("replicas: 3", "replicas: 4")
    theirs = BASE.replace("  # how many\n", "  # how many, says Eve\n")

    text = patched(ours, theirs)

    assert "  # how many, says Ann\n  # how many, says Eve\n  replicas: 4" in text


def test_comments_between_the_items_of_a_list_survive() -> None:
    key = Key("team", "", "ml")
    base = "name: ml\nmembers:\n  - ada\n  - bob\n"
    ours = "members:\n  - ada\n  - bob\n  - eve\nname: ml\n"
    theirs = "name: ml\nmembers:\n  # who leads\n  - ada\n  - bob  # on leave\n"

    text = patched(ours, theirs, base, key)

    assert text == "members:\n  # who leads\n  - ada\n  - bob  # on leave\n  - eve\nname: ml\n"


def test_a_number_sign_in_a_value_is_no_comment() -> None:
    base = "name: gpu\ndescription: |\n  # no comment\n  text\nflavor: kubernetes\ntype: step_operator\n"
    ours = "type: step_operator\nname: gpu\ndescription: |\n  # no comment\n  text\nflavor: kubernetes\n"
    theirs = base.replace("flavor", "# one\nflavor").replace("  text", "  text # neither")

    text = patched(ours, theirs, base)

    assert "# one\nflavor" in text
    assert texts.read(text)["description"] == "# no comment\ntext # neither\n"
