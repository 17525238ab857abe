"""The name rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core import names


@pytest.mark.parametrize(
    "name", ["a", "A", "0", "s3-prod", "a.b_c-d", "x" * 128, "console", "com10", "nulls", "a..b", "a-"]
)
def test_a_name_may_be(name: str) -> None:
    assert names.why_not(name) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *(
            (name, "a name has letters")
            for name in ["", ".", "..", "-rf", "_a", ".git", "a/b", "../x", "a\\b", "a:b", "git~1"]
        ),
        *(
            (name, "a name has letters")
            for name in ["a b", "a ", "a\n", "a\0", "é", "\uff41", "x" * 129, "a\u202eb", "\ud800", "٣"]
        ),
        *((thing, "a name has letters") for thing in (None, 1, True, ["a"], ("a",), b"a")),
        *((name, "does not end with a dot") for name in ["a.", "a.b."]),
        *((name, "reserve this name") for name in ["con", "CON", "Prn", "aux.yaml", "nul.a.b", "com1", "LPT9", "com0"]),
    ],
)
def test_a_name_may_not_be(name: object, reason: str) -> None:
    assert reason in names.why_not(name)


@given(st.text(max_size=140) | st.from_regex(r"[a-zA-Z0-9._~/-]{0,10}", fullmatch=True))
def test_a_name_is_safe_as_a_file_name(name: str) -> None:
    if not names.why_not(name):
        assert name.isascii()
        assert name[0].isalnum()
        assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        assert not names.why_not(names.fold(name))


def test_spellings_of_a_name_fold_to_one() -> None:
    assert names.fold("Prod-A") == names.fold("pROD-a") == "prod-a"
