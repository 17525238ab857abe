"""Trees as text: looked up and compared without being taken apart, with the answers of those that were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile.errors import Unsafe
from zenprofile.git import trees

_NAMES = st.sampled_from([*"abcdef", "a b", "a.yaml", "b\udcff", "100644 a", "é"])
# Ids that look like entries, and like the ends of others.
_IDS = st.sampled_from([b"\0" * 20, b"100644 a\0100644 b\0ab", b"a" * 20, b"\x00100644 a.yaml\0\0\0\0", b"1" * 20])
_TREES = st.dictionaries(_NAMES, st.tuples(st.sampled_from(["100644", "40000", "120000"]), _IDS), max_size=8)


def text(entries: dict[str, tuple[str, bytes]]) -> bytes:
    rows = sorted((name.encode("utf-8", "surrogateescape"), *entry) for name, entry in entries.items())
    return b"".join(b"%s %s\0%s" % (mode.encode(), name, oid) for name, mode, oid in rows)


def parsed(content: bytes) -> dict[str, trees.TreeEntry]:
    return trees.parse(content, 20, "")


@settings(deadline=None)
@given(_TREES, _NAMES)
def test_an_entry_is_found_in_the_text(entries: dict[str, tuple[str, bytes]], name: str) -> None:
    assert trees.find(text(entries), 20, name) == parsed(text(entries)).get(name)


@settings(deadline=None)
@given(_TREES, _TREES)
def test_two_texts_differ_as_their_entries_do(
    one: dict[str, tuple[str, bytes]], changed: dict[str, tuple[str, bytes]]
) -> None:
    other = {**one, **changed}
    left, right = trees.strip_common(text(one), text(other), 20)
    assert parsed(left).items() ^ parsed(right).items() == parsed(text(one)).items() ^ parsed(text(other)).items()


def test_what_differs_in_a_large_tree_is_little_text() -> None:
    one = {f"name-{n:05}.yaml": ("100644", b"%020d" % n) for n in range(20_000)}
    left, right = trees.strip_common(text(one), text({**one, "name-1.yaml": ("100644", b"x" * 20)}), 20)
    assert (parsed(left), list(parsed(right))) == ({}, ["name-1.yaml"])


@pytest.mark.parametrize("name", ["..", ".git", "GIT~1"])
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(Unsafe):
        parsed(text({name: ("100644", b"a" * 20)}))
