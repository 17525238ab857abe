"""The one YAML reader: text to data in one pass over the parser's events, every safety check on the way.

What it accepts is the part of YAML that all readers agree on: one document that is a mapping with text keys, no tags,
anchors, aliases or duplicate keys, and JSON's types. Words that YAML 1.1 reads as something else (``no``, ``012``,
``12:30:45``) are text here, and `zenprofile.core.document.writer` puts them in quotes.

Most documents are read line by line (`zenprofile.core.document.lines`), without a YAML parser; the others by
`zenprofile.core.document.events`, which is not imported before.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zenprofile.core.document import lines
from zenprofile.core.document.nodes import Mark, Node
from zenprofile.core.document.parse_error import ParseError, in_text

if TYPE_CHECKING:
    from contextvars import ContextVar

__all__ = ["MAX_BYTES", "Mark", "Node", "ReadCache", "caching", "decode", "read", "tree"]

MAX_BYTES = 1024 * 1024

# YAML 1.1 breaks lines at the first three, YAML 1.2 and editors do not: two readers would see two documents. The others
# are no characters.
_ODD = "[\x85\u2028\u2029\ud800-\udfff]"
_SURROGATES = 0xD800
_MOST_KNOWN = 4 << 20  # characters of the texts that a `ReadCache` keeps
_TAG_LINE = r"(?:\A|(?<=[\r\n]))%TAG\b"


class ReadCache:
    """A cache of parsed texts, for `caching`."""

    def __init__(self) -> None:
        self._data: dict[str, dict[str, Any]] = {}
        self._room = _MOST_KNOWN

    def data(self, text: str) -> dict[str, Any]:
        """Return what a text holds: a copy of one's own, which may be changed."""
        return {key: _copied(value) for key, value in self.shown(text).items()}

    def shown(self, text: str) -> dict[str, Any]:
        """Return what a text holds, to be looked at alone."""
        found = self._data.get(text)
        if found is None:
            found = _data(text)
            if len(text) <= self._room:
                self._room -= len(text)
                self._data[text] = found
        return found


_known: "ContextVar[ReadCache | None] | None" = None


@contextlib.contextmanager
def caching(known: ReadCache) -> Iterator[None]:
    """Cache parsed texts within the block: a merge and its checks read the same ones many times."""
    from contextvars import ContextVar

    global _known  # noqa: PLW0603 - so that who only reads need not import it
    if _known is None:
        _known = ContextVar("known", default=None)
    before = _known.set(known)
    try:
        yield
    finally:
        _known.reset(before)


def read(raw: bytes | str, file: str = "") -> dict[str, Any]:
    """Read a document.

    Args:
        raw: the document; bytes must be UTF-8.
        file: its path, for the error.

    Returns:
        Its content: text keys; values of JSON's types, numbers finite.

    Raises:
        Invalid: a rule of this module's first lines is broken; line and column say where.
    """
    try:
        text = _decoded(raw)
        known = None if _known is None else _known.get()
        return _data(text) if known is None else known.data(text)
    except ParseError as refused:
        raise refused.invalid(file) from None


def look(text: str) -> dict[str, Any]:
    """Return what `read` returns, for who only looks at it: what is remembered is not copied.

    Raises:
        Invalid: as `read`.
    """
    try:
        text = _decoded(text)
        known = None if _known is None else _known.get()
        return _data(text) if known is None else known.shown(text)
    except ParseError as refused:
        raise refused.invalid("") from None


def decode(raw: bytes | str, file: str = "") -> str:
    """Return a document's text.

    Raises:
        Invalid: too long, not UTF-8, or with a byte order mark.
    """
    try:
        return _decoded(raw)
    except ParseError as refused:
        raise refused.invalid(file) from None


def tree(text: str) -> Node:
    """Return the nodes of a document that `read` accepts, with their places.

    Raises:
        Invalid: `read` would not accept its syntax.
    """
    from zenprofile.core.document import events

    try:
        _checked(text)
        return events.tree(text)
    except ParseError as refused:
        raise refused.invalid("") from None


def _data(text: str) -> dict[str, Any]:
    data = lines.data(text)
    return _parsed(text) if data is None else data


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(member) for key, member in value.items()}
    return list(map(_copied, value)) if isinstance(value, list) else value


def _parsed(text: str) -> dict[str, Any]:
    from zenprofile.core.document import events

    _checked(text)
    return events.data(text)


def _decoded(raw: bytes | str) -> str:
    size = len(raw) if isinstance(raw, bytes) or raw.isascii() else len(raw.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        message = f"the document has more than {MAX_BYTES} bytes"
        raise ParseError("too-large", message, "split it, or keep large values elsewhere")
    if isinstance(raw, bytes):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start)
            column = len(raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace"))
            raise ParseError(
                "not-utf8", "the text is not UTF-8", "save the file as UTF-8", line + 1, column + 1
            ) from None
    else:
        text = raw
    if text.startswith("\ufeff"):
        raise ParseError(
            "byte-order-mark", "the file starts with a byte order mark", "save it as UTF-8 without BOM", 1, 1
        )
    return text


def _checked(text: str) -> None:
    """Refuse what the parser would take but should not see."""
    odd = None if text.isascii() else re.search(_ODD, text)
    if odd:
        code = ord(odd.group())
        if code >= _SURROGATES:
            raise in_text(text, odd.start(), "not-utf8", "a lone surrogate is no character", "remove it")
        message = f"U+{code:04X} ends a line for some YAML readers only"
        raise in_text(text, odd.start(), "line-break", message, "write it as an escape in double quotes")
    if "<<<<<<<" in text or ">>>>>>>" in text:
        from zenprofile.core.document.events import refuse_markers

        refuse_markers(text)
    if "%TAG" in text:
        _refuse_tag_lines(text)


def _refuse_tag_lines(text: str) -> None:
    """Refuse a %TAG line early: libyaml compares each with all before it, and a file of them takes seconds."""
    found = re.search(_TAG_LINE, text)
    if found:
        raise in_text(text, found.start(), "tag", "tags are not read", "remove the %TAG line")
