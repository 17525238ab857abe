"""The one YAML writer: data to the same bytes on every machine, read back alike by every YAML reader.

It is our own, and small, because the bytes are part of the format: they must not move with a library's version.
"""

import re
from typing import Any

from zenprofile.core.entity import Data, ordered
from zenprofile.errors import Invalid, Problem

WIDTH = 100
MAX_KEY = 256

# Text that stands without quotes: it starts with a letter, '_' or '/', and holds nothing that any YAML version reads as
# structure, number, date or truth value.
_PLAIN = re.compile(
    r"[A-Za-z_/](?:[A-Za-z0-9_./@+%=-]|:(?=[A-Za-z0-9_./@+%=-])| (?=[A-Za-z0-9_./@+%(-])|[(),;](?=\S)|[)])*\Z"
)
_PLAIN_IN_FLOW = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+%=-]*\Z")
_WORDS = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan", "infinity"])
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
# What YAML does not call printable, the line breaks of YAML 1.1, and what turns text around.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_LINES = re.compile(r"[^ \t\n](?:[^\n]*[^ \t\n])?(?:\n(?:[ \t]*[^ \t\n](?:[^\n]*[^ \t\n])?)?)*\Z")


def write(kind: str, data: Data) -> str:
    """Return a new document of an entity: UTF-8 text, LF, keys in schema order.

    Raises:
        Invalid: the data holds what YAML or JSON cannot (a key of over 256 characters, NaN, a lone surrogate).
    """
    return dump(ordered(kind, data))


def dump(data: Data, indent: int = 0) -> str:
    """Return a mapping in block style, each line indented by so many blanks, with a line end."""
    if not data:
        return " " * indent + "{}\n"
    return "".join(entry(key, value, indent) for key, value in data.items())


def entry(key: str, value: Any, indent: int) -> str:
    """Return ``key: value`` as the lines of a block mapping."""
    return f"{' ' * indent}{key_text(key)}:{value_lines(value, indent)}"


def item(value: Any, indent: int) -> str:
    """Return ``- value`` as the lines of a block list whose dashes stand at an indent."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        lines = dump(value, indent + 2)
        return f"{pad}- {lines[indent + 2 :]}"
    return f"{pad}-{value_lines(value, indent)}"


def value_lines(value: Any, indent: int) -> str:
    """Return what follows ``key:`` or ``-``: the rest of the line, and the lines below it."""
    if isinstance(value, dict) and value:
        return "\n" + dump(value, indent + 2)
    if isinstance(value, list) and value:
        flow = inline(value)
        if all(not isinstance(member, dict | list) for member in value) and len(flow) + indent <= WIDTH:
            return f" {flow}\n"
        return "\n" + "".join(item(member, indent + 2) for member in value)
    if isinstance(value, str) and "\n" in value and _is_block(value):
        pad = " " * (indent + 2)
        mark, body = ("|", value[:-1]) if value.endswith("\n") else ("|-", value)
        lines = "\n".join(pad + line if line else "" for line in body.split("\n"))
        return f" {mark}\n{lines}\n"
    return f" {scalar(value)}\n" if not isinstance(value, dict | list) else f" {inline(value)}\n"


def _is_block(value: str) -> bool:
    body = value[:-1] if value.endswith("\n") else value
    return "\n" in value and bool(_LINES.match(body)) and not body.endswith("\n") and not _UNPRINTABLE.search(
        value.replace("\n", "")
    )  # fmt: skip


def inline(value: Any) -> str:
    """Return a value on one line, as it stands inside brackets."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key_text(key)}: {inline(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(member) for member in value) + "]"
    if isinstance(value, str):
        return value if _is_plain(value, _PLAIN_IN_FLOW) else quoted(value)
    return scalar(value)


def key_text(key: str) -> str:
    """Return a mapping's key."""
    text = key if _is_plain(key, _PLAIN_IN_FLOW) else quoted(key)
    if len(key) > MAX_KEY or len(text) > 1000:  # the reader's bound, and YAML's own for a key on its line
        raise _impossible("a key is too long", "shorten it")
    return text


def scalar(value: Any) -> str:
    """Return null, a truth value, a number or text on one line outside brackets."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return value if _is_plain(value, _PLAIN) else quoted(value)
    raise _impossible(f"a {type(value).__name__} has no place in a document", "use text, numbers, lists and mappings")


def _float(value: float) -> str:
    text = repr(value)
    if "n" in text:  # inf, nan
        raise _impossible("a number that is not finite has no place in a document", "put it in quotes if it is text")
    # YAML 1.1 takes an exponent only behind a dot and with a sign.
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{mantissa}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def _is_plain(value: str, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.match(value)) and value.lower() not in _WORDS and len(value) <= 1000


def quoted(value: str) -> str:
    """Return text in double quotes, all that is not printable escaped."""
    return '"' + _UNPRINTABLE.sub(_escape, value.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        raise _impossible("a lone surrogate is no character", "remove it")
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _impossible(message: str, hint: str) -> Invalid:
    return Invalid.of([Problem("", 0, 0, "", message, hint, "unwritable")])
