"""Secrets in plain text in a document: refused wherever they stand in it, and never repeated.

What is no secret although it looks like one is allowed in the document itself, by the fingerprint of the text, in one
comment line. So the allowance travels with the document through every kind of store, and nobody else's meets it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from zenprofile.core import paths
from zenprofile.core.entity import Key
from zenprofile.core.secrets.detector import MASK, FoundSecret, may_hold, search
from zenprofile.errors import Invalid, Problem

if TYPE_CHECKING:
    from zenprofile.core.document.nodes import Node

CODE = "secret"
ALLOWED = "# zenprofile: allow-secrets"
_ALLOWED_LINE = rf"(?m)^[ \t]*{re.escape(ALLOWED)}((?: +[0-9a-f]{{64}})+)[ \t]*$"


class PlacedSecret(NamedTuple):
    """A secret in a document: line and column from 1, and the field's path ("" for a comment)."""

    secret: FoundSecret
    line: int
    column: int
    path: str


def document(source: str) -> list[PlacedSecret]:
    """List the secrets of a document, allowed or not, in values, keys and comments."""
    if "\\" not in source and not may_hold(source):
        return []
    import bisect

    found: list[PlacedSecret] = []
    spans: list[tuple[int, int]] = []
    for path, node in _leaves((), _tree(source)):
        spans.append((node.start.index, node.end.index))
        place = (node.start.line + 1, node.start.column + 1, paths.show(path))
        found += (PlacedSecret(secret, *place) for secret in search(node.value))
    starts = [start for start, _ in spans]  # in the document's order
    for secret in search(source):
        before = bisect.bisect(starts, secret.start)
        if not before or spans[before - 1][1] <= secret.start:
            column = secret.start - source.rfind("\n", 0, secret.start)
            found.append(PlacedSecret(secret, source.count("\n", 0, secret.start) + 1, column, ""))
    return found


def are_clean(sources: Iterable[str]) -> bool:
    """Return whether no document of several holds a secret; one look at all of them. False is not certain."""
    text = "\n".join(sources)
    return "\\" not in text and not may_hold(text)


def _tree(source: str) -> "Node | None":
    from zenprofile.core.document import reader

    try:
        return reader.tree(source)
    except Invalid:
        return None


def _leaves(path: paths.Path, node: "Node | None") -> "Iterator[tuple[paths.Path, Node]]":
    """Yield the texts of a document: values, and keys with the place of the mapping that they are in."""
    for number, (name, child) in enumerate(node.children if node is not None else ()):
        if name is not None:
            yield path, name
        step = number if name is None else name.value
        if child.scalar and isinstance(child.value, str):
            yield (*path, step), child
        else:
            yield from _leaves((*path, step), child)


def problems(key: Key, source: str, others: Iterable[Problem] = ()) -> list[Problem]:
    """List the problems of a document: others that were found, and secrets that it does not allow by fingerprint.

    No message, hint or path repeats a secret.
    """
    found = document(source)
    if not found:
        return [*others]
    allowed = allowances(source)
    secrets = {placed.secret.text for placed in found}
    mine = [_problem(key, placed) for placed in found if placed.secret.fingerprint not in allowed]
    return [_hidden(problem, secrets) for problem in (*others, *mine)]


def _problem(key: Key, placed: PlacedSecret) -> Problem:
    secret, line, column, path = placed
    message = f"{path or 'a comment'} holds what looks like a secret ({secret.kind})"
    allow = f"zenprofile secrets allow {key} {secret.fingerprint}"
    hint = f"keep it elsewhere and write a reference such as ${{env:NAME}}; if it is no secret: {allow}"
    return Problem(key.path, line, column, path, message, hint, CODE)


def _hidden(problem: Problem, secrets: Iterable[str]) -> Problem:
    def hidden(text: str) -> str:
        for secret in secrets:  # messages cut what is long
            text = re.sub(re.escape(secret[:16]) + "[^\\s'\"]*", MASK, text.replace(secret, MASK))
        return text

    file, line, column, path, message, hint, code = problem
    return Problem(hidden(file), line, column, hidden(path), hidden(message), hidden(hint), code)


def allowances(source: str) -> frozenset[str]:
    """Return the fingerprints that a document allows."""
    return frozenset(f for found in re.finditer(_ALLOWED_LINE, source) for f in found.group(1).split())


def is_fingerprint(text: str) -> bool:
    """Return whether a text is the fingerprint of one."""
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def allow(source: str, fingerprints: Iterable[str]) -> str:
    """Return a document that allows fingerprints besides those that it allows already: one line, sorted, at its top."""
    line = f"{ALLOWED} {' '.join(sorted({*allowances(source), *fingerprints}))}\n"
    return line + re.sub(_ALLOWED_LINE + r"\n?", "", source)


def elsewhere(text: str, file: str, label: str) -> list[Problem]:
    """List the secrets in a text that is no document: a comment of the manifest, a stray, a commit's message.

    Args:
        text: whole.
        file: that holds it; "" for none.
        label: names the text in the message.
    """
    return [
        Problem(
            file,
            text.count("\n", 0, secret.start) + 1 if file else 0,
            secret.start - text.rfind("\n", 0, secret.start) if file else 0,
            "",
            f"{label} holds what looks like a secret ({secret.kind}, {secret.fingerprint[:12]})",
            "keep it elsewhere",
            CODE,
        )
        for secret in search(text)
    ]


def refuse(text: str, label: str) -> None:
    """Refuse a text that is to be kept although it belongs to no document (a commit's message).

    Raises:
        Invalid: it holds a secret.
    """
    found = search(text) if text else []
    if found:
        message = f"{label} holds what looks like a secret ({found[0].kind})"
        raise Invalid.of([Problem("", 0, 0, "", message, "keep it elsewhere", CODE)])
