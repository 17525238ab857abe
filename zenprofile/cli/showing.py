"""Entities on the screen: lists, descriptions, what a write did, what is invalid."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from zenprofile.cli import output
from zenprofile.cli.session import Session
from zenprofile.cli.subject import Subject
from zenprofile.core.entity import Data, Entity, Key
from zenprofile.core.snapshot import Loaded, Snapshot
from zenprofile.core.suggestions import suffix
from zenprofile.errors import Ambiguous, NotFound
from zenprofile.usecases import lookup

if TYPE_CHECKING:
    from zenprofile.core.change import Changed, Recorded
    from zenprofile.usecases.selection import Selection

Table = Callable[[Session, list[Data]], str]
_MARK = "(overridden on this machine)"

# What a change did to an entity, at the start of a sentence.
DONE = {"added": "Registered", "changed": "Updated", "removed": "Deleted"}


def display_name(key: Key) -> str:
    """Name an entity as ZenML's messages do."""
    noun = "stack component" if key.kind == "component" else key.kind
    return f"{noun} with type '{key.type}' and name '{key.name}'" if key.type else f"{noun} with name '{key.name}'"


def report_written(session: Session, recorded: "Recorded", key: Key, did: str) -> None:
    """Tell what a write did; in JSON and YAML, the entity as it is then, or as it was where it is gone.

    Args:
        session: of the command.
        recorded: what the store says.
        key: of the entity that the command is about.
        did: begins the line: ``Registered``.
    """
    if session.format != "table":
        session.show(_as_written(session, recorded, key), str)
        return
    own = next((changed for changed in recorded.changes if changed.key == key), None)
    line = f"{did} {display_name(key)}." if own else f"Nothing to change in {display_name(key)}."
    session.echo(output.safe_text(line))
    report_others(session, recorded, key)


def report_others(session: Session, recorded: "Recorded", *keys: Key) -> None:
    """Name the entities that a change touched beside those that the command is about."""
    for changed in recorded.changes:
        if changed.key not in keys:
            session.echo(output.safe_text(f"Updated {display_name(changed.key)}."))


def _as_written(session: Session, recorded: "Recorded", key: Key) -> Data:
    entity = session.store().snapshot().get(key)
    if entity is None:
        before = next((c.before for c in recorded.changes if c.key == key and c.before is not None), None)
        entity = Entity(key, before if before is not None else {})
    return lookup.as_json(entity)


def as_json(session: Session, entity: Entity, at: str | None) -> Data:
    """Return an entity as JSON shows it, this machine's overrides laid over what is read of now."""
    own = {} if at else session.profile.overrides
    if not own:
        return lookup.as_json(entity, revision=session.format != "table")
    from zenprofile.usecases import overrides

    return overrides.as_json(entity, own)


def find_at(session: Session, snapshot: Snapshot, at: str | None, finder: Callable[[Snapshot], Key]) -> Key:
    """Return what a command line names in a snapshot; a name of now is followed back to then, and that is said."""
    if not at:
        return finder(snapshot)
    from zenprofile.usecases import earlier_names

    found = earlier_names.find(session.store(), snapshot, at, finder)
    if found.now is not None:
        session.hint(output.safe_text(f"{lookup.describe_key(found.now)} had the name '{found.key.name}' at {at}"))
    return found.key


def follow_selection(
    session: Session, subject: Subject, snapshot: Snapshot, at: str | None, wanted: "Selection"
) -> "Selection":
    """Return a selection whose plain names of now are followed back to then."""

    def then(pattern: str) -> str:
        if not at or any(character in "*?[" for character in pattern):
            return pattern
        try:
            return str(find_at(session, snapshot, at, lambda each: subject.find(each, pattern)))
        except (NotFound, Ambiguous):
            return pattern

    return wanted._replace(patterns=tuple(map(then, wanted.patterns)))


def fail_with_problems(session: Session, problems: Iterable[Any]) -> None:
    """End a command, whose result was printed, with the documents that are invalid.

    Raises:
        Invalid: there are problems.
    """
    found = list(map(session.locate, problems))
    if not found:
        return
    from zenprofile.errors import Invalid

    for problem in found[1:]:
        session.note(output.safe_text(problem))
    raise Invalid.of(found)


