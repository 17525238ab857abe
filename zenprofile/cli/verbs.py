"""Commands that every kind of entity has, made from what differs: list, describe, update, rename, copy, delete."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import click

from zenprofile.cli import output
from zenprofile.cli.options import Command, Group, at_option, command, message_option
from zenprofile.cli.session import Session
from zenprofile.core.change import Recorded
from zenprofile.core.entity import KINDS, Data, Entity, Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.usecases import entities
from zenprofile.usecases.entities import Details

Decorator = Callable[[Any], Any]
Table = Callable[[Session, list[Data]], str]
_MARK = "(overridden on this machine)"


class Subject(NamedTuple):
    """What a group of commands is about.

    Attributes:
        command: the group's name (``artifact-store``, ``stack``).
        kind: of entity.
        example: a name, with what finds it, for the examples.
        type: component type, where the group has one.
    """

    command: str
    kind: str
    example: str
    type: str = ""

    @property
    def noun(self) -> str:
        """Return what a person calls it."""
        return self.type.replace("_", " ") or self.kind

    @property
    def asks_type(self) -> bool:
        """Say whether ``--type`` tells several of a name apart."""
        return KINDS[self.kind].typed and not self.type

    def __call__(self, rest: str) -> str:
        """Return a command line of the group."""
        return f"zenprofile {self.command} {rest}"

    def find(self, snapshot: Snapshot, name: str, type_: str = "") -> Key:
        """Return the key of the entity that a command line names."""
        return entities.find(snapshot, self.kind, name, self.type or type_)


def names_of(subject: Subject) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return what completes the names of a group's entities."""

    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        from zenprofile.cli.completion import entity_names

        folder = KINDS[subject.kind].folder
        return entity_names(context, f"{folder}/{subject.type}" if subject.type else folder, incomplete)

    return complete


def name_argument(subject: Subject, *, optional: bool = False) -> Decorator:
    """Return the argument NAME of an existing entity; optional, it is "" where it is left out."""
    extra: dict[str, Any] = {"required": False, "default": ""} if optional else {}
    return click.argument("name", shell_complete=names_of(subject), **extra)


