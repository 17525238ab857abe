"""What is printed: the tables of the user's document, and nothing that steers a terminal."""

import io
import json
import re
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.cli import output
from zenprofile.core.document import reader as texts

BLOCKS = Path(__file__).parents[1] / "data" / "transcripts"
TABLE = re.compile(r"^( *'[^\n]*\(ACTIVE\) *)\n(┏.*?┛)$", re.DOTALL | re.MULTILINE)
SHOWN = [found for block in sorted(BLOCKS.iterdir()) for found in TABLE.findall(block.read_text(encoding="utf-8"))]
# Escape sequences, title and link commands, C1, bidirectional controls, a tag, invisible characters, lone surrogates.
HOSTILE = "a\x1b[31mb\x07\x9b2J\x7f\u202eevil\u2066\u200b\ufeff\u2028\ud800\U000e0041\r\n\t\x00"


@pytest.mark.parametrize(("title", "drawn"), SHOWN)
def test_the_tables_of_the_document(title: str, drawn: str) -> None:
    rows = [[cell.strip() for cell in line.strip("┃").split("│")] for line in drawn.splitlines() if line[0] == "┃"]
    lines = output.properties(title.strip(), [(name, value) for name, value in rows[1:]]).splitlines()
    assert "\n".join(lines[1:]) == drawn
    assert lines[0].strip() == title.strip()
    # The document's author shortened some paths below a title that had been centred before.
    if len(title) == len(lines[1]):
        assert lines[0] == title


def test_there_are_tables_in_the_document() -> None:
    assert len(SHOWN) == 4
    assert any(len(title) == len(drawn.splitlines()[0]) for title, drawn in SHOWN)


def test_wide_and_combining_characters_take_their_columns() -> None:
    lines = output.table(["a"], [["👉"], ["日本"], ["e\u0301"], ["plain"]]).splitlines()
    assert {output.width(line) for line in lines} == {9}


def test_a_cell_stays_in_its_line() -> None:
    assert len(output.table(["a"], [["x\ny"]]).splitlines()) == 5


def test_lines_of_a_terminal_without_box_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert output.table(["a", "b"], [["1", "2"]]) == "+---+---+\n| A | B |\n+---+---+\n| 1 | 2 |\n+---+---+"


def test_text_that_is_shown_steers_no_terminal() -> None:
    shown = output.safe_text(HOSTILE)
    assert shown.isprintable()
    assert shown == (
        "a\\x1b[31mb\\x07\\x9b2J\\x7f\\u202eevil\\u2066\\u200b\\ufeff\\u2028\\ud800\\U000e0041\\r\\n\\t\\x00"
    )


@pytest.mark.parametrize("text", ["plain", "Zoë", "日本", "👉", "s3://a/b?c=d&e", "a\u00a0b", ""])
def test_readable_text_stays(text: str) -> None:
    assert output.safe_text(text) == text


@given(st.text() | st.text(alphabet=st.characters(codec=None, categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_no_control_character_is_ever_shown(text: str) -> None:
    left = {unicodedata.category(character) for character in output.safe_text(text)}
    assert not left & {"Cc", "Cs", "Zl", "Zp"}
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not turning & {unicodedata.bidirectional(character) for character in output.safe_text(text)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet=st.characters(codec=None)), inner),
)


@given(JSON)
def test_json_comes_back_and_steers_nothing(data: Any) -> None:
    printed = output.as_json(data)
    assert json.loads(printed) == data
    assert output.safe_text(printed.replace("\n", "")) == printed.replace("\n", "")


def test_json_keeps_readable_text_readable() -> None:
    assert output.as_json({"ü": "日本"}, indent=None) == '{"ü": "日本"}'
    assert output.as_json(HOSTILE).isprintable()


def test_yaml_of_one_and_of_several() -> None:
    one = {"name": "p", "active": True, "scope": None, "url": "x\x1b[31m"}
    assert texts.read(output.as_yaml(one)) == one
    assert "\x1b" not in output.as_yaml(one)
    assert output.as_yaml([{"name": "a"}, {"name": "b"}]) == "- name: a\n- name: b"
    assert output.as_yaml([]) == "[]"


def test_a_stream_that_lacks_a_character_shows_it_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    output.print_result("Zoë 日")
    sys.stdout.flush()
    assert raw.getvalue() == b"Zo\xeb \\u65e5\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "variables", "colours"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_colours_on_a_terminal_alone(
    stream: io.StringIO, variables: dict[str, str], colours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[31m" in output.coloured("Error:", 31, stream)) is colours


def test_every_character_that_is_escaped_is_escaped() -> None:
    unsafe = re.compile(output._UNSAFE)
    wrong = [
        hex(code)
        for code in range(0x110000)
        if unsafe.match(chr(code)) and output.safe_text(f"a{chr(code)}") == f"a{chr(code)}"
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "data",
    [
        {}, [], [{}], {"a": []}, {"a": {"b": [1, 2.5, True, False, None, "ü\n\"", {"c": {}}]}, "d": ""}, "text",
        1, None,
        [{"name": "x", "configuration": {"k": {"l": [[], [1, [2]]]}}}, {"n": -0.0}],
    ],
)  # fmt: skip
def test_json_is_what_the_library_writes(data: object) -> None:
    assert output.as_json(data) == json.dumps(data, ensure_ascii=False, indent=2)


def test_a_time_is_told_in_the_machines_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert output.local_time("2026-11-28T08:32:16Z") == "2026-11-28 17:32:16+09:00"
        assert output.local_time("") == ""
    finally:
        monkeypatch.undo()
        time.tzset()