def report_deleted(session: Session, recorded: "Recorded", keys: list[Key]) -> None:
    """Tell what a deletion took away; in JSON and YAML what was there, a list of several."""
    if session.format != "table":
        data = [_as_written(session, recorded, key) for key in keys]
        session.show(data[0] if len(data) == 1 else data, str)
        return
    for key in keys:
        session.echo(output.safe_text(f"Deleted {display_name(key)}."))
    report_others(session, recorded, *keys)


def list_entities(
    session: Session,
    subject: Subject,
    type_: str,
    at: str | None,
    wanted: "Selection",
    table: Callable[[list[Data]], str],
    look: Callable[[Loaded], None] = lambda _: None,
) -> None:
    """Print a group's entities, then name the documents that are invalid.

    Args:
        session: of the command.
        subject: of the group.
        type_: only of this component type; "" for every.
        at: a rev, or None for now.
        wanted: which of them.
        table: makes the text for people, of the rows.
        look: called with all that there are, before anything is printed.
    """
    snapshot = session.now() if at is None else session.store().snapshot(at)
    wanted = follow_selection(session, subject, snapshot, at, wanted)
    if at is None and subject.kind == "component" and session.format == "table":
        snapshot.prefetch([Key("stack", "", session.active_stack)])  # whose components the table marks
    loaded = snapshot.load(subject.kind, subject.type or type_)
    look(loaded)
    entities = [entity for entity in loaded.entities if wanted.matches(entity)] if any(wanted) else loaded.entities
    show_list(session, snapshot, entities, lambda: [as_json(session, entity, at) for entity in entities], table)
    if wanted.patterns and not entities:
        near = suffix(wanted.patterns[0], (entity.key.name for entity in loaded.entities))
        session.hint(output.safe_text(f"no {subject.noun} fits {' '.join(wanted.patterns)}{near}"))
    fail_with_problems(session, loaded.problems)


def show_list(
    session: Session,
    snapshot: Snapshot,
    entities: list[Entity],
    rows: Callable[[], list[Data]],
    table: Callable[..., str],
) -> None:
    """Print a list of entities in the format that was asked for; of their rows, table makes the text for people."""
    if session.format == "name":
        session.result([str(entity.key) for entity in entities])
    elif session.format == "wide":
        output.print_result(_wide(snapshot, entities, rows()))
    else:
        data = rows()
        session.show(data, lambda: table(data))


_PLAIN = {"kind", "name", "type", "flavor", "labels", "description", "configuration", "schema", "overrides", "revision"}


def _wide(snapshot: Snapshot, entities: list[Entity], rows: list[Data]) -> str:
    """Return the table of ``-o wide``: names, what the kind has of its own, labels, description and what uses each."""
    from zenprofile.usecases.selection import used_by

    users = used_by(snapshot, [entity.key for entity in entities])
    fields = list(dict.fromkeys(field for row in rows for field in row if field in {"type", "flavor"}))
    fields += dict.fromkeys(field for row in rows for field in row if field not in _PLAIN)
    header = ["NAME", *(field.upper() for field in fields), "LABELS", "DESCRIPTION", "USED BY"]
    cells = []
    for entity, row in zip(entities, rows, strict=True):
        own = [_join_mapping(row.get(field)) for field in (*fields, "labels", "description")]
        cells.append([row["name"], *own, ", ".join(map(str, users.get(entity.key, ())))])
    return output.table(header, cells)


def _join_mapping(value: Any) -> str:
    """Return a mapping as ``key=value, ...``, all else as `text_of` does."""
    if not isinstance(value, dict):
        return text_of(value)
    return ", ".join(f"{key}={text_of(member)}" for key, member in value.items())


def format_entity(snapshot: Snapshot, key: Key, data: Data, noun: str) -> str:
    """Return an entity's table of properties, with what refers to it."""
    from zenprofile.usecases.selection import used_by

    users = used_by(snapshot, [key]).get(key)
    more = {"used_by": list(map(str, users))} if users else {}
    return properties(f"'{key.name}' {noun.title()}", {**data, **more})


