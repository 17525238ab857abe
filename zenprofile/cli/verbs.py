"""Commands that every kind of entity has, made from what differs: list, describe, update, rename, copy, delete."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from zenprofile.cli import output, showing, subjects
from zenprofile.cli.options import Command, Group, at_option, command, message_option
from zenprofile.cli.session import Session
from zenprofile.cli.showing import Table
from zenprofile.cli.subjects import Subject
from zenprofile.core.entity import Key

if TYPE_CHECKING:
    from zenprofile.core.change import Recorded


def describe_command(subject: Subject) -> Command:
    """Make ``describe``."""

    @command(
        "describe", examples=[subject(f"describe {subject.example}"), subject(f"describe {subject.example} -o json")]
    )
    @subjects.name_argument(subject)
    @subjects.type_option(subject)
    @at_option
    @click.pass_obj
    def describe(session: Session, name: str, at: str | None, type_: str = "") -> None:
        snapshot = session.store().snapshot(at)
        key = subject.find(snapshot, name, type_)
        showing.describe_entity(
            session, snapshot, key, at, lambda data: showing.properties(f"'{key.name}' {subject.noun.title()}", data)
        )

    describe.help = f"Show a {subject.noun}."
    return describe


def list_command(subject: Subject, table: Table) -> Command:
    """Make ``list``."""

    @command("list", examples=[subject("list"), subject("list -o json")])
    @subjects.type_option(subject)
    @at_option
    @click.pass_obj
    def list_(session: Session, at: str | None, type_: str = "") -> None:
        showing.list_entities(session, subject, type_, at, lambda rows: table(session, rows))

    list_.help = f"List the {subject.noun}s."
    return list_


def update_command(subject: Subject) -> Command:
    """Make ``update`` of description and labels."""

    @command("update", examples=[subject(f'update {subject.example} --description "..." --label team=ml')])
    @subjects.name_argument(subject)
    @subjects.type_option(subject)
    @subjects.details_options
    @subjects.unset_label_option
    @click.pass_obj
    def update(session: Session, /, name: str, type_: str = "", **given: Any) -> None:
        from zenprofile.usecases import entities

        key = subject.find(session.store().snapshot(), name, type_)
        showing.written(session, entities.describe(session.store(), key, subjects.details(given)), key, "Updated")

    update.help = f"Change a {subject.noun}'s description and labels."
    return update


def rename_command(subject: Subject) -> Command:
    """Make ``rename``."""

    @command("rename", examples=[subject(f"rename {_with_second(subject, 'new-name')}")])
    @subjects.name_argument(subject)
    @click.argument("new")
    @subjects.type_option(subject)
    @message_option
    @click.pass_obj
    def rename(session: Session, name: str, new: str, message: str, type_: str = "") -> None:
        from zenprofile.usecases import current, entities

        key = subject.find(session.store().snapshot(), name, type_)
        recorded = entities.rename(session.store(), key, new, message)
        target = key._replace(name=new)
        current.follow(session.profiles, session.active, key, target)
        if session.format == "table" and recorded.changes:
            session.say(output.safe_text(f"Renamed {showing.named(key)} to '{new}'."))
            showing.tell_others(session, recorded, key, target)
        else:
            showing.written(session, recorded, target, "Renamed")

    rename.help = f"Give a {subject.noun} another name, also where other entities name it."
    return rename


def copy_command(subject: Subject) -> Command:
    """Make ``copy``."""

    @command("copy", examples=[subject(f"copy {_with_second(subject, 'new-name')}")])
    @subjects.name_argument(subject)
    @click.argument("new")
    @subjects.type_option(subject)
    @message_option
    @click.pass_obj
    def copy(session: Session, name: str, new: str, message: str, type_: str = "") -> None:
        from zenprofile.usecases import entities

        key = subject.find(session.store().snapshot(), name, type_)
        recorded = entities.copy(session.store(), key, new, message)
        showing.written(session, recorded, key._replace(name=new), "Registered")

    copy.help = f"Register a {subject.noun} once more, under another name."
    return copy


def delete_command(subject: Subject, delete_entity: Callable[[Session, Key, str], "Recorded"] | None = None) -> Command:
    """Make ``delete``.

    Args:
        subject: of the group.
        delete_entity: the use case, where the kind has one of its own.
    """

    @command("delete", examples=[subject(f"delete {subject.example}")])
    @subjects.name_argument(subject)
    @subjects.type_option(subject)
    @message_option
    # ZenML asks, and has these to be left in peace; here nothing asks.
    @click.option("-y", "--yes", is_flag=True, hidden=True, expose_value=False)
    @click.option("-f", "--force", is_flag=True, hidden=True, expose_value=False)
    @click.pass_obj
    def delete(session: Session, name: str, message: str, type_: str = "") -> None:
        from zenprofile.usecases import current, entities

        key = subject.find(session.store().snapshot(), name, type_)
        if delete_entity is not None:
            recorded = delete_entity(session, key, message)
        else:
            recorded = entities.delete(session.store(), key, message)
        current.follow(session.profiles, session.active, key, None)
        showing.written(session, recorded, key, "Deleted")

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
