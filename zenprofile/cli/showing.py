"""Entities on the screen: lists, descriptions, what a write did, what is invalid."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from zenprofile.cli import output
from zenprofile.cli.session import Session
from zenprofile.cli.subjects import Subject
from zenprofile.core.entity import Data, Entity, Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.usecases import lookup

if TYPE_CHECKING:
    from zenprofile.core.change import Recorded

Table = Callable[[Session, list[Data]], str]
_MARK = "(overridden on this machine)"


def named(key: Key) -> str:
    """Name an entity as ZenML's messages do."""
    noun = "stack component" if key.kind == "component" else key.kind
    return f"{noun} with type '{key.type}' and name '{key.name}'" if key.type else f"{noun} with name '{key.name}'"


def written(session: Session, recorded: "Recorded", key: Key, did: str) -> None:
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
    line = f"{did} {named(key)}." if own else f"Nothing to change in {named(key)}."
    session.say(output.safe_text(line))
    tell_others(session, recorded, key)


def tell_others(session: Session, recorded: "Recorded", *keys: Key) -> None:
    """Name the entities that a change touched beside those that the command is about."""
    for changed in recorded.changes:
        if changed.key not in keys:
            session.say(output.safe_text(f"Updated {named(changed.key)}."))


def _as_written(session: Session, recorded: "Recorded", key: Key) -> Data:
    entity = session.store().snapshot().get(key)
    if entity is None:
        before = next((c.before for c in recorded.changes if c.key == key and c.before is not None), None)
        entity = Entity(key, before if before is not None else {})
    return lookup.shown(entity)


def shown(session: Session, entity: Entity, at: str | None) -> Data:
    """Return an entity as JSON shows it, this machine's overrides laid over what is read of now."""
    own = {} if at else session.profile.overrides
    if not own:
        return lookup.shown(entity, revision=session.format != "table")
    from zenprofile.usecases import overrides

    return overrides.shown(entity, own)


def refuse(session: Session, problems: Iterable[Any]) -> None:
    """End a command, whose result was printed, with the documents that are invalid.

    Raises:
        Invalid: there are problems.
    """
    found = list(problems)
    if not found:
        return
    from zenprofile.errors import Invalid

    for problem in found[1:]:
        session.note(output.safe_text(problem))
    raise Invalid.of(found)


def list_entities(session: Session, subject: Subject, type_: str, at: str | None, table: Callable[..., str]) -> None:
    """Print a group's entities, then name the documents that are invalid.

    Args:
        session: of the command.
        subject: of the group.
        type_: only of this component type; "" for every.
        at: a rev, or None for now.
        table: makes the text for people, of the rows.
    """
    loaded = session.store().snapshot(at).load(subject.kind, subject.type or type_)
    rows = [shown(session, entity, at) for entity in loaded.entities]
    session.show(rows, lambda: table(rows))
    refuse(session, loaded.problems)


def describe_entity(
    session: Session, snapshot: Snapshot, key: Key, at: str | None, table: Callable[[Data], str]
) -> None:
    """Print one entity, then say what in its document is invalid."""
    entity = lookup.read(snapshot, key)
    data = shown(session, entity, at)
    problems = lookup.problems(snapshot, entity)
    if problems:
        from zenprofile.core.secrets.detector import hidden

        data = hidden(data)
    session.show(data, lambda: table(data))
    refuse(session, problems)


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
            rows += [(key, _marked(text_of(member), key in marks)) for key, member in value.items()]
        else:
            rows.append((field.upper(), _marked(text_of(value), field in marks)))
    return output.properties(title, rows)


def _overridden(data: Data) -> set[str]:
    """Return the first step of each overridden field, below a component's configuration."""
    from zenprofile.usecases.assignments import parse_key

    paths = [parse_key(text) for text in data.get("overrides", ())]
    return {path[1] if path[0] == "configuration" and len(path) > 1 else path[0] for path in paths}


def _marked(text: str, overridden: bool) -> str:
    return f"{text} {_MARK}" if overridden else text
