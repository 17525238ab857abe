"""The commands ``path``, ``help`` and ``version``."""

import click

from zenprofile import __version__
from zenprofile.cli import output
from zenprofile.cli.options import command
from zenprofile.cli.session import Session
from zenprofile.cli.subjects import any_entity


@command(examples=["cd $(zenprofile path)", "vim $(zenprofile path stack/prod)"])
@click.argument("entity", default="", metavar="[ENTITY]", shell_complete=any_entity)
@click.pass_obj
def path(session: Session, entity: str) -> None:
    """Print the profile's folder, or the file of an entity: stack/NAME, component/TYPE/NAME, or NAME where one has it.

    A profile in a database or behind a server has no folder: status 1.
    """
    from zenprofile.usecases import documents

    file = documents.path_of(session.store(), entity)
    session.show({"path": file}, lambda: output.safe_text(file))


@command("help", examples=["zenprofile help", "zenprofile help stack register"])
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def help_(context: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command, or of zenprofile."""
    at = context.find_root()
    for word in words:
        if not isinstance(at.command, click.Group):
            raise click.UsageError(f"{at.command_path} has no commands.", at)
        _, found, _ = at.command.resolve_command(at, [word])
        if found is not None:
            at = click.Context(found, info_name=word, parent=at)
    output.print_result(at.get_help())


@command(examples=["zenprofile version", "zenprofile version -o json"])
@click.pass_obj
def version(session: Session) -> None:
    """Print the version."""
    session.show({"version": __version__}, lambda: f"zenprofile {__version__}")
