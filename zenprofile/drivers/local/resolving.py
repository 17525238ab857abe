"""Resolving the conflicts of a merge: choices are added, replaced or removed until the merge is made."""

from typing import TYPE_CHECKING

from zenprofile.core.change import MISSING, Recorded, label
from zenprofile.core.entity import KINDS, Key
from zenprofile.core.paths import Path
from zenprofile.drivers.local import conflicts
from zenprofile.drivers.local.conflicts import MergeState, WholeDocument
from zenprofile.errors import Invalid, NotFound
from zenprofile.git import commit_graph, runner
from zenprofile.git.repository import Repository
from zenprofile.store import dates
from zenprofile.store.sharing import OpenConflicts, Typed, at

if TYPE_CHECKING:
    from zenprofile.core.merge.data import Choice
    from zenprofile.core.merge.documents import Conflict
    from zenprofile.drivers.local.merge import Merge, Outcome


def merge_with_choices(joined: "Merge", record: MergeState) -> "tuple[Outcome, MergeState]":
    """Merge with the choices made so far, as far as they still apply.

    Some conflicts show only once others are settled.
    """
    whole = tuple(w for w in record.whole if joined.document(w.key)[1:] == (w.ours, w.theirs))
    texts = {w.key: w.text for w in whole}
    settled: tuple[tuple[Conflict, Choice], ...] = ()
    outcome = joined.outcome({}, texts)
    while more := conflicts.still_settled(record, outcome.conflicts):
        settled = (*settled, *more)
        outcome = joined.outcome(conflicts.choices(settled), texts)
        still = set(map(_location, outcome.conflicts))
        if not {_location(c) for c, _ in more}.isdisjoint(still):  # a choice that does not settle it
            settled = tuple(pair for pair in settled if _location(pair[0]) not in still)
            break
    found = MergeState(
        joined.ours, joined.theirs, outcome.conflicts, settled, whole, record.accepted, outcome.elsewhere
    )
    return outcome, found


def resolve(
    joined: "Merge", record: MergeState, key: Key | None, field: Path | None, choice: "Choice | Typed | None"
) -> "tuple[Outcome, MergeState]":
    """Merge with conflicts of an entity (None: of all) resolved, or reopened (choice None).

    Raises:
        NotFound: there is no such conflict.
        Invalid: what was typed cannot be read, or is invalid.
    """
    outcome, record = merge_with_choices(joined, record)
    if key is None:
        return _resolve_all(joined, outcome, record, "ours" if choice == "ours" else "theirs")
    if choice is None:
        return merge_with_choices(joined, _without_choice(record, key, field))
    outcome, record = merge_with_choices(joined, _with_choice(joined, record, key, field, choice))
    problems = joined.added_problems(outcome, key, choice.text) if isinstance(choice, Typed) and field is None else []
    if problems:
        raise Invalid.of(problems)
    return outcome, record


def _with_choice(
    joined: "Merge", record: MergeState, key: Key, field: Path | None, choice: "Choice | Typed"
) -> MergeState:
    from zenprofile.core.document import reader as texts
    from zenprofile.core.merge.documents import Value

    wanted = [c for c in record.conflicts if c.key == key and field in {None, c.path}]
    if not wanted:
        again = any(_is_about(c, key, field) for c, _ in record.settled) or any(w.key == key for w in record.whole)
        reopen = "it is settled; to open it again: zenprofile resolve ENTITY --reopen"
        place = next((c.place for c in record.elsewhere if c.key == key), "")
        elsewhere = f"it is in the profile at '{place}': settle it there"
        hint = reopen if again else elsewhere if place else "see: zenprofile conflicts"
        raise NotFound(f"{label(key)} has no such conflict", hint=hint)
    data = texts.read(choice.text, key.path) if isinstance(choice, Typed) else {}
    if isinstance(choice, Typed) and field:
        choice = Value(at(data, field))
    if not isinstance(choice, Typed) and all(c.path for c in wanted):
        return record._replace(settled=(*record.settled, *((c, choice) for c in wanted)))
    _, ours, theirs = joined.document(key)
    text = choice.text if isinstance(choice, Typed) else theirs if choice == "theirs" else ours
    kept = (w for w in record.whole if w.key != key)
    return record._replace(whole=(*kept, WholeDocument(key, ours, theirs, text)))


def _resolve_all(
    joined: "Merge", outcome: "Outcome", record: MergeState, side: "Choice"
) -> "tuple[Outcome, MergeState]":
    if not outcome.conflicts:
        places = sorted({c.place for c in record.elsewhere})
        hint = f"settle those of the profile at '{places[0]}' there" if places else "see: zenprofile status"
        raise NotFound("this profile has no conflicts", hint=hint)
    done: set[tuple[Key, Path]] = set()
    # Each round settles what shows once the one before is settled.
    while new := [c for c in outcome.conflicts if _location(c) not in done]:
        done.update(map(_location, new))
        record = record._replace(settled=(*record.settled, *((c, side) for c in new if c.path)))
        for key in dict.fromkeys(c.key for c in new if not c.path):
            _, ours, theirs = joined.document(key)
            whole = WholeDocument(key, ours, theirs, ours if side == "ours" else theirs)
            record = record._replace(whole=(*record.whole, whole))
        outcome, record = merge_with_choices(joined, record)
    return outcome, record


def _without_choice(record: MergeState, key: Key, field: Path | None) -> MergeState:
    settled = tuple(pair for pair in record.settled if not _is_about(pair[0], key, field))
    whole = tuple(w for w in record.whole if w.key != key)
    if len(settled) == len(record.settled) and len(whole) == len(record.whole):
        raise NotFound(f"nothing of {label(key)} was settled", hint="see: zenprofile conflicts")
    return record._replace(settled=settled, whole=whole)


def open_conflicts(record: MergeState) -> OpenConflicts:
    """Return the open conflicts, and those that are resolved."""
    places: list[tuple[Key, Path]] = [(c.key, c.path) for c, _ in record.settled]
    places += [(w.key, ()) for w in record.whole]
    return OpenConflicts(record.ours, record.theirs, record.conflicts, tuple(places), record.elsewhere)


def last_changes(
    repository: Repository, conflict: "Conflict", sides: tuple[str, str]
) -> tuple[Recorded | None, Recorded | None]:
    """Return the last commit of each side, since their common ancestors, that changed what is in conflict."""
    from zenprofile.core.merge.references import deleted

    bases = commit_graph.merge_bases(repository, *sides)
    found = []
    for commit, value in zip(sides, (conflict.ours, conflict.theirs), strict=True):
        key = deleted(conflict) if value is MISSING else None
        path = repository.prefix + (key or conflict.key).path if conflict.key.kind in KINDS else ""
        args = ["log", "-1", "--format=%H%x00%an%x00%ct", "--no-show-signature", commit]
        args += [f"^{base}" for base in bases]
        output = runner.run([*args, "--", path], repository.top).out.decode("utf-8", "replace").strip() if path else ""
        oid, _, rest = output.partition("\0")
        who, _, when = rest.partition("\0")
        found.append(Recorded(oid, who, dates.rfc3339(float(when)), "", ()) if when else None)
    return found[0], found[1]


def _is_about(conflict: "Conflict", key: Key, field: Path | None) -> bool:
    return conflict.key == key and field in {None, conflict.path}


def _location(conflict: "Conflict") -> tuple[Key, Path]:
    return conflict.key, conflict.path
