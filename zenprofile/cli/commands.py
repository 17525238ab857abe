"""The top group: finds a command by the table, and loads it when it is used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from zenprofile import __version__
from zenprofile.cli.options import Group
from zenprofile.cli.table import SECTIONS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_TABLE = {name: row for section in SECTIONS.values() for name, row in section.items()}
# ZenML's own spelling: a group a component type (`zenprofile artifact-store register ...`), made by this function.
_TYPED = "zenprofile.cli.components:typed"


def _load(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def _type_of(name: str) -> str:
    """Return the component type that a command is named after, or ""."""
    from zenprofile.core.entity import COMPONENT_TYPES

    type_ = name.replace("-", "_")
    return type_ if type_ in COMPONENT_TYPES else ""


class Main(Group):
    """The top group: knows its commands by name and loads the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command, those of single component types last."""
        from zenprofile.core.entity import COMPONENT_TYPES

        return [*_TABLE, *(type_.replace("_", "-") for type_ in COMPONENT_TYPES)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command that runs; None where there is none of that name."""
        if cmd_name in _TABLE:
            found: click.Command = _load(_TABLE[cmd_name][0])
            return found
        type_ = _type_of(cmd_name)
        if not type_:
            return None
        typed: click.Command = _load(_TYPED)(type_)
        return typed

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings, from the table alone."""
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, does) for name, (_, does) in commands.items()])
        with formatter.section("Components of one type, as ZenML spells it"):
            formatter.write_text(", ".join(self.list_commands(ctx)[len(_TABLE) :]))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Offer commands from the table, and options; nothing is loaded for it."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(n, help=does) for n, (_, does) in _TABLE.items() if n.startswith(incomplete)]
        if not found:
            found = [CompletionItem(n) for n in self.list_commands(ctx) if n.startswith(incomplete)]
        # Not the group's own: that would load every command for its help.
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"zenprofile {__version__}")
        context.exit()


@click.command(
    cls=Main,
    examples=[
        "zenprofile create team --url ./.zenprofile",
        "zenprofile set team",
        "zenprofile stack list -o json",
    ],
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version and exit."
)
def cli() -> None:
    """Profiles of ML stacks, kept in Git, in an SQL database or behind a REST server."""
