"""The commands ``stack export`` and ``stack import``."""

import sys

import click

from zenprofile.cli import output, showing, subjects
from zenprofile.cli.options import Command, command, message_option
from zenprofile.cli.session import Session
from zenprofile.cli.subject import Subject
from zenprofile.core.entity import Data, Entity
from zenprofile.errors import Exists, NotFound, UsageError
from zenprofile.usecases.stack_files import FORMATS

_MOST = 16 << 20


def export_command(subject: Subject) -> Command:
    """Make ``stack export``."""

    @command(
        "export",
        examples=[
            "zenprofile stack export prod > prod.yaml",
            "zenprofile stack export prod prod.yaml --format zenml     # for 'zenml stack import'",
        ],
    )
    @subjects.name_argument(subject)
    @click.argument("file", default="-", metavar="[FILE]")
    @click.option("--format", "format_", type=click.Choice(FORMATS), default="zenprofile", help="Write it as this.")
    @click.option("--with-overrides", "own", is_flag=True, help="With this machine's values in it.")
    @click.option("--force", is_flag=True, help="Write over a file that is there.")
    @click.pass_obj
    def export(session: Session, name: str, file: str, format_: str, own: bool, force: bool) -> None:
        """Print a stack with its components, or write it to a file.

        zenml is the format of ZenML 0.98, zenml-0.13 that of ZenML 0.13, zenprofile documents that 'apply' takes too.
        """
        from zenprofile.usecases import overrides, stack_files

        own_values = session.profile.overrides if own else {}

        def laid(entity: Entity) -> Data:
            return overrides.with_overrides(entity, own_values) if own_values else entity.data

        text, notes = stack_files.write(session.store().snapshot(), name, format_, laid)
        session.warn_all(notes)
        if file == "-":
            sys.stdout.write(text)
            return
        _write(file, text, force)
        session.echo(output.safe_text(f"Exported stack '{name}' to '{file}'."))

    return export


def _write(file: str, text: str, force: bool) -> None:
    """Write a file.

    Raises:
        Exists: it is there, and is not to be written over.
        NotFound: it cannot be written.
    """
    from pathlib import Path

    from zenprofile.fs import atomic

    path = Path(file)
    if path.exists() and not force:
        raise Exists(f"there is a file {file} already", hint="add --force to write over it")
    if not path.absolute().parent.is_dir():
        raise NotFound(f"there is no folder {path.parent}", hint="make it, or name another file")
    atomic.replace(path.absolute(), text.encode())


def import_command() -> Command:
    """Make ``stack import``."""

    @command(
        "import",
        examples=[
            "zenprofile stack import prod.yaml",
            "zenml stack export prod /dev/stdout | zenprofile stack import -",
        ],
    )
    @click.argument("file", metavar="FILE")
    @click.option("--rename", is_flag=True, help="Where a name is taken by other content: take the next free name.")
    @click.option("--update", is_flag=True, help="Where a name is taken by other content: change what is there.")
    @message_option
    @click.pass_obj
    def import_(session: Session, file: str, rename: bool, update: bool, message: str) -> None:
        """Register a stack with its components from a file of ZenML 0.98, ZenML 0.13 or zenprofile.

        All of it or nothing; a component that is there already with equal content is used as it is.
        """
        from zenprofile.usecases import history, stack_files, stack_import

        if rename and update:
            raise UsageError("--rename and --update exclude each other", hint="give one of them")
        store = session.store()
        found = stack_files.read(_text(file), file, store.snapshot())
        choice = "rename" if rename else "update" if update else ""
        result = stack_import.import_(store, found, choice, message)
        session.warn_all(found.notes)
        session.warn_all(f"{old} is called '{new.name}' here" for old, new in result.renamed.items())
        lines = [
            f"{showing.DONE[changed.action]} {showing.display_name(changed.key)}."
            for changed in result.recorded.changes
        ]
        lines += [f"Found {showing.display_name(key)} with equal content." for key in result.reused]
        data = history.as_json(result.recorded) if result.recorded.changes else {}
        session.show(data, lambda: "\n".join(map(output.safe_text, lines)))

    return import_


def _text(file: str) -> str:
    """Return a file's text; ``-`` is standard input.

    Raises:
        NotFound: there is no such file.
        Invalid: it is too large, or no text.
    """
    from zenprofile.errors import Invalid

    try:
        if file == "-":
            raw = sys.stdin.buffer.read(_MOST + 1)
        else:
            with open(file, "rb") as source:
                raw = source.read(_MOST + 1)
        if len(raw) > _MOST:
            raise Invalid(f"the file has more than {_MOST} bytes", hint="give a stack's file", file=file)
        return raw.decode("utf-8")
    except OSError as error:
        raise NotFound(f"the file cannot be read: {error.strerror}", hint="name a stack's file", file=file) from None
    except UnicodeDecodeError:
        raise Invalid("the file is no UTF-8 text", hint="save it as UTF-8", file=file) from None
