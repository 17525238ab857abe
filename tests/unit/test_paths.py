"""Positions inside a document, as text and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core import paths


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ((), ""),
        (("name",), "name"),
        (("components", "step_operator", 1), "components.step_operator.1"),
        ((0, "a"), "0.a"),
        (("labels", "a.b"), 'labels["a.b"]'),
        (("labels", "a b", "c"), 'labels["a b"].c'),
        (("", "x"), '[""].x'),
        (('q"uote', "back\\slash"), '["q\\"uote"].back\\slash'),
        (("[0]",), '["[0]"]'),
        (("é", "-", "0"), "é.-.0"),
    ],
)
def test_a_path_has_one_form(path: paths.Path, shown: str) -> None:
    assert paths.show(path) == shown
    if path:
        assert paths.parse(shown) == tuple(map(str, path))


@given(st.lists(st.text() | st.text(alphabet='a."[]\\ \n\t'), min_size=1, max_size=4).map(tuple))
def test_any_path_of_keys_comes_back(path: tuple[str, ...]) -> None:
    assert paths.parse(paths.show(path)) == path


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a b", "[a]", '["a', '["a"]b', 'a"b', "a[0]"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        paths.parse(text)


@given(st.text(alphabet='ab."[]\\ \n', max_size=12))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        steps = paths.parse(text)
    except ValueError:
        return
    assert paths.parse(paths.show(steps)) == steps