def describe_entities(
    session: Session, snapshot: Snapshot, keys: list[Key], at: str | None, table: Callable[[Key, Data], str]
) -> None:
    """Print entities (in JSON and YAML one alone, or a list of several), then say what in them is invalid."""
    rows: list[Data] = []
    problems: list[Any] = []
    for key in keys:
        entity = lookup.read(snapshot, key)
        data = as_json(session, entity, at)
        found = lookup.problems(snapshot, entity)
        rows.append(without_secrets(data, found))
        problems += found
    tables = zip(keys, rows, strict=True)
    session.show(rows[0] if len(rows) == 1 else rows, lambda: "\n".join(table(key, row) for key, row in tables))
    fail_with_problems(session, problems)


def without_secrets(data: Data, problems: Iterable[Any]) -> Data:
    """Return an entity's data without what its problems name as secrets in plain text."""
    found = list(problems)
    if not found:
        return data
    from zenprofile.core.secrets.detector import hidden
    from zenprofile.core.secrets.sensitive import masked_at

    shown: Data = hidden(masked_at(data, (problem.path for problem in found if problem.code == "plain-secret")))
    return shown


def rows_of(fields: tuple[str, ...], active: Callable[[Session], str] | None = None) -> Table:
    """Return what makes the table of ``list``: names and fields, the active one marked where a kind has one."""

    def table(session: Session, rows: list[Data]) -> str:
        mark = active(session) if active else ""
        header = [*(["ACTIVE"] if active else []), *(field.upper() for field in ("name", *fields))]
        cells = []
        for row in rows:
            first = ["👉" if row["name"] == mark else ""] if active else []
            cells.append([*first, row["name"], *(text_of(row.get(field)) for field in fields)])
        return output.table(header, cells)

    return table


def text_of(value: Any) -> str:
    """Return a value as a cell shows it: text as it is, lists of names with commas, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(member, str) for member in value):
        return ", ".join(value)
    return output.as_json(value, indent=None)


def properties(title: str, data: Data) -> str:
    """Return an entity as a table of two columns; a component's settings are rows of their own."""
    marks = _overridden(data)
    rows: list[tuple[str, str]] = []
    for field, value in data.items():
        if field in {"kind", "overrides", "revision"}:
            continue
        if field == "configuration" and isinstance(value, dict):
            rows += [(key, _mark_overridden(text_of(member), key in marks)) for key, member in value.items()]
        else:
            rows.append((field.upper(), _mark_overridden(text_of(value), field in marks)))
    return output.properties(title, rows)


def settings(data: Data) -> list[str]:
    """Return a component's settings as ``key=value``, overridden ones marked."""
    marks = _overridden(data)
    configuration = data.get("configuration")
    members = configuration.items() if isinstance(configuration, dict) else ()
    return [_mark_overridden(f"{key}={text_of(member)}", key in marks) for key, member in members]


def _overridden(data: Data) -> set[str]:
    """Return the first step of each overridden field, below a component's configuration."""
    from zenprofile.usecases.assignments import parse_key

    paths = [parse_key(text) for text in data.get("overrides", ())]
    return {path[1] if path[0] == "configuration" and len(path) > 1 else path[0] for path in paths}


def _mark_overridden(text: str, overridden: bool) -> str:
    return f"{text} {_MARK}" if overridden else text


def differences(changes: "Iterable[Changed]") -> str:
    """Return a table of fields, coloured on a terminal as git does it."""
    from zenprofile.core.change import fields
    from zenprofile.core.paths import show as path_of

    rows = []
    for changed in changes:
        cells = [(path_of(f.path), cell(f.before), cell(f.after)) for f in fields(changed)]
        rows += [(str(changed.key), *row) for row in cells or [("(comments or order)", "", "")]]
    colours = (output.CYAN, output.PLAIN, output.RED, output.GREEN)
    return output.table(("ENTITY", "FIELD", "BEFORE", "AFTER"), rows, colours=colours)


def cell(value: Any) -> str:
    """Return a field's value as a cell; "" where there is none."""
    from zenprofile.core.change import MISSING

    return "" if value is MISSING else text_of(value)