def component_type(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Check a component type given as an option, and spell it as documents do."""
    return entities.component_type(value) if value else ""


def complete_type(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a component type."""
    from zenprofile.core.entity import COMPONENT_TYPES

    return [type_ for type_ in COMPONENT_TYPES if type_.startswith(incomplete)]


def type_option(subject: Subject, *, required: bool = False) -> Decorator:
    """Return the option ``--type``, or nothing where the group is about one type."""
    if not subject.asks_type:
        return lambda function: function
    return click.option(
        "-t",
        "--type",
        "type_",
        default="",
        required=required,
        metavar="TYPE",
        callback=component_type,
        shell_complete=complete_type,
        help="Component type, such as artifact_store.",
    )


def labels(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Read labels given as KEY=VALUE."""
    pairs = [value.partition("=") for value in values]
    if not all(name and equals for name, equals, _ in pairs):
        raise click.UsageError("a label is KEY=VALUE")
    return tuple((name, value) for name, _, value in pairs)


def details_options(function: Any) -> Any:
    """Add the options for description, labels and message; `details` reads them."""
    for option in (
        click.option("-m", "--message", default="", metavar="TEXT", help="Why; kept in the history."),
        click.option("--label", "labels", multiple=True, callback=labels, metavar="KEY=VALUE", help="Set a label."),
        click.option("-d", "--description", metavar="TEXT", help='What it is for; "" takes it away.'),
    ):
        function = option(function)
    return function


def unset_label_option(function: Any) -> Any:
    """Add the option that takes labels away."""
    option = click.option("--unset-label", "unset_labels", multiple=True, metavar="KEY", help="Take a label away.")
    return option(function)


def details(given: dict[str, Any]) -> Details:
    """Take the values of `details_options` out of a command's arguments."""
    return Details(**{field: given.pop(field) for field in Details._fields if field in given})


def named(key: Key) -> str:
    """Name an entity as ZenML's messages do."""
    noun = "stack component" if key.kind == "component" else key.kind
    return f"{noun} with type '{key.type}' and name '{key.name}'" if key.type else f"{noun} with name '{key.name}'"


def written(session: Session, recorded: Recorded, key: Key, did: str) -> None:
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


def tell_others(session: Session, recorded: Recorded, *keys: Key) -> None:
    """Name the entities that a change touched beside those that the command is about."""
    for changed in recorded.changes:
        if changed.key not in keys:
            session.say(output.safe_text(f"Updated {named(changed.key)}."))


def _as_written(session: Session, recorded: Recorded, key: Key) -> Data:
    entity = session.store().snapshot().get(key)
    if entity is None:
        before = next((c.before for c in recorded.changes if c.key == key and c.before is not None), None)
        entity = Entity(key, before if before is not None else {})
    return entities.shown(entity)


def shown(session: Session, entity: Entity, at: str | None) -> Data:
    """Return an entity as JSON shows it, this machine's overrides laid over what is read of now."""
    own = {} if at else session.profile.overrides
    if not own:
        return entities.shown(entity)
    from zenprofile.usecases import overrides

    return overrides.shown(entity, own)


def refuse(session: Session, problems: Iterable[Any]) -> None:
    """End a command, whose result was printed, with the documents that do not hold.

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
    """Print a group's entities, then name the documents that do not hold.

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
    """Print one entity, then say what in its document does not hold."""
    entity = entities.read(snapshot, key)
    data = shown(session, entity, at)
    session.show(data, lambda: table(data))
    refuse(session, entities.problems(snapshot, entity))


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
        if field in {"kind", "overrides"}:
            continue
        if field == "configuration" and isinstance(value, dict):
            rows += [(key, _marked(text_of(member), key in marks)) for key, member in value.items()]
        else:
            rows.append((field.upper(), _marked(text_of(value), field in marks)))
    return output.properties(title, rows)


def _overridden(data: Data) -> set[str]:
    """Return the first step of each overridden field, below a component's configuration."""
    from zenprofile.usecases.settings import parse_key

    paths = [parse_key(text) for text in data.get("overrides", ())]
    return {path[1] if path[0] == "configuration" and len(path) > 1 else path[0] for path in paths}


def _marked(text: str, overridden: bool) -> str:
    return f"{text} {_MARK}" if overridden else text


def describe_command(subject: Subject) -> Command:
    """Make ``describe``."""

    @command(
        "describe", examples=[subject(f"describe {subject.example}"), subject(f"describe {subject.example} -o json")]
    )
    @name_argument(subject)
    @type_option(subject)
    @at_option
    @click.pass_obj
    def describe(session: Session, name: str, at: str | None, type_: str = "") -> None:
        snapshot = session.store().snapshot(at)
        key = subject.find(snapshot, name, type_)
        describe_entity(
            session, snapshot, key, at, lambda data: properties(f"'{key.name}' {subject.noun.title()}", data)
        )

    describe.help = f"Show a {subject.noun}."
    return describe


def list_command(subject: Subject, table: Table) -> Command:
    """Make ``list``."""

    @command("list", examples=[subject("list"), subject("list -o json")])
    @type_option(subject)
    @at_option
    @click.pass_obj
    def list_(session: Session, at: str | None, type_: str = "") -> None:
        list_entities(session, subject, type_, at, lambda rows: table(session, rows))

    list_.help = f"List the {subject.noun}s."
    return list_


def update_command(subject: Subject) -> Command:
    """Make ``update`` of description and labels."""

    @command("update", examples=[subject(f'update {subject.example} --description "..." --label team=ml')])
    @name_argument(subject)
    @type_option(subject)
    @details_options
    @unset_label_option
    @click.pass_obj
    def update(session: Session, /, name: str, type_: str = "", **given: Any) -> None:
        key = subject.find(session.store().snapshot(), name, type_)
        written(session, entities.describe(session.store(), key, details(given)), key, "Updated")

    update.help = f"Change a {subject.noun}'s description and labels."
    return update


def rename_command(subject: Subject) -> Command:
    """Make ``rename``."""

    @command("rename", examples=[subject(f"rename {_with_second(subject, 'new-name')}")])
    @name_argument(subject)
    @click.argument("new")
    @type_option(subject)
    @message_option
    @click.pass_obj
    def rename(session: Session, name: str, new: str, message: str, type_: str = "") -> None:
        from zenprofile.usecases import current

        key = subject.find(session.store().snapshot(), name, type_)
        recorded = entities.rename(session.store(), key, new, message)
        target = key._replace(name=new)
        current.follow(session.profiles, session.active, key, target)
        if session.format == "table" and recorded.changes:
            session.say(output.safe_text(f"Renamed {named(key)} to '{new}'."))
            tell_others(session, recorded, key, target)
        else:
            written(session, recorded, target, "Renamed")

    rename.help = f"Give a {subject.noun} another name, also where other entities name it."
    return rename


def copy_command(subject: Subject) -> Command:
    """Make ``copy``."""

    @command("copy", examples=[subject(f"copy {_with_second(subject, 'new-name')}")])
    @name_argument(subject)
    @click.argument("new")
    @type_option(subject)
    @message_option
    @click.pass_obj
    def copy(session: Session, name: str, new: str, message: str, type_: str = "") -> None:
        key = subject.find(session.store().snapshot(), name, type_)
        recorded = entities.copy(session.store(), key, new, message)
        written(session, recorded, key._replace(name=new), "Registered")

    copy.help = f"Register a {subject.noun} once more, under another name."
    return copy


def delete_command(subject: Subject, delete_entity: Callable[[Session, Key, str], Recorded] | None = None) -> Command:
    """Make ``delete``.

    Args:
        subject: of the group.
        delete_entity: the use case, where the kind has one of its own.
    """

    @command("delete", examples=[subject(f"delete {subject.example}")])
    @name_argument(subject)
    @type_option(subject)
    @message_option
    # ZenML asks, and has these to be left in peace; here nothing asks.
    @click.option("-y", "--yes", is_flag=True, hidden=True, expose_value=False)
    @click.option("-f", "--force", is_flag=True, hidden=True, expose_value=False)
    @click.pass_obj
    def delete(session: Session, name: str, message: str, type_: str = "") -> None:
        from zenprofile.usecases import current

        key = subject.find(session.store().snapshot(), name, type_)
        if delete_entity is not None:
            recorded = delete_entity(session, key, message)
        else:
            recorded = entities.delete(session.store(), key, message)
        current.follow(session.profiles, session.active, key, None)
        written(session, recorded, key, "Deleted")

    delete.help = f"Delete a {subject.noun} that nothing else needs."
    return delete


def _with_second(subject: Subject, second: str) -> str:
    first, _, rest = subject.example.partition(" ")
    return f"{first} {second} {rest}".rstrip()


def add(group: Group, *commands: click.Command) -> Group:
    """Add commands to a group and return it."""
    for each in commands:
        group.add_command(each)
    return group
