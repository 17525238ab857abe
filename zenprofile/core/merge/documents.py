"""Merge by meaning: documents of a common ancestor, of ours and of theirs become one, entity by entity, field by field.

A pure function of texts: the same for `sync`, for the driver that git calls, and for a stale write to a server. Only
what both sides changed is read; what one side changed is taken byte for byte.
"""

from collections.abc import Mapping
from typing import NamedTuple

from zenprofile import errors
from zenprofile.core import paths
from zenprofile.core.change import MISSING, label, same
from zenprofile.core.document import reader as texts
from zenprofile.core.entity import Data, Key
from zenprofile.core.merge import diff3
from zenprofile.core.merge import renames as merge_names
from zenprofile.core.merge import text as merge_text
from zenprofile.core.merge.data import Choices, Conflict, KeptEdit, Value, chosen, merge_data
from zenprofile.core.merge.rename_detection import Renames

__all__ = ["Choices", "Conflict", "Merged", "Value", "merge", "merge_document", "resolve", "with_markers"]


class Merged(NamedTuple):
    """The outcome of a merge.

    Attributes:
        documents: what differs from ours: new text, None for deleted. Complete only where there is no conflict.
        conflicts: what a person has to decide.
        notes: what was decided by itself and should be said.
    """

    documents: dict[Key, str | None]
    conflicts: tuple[Conflict, ...]
    notes: tuple[str, ...]


Outcome = tuple[str | None, tuple[Conflict, ...], tuple[str, ...]]


def merge(
    base: Mapping[Key, str],
    ours: Mapping[Key, str],
    theirs: Mapping[Key, str],
    choices: Mapping[Key, Choices] | None = None,
    renames: tuple[Renames, Renames] = ({}, {}),
    *,
    strict: bool = False,
) -> Merged:
    """Merge two sets of documents.

    Args:
        base: documents of the common ancestor, empty where there is none. What all sides have alike may be left out.
        ours: documents here.
        theirs: documents there.
        choices: how conflicts are settled, by `Conflict.key`.
        renames: old and new keys of what history says was renamed here and there. Where nothing but the name changed,
            the documents show it by themselves.
        strict: whether a field that one side took out and the other edited is a conflict; else the edit stays.

    Returns:
        What to change here. The whole that results is for the caller to check (`merge_whole.broken_references`, too).
    """
    choices = choices or {}
    plan = merge_names.plan(base, ours, theirs, choices, renames)
    documents: dict[Key, str | None] = dict.fromkeys(plan.gone)
    conflicts, notes = list(plan.conflicts), list(plan.notes)
    for job in plan.jobs:
        text, found, said = _merge_one(job.at, job.base, job.ours, job.theirs, choices.get(job.at, {}), strict=strict)
        conflicts += found
        notes += said
        if not found:
            documents[job.key] = text
    changed = {key: text for key, text in documents.items() if text != ours.get(key)}
    return Merged(changed, tuple(conflicts), tuple(notes))


def merge_document(key: Key, base: str | None, ours: str | None, theirs: str | None) -> Outcome:
    """Merge one document; None stands for a side that has none.

    Returns:
        The text (None: deleted, or in conflict), the conflicts and notes.
    """
    return _merge_one(key, base, ours, theirs, {})


def resolve(key: Key, base: str | None, ours: str | None, theirs: str | None, choices: Choices) -> str | None:
    """Merge one document, its conflicts settled.

    Args:
        key: of the entity.
        base: the common ancestor's document, None for none.
        ours: the document here.
        theirs: the document there.
        choices: by path; () for all: "ours", "theirs", or a `Value`.

    Raises:
        errors.ConflictError: the choices leave a conflict open.
    """
    text, conflicts, _ = _merge_one(key, base, ours, theirs, choices)
    if conflicts:
        open_ = ", ".join(paths.show(conflict.path) or "the document" for conflict in conflicts)
        raise errors.ConflictError(
            f"{label(key)}: not settled: {open_}", hint="choose for each: --ours, --theirs or --edit"
        )
    return text


