"""Branches of the modules that safety rests on which no other test takes."""

from typing import Any

import pytest

from zenprofile.core.document import reader
from zenprofile.core.entity import Key
from zenprofile.core.merge import documents
from zenprofile.core.merge import text as merge_text
from zenprofile.core.secrets import detector, plaintext
from zenprofile.errors import Invalid, Problem

GITHUB = "ghp_" + "a1B2" * 9
KEY = Key("user", "", "eve")


def merged(base: str, ours: str, theirs: str) -> Any:
    return documents.merge({KEY: base}, {KEY: ours}, {KEY: theirs})


def test_secrets_in_any_value_are_put_out_of_sight() -> None:
    value = {"a": [f"x {GITHUB} y", 1, None], GITHUB: ("b", f"{GITHUB} {GITHUB}")}

    assert detector.hidden(value) == {"a": ["x *** y", 1, None], "***": ("b", "*** ***")}


def test_a_fingerprint_is_known_by_its_form() -> None:
    assert plaintext.is_fingerprint("0123456789abcdef" * 4)
    assert not plaintext.is_fingerprint("0123456789ABCDEF" * 4)
    assert not plaintext.is_fingerprint("0123456789abcdef" * 4 + "\n")


def test_what_both_add_alike_in_two_places_stands_once() -> None:
    """Joined by line, the document would hold the key twice."""
    base = "name: eve\nemail: e@example.com\nlabels: {a: b}\nfull_name: Eve\n"
    ours = base.replace("email", "description: d\nemail")
    theirs = base + "description: d\n"

    result = merged(base, ours, theirs)

    assert result.conflicts == ()
    assert result.documents.get(KEY, ours).count("description") == 1


def test_a_text_that_says_what_is_wanted_stays_as_it_is() -> None:
    ours = "name: eve  # mine\n"

    assert merge_text.patched("name: eve\n", ours, "name: eve\n", {"name": "eve"}) == ours


@pytest.mark.parametrize("key", ["+", "-rf", "ada "])
def test_secrets_in_odd_documents_are_found(key: str) -> None:
    assert len(plaintext.document(f'"{key}": "{GITHUB[:20]}\\\n  {GITHUB[20:]}"\n')) == 1


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("name: eve\n", ("name", "first")),
        ("name: eve\n", ("nothing",)),
        ("labels: {a: b}\n", ("labels", "a")),
        ("members:\n-\n  # of the team\n  - a\n", ("members", 0, 0)),
        ("- a: 1\n", ("a",)),
        ("members:\n- - a\n  - b\n", ("members", 0, 0)),
        ("", ("name",)),
        ("? members\n: - a\n  - b\n", ("members", 0)),
    ],
)
def test_an_entry_without_lines_of_its_own_has_none(text: str, path: tuple[str | int, ...]) -> None:
    document = merge_text._Document(text)

    try:
        found = document.entry(path)
    except Invalid:
        found = None

    assert found is None or text[found.start : found.end].strip()


def test_a_text_without_secrets_keeps_the_other_problems() -> None:
    other = Problem("users/eve.yaml", 1, 1, "name", "wrong", "fix it", "type")

    assert plaintext.document("name: eve\n") == []
    assert plaintext.problems(KEY, "name: eve\n", [other]) == [other]
    assert plaintext.problems(KEY, 'name: "eve\\u0021"\n', [other]) == [other]


def test_what_is_remembered_is_ones_own_and_has_a_limit() -> None:
    known = reader.ReadCache()
    large = [f"name: n{number}\n" + "#\n" * 500_000 for number in range(6)]

    for _ in range(2):
        with reader.caching(known):
            for number, document in enumerate(large):
                found = reader.read(document)
                assert found == {"name": f"n{number}"}
                found["name"] = "changed"
    assert reader.read("name: eve\n") == {"name": "eve"}


def test_lines_move_as_far_as_they_have_blanks() -> None:
    lines = "  a:\n\n    b: 1\n"

    assert merge_text._shifted(lines, 0) == lines
    assert merge_text._shifted(lines, 2) == "    a:\n\n      b: 1\n"
    assert merge_text._shifted(lines, -2) == "a:\n\n  b: 1\n"
    assert merge_text._shifted(lines, -3) is None
