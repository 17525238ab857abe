"""The quick way to read a document: line by line, without a YAML parser.

It knows the plain part of what `zenprofile.core.document.writer` writes: ``key: value`` and ``- value``, one to a line.
Whatever else stands in a document (a text of several lines, an escape, an error) it leaves to the reader,
so it never has to say what is wrong. It reads nothing that the parser would read otherwise: the tests compare the two.
Most documents of a profile are of this form, and are read some five times as fast.
"""

import re
from functools import cache
from typing import Any

MAX_CHARACTERS = 65_536

# What is printable beyond ASCII, less the line breaks of YAML 1.1 and the byte order mark, by what it is not, since
# Python takes 20 ms to compile a class of such ranges.
_NO_WIDE = "\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"
_WORD = r"[A-Za-z_/][\w./@+%=-]*"
# Of each kind of text between signs, the class of its characters in ASCII, and beyond.
_ASCII = ("[ -~]", r"[ !#-\[\]-~]", "[ -&(-~]", "")
_BEYOND = (
    rf"[^\x00-\x1f{_NO_WIDE}]",
    rf"[^\x00-\x1f\"\\{_NO_WIDE}]",
    rf"[^\x00-\x1f'{_NO_WIDE}]",
    rf"|[^\x00-\x7e{_NO_WIDE}]",
)


@cache
def _line(ascii_: bool) -> re.Pattern[str]:
    """Return one line: blanks, ``key:``, ``-`` or ``- key:``, value, comment. All but the blanks may be ""."""
    any_, in_double, in_single, or_wide = _ASCII if ascii_ else _BEYOND
    value = (
        # Text that starts with a letter; ':' and blanks stand before what cannot be a comment or another key.
        rf"[A-Za-z_/](?:[\w./@+%=(),;-]{or_wide}|:(?=[\w/])| (?=[\w(/]{or_wide}))*"
        r"|-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?"
        rf'|"{in_double}*"'
        rf"|'{in_single}*'"
        rf"|\{{\}}|\[(?:{_WORD}(?:, {_WORD})*)?\]"
    )
    return re.compile(
        rf"^( {{0,40}})(?:(-|(?:- )?[A-Za-z_/][\w./-]{{0,99}}:)(?: +({value}))?(?: *| +#{any_}*)|(?:#{any_}*)?)\r?\n",
        re.MULTILINE | re.ASCII,
    )


_WORDS: dict[str, bool | None] = {"null": None, "true": True, "false": False}


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _brackets(text: str) -> Any:
    if text == "{}":
        return {}
    return [_WORDS.get(word, word) for word in text[1:-1].split(", ")] if text != "[]" else []


def _unquoted(text: str) -> str:
    return text[1:-1]


# By a value's first character; letters are not here.
_READ = {'"': _unquoted, "'": _unquoted, "[": _brackets, "{": _brackets, **dict.fromkeys("-0123456789", _number)}


class _NeedsParser(Exception):
    """The fast reader cannot read the document; the parser has to."""


def data(text: str) -> dict[str, Any] | None:
    """Return a document's data, or None where the parser has to read it."""
    if len(text) > MAX_CHARACTERS or ": |" in text or ": >" in text:  # texts of several lines, mostly
        return None
    rows = _line(text.isascii()).findall(text)
    if not rows or len(rows) != text.count("\n") or text[-1] != "\n":
        return None
    try:
        return _built(rows) or None
    except _NeedsParser:
        return None


def span(text: str, path: tuple[str, ...]) -> tuple[int, int] | None:
    """Return where the value at a path of keys stands, or None where it has no line of its own with its key.

    In a document that `data` does not read it may be wrong: the caller has to prove it.
    """
    step, indent, last = 0, 0, -1
    for line in _line(text.isascii()).finditer(text):
        name = line.group(2)
        if not name:
            continue
        width = len(line.group(1))
        indent = width if indent < 0 else indent
        if width < indent or indent <= last:
            return None
        if width == indent and name == f"{path[step]}:":
            if step + 1 == len(path):
                return line.span(3) if line.group(3) else None
            step, indent, last = step + 1, -1, indent
    return None


def _value(text: str) -> Any:
    first = text[0]
    return _READ[first](text) if first in _READ else _WORDS.get(text, text)


class _OpenCollection:
    """The collection that lines go into, those around it, and the key that still waits for its value."""

    def __init__(self) -> None:
        self.into: Any = {}
        self.indent = 0
        self.waiting = ""
        self.outer: list[tuple[Any, int]] = []

    def mapping(self, width: int, name: str, value: str) -> tuple[dict[str, Any], int]:
        """Return the mapping that a line's entry goes into, and its indent; of ``- value``, an item, ({}, -1)."""
        self._move(width, list if name[0] == "-" else dict)
        if name == "-":
            if not value:
                raise _NeedsParser
            self.into.append(_value(value))
            return {}, -1
        if name[0] == "-":
            item: dict[str, Any] = {}
            self.into.append(item)
            self._enter(item, width + 2)
        return self.into, self.indent

    def _enter(self, child: Any, indent: int) -> None:
        self.outer.append((self.into, self.indent))
        self.into, self.indent, self.waiting = child, indent, ""

    def _move(self, width: int, kind: type) -> None:
        """Open the collection of a kind at a width, or go back to it."""
        if self.waiting and (width > self.indent or (kind is list and width == self.indent)):
            child = self.into[self.waiting] = kind()
            self._enter(child, width)
            return
        self.waiting = ""
        while self.indent != width or type(self.into) is not kind:
            if not self.outer or self.indent < width:
                raise _NeedsParser
            self.into, self.indent = self.outer.pop()


def _built(rows: list[tuple[str, str, str]]) -> dict[str, Any]:
    open_ = _OpenCollection()
    root = into = open_.into
    indent = 0
    for pad, name, value in rows:
        if not name:
            continue
        if len(pad) != indent or name[0] == "-":
            into, indent = open_.mapping(len(pad), name, value)
            if indent < 0:
                continue
        key = name.lstrip("- ")[:-1]
        if key in into or key in _WORDS:
            raise _NeedsParser
        into[key] = _value(value) if value else None
        open_.waiting = "" if value else key
    return root  # type: ignore[no-any-return]
