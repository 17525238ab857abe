"""Make data or nodes of the YAML parser's events, checking each rule of the reader on the way. The home of PyYAML."""

import re
from collections.abc import Callable, Container
from typing import Any, TypeVar

import yaml

from zenprofile.core.document.nodes import Node
from zenprofile.core.document.parse_error import ParseError, at, in_text

MAX_DEPTH = 64
MAX_NODES = 50_000  # keys and values: 1 MiB of "1," would take a second, and fifty times its size in memory
MAX_NUMBER = 64  # characters: beyond any number that a field can need, below what costs time to convert
MAX_KEY = 256
_TOO_DEEP = "maximum nesting depth"  # in the message of the libyaml 0.2.6 that PyYAML 6.0.4 brings

_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_DIGITS = frozenset("-0123456789")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_MARKER = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?:[ \r\n]|\Z)", re.MULTILINE)

_SCALAR, _ALIAS = yaml.ScalarEvent, yaml.AliasEvent
_MAPPING, _MAPPING_END = yaml.MappingStartEvent, yaml.MappingEndEvent
_LIST, _LIST_END = yaml.SequenceStartEvent, yaml.SequenceEndEvent

Next = Callable[[], Any]
Result = TypeVar("Result")


def data(text: str) -> dict[str, Any]:
    """Return a document's data.

    Raises:
        ParseError: it is none that `zenprofile.core.document.reader` reads.
    """
    return _document(text, lambda _, events: _mapping(events, 1))


def tree(text: str) -> Node:
    """Return the nodes of a document that `data` accepts.

    Raises:
        ParseError: it is no YAML, or its root no mapping.
    """
    return _document(text, _node)


def scanned(text: str) -> list[tuple[int, int, str | None]]:
    """List the tokens of a document that `data` accepts: start, end, and the value of plain text on one line."""
    loader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    found = []
    for token in yaml.scan(text, loader):
        start, end = token.start_mark.index, token.end_mark.index
        plain = isinstance(token, yaml.ScalarToken) and token.plain and token.start_mark.line == token.end_mark.line
        found.append((start, end, str(getattr(token, "value", "")) if plain else None))
    return found


def _events(text: str) -> Next:
    """Return what gives the next event of a text."""
    if yaml.__with_libyaml__:
        # The C parser is 7-8 times faster (docs/performance.md).
        next_event: Next = yaml.cyaml.CParser(text).get_event  # type: ignore[attr-defined]
    else:  # pragma: no cover - wheels of PyYAML bring it on every supported platform
        next_event = yaml.SafeLoader(text).get_event
    return _bounded(text, next_event)


def _bounded(text: str, next_event: Next) -> Next:
    # Each node takes a character at least.
    return next_event if len(text) <= MAX_NODES else _counted(next_event)


def _counted(next_event: Next) -> Next:
    left = MAX_NODES

    def counted() -> Any:
        nonlocal left
        left -= 1
        event = next_event()
        if left < 0:
            message = f"the document has more than {MAX_NODES} keys and values"
            raise at(event.start_mark, "too-large", message, "split it")
        return event

    return counted


def _document(text: str, build: Callable[[Any, Next], Result]) -> Result:
    """Return what ``build`` makes of the root's event and the events behind it."""
    try:
        try:
            return _built(_events(text), build)
        except yaml.MarkedYAMLError as error:
            if _TOO_DEEP not in (error.problem or ""):
                raise
            # libyaml's scanner runs ahead of the events and stops before our own bound; Python's parser goes on to it.
            return _built(_bounded(text, yaml.SafeLoader(text).get_event), build)
    except yaml.MarkedYAMLError as error:
        refuse_markers(text)
        raise _syntax(error) from None
    except yaml.reader.ReaderError:
        # Its position counts bytes in one parser and characters in the other.
        found = _CONTROL.search(text)
        message, hint = "control characters are not allowed", "write it as an escape in double quotes"
        raise in_text(text, found.start() if found else 0, "control-character", message, hint) from None
    except (ValueError, RecursionError, OverflowError) as error:  # pragma: no cover - none is known
        raise ParseError("yaml", f"this cannot be read as YAML ({type(error).__name__})", "correct the file") from None


def _built(next_event: Next, build: Callable[[Any, Next], Result]) -> Result:
    root = _root(next_event)
    result = build(root, next_event)
    next_event()  # end of the document
    event = next_event()
    if type(event) is not yaml.StreamEndEvent:
        raise at(event.start_mark, "several-documents", "a file holds one document", "remove what follows '---'")
    return result


def _root(next_event: Next) -> Any:
    next_event()  # start of the stream
    event = next_event()
    if type(event) is yaml.StreamEndEvent:
        raise ParseError("not-a-mapping", "the file is empty", "a document is a mapping, such as 'name: prod'", 1, 1)
    if event.tags:
        raise at(event.start_mark, "tag", "tags are not read", "remove the %TAG line")
    event = next_event()
    if type(event) is not _MAPPING:
        _refuse_marks(event)
        raise at(event.start_mark, "not-a-mapping", "the document is not a mapping", "begin with 'name: ...'")
    if event.anchor is not None or event.tag is not None:
        _refuse_marks(event)
    return event


