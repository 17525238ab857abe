"""What is printed: tables, JSON and YAML, with nothing in them that could steer a terminal."""

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Any, TextIO

FORMATS = ("table", "json", "yaml")
LIST_FORMATS = (*FORMATS, "name", "wide")

# Compiled where a text needs it: most are plain.
# Control characters, line and paragraph separators, what turns or hides text, lone surrogates, tag characters.
_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_UNSAFE_IN_JSON = _UNSAFE.replace("\x00-\x1f", "")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

Encode = Callable[[Any], Any]
_WORDS = {True: "true", False: "false", None: "null"}

# As git uses them.
_BOLD, RED, GREEN, YELLOW, CYAN, PLAIN = 1, 31, 32, 33, 36, 0
_NARROWEST = 6  # columns of a cell, however small the window is
_LINES = {
    "heavy": ("┏━", "━┯━", "━┓", "┃ ", " │ ", " ┃", "┠─", "─┼─", "─┨", "┗━", "━┷━", "━┛", "━", "─"),
    "ascii": ("+-", "-+-", "-+", "| ", " | ", " |", "+-", "-+-", "-+", "+-", "-+-", "-+", "-", "-"),
}


def local_time(when: str) -> str:
    """Return a recorded time as people read it: in this machine's zone, with the offset; "" for none."""
    from datetime import datetime

    return datetime.fromisoformat(when).astimezone().isoformat(" ", "seconds") if when else ""


