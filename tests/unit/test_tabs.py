"""Tabs that PyYAML's own loaders refuse are found, and taken out without a change of meaning."""

import pytest
import yaml

from zenprofile.core.document import reader, tabs
from zenprofile.core.document.formatter import formatted

REFUSED = [
    "name: b\t# c\n",
    "name: b \t # c\n",
    "name:\tb\n",
    "labels:\t# c\n  b: '1'\n",
    "labels: {a: b,\tc: d}\t# d\n",
    "name: b\t\n",
    "name: a\tb\n",
    "name: 'x'\t# c\n# d\te\ndescription: \"a\tb\"\n",
    "description: |\n  a\tb\n\tc\nname:\tx\n".replace("\n\tc", ""),
    "name: ä\t# ö\n",
]


@pytest.mark.parametrize("text", REFUSED)
def test_it_is_found_and_taken_out(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        yaml.load(text, yaml.SafeLoader)
    line, column = tabs.find_first(text) or (0, 0)
    new = formatted("component", text)

    assert "\t" in text.splitlines()[line - 1][column - 1 :]
    assert yaml.load(new, yaml.SafeLoader) == reader.read(text)
    assert tabs.find_first(new) is None
    assert [part.count("#") for part in new.splitlines()] == [part.count("#") for part in text.splitlines()]


@pytest.mark.parametrize(
    "text", ["name: b # a\tb\n", 'name: "a\tb"\n', "name: |\n  a\tb\n", "name: b\n", "# \t\nname: b\n"]
)
def test_others_stay(text: str) -> None:
    assert yaml.load(text, yaml.SafeLoader)
    assert tabs.find_first(text) is None
    assert tabs.replace_tabs(text) == text
