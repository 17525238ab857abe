"""This machine's log of changes (`zenprofile.drivers.local.journal` writes it), read for `undo`."""

import os
from collections.abc import Callable, Iterable, Iterator

from zenprofile.core.change import Changed, Recorded
from zenprofile.core.entity import MANIFEST, Key, key_of_path
from zenprofile.core.snapshot import data_of
from zenprofile.drivers.local import history, idempotency_keys, journal
from zenprofile.drivers.local.journal import JournalEntry, Move
from zenprofile.errors import Invalid, StoreBroken
from zenprofile.fs import nofollow
from zenprofile.git import runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository
from zenprofile.store.undo import ChangeWithTexts, Text, redoable_ids, standing_ids

_ENDING = ".json"


def changes(repository: Repository, objects: Objects, machine: str = "") -> Iterator[ChangeWithTexts]:
    """Yield a machine's changes of a profile that are not taken back, newest first, as `Undoing.own_changes` says.

    A commit that is no longer in the branch (it was reset, or is another branch's) counts only while every document of
    it is still as it left it: amended and rebased commits do.
    """
    return _select(standing_ids, repository, objects, machine)


def undos(repository: Repository, objects: Objects, machine: str = "") -> Iterator[ChangeWithTexts]:
    """Yield what took changes of a machine back and can be taken back itself, newest first, as `Undoing.undos` says.

    What counts is as for `changes`.
    """
    return _select(redoable_ids, repository, objects, machine)


def _select(
    wanted: Callable[[Iterable[tuple[str, str]]], Iterator[str]], repository: Repository, objects: Objects, machine: str
) -> Iterator[ChangeWithTexts]:
    moves = dict(_without_superseded(repository, objects, _moves(repository, machine)))
    for name in wanted((name, move.undone) for name, move in moves.items()):
        try:
            found = _change_with_texts(repository, objects, name, moves[name])
        except StoreBroken:  # git has thrown the commit away
            continue
        if _is_in_branch(repository, moves[name]) or _is_unchanged_since(repository, found):
            yield found


def find_by_key(repository: Repository, objects: Objects, key: str) -> Recorded | None:
    """Return what was recorded with an idempotency key within a day, or None."""
    found = idempotency_keys.find(repository, key)
    if found and not found.endswith(_ENDING):
        return history.read_change(repository, objects, found).recorded
    read = journal.read(repository.own_dir / journal.CHANGES / found) if found else None
    return None if read is None else _change_with_texts(repository, objects, found, read[0]).recorded


def _names(repository: Repository) -> list[str]:
    """List the records' files, newest first."""
    try:
        names = os.listdir(repository.own_dir / journal.CHANGES)
    except FileNotFoundError:
        return []
    return sorted((name for name in names if name.endswith(_ENDING)), reverse=True)


def _moves(repository: Repository, machine: str) -> dict[str, Move]:
    """Return a machine's records of the profile by name, newest first."""
    found = {}
    for name in _names(repository):
        read = journal.read(repository.own_dir / journal.CHANGES / name)
        if read is None or read[0].kind == "merge" or read[0].machine != machine:
            continue
        if read[1].get("prefix") == repository.prefix:
            found[name.removesuffix(_ENDING)] = read[0]
    return found


def _without_superseded(repository: Repository, objects: Objects, moves: dict[str, Move]) -> Iterator[tuple[str, Move]]:
    """Leave out the profile's first change, and edits that a later commit of all edits includes."""
    taken_along = False
    for name, move in moves.items():
        try:
            begins = _begins(repository, objects, move)
        except StoreBroken:
            continue
        if not begins and (move.ref or not taken_along):
            yield name, move
            taken_along |= bool(move.ref) and all(entry.before == entry.after for entry in move.entries)


def _begins(repository: Repository, objects: Objects, move: Move) -> bool:
    """Return whether a change began the profile: it brought the manifest."""
    path = repository.prefix + MANIFEST
    entry = next((entry for entry in move.entries if entry.path == path), None)
    if entry is None:
        return False
    return (_committed(objects, move.old, path) if move.ref else entry.before) is None


def _change_with_texts(repository: Repository, objects: Objects, name: str, move: Move) -> ChangeWithTexts:
    texts, changed = [], []
    for entry in move.entries:
        key = key_of_path(entry.path.removeprefix(repository.prefix))
        if key is not None:
            before, after = _contents_around(objects, move, entry)
            texts.append(Text(key, _text(before), _text(after)))
            changed.append(Changed(key, data_of(key, before), data_of(key, after)))
    recorded = Recorded(move.new, "", "", move.message, tuple(sorted(changed, key=lambda c: c.key)))
    return ChangeWithTexts(name, recorded, tuple(texts))


def _contents_around(objects: Objects, move: Move, entry: JournalEntry) -> tuple[bytes | None, bytes | None]:
    """Return what a file was before and after; of one that was committed as it stood, what the commits have."""
    if entry.before != entry.after or not move.ref:
        return entry.before, entry.after
    return _committed(objects, move.old, entry.path), _committed(objects, move.new, entry.path)


def _committed(objects: Objects, commit: str, path: str) -> bytes | None:
    entry = objects.entry(objects.tree_of(commit), path)
    return None if entry is None else objects.read(entry.oid, "blob")


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "surrogateescape")


def _is_in_branch(repository: Repository, move: Move) -> bool:
    now = repository.head().oid
    if not move.ref or now == move.new:
        return True
    args = ["merge-base", "--is-ancestor", move.new, now]
    return bool(now) and runner.run(args, repository.top, ok=(0, 1, 128)).status == 0


def _is_unchanged_since(repository: Repository, past: ChangeWithTexts) -> bool:
    return all(_current_text(repository, text.key) == text.after for text in past.texts)


def _current_text(repository: Repository, key: Key) -> str | None:
    try:
        return _text(nofollow.read(repository.top, repository.prefix + key.path))
    except Invalid:  # no plain file any more
        return None
