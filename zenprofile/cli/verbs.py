"""Commands that every kind of entity has, made from what differs: list, describe, update, rename, copy, delete."""

from collections.abc import Callable
from typing import Any

import click

from zenprofile.cli import output, reading, showing, subjects
from zenprofile.cli.options import Command, Group, at_option, command, message_option
from zenprofile.cli.session import Session
from zenprofile.cli.showing import Table
from zenprofile.cli.subject import Subject
from zenprofile.core.entity import Key


def describe_command(subject: Subject) -> Command:
    """Make ``describe``."""

    @command(
        "describe", examples=[subject(f"describe {subject.example}"), subject(f"describe {subject.example} -o json")]
    )
    @subjects.names_argument(subject)
    @subjects.type_option(subject)
    @at_option
    @click.pass_obj
    def describe(session: Session, names: tuple[str, ...], at: str | None, type_: str = "") -> None:
        reading.describe(session, subject, names, type_, at)

    describe.help = f"Show one or more {subject.noun}s, and what uses them."
    return describe


def list_command(subject: Subject, table: Table) -> Command:
    """Make ``list``."""

    @command(
        "list",
        examples=[subject("list"), subject("list 'prod-*' -l team=ml -o wide"), subject("list -o name")],
        formats=output.LIST_FORMATS,
    )
    @subjects.selection_options(subject)
    @subjects.type_option(subject)
    @at_option
    @click.pass_obj
    def list_(session: Session, /, at: str | None, type_: str = "", **values: Any) -> None:
        wanted = subjects.selection(values)
        showing.list_entities(session, subject, type_, at, wanted, lambda rows: table(session, rows))

    list_.help = (
        f"List the {subject.noun}s, or those that a glob, a label or more select.\n\n"
        "-o name prints names that other commands take, -o wide also labels, description and what uses each."
    )
    return list_


def update_command(subject: Subject) -> Command:
    """Make ``update`` of description and labels."""

    @command("update", examples=[subject(f'update {subject.example} --description "..." --label team=ml')])
    @subjects.name_argument(subject)
    @subjects.type_option(subject)
    @subjects.details_options
    @subjects.unset_label_option
    @click.pass_obj
    def update(session: Session, /, name: str, type_: str = "", **values: Any) -> None:
        from zenprofile.usecases import entities

        key = subject.find(session.store().snapshot(), name, type_)
        showing.report_written(
            session, entities.describe(session.store(), key, subjects.details(values)), key, "Updated"
        )

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
        current.follow_rename(session.profiles, session.active, key, target)
        if session.format == "table" and recorded.changes:
            session.echo(output.safe_text(f"Renamed {showing.display_name(key)} to '{new}'."))
            showing.report_others(session, recorded, key, target)
        else:
            showing.report_written(session, recorded, target, "Renamed")

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
        showing.report_written(session, recorded, key._replace(name=new), "Registered")

    copy.help = f"Register a {subject.noun} once more, under another name."
    return copy


def delete_command(subject: Subject, may_go: Callable[[Session, list[Key]], None] | None = None) -> Command:
    """Make ``delete``.

    Args:
        subject: of the group.
        may_go: raises where the kind has a reason of its own to keep one of them.
    """

    @command("delete", examples=[subject(f"delete {subject.example}")])
    @subjects.names_argument(subject)
    @subjects.type_option(subject)
    @message_option
    # ZenML asks, and has these to be left in peace; here nothing asks.
    @click.option("-y", "--yes", is_flag=True, hidden=True, expose_value=False)
    @click.option("-f", "--force", is_flag=True, hidden=True, expose_value=False)
    @click.pass_obj
    def delete(session: Session, names: tuple[str, ...], message: str, type_: str = "") -> None:
        from zenprofile.usecases import current, entities

        snapshot = session.store().snapshot()
        keys = list(dict.fromkeys(subject.find(snapshot, name, type_) for name in names))
        if may_go is not None:
            may_go(session, keys)
        recorded = entities.delete(session.store(), *keys, message=message)
        for key in keys:
            current.follow_rename(session.profiles, session.active, key, None)
        showing.report_deleted(session, recorded, keys)

    delete.help = f"Delete {subject.noun}s that nothing else needs, several in one change."
    return delete


def _with_second(subject: Subject, second: str) -> str:
    first, _, rest = subject.example.partition(" ")
    return f"{first} {second} {rest}".rstrip()


def add(group: Group, *commands: click.Command) -> Group:
    """Add commands to a group and return it."""
    for each in commands:
        group.add_command(each)
    return group