def safe_text(value: object) -> str:
    """Return a name or value as one line that a terminal shows as it stands; everything else is escaped."""
    text = str(value)
    if text.isprintable() and (text.isascii() or max(text) < "\U000e0000"):  # only tags are escaped though printable
        return text
    return re.sub(_UNSAFE, _escaped, text)


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _escaped_in_json(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def width(text: str) -> int:
    """Return how many columns a terminal needs for the text."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) or c == "\ufe0f" else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


# A column of plain ASCII is made safe, measured and filled up at once: calls for each cell are half the time of a long
# list.
def _safe_column(values: Iterable[object]) -> list[str]:
    texts = list(map(str, values))
    whole = "".join(texts)
    if whole.isascii() and whole.isprintable():
        return texts
    safe = {text: safe_text(text) for text in set(texts)}
    return [safe[text] for text in texts]


def _widest(column: Sequence[str]) -> int:
    return max(map(len if "".join(column).isascii() else width, set(column)))


def _padded_column(column: Sequence[str], columns: int) -> list[str]:
    if "".join(column).isascii():
        return [text.ljust(columns) for text in column]
    padded = {text: _padded(text, columns) for text in set(column)}
    return [padded[text] for text in column]


def table(header: Sequence[str], rows: Iterable[Sequence[object]], title: str = "", colours: Sequence[int] = ()) -> str:
    """Return a table with a line around every cell, as ZenML draws it, without a final line end.

    On a terminal it fits the window: cells wrap, and only rows that wrap have a rule around them. Where the window is
    too narrow for that, each cell is a line of its own.

    Args:
        header: names of the columns, shown in capitals.
        rows: cells; each is made safe, a line break in it shown escaped.
        title: stands centred above.
        colours: of the columns (see `coloured`), below a bold header.
    """
    left, cross, right, cell, between, end, t_left, t_cross, t_right, b_left, b_cross, b_right, heavy, light = _LINES[
        "heavy" if _draws_boxes() else "ascii"
    ]
    names = [safe_text(name).upper() for name in header]
    cells = [_safe_column(column) for column in zip(names, *rows, strict=True)]
    columns = [_widest(column) for column in cells]
    found: Iterable[Sequence[str]]
    if sys.stdout.isatty():
        columns = _fitted(columns, _window())
        if sum(columns) + 3 * len(columns) + 1 > _window():
            return _by_lines(cells, _window(), safe_text(title), colours)
        found = _wrapped_rows(cells, columns, colours)
    else:
        padded = zip(*map(_padded_column, cells, columns), strict=True)
        found = [row for one in padded for row in ((), one)][1:]
    separator = t_left + t_cross.join(light * n for n in columns) + t_right
    lines = [left + cross.join(heavy * n for n in columns) + right]
    lines += [cell + between.join(row) + end if row else separator for row in found]
    lines.append(b_left + b_cross.join(heavy * n for n in columns) + b_right)
    if title:
        lines.insert(0, _centred(safe_text(title), len(lines[0])))
    return "\n".join(lines)


def _wrapped_rows(cells: Sequence[Sequence[str]], columns: Sequence[int], colours: Sequence[int]) -> list[list[str]]:
    """Return lines of a table that fits its columns, as their cells; none of them where a rule stands."""
    wrapped = [[_wrapped(text, n) for text, n in zip(row, columns, strict=True)] for row in zip(*cells, strict=True)]
    tall = [max(map(len, row)) > 1 for row in wrapped]
    found: list[list[str]] = []
    for number, row in enumerate(wrapped):
        if number and (number == 1 or tall[number] or tall[number - 1]):
            found.append([])
        for parts in zip_longest(*row, fillvalue=""):
            padded = [_padded(text, n) for text, n in zip(parts, columns, strict=True)]
            found.append(_painted(padded, colours if number else [_BOLD] * len(colours)))
    return found


def _by_lines(cells: Sequence[Sequence[str]], window: int, title: str, colours: Sequence[int]) -> str:
    """Return columns as a block of lines a row, ``NAME: VALUE`` each; empty cells are left out."""
    header, *rows = zip(*cells, strict=True)
    lines = _wrapped(title, window) if title else []
    for row in rows:
        lines += ["-" * window] if lines else []
        for name, text, colour in zip_longest(header, row, colours[: len(row)], fillvalue=0):
            parts = _wrapped(f"{name}: {text}", window) if text else []
            lines += [coloured(part, int(colour), sys.stdout) for part in parts]
    return "\n".join(lines)


def _painted(cells: list[str], colours: Sequence[int]) -> list[str]:
    if not colours:
        return cells
    return [coloured(text, colour, sys.stdout) for text, colour in zip(cells, colours, strict=True)]


def _window() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _fitted(columns: list[int], window: int) -> list[int]:
    """Return widths of columns that fit a window, the widest narrowed first; none gets narrower than `_NARROWEST`."""
    room = window - 3 * len(columns) - 1
    narrowed = list(columns)
    while sum(narrowed) > room:
        widest = max(narrowed)
        if widest <= _NARROWEST:
            break
        below = max([n for n in narrowed if n < widest], default=_NARROWEST)
        number = narrowed.count(widest)
        step = -(-(sum(narrowed) - room) // number)
        narrowed = [max(_NARROWEST, below, widest - step) if n == widest else n for n in narrowed]
    return narrowed


def _wrapped(text: str, columns: int) -> list[str]:
    """Break a cell into lines of a width, behind a blank or a comma where one is near."""
    if width(text) <= columns:
        return [text]
    lines, rest = [], text
    while width(rest) > columns:
        end = _end_of(rest, columns)
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*lines, rest] if rest else lines


def _end_of(text: str, columns: int) -> int:
    used = end = 0
    while used + width(text[end]) <= columns:
        used += width(text[end])
        end += 1
    near = max(text.rfind(" ", 0, end), text.rfind(",", 0, end), text.rfind("/", 0, end)) + 1
    return near if near > end // 2 else max(end, 1)


def _centred(text: str, columns: int) -> str:
    missing = max(0, columns - width(text))
    return " " * (missing // 2) + text + " " * (missing - missing // 2)


def _draws_boxes() -> bool:
    return (sys.stdout.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def branch(*, last: bool) -> str:
    """Return what a tree draws in front of a member."""
    if not _draws_boxes():
        return "`--" if last else "|--"
    return "└──" if last else "├──"


def properties(title: str, values: Iterable[tuple[str, object]]) -> str:
    """Return the two-column table of ``describe``."""
    return table(("PROPERTY", "VALUE"), values, title)


def as_json(data: Any, *, indent: int | None = 2) -> str:
    """Return data as JSON: readable text stays, what could steer a terminal stands as JSON's own escape."""
    from json import encoder

    encode = encoder.JSONEncoder(ensure_ascii=False).encode
    if indent is None:
        text = encode(data)
    else:
        plain = _WORDS.get
        quick: dict[type, Encode] = {str: encoder.encode_basestring, int: repr, bool: plain, type(None): plain}
        text = _indented(data, quick, encode, "\n", " " * indent)
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(_UNSAFE_IN_JSON, _escaped_in_json, text)


def _indented(data: Any, quick: dict[type, Encode], encode: Encode, line: str, indent: str) -> str:
    """Return JSON over several lines; the library has that in Python alone, step by step."""
    if not data or not isinstance(data, dict | list):
        return str(quick.get(type(data), encode)(data))
    inner = line + indent
    if isinstance(data, list):
        members = [_indented(value, quick, encode, inner, indent) for value in data]
        return f"[{inner}{f',{inner}'.join(members)}{line}]"
    text = quick[str]
    members = [
        f"{text(key)}: {text(value) if type(value) is str else _indented(value, quick, encode, inner, indent)}"
        for key, value in data.items()
    ]
    return f"{{{inner}{f',{inner}'.join(members)}{line}}}"


def as_yaml(data: Any) -> str:
    """Return a mapping, or a list of them, as YAML.

    Raises:
        Invalid: it holds what YAML cannot (a lone surrogate).
    """
    from zenprofile.core.document import writer

    if isinstance(data, list):
        return "".join(writer.item(member, 0) for member in data).rstrip("\n") or "[]"
    return writer.dump(data).rstrip("\n")


def print_result(text: str) -> None:
    """Print a result to stdout."""
    _print(text, sys.stdout)


def print_stderr(text: str) -> None:
    """Print a hint, a warning or progress to stderr."""
    _print(text, sys.stderr)


class _Progress:
    """The terminal's last line.

    Attributes:
        stands: whether it shows progress, and the cursor is behind that.
    """

    stands = False


def progress(text: str) -> None:
    """Show progress, git's or ours, on one line of the terminal; what is shown or printed next takes its place."""
    last = text.replace("\r", "\n").rstrip("\n").rpartition("\n")[2]
    sys.stderr.write(f"\r{safe_text(last)[:79]}\x1b[K")
    sys.stderr.flush()
    _Progress.stands = True


def end_progress() -> None:
    """Clear the line of progress, where there is one: before a question, say."""
    if _Progress.stands:
        _Progress.stands = False
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _print(text: str, stream: TextIO) -> None:
    end_progress()
    try:
        stream.write(f"{text}\n")
    except UnicodeEncodeError:
        # A terminal that lacks a character sees it escaped.
        encoding = stream.encoding or "ascii"
        stream.write(f"{text}\n".encode(encoding, "backslashreplace").decode(encoding))


def coloured(text: str, colour: int, stream: TextIO) -> str:
    """Return the text in one of the terminal's colours (`RED` and so on) where the stream is one that wants them."""
    wants = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb" and stream.isatty()
    return f"\x1b[{colour}m{text}\x1b[0m" if wants and colour and text.strip() and _git_colours() else text


@functools.cache
def _git_colours() -> bool:
    """Say whether a person's git is to use colours on a terminal (``color.ui``)."""
    from zenprofile.git import pager

    return pager.colours(os.getcwd())