def refuse_markers(text: str) -> None:
    """Refuse a text in which git left both sides of a conflict."""
    marker = _MARKER.search(text)
    if marker:
        message = "a conflict marker of git stands in the file"
        raise in_text(text, marker.start(), "conflict-marker", message, "settle the conflict and delete the markers")


def _syntax(error: Any) -> ParseError:
    mark = error.problem_mark or error.context_mark
    what = (error.problem or error.context or "wrong syntax").replace("\t", "a tab")
    message = f"this is not YAML: {what}"
    hint = "correct the syntax; text with ': ', ' #' or brackets in it stands in quotes"
    return ParseError("yaml", message, hint) if mark is None else at(mark, "yaml", message, hint)


def _refuse_marks(event: Any) -> None:
    if type(event) is _ALIAS:
        raise at(event.start_mark, "alias", "an alias is not allowed", "write the value where it is used")
    if event.anchor is not None:
        raise at(event.start_mark, "alias", "an anchor is not allowed", "write the value where it is used")
    if event.tag is not None:
        raise at(event.start_mark, "tag", f"the tag {event.tag[:40]!r} is not allowed", "write the plain value")


def _mapping(next_event: Next, depth: int) -> dict[str, Any]:
    into: dict[str, Any] = {}
    event = next_event()
    while type(event) is not _MAPPING_END:
        key = _key(event, into)
        event = next_event()
        into[key] = _scalar(event) if type(event) is _SCALAR else _collection(event, next_event, depth)
        event = next_event()
    return into


def _list(next_event: Next, depth: int) -> list[Any]:
    into: list[Any] = []
    event = next_event()
    while type(event) is not _LIST_END:
        into.append(_scalar(event) if type(event) is _SCALAR else _collection(event, next_event, depth))
        event = next_event()
    return into


def _collection(event: Any, next_event: Next, depth: int) -> Any:
    _refuse_deep(event, depth)
    return _mapping(next_event, depth + 1) if type(event) is _MAPPING else _list(next_event, depth + 1)


def _refuse_deep(event: Any, depth: int) -> None:
    _refuse_marks(event)
    if depth >= MAX_DEPTH:
        raise at(event.start_mark, "too-deep", f"the document is nested more than {MAX_DEPTH} deep", "flatten it")


def _key(event: Any, others: Container[str]) -> str:
    if type(event) is not _SCALAR:
        _refuse_marks(event)
        raise at(event.start_mark, "key", "a key is text", "put the key in quotes")
    if event.anchor is not None or event.tag is not None:
        _refuse_marks(event)
    key: str = event.value
    if (not key.isalpha() or key in _WORDS) and not event.style and _is_no_text(key):
        raise at(event.start_mark, "key", f"the key {key[:40]!r} is not text", "put it in quotes")
    if key in others:
        raise at(event.start_mark, "duplicate-key", f"the key {key[:40]!r} stands here twice", "keep one of them")
    if len(key) > MAX_KEY:
        raise at(event.start_mark, "key", f"a key has at most {MAX_KEY} characters", "shorten it")
    return key


def _is_no_text(key: str) -> bool:
    return key in _WORDS or key == "<<" or bool(_NUMBER.match(key) or _NOT_FINITE.match(key))


def _scalar(event: Any) -> Any:
    if event.anchor is not None or event.tag is not None:
        _refuse_marks(event)
    value: str = event.value
    if event.style:
        return value
    if value in _WORDS:
        return _WORDS[value]
    if value[0] in _DIGITS:
        return _number(value, event)
    if "." in value[:2] and _NOT_FINITE.match(value):
        raise at(event.start_mark, "number", "a number is finite", "put it in quotes if it is text")
    return value


def _number(value: str, event: Any) -> int | float | str:
    found = _NUMBER.match(value)
    if not found:
        if _NOT_FINITE.match(value):
            raise at(event.start_mark, "number", "a number is finite", "put it in quotes if it is text")
        return value
    if len(value) > MAX_NUMBER:
        message = f"a number has at most {MAX_NUMBER} characters"
        raise at(event.start_mark, "number", message, "put it in quotes if it is text")
    if found.lastindex is None:
        return int(value)
    number = float(value)
    if number in (float("inf"), float("-inf")):
        raise at(event.start_mark, "number", "the number is too large", "put it in quotes if it is text")
    return number


def _node(event: Any, next_event: Next, depth: int = 0) -> Node:
    kind = type(event)
    if kind is _SCALAR:
        return Node(event.start_mark, event.end_mark, [], False, False, True, _scalar(event), event.style or "")
    _refuse_deep(event, depth)
    mapping = kind is _MAPPING
    children: list[tuple[Node | None, Node]] = []
    seen: set[str] = set()
    item = next_event()
    while type(item) not in (_MAPPING_END, _LIST_END):
        key = None
        if mapping:
            name = _key(item, seen)
            seen.add(name)
            key = Node(item.start_mark, item.end_mark, [], False, False, True, name, item.style or "")
            item = next_event()
        children.append((key, _node(item, next_event, depth + 1)))
        item = next_event()
    # libyaml ends a block collection where the next token starts, behind comments that are not part of it.
    end = children[-1][1].end if children and not event.flow_style else item.end_mark
    return Node(event.start_mark, end, children, mapping, bool(event.flow_style), False, None, "")