def with_markers(
    key: Key, base: str | None, ours: str, theirs: str, labels: tuple[str, str] = ("ours", "theirs"), size: int = 7
) -> str:
    """Merge one document into a text with git's conflict markers, as a merge driver has to leave it.

    What does not clash is merged on both sides of the markers: each side of them is a whole document. Where a document
    cannot be read, the texts are merged by line.
    """
    try:
        sides = [_merge_one(key, base, ours, theirs, {(): side})[0] or "" for side in ("ours", "theirs")]
        _readable(base, ours, theirs)
        pieces = diff3.two_way(*map(merge_text.plain, sides))
    except errors.Invalid:
        pieces = diff3.merge(*(diff3.split(merge_text.plain(text or "")) for text in (base, ours, theirs)))
    return merge_text.with_line_ends_of(diff3.with_markers(pieces, labels, size), ours)


def _merge_one(
    key: Key, base: str | None, ours: str | None, theirs: str | None, choices: Choices, *, strict: bool = False
) -> Outcome:
    if theirs in (ours, base):
        return ours, (), ()
    if ours == base:
        return theirs, (), ()
    if ours is None or theirs is None:
        return _edit_or_delete(key, base, ours, theirs)
    # Line ends aside, a side may have changed nothing.
    before, mine, other = (side if side is None else merge_text.plain(side) for side in (base, ours, theirs))
    if other in (mine, before):
        return ours, (), ()
    if mine == before:
        return merge_text.with_line_ends_of(other or "", ours), (), ()
    return _both_changed(key, base, ours, theirs, choices, strict=strict)


def _edit_or_delete(key: Key, base: str | None, ours: str | None, theirs: str | None) -> Outcome:
    edited = ours if theirs is None else theirs
    if merge_text.plain(edited or "") == merge_text.plain(base or ""):
        return None, (), ()  # deleted, and untouched but for line ends
    return edited, (), (_kept_note(label(key), here=ours is None),)


def _kept_note(what: str, *, here: bool) -> str:
    deleted, edited = ("here", "there") if here else ("there", "here")
    return f"{what}: deleted {deleted}, edited {edited}: the edit stays"


def _both_changed(key: Key, base: str | None, ours: str, theirs: str, choices: Choices, *, strict: bool) -> Outcome:
    kept: list[KeptEdit] = []
    try:
        before, mine, other = _readable(base, ours, theirs)
        merged, conflicts = merge_data(key, before, mine, other, choices, None if strict else kept)
        notes = tuple(_kept_note(f"{label(key)}, {paths.show(field.path)}", here=field.here) for field in kept)
        if conflicts:
            return None, tuple(conflicts), notes
        by_line = _by_line(base, ours, theirs, merged)
        if by_line is not None:
            return by_line, (), notes
        return merge_text.patched(base or "", ours, theirs, merged), (), notes
    except errors.Invalid as error:
        # One cannot be read, or both together are larger than a document may be.
        return _choose_whole(key, base, ours, theirs, choices, error)


def _by_line(base: str | None, ours: str, theirs: str, merged: Data) -> str | None:
    """Merge the texts by line where that gives the same data as the merge by meaning: it keeps both sides' comments."""
    if base is None:
        return None
    joined = diff3.merge_texts(*map(merge_text.plain, (base, ours, theirs)))
    if joined is None:
        return None
    try:
        holds = same(texts.look(joined), merged)
    except errors.Invalid:
        return None
    return merge_text.with_line_ends_of(joined, ours) if holds else None


def _readable(base: str | None, ours: str, theirs: str) -> tuple[Data, Data, Data]:
    return {} if base is None else texts.look(base), texts.look(ours), texts.look(theirs)


def _choose_whole(
    key: Key, base: str | None, ours: str, theirs: str, choices: Choices, error: errors.Invalid
) -> Outcome:
    """Let a person choose between whole documents where they cannot be merged."""
    choice = chosen(choices, ())
    if choice is None:
        detail = f"both sides changed it, and the documents cannot be merged: {error.message}"
        return None, (Conflict(key, (), MISSING if base is None else base, ours, theirs, "field", detail),), ()
    if isinstance(choice, Value):
        return str(choice.value), (), ()
    return (theirs if choice == "theirs" else ours), (), ()
