"""What the commands do and print that read: lists and descriptions of entities, the log.

Plainly spelt, they come without the option parser (`zenprofile.cli.fast_path`).
"""

import sys
from typing import TYPE_CHECKING

from zenprofile.cli import output, showing
from zenprofile.cli.session import Session
from zenprofile.cli.subject import Subject
from zenprofile.core.entity import COMPONENT_TYPES, Data, Entity, Key, component_keys
from zenprofile.core.snapshot import Loaded, Snapshot
from zenprofile.errors import Invalid, NotFound
from zenprofile.usecases import lookup

if TYPE_CHECKING:
    from zenprofile.core.change import Recorded
    from zenprofile.usecases.history import LogFilter
    from zenprofile.usecases.selection import Selection

STACK = Subject("stack", "stack", "prod")
COMPONENT = Subject("component", "component", "s3-prod --type artifact_store")
_SHORT = 10  # characters of a commit's id


def active_stack(session: Session, snapshot: Snapshot) -> Entity:
    """Return the active stack.

    Raises:
        NotFound: it does not exist; the hint names ``stack set``.
    """
    return lookup.read(snapshot, active_key(session, snapshot))


def active_key(session: Session, snapshot: Snapshot) -> Key:
    """Return the key of the active stack, which exists."""
    key = Key("stack", "", session.active_stack)
    if key not in snapshot.keys("stack"):
        hint = "zenprofile stack set NAME makes another one active"
        raise NotFound(f"the active stack '{key.name}' does not exist", hint=hint)
    return key


def warn_if_gone(session: Session) -> None:
    """Warn where the active stack does not exist."""
    name = session.active_stack
    if Key("stack", "", name) not in session.now().keys("stack"):
        session.warn_all([f"the active stack '{name}' does not exist: 'zenprofile stack set NAME' names another"])


def list_stacks(session: Session, at: str | None, wanted: "Selection") -> None:
    """Print the stacks that are wanted, as they were at a revision (None: now)."""

    def look(loaded: Loaded) -> None:
        if at or not any(entity.key.name == session.active_stack for entity in loaded.entities):
            warn_if_gone(session)

    showing.list_entities(session, STACK, "", at, wanted, lambda rows: _stack_table(session, rows), look)


def _stack_table(session: Session, rows: list[Data]) -> str:
    used = {type_ for row in rows for type_ in row["components"]}
    types = [type_ for type_ in COMPONENT_TYPES if type_ in used]
    cells = [
        ["👉" if row["name"] == session.active_stack else "", row["name"]]
        + [", ".join(row["components"].get(type_, ())) for type_ in types]
        for row in rows
    ]
    return output.table(["ACTIVE", "STACK NAME", *types], cells)


def describe_stacks(session: Session, names: tuple[str, ...], at: str | None) -> None:
    """Print stacks with their components' settings; without names the active one."""
    snapshot = session.store().snapshot(at)
    finders = [STACK.finder(name) for name in names] or [lambda each: active_key(session, each)]
    keys = [showing.find_at(session, snapshot, at, finder) for finder in finders]
    showing.describe_entities(session, snapshot, keys, at, lambda _, data: _format_stack(session, snapshot, data, at))


def _format_stack(session: Session, snapshot: Snapshot, data: Data, at: str | None) -> str:
    active = " (ACTIVE)" if data["name"] == session.active_stack else ""
    keys = component_keys(data)
    snapshot.prefetch(keys)
    rows = [(key.type, key.name, *settings(session, snapshot, key, at)) for key in keys]
    more = {field: value for field, value in data.items() if field in {"description", "labels", "overrides"}}
    rows += [(field.upper(), showing.text_of(value), "", "") for field, value in more.items()]
    header = ("COMPONENT_TYPE", "COMPONENT_NAME", "FLAVOR", "CONFIGURATION")
    return output.table(header, rows, f"'{data['name']}' Stack{active}")


def settings(session: Session, snapshot: Snapshot, key: Key, at: str | None) -> tuple[str, str]:
    """Return a component's flavor and configuration as cells; what is wrong with it where it cannot be read."""
    try:
        entity = lookup.read(snapshot, key)
        data = showing.without_secrets(showing.as_json(session, entity, at), lookup.problems(snapshot, entity))
    except (NotFound, Invalid) as error:
        return "", f"({error.message})"
    return data.get("flavor", ""), ", ".join(showing.settings(data))


def list_components(session: Session, wanted: "Selection") -> None:
    """Print the components of every type that are wanted, as they are now."""
    showing.list_entities(session, COMPONENT, "", None, wanted, lambda rows: component_table(session, rows))


def component_table(session: Session, rows: list[Data]) -> str:
    """Return the table of ``component list``: those of the active stack are marked."""
    active = _active_names(session)
    cells = [
        ("👉" if active.get(row["type"]) == row["name"] else "", row["name"], row["type"], row.get("flavor", ""))
        for row in rows
    ]
    return output.table(("ACTIVE", "NAME", "TYPE", "FLAVOR"), cells)


def _active_names(session: Session) -> dict[str, str]:
    """Return the names of the active stack's components by type, {} where there is none that can be read."""
    try:
        entity = session.now().get(Key("stack", "", session.active_stack))
    except Invalid:  # it spoils only itself
        return {}
    keys = component_keys(entity.data) if entity is not None else []
    return {key.type: key.name for key in reversed(keys)}  # of several of a type, the first


def describe(session: Session, subject: Subject, names: tuple[str, ...], type_: str, at: str | None) -> None:
    """Print entities of a kind, and what uses them."""
    snapshot = session.store().snapshot(at)
    keys = [showing.find_at(session, snapshot, at, subject.finder(name, type_)) for name in names]
    showing.describe_entities(
        session, snapshot, keys, at, lambda key, data: showing.format_entity(snapshot, key, data, subject.noun)
    )


def log(session: Session, entity: str, wanted: "LogFilter") -> None:
    """Print what was changed, of an entity or ("") of all, newest first."""
    from zenprofile.usecases import history

    store = session.store()
    key = history.find(store, entity) if entity else None
    records = history.log(store, key, wanted)
    if records or session.format != "table":
        data = [history.as_json(recorded) for recorded in records]
        session.show(data, lambda: "\n".join(map(_log_row, records)), paged=True)


def _log_row(recorded: "Recorded") -> str:
    when = output.local_time(recorded.when)
    first_line = recorded.message.partition("\n")[0]
    rev = output.coloured(recorded.rev[:_SHORT], output.YELLOW, sys.stdout)
    return f"{rev} {output.safe_text(f'{when} {recorded.who}: {first_line}')}"
