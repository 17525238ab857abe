"""What was changed: log, one change, differences; and edits by hand that become a change."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from zenprofile.core import change
from zenprofile.core.change import Changed, Recorded
from zenprofile.core.entity import COMPONENT_TYPES, KINDS, Key
from zenprofile.core.snapshot import Snapshot, data_of
from zenprofile.errors import Ambiguous, Invalid, NotFound, Unsupported, UsageError
from zenprofile.store import changelog, dates
from zenprofile.store.base import Store
from zenprofile.store.capabilities import Committing, Undoing
from zenprofile.usecases import own_flavors


def commit(store: Store, message: str = "") -> Recorded | None:
    """Record edits made by hand.

    Returns:
        What was recorded; None where the store has no such edits, since every write is shared at once.
    """
    return store.commit(message) if isinstance(store, Committing) else None


class LogFilter(NamedTuple):
    """Which changes a log is to show.

    Attributes:
        most: at most so many; None for all.
        since: a date (`dates.parse`); "" for from the start.
        until: a date; "" for until now.
        author: a part of the author's name, case aside; "" for anybody.
    """

    most: int | None = None
    since: str = ""
    until: str = ""
    author: str = ""

    def predicate(self) -> Callable[[Recorded], bool]:
        """Return what says whether a change is wanted.

        Raises:
            UsageError: a date is none.
        """
        since, until = _parse_date("--since", self.since, dates.start), _parse_date("--until", self.until, dates.parse)
        author = self.author.casefold()

        def wanted(recorded: Recorded) -> bool:
            when = dates.parse(recorded.when) or 0.0
            early, late = since is not None and when < since, until is not None and when > until
            return not early and not late and author in recorded.who.casefold()

        return wanted


def _parse_date(option: str, text: str, parse: Callable[[str], float | None]) -> float | None:
    moment = parse(text) if text else None
    if text and moment is None:
        hint = "write 2026-11-28, 2026-11-28T14:00, yesterday, or '2 hours ago'"
        raise UsageError(f"{option} takes a date, not {text[:140]!r}", hint=hint)
    return moment


ALL = LogFilter()


def log(store: Store, key: Key | None = None, wanted: LogFilter = ALL) -> list[Recorded]:
    """Return changes, newest first: of one entity, under its earlier names too, or of all.

    Raises:
        UsageError: a date is none.
    """
    own_flavors.use_past(store)
    found = store.history() if key is None else follow_log(store, key)[1]
    return list(islice(filter(wanted.predicate(), found), wanted.most))


def follow_log(store: Store, key: Key | None) -> tuple[Recorded, Iterator[Recorded]]:
    """Return what is not recorded yet, and the recorded changes, of one entity or of all.

    A rename that is not recorded yet is followed.
    """
    waiting = Recorded("", "", "", "", tuple(uncommitted(store)))
    if key is None:
        return waiting, store.history()
    waiting, key = changelog.about(waiting, key)
    return waiting, store.history(key)


def uncommitted(store: Store) -> list[Changed]:
    """List edits that are not recorded yet; none where every write is."""
    return store.uncommitted() if isinstance(store, Committing) else []


def require_undoing(store: Store) -> Undoing:
    """Return the store as one whose changes can be taken back.

    Raises:
        Unsupported: it cannot; what zenprofile itself ships can.
    """
    if isinstance(store, Undoing):
        return store
    hint = "its log, and --at REV on every read, tell what was before"
    raise Unsupported(f"a store of type '{store.driver}' cannot do that", hint=hint)


def show(store: Store, at: str) -> Recorded:
    """Return one change.

    Raises:
        NotFound: there is no such change.
    """
    own_flavors.use_past(store)
    return require_undoing(store).find_change(at).recorded


def diff(store: Store, span: str = "") -> list[Changed]:
    """List what differs, by key.

    Args:
        store: where.
        span: "" for what is not recorded yet; REV for what changed from then to now; REV..REV for what changed between
            the two (a side that is left out is HEAD).

    Raises:
        NotFound: there is no such change.
    """
    own_flavors.use_past(store)
    return diff_snapshots(*snapshots_of_span(store, span)) if span else uncommitted(store)


def snapshots_of_span(store: Store, span: str) -> tuple[Snapshot, Snapshot]:
    """Return the snapshots that a span of revisions, REV or REV..REV, stands between.

    Raises:
        NotFound: there is no such change.
    """
    old, dots, new = span.partition("..")
    return store.snapshot(old or "HEAD"), store.snapshot((new or "HEAD") if dots else None)


def compare_entities(store: Store, words: Sequence[str]) -> list[Changed] | None:
    """List what differs between two entities, as one change from the first to the second; None where none are named.

    Args:
        store: where.
        words: two ENTITYs, which differ by more than their names.

    Raises:
        NotFound: one of the two is not there.
        Ambiguous: a bare name fits several.
    """
    from zenprofile.usecases import lookup

    if len(words) != 2 or not all(_names_entity(store, word) for word in words):
        return None
    snapshot = store.snapshot()
    first, second = (lookup.resolve(snapshot, word) for word in words)
    before, after = ({**lookup.read(snapshot, key).data, "name": second.name} for key in (first, second))
    return [Changed(second, before, after)] if not change.same(before, after) else []


def split_span(store: Store, words: Sequence[str]) -> tuple[str, list[Key]]:
    """Split arguments into a span of revisions and entities: ``[REV[..REV] | REV REV] [ENTITY...]``.

    Raises:
        NotFound: a word names neither.
    """
    if not words:
        return "", []
    first, *rest = words
    if not _names_entity(store, first):
        if rest and ".." not in first and not _names_entity(store, rest[0]) and _is_rev(store, rest[0]):
            first = f"{first}..{rest.pop(0)}"  # as git takes two
        return first, [find(store, word) for word in rest]
    return "", [find(store, word) for word in words]


def _is_rev(store: Store, word: str) -> bool:
    try:
        store.snapshot(word)
    except NotFound:
        return False
    return True


def _names_entity(store: Store, word: str) -> bool:
    """Return whether a word is an ENTITY and no revision: it says its kind, or an entity of now has that name."""
    if word.partition("/")[0] in (*KINDS, *COMPONENT_TYPES):
        return True
    return ".." not in word and word in {key.name for key in store.snapshot().keys("")}


def diff_snapshots(before: Snapshot, after: Snapshot) -> list[Changed]:
    """List what differs between two snapshots, by key, line ends aside."""
    found = []
    for snapshot in (before, after):
        snapshot.prefetch()
    for key in sorted({*before.keys(), *after.keys()}):
        sides = [_text(snapshot, key) for snapshot in (before, after)]
        old, new = (side if side is None else side.replace("\r\n", "\n") for side in sides)
        if old != new:
            found.append(Changed(key, data_of(key, old), data_of(key, new)))
    return found


def _text(snapshot: Snapshot, key: Key) -> str | None:
    try:
        return snapshot.text(key)
    except Invalid:  # no text at all
        return ""


def find(store: Store, text: str, then: Snapshot | None = None) -> Key:
    """Return the key of an entity that exists, existed at the given time, or existed at any time.

    Raises:
        NotFound: there never was one.
        Ambiguous: a bare name fits several.
        UsageError: it is no such text.
    """
    from zenprofile.usecases import lookup

    try:
        return lookup.resolve(store.snapshot(), text)
    except NotFound as error:
        missing = error
    if then is not None:
        try:
            return lookup.resolve(then, text)
        except NotFound:
            pass
    gone = dict.fromkeys(c.key for r in store.history() for c in r.changes if text in {str(c.key), c.key.name})
    if not gone:
        raise missing
    if len(gone) > 1:
        fit = ", ".join(map(str, gone))
        raise Ambiguous(f"several entities were named {text!r}: {fit}", hint="write it in full, such as stack/NAME")
    return next(iter(gone))


def as_json(recorded: Recorded) -> dict[str, Any]:
    """Return a change as ``log`` and ``show`` print it (docs/contract.md)."""
    return {
        "rev": recorded.rev,
        "who": recorded.who,
        "when": recorded.when,
        "message": recorded.message,
        "changes": [change.as_json(changed) for changed in recorded.changes],
    }
