"""Documents with ``kind``: several in one text, between lines of ``---``, or a JSON array of them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from zenprofile.core import paths
from zenprofile.core.document import edit, reader
from zenprofile.core.document.positions import Positions
from zenprofile.core.entity import KINDS, Data, Key, key_of
from zenprofile.core.suggestions import suffix
from zenprofile.errors import Invalid, Problem

_SEPARATOR = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_OF_OUTPUT = ("kind", "revision")  # what `-o json` and `-o yaml` print beside a document's own keys


class InputDocument(NamedTuple):
    """A document that was given for an entity.

    Attributes:
        key: of the entity.
        data: without ``kind``.
        text: the document as a store keeps it, comments included.
        file: where it stands.
        line: lines of the file before it.
        places: of its fields, as it stands there.
    """

    key: Key
    data: Data
    text: str
    file: str
    line: int
    places: Positions

    def locate(self, problem: Problem) -> Problem:
        """Return a problem of the stored document as one of the place where it was given."""
        steps = paths.parse(problem.path) if problem.path else ()
        path = tuple(int(step) if step.isdigit() else step for step in steps)
        line = self.places.of(path)[0] if path else 1
        return problem._replace(file=self.file, line=self.line + line, column=max(problem.column, 1))


def read(text: str, file: str) -> list[InputDocument]:
    """Return the documents of a text.

    Raises:
        Invalid: one cannot be read or lacks a kind; the error carries every problem with its line in the file.
    """
    found: list[InputDocument] = []
    problems: list[Problem] = []
    for line, source in _sources(text):
        try:
            found.append(_input_document(source, file, line))
        except Invalid as error:
            problems += [p._replace(file=file, line=line + max(p.line, 1), column=p.column) for p in error.problems]
    if problems:
        raise Invalid.of(problems)
    return found


def _sources(text: str) -> Iterator[tuple[int, str]]:
    """Yield the documents of a text, each with the number of lines before it."""
    if text.lstrip()[:1] == "[":
        # A flow mapping around the array keeps every line where it is.
        for member in reader.read(f'{{"items": {text}}}')["items"]:
            yield 0, _as_text(member)
        return
    start = 0
    for separator in [*_SEPARATOR.finditer(text), None]:
        piece = text[start : separator.start() if separator else len(text)]
        if _has_content(piece):
            yield text.count("\n", 0, start), piece
        start = separator.end() + 1 if separator else start


def _has_content(piece: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in piece.splitlines())


def _as_text(member: Any) -> str:
    from zenprofile.core.document import writer

    if not isinstance(member, dict):
        raise Invalid.of([Problem("", 1, 1, "", "a member of the array is no document", "write objects", "kind")])
    return writer.dump(member)


def _input_document(source: str, file: str, line: int) -> InputDocument:
    data = reader.read(source, file)
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        place = Positions(source).of(("kind",)) if "kind" in data else (1, 1)
        message = (
            f"{str(kind)[:140]!r} is no kind of entity{suffix(kind, KINDS)}" if kind else "the document has no kind"
        )
        hint = f"write 'kind: stack'; the kinds are {', '.join(KINDS)}"
        raise Invalid.of([Problem(file, *place, "kind", message, hint, "bad-kind")])
    if "overrides" in data:
        place = Positions(source).of(("overrides",))
        hint = "give the document as the store has it: zenprofile stack export, or without overrides"
        message = "it has values of one machine (overrides)"
        raise Invalid.of([Problem(file, *place, "overrides", message, hint, "overrides")])
    own = {field: value for field, value in data.items() if field not in _OF_OUTPUT}
    return InputDocument(_key(kind, own), own, edit.edit(source, own).lstrip("\n"), file, line, Positions(source))


def _key(kind: str, data: Data) -> Key:
    key = key_of(kind, data)
    return Key(kind, *(part if isinstance(part, str) else "" for part in (key.type, key.name)))


def write(entities: Iterable[tuple[Key, str]]) -> str:
    """Return documents as one text that `read` takes: each with its kind on the first line, comments kept."""
    return "---\n".join(
        f"kind: {key.kind}\n{text if text.endswith(chr(10)) else text + chr(10)}" for key, text in entities
    )
