"""The one YAML reader: text to data in one pass over the parser's events, every safety check on the way.

What it accepts is the part of YAML that all readers agree on: one document that is a mapping with text keys, no tags,
anchors, aliases or duplicate keys, and JSON's types. Words that YAML 1.1 reads as something else (``no``, ``012``,
``12:30:45``) are text here, and `zenprofile.core.writer` puts them in quotes.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from zenprofile.core import paths
from zenprofile.errors import Invalid, Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_NUMBER = 64  # characters: beyond any number that a field can need, below what costs time to convert
MAX_KEY = 256

# The C parser, where PyYAML was built with it: 7-8 times faster (PERFORMANCE, "What was learnt").
_Parser: Any
if yaml.__with_libyaml__:
    _Parser = yaml.cyaml.CParser  # type: ignore[attr-defined]
else:  # pragma: no cover - wheels of PyYAML bring it on every supported platform

    class _Parser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):  # type: ignore[no-redef]
        def __init__(self, stream: str) -> None:
            yaml.reader.Reader.__init__(self, stream)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)


_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
# YAML 1.1 breaks lines at these, YAML 1.2 and editors do not: two readers would see two documents.
_BREAKS = re.compile("[\x85\u2028\u2029]")
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKER = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?:[ \r\n]|\Z)", re.MULTILINE)


class Mark(NamedTuple):
    """A position in a text: offset, line and column, all from 0, in characters."""

    offset: int
    line: int
    column: int


class Node(NamedTuple):
    """A piece of a document with its place, for what must point at it or change it.

    Attributes:
        start: its first character.
        end: behind its last; of a block collection, behind its last child.
        children: of a mapping (key node, value node), of a list (None, item); empty for a scalar.
        mapping: whether it is a mapping.
        flow: whether a collection is written in brackets.
        value: of a scalar.
        style: of a scalar: ``|``, ``>``, ``'``, ``"`` or "".
    """

    start: Mark
    end: Mark
    children: "tuple[tuple[Node | None, Node], ...]" = ()
    mapping: bool = False
    flow: bool = False
    scalar: bool = False
    value: Any = None
    style: str = ""

    def child(self, step: str | int) -> "tuple[Node | None, Node] | None":
        """Return the key and value at a key or list position, or None."""
        if self.mapping:
            return next((pair for pair in self.children if pair[0] is not None and pair[0].value == step), None)
        if isinstance(step, int) and not self.scalar and step < len(self.children):
            return self.children[step]
        return None


class _Refused(Exception):
    """A rule is broken at a place (line and column from 1)."""

    def __init__(self, code: str, message: str, hint: str, line: int, column: int) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.line, self.column = code, message, hint, line, column


def _at(mark: Any, code: str, message: str, hint: str) -> _Refused:
    return _Refused(code, message, hint, mark.line + 1, mark.column + 1)


def _in_text(text: str, index: int, code: str, message: str, hint: str) -> _Refused:
    line = text.count("\n", 0, index)
    return _Refused(code, message, hint, line + 1, index - (text.rfind("\n", 0, index) + 1) + 1)


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
        return _build(decode(raw, file))
    except _Refused as refused:
        problem = Problem(file, refused.line, refused.column, "", refused.message, refused.hint, refused.code)
        raise Invalid.of([problem]) from None


def decode(raw: bytes | str, file: str = "") -> str:
    """Return a document's text.

    Raises:
        Invalid: too long, not UTF-8, or with a byte order mark.
    """
    try:
        return _decoded(raw)
    except _Refused as refused:
        problem = Problem(file, refused.line, refused.column, "", refused.message, refused.hint, refused.code)
        raise Invalid.of([problem]) from None


def _decoded(raw: bytes | str) -> str:
    size = len(raw) if isinstance(raw, bytes) or raw.isascii() else len(raw.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        message = f"the document has {size} bytes; at most {MAX_BYTES} are read"
        raise _Refused("too-large", message, "split it, or keep large values elsewhere", 0, 0)
    if isinstance(raw, bytes):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start)
            column = len(raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace"))
            hint = "save the file as UTF-8"
            raise _Refused("not-utf8", "the text is not UTF-8", hint, line + 1, column + 1) from None
    else:
        text = raw
    if text.startswith("\ufeff"):
        raise _Refused("byte-order-mark", "the file starts with a byte order mark", "save it as UTF-8 without BOM", 1, 1)
    return text


def _checked(text: str) -> None:
    """Refuse what the parser would take but should not see."""
    if not text.isascii():
        broken = _SURROGATE.search(text)
        if broken:
            raise _in_text(text, broken.start(), "not-utf8", "a lone surrogate is no character", "remove it")
        found = _BREAKS.search(text)
        if found:
            message = f"U+{ord(found.group()):04X} ends a line for some YAML readers only"
            hint = "write it as an escape in double quotes"
            raise _in_text(text, found.start(), "line-break", message, hint)
    if "<<<<<<<" in text or ">>>>>>>" in text:
        marker = _MARKER.search(text)
        if marker:
            message = "a conflict marker of git stands in the file"
            raise _in_text(text, marker.start(), "conflict-marker", message, "settle the conflict and delete the markers")


def _events(text: str) -> Iterator[Any]:
    """Yield the events inside the one document, every event-level rule kept."""
    try:
        next_event = _Parser(text).get_event
        next_event()  # start of the stream
        event = next_event()
        if isinstance(event, yaml.StreamEndEvent):
            raise _Refused("not-a-mapping", "the file is empty", "a document is a mapping, such as 'name: prod'", 1, 1)
        if event.tags:
            raise _at(event.start_mark, "tag", "tags are not read", "remove the %TAG line")
        event = next_event()
        while not isinstance(event, yaml.DocumentEndEvent):
            yield event
            event = next_event()
        event = next_event()
        if not isinstance(event, yaml.StreamEndEvent):
            raise _at(event.start_mark, "several-documents", "a file holds one document", "remove what follows '---'")
    except yaml.MarkedYAMLError as error:
        raise _syntax(error) from None
    except yaml.reader.ReaderError:
        # Its position counts bytes in one parser and characters in the other.
        found = _CONTROL.search(text)
        message, hint = "control characters are not allowed", "write it as an escape in double quotes"
        raise _in_text(text, found.start() if found else 0, "control-character", message, hint) from None
    except (ValueError, RecursionError, OverflowError) as error:
        raise _Refused("yaml", f"this cannot be read as YAML ({type(error).__name__})", "correct the file", 0, 0) from None


def _syntax(error: yaml.MarkedYAMLError) -> _Refused:
    mark = error.problem_mark or error.context_mark
    what = (error.problem or error.context or "wrong syntax").replace("\t", "a tab")
    message = f"this is not YAML: {what}"
    hint = "correct the syntax; text with ': ', ' #' or brackets in it stands in quotes"
    if mark is None:
        return _Refused("yaml", message, hint, 0, 0)
    return _at(mark, "yaml", message, hint)


def _refuse_marks(event: Any) -> None:
    if event.anchor is not None:
        what = "an alias" if isinstance(event, yaml.AliasEvent) else "an anchor"
        raise _at(event.start_mark, "alias", f"{what} is not allowed", "write the value where it is used")
    if event.tag is not None:
        raise _at(event.start_mark, "tag", f"the tag {event.tag[:40]!r} is not allowed", "write the plain value")


def _build(text: str) -> dict[str, Any]:
    _checked(text)
    root: Any = None
    # Open collections, innermost last, each with the key that waits for a value (None: none does).
    open_: list[list[Any]] = []
    scalar_event, mapping_start, sequence_start = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
    for event in _events(text):
        kind = type(event)
        if kind is scalar_event:
            if event.anchor is not None or event.tag is not None:
                _refuse_marks(event)
            if open_ and open_[-1][1] is None and type(open_[-1][0]) is dict:
                open_[-1][1] = _key(event, open_[-1][0])
                continue
            value = _value(event)
        elif kind is mapping_start or kind is sequence_start:
            _refuse_marks(event)
            if open_ and open_[-1][1] is None and type(open_[-1][0]) is dict:
                raise _at(event.start_mark, "key", "a key is text", "put the key in quotes")
            if len(open_) >= MAX_DEPTH:
                message = f"the document is nested more than {MAX_DEPTH} deep"
                raise _at(event.start_mark, "too-deep", message, "flatten it")
            open_.append([{} if kind is mapping_start else [], None])
            continue
        elif kind is yaml.AliasEvent:
            raise _at(event.start_mark, "alias", "an alias is not allowed", "write the value where it is used")
        else:
            value = open_.pop()[0]
        if not open_:
            root = value
        elif open_[-1][1] is None:
            open_[-1][0].append(value)
        else:
            open_[-1][0][open_[-1][1]] = value
            open_[-1][1] = None
    if not isinstance(root, dict):
        raise _Refused("not-a-mapping", "the document is not a mapping", "begin with 'name: ...'", 1, 1)
    return root


def _key(event: Any, into: dict[str, Any]) -> str:
    key: str = event.value
    if not event.style and (key in _WORDS or key == "<<" or _NUMBER.match(key)):
        raise _at(event.start_mark, "key", f"the key {key[:40]!r} is not text", "put it in quotes")
    if key in into:
        raise _at(event.start_mark, "duplicate-key", f"the key {key[:40]!r} stands here twice", "keep one of them")
    if len(key) > MAX_KEY:
        raise _at(event.start_mark, "key", f"a key has at most {MAX_KEY} characters", "shorten it")
    if not key.isascii() and _SURROGATE.search(key):  # pragma: no cover - only the pure parser lets it through
        raise _at(event.start_mark, "not-utf8", "a lone surrogate is no character", "remove it")
    return key


def _value(event: Any) -> Any:
    value: str = event.value
    if event.style:
        if not value.isascii() and _SURROGATE.search(value):  # pragma: no cover - as above
            raise _at(event.start_mark, "not-utf8", "a lone surrogate is no character", "remove it")
        return value
    if value in _WORDS:
        return _WORDS[value]
    first = value[0]
    if (first.isdigit() or first == "-") and _NUMBER.match(value):
        return _number(value, event)
    return value


def _number(value: str, event: Any) -> int | float:
    if len(value) > MAX_NUMBER:
        message = f"a number has at most {MAX_NUMBER} characters"
        raise _at(event.start_mark, "number", message, "put it in quotes if it is text")
    if _INTEGER.match(value):
        return int(value)
    number = float(value)
    if number in (float("inf"), float("-inf")):
        raise _at(event.start_mark, "number", "the number is too large", "put it in quotes if it is text")
    return number


def tree(text: str) -> Node:
    """Return the nodes of a document that `read` accepts, with their places.

    Raises:
        Invalid: `read` would not accept its syntax.
    """
    try:
        events = _events(text)
        return _node(next(events), events)
    except _Refused as refused:
        problem = Problem("", refused.line, refused.column, "", refused.message, refused.hint, refused.code)
        raise Invalid.of([problem]) from None


def _mark(mark: Any) -> Mark:
    return Mark(mark.index, mark.line, mark.column)


def _node(event: Any, events: Iterator[Any]) -> Node:
    start = _mark(event.start_mark)
    if isinstance(event, yaml.ScalarEvent):
        style = event.style or ""
        return Node(start, _mark(event.end_mark), scalar=True, value=_value(event), style="" if style == ":" else style)
    mapping = isinstance(event, yaml.MappingStartEvent)
    flow = bool(event.flow_style)
    children: list[tuple[Node | None, Node]] = []
    item = next(events)
    while not isinstance(item, yaml.MappingEndEvent | yaml.SequenceEndEvent):
        if mapping:
            key = Node(_mark(item.start_mark), _mark(item.end_mark), scalar=True, value=item.value, style=item.style or "")
            children.append((key, _node(next(events), events)))
        else:
            children.append((None, _node(item, events)))
        item = next(events)
    # libyaml ends a block collection where the next token starts, behind comments that are not part of it.
    end = _mark(item.end_mark) if flow or not children else children[-1][1].end
    return Node(start, end, tuple(children), mapping, flow)


def locate(text: str, path: paths.Path, *, key: bool = False) -> tuple[int, int]:
    """Return line and column (from 1) of the value at a path, or of its nearest ancestor that is there.

    Args:
        text: a document that `read` accepts.
        path: keys and list positions.
        key: point at the last step's key and not at its value.
    """
    node, found = tree(text), None
    place = node.start
    for step in path:
        found = node.child(step)
        if found is None:
            break
        name, node = found
        place = name.start if name is not None and (key or node.start == node.end) else node.start
    return place.line + 1, place.column + 1
