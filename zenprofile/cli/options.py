"""Commands and groups that take the common options anywhere, and the options that several commands share."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from zenprofile.cli.completers import profile_names
from zenprofile.cli.output import FORMATS, LIST_FORMATS
from zenprofile.cli.session import Session

CONTEXT = {"max_content_width": 100}
OUTPUT_FLAGS = ("-o", "--output")
# Commands whose lines mean another one where more follows than they take (`zenprofile.cli.foreign_commands`).
_READ_AGAIN = frozenset({"get", "describe", "delete", "list", "profile", "log"})


def _set_common_option(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep a common option in the session; one that stands later wins."""
    session = context.ensure_object(Session)
    if value:
        setattr(session, {"profile": "chosen", "output": "format"}.get(str(parameter.name), str(parameter.name)), value)
    if value and parameter.name == "verbose":
        _print_git_commands(context, session)


def _print_git_commands(context: click.Context, session: Session) -> None:
    """Print each git command that ends, until the command itself does."""
    from zenprofile.git import runner

    if session.debug not in runner.listeners:
        runner.listeners.append(session.debug)
        context.find_root().call_on_close(lambda: runner.listeners.remove(session.debug))


def _common_options(output_flags: Sequence[str], formats: Sequence[str]) -> list[click.Parameter]:
    kept: dict[str, Any] = {"expose_value": False, "callback": _set_common_option}
    return [
        click.Option(["--profile"], metavar="NAME", help="Use this profile.", shell_complete=profile_names, **kept),
        click.Option(list(output_flags), type=click.Choice(formats), help="Print as this.", **kept),
        click.Option(
            ["--timeout"],
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="End a network command when nothing has moved for so long (30).",
            **kept,
        ),
        click.Option(["-q", "--quiet"], is_flag=True, help="Leave out hints and which profile it is.", **kept),
        click.Option(["-v", "--verbose"], count=True, help="Say more on stderr.", **kept),
    ]


def _help(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(context.get_help(), color=context.color)
        context.exit()


class _Common(click.Command):
    """A command with the common options and with examples in its help.

    Args:
        examples: command lines, shown as they stand.
        output_flags: how the format is asked for; ``("--output",)`` where ``-o`` means something else.
        formats: that it prints.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        output_flags: Sequence[str] = OUTPUT_FLAGS,
        formats: Sequence[str] = FORMATS,
        **kwargs: Any,
    ) -> None:
        kwargs["context_settings"] = {**CONTEXT, **(kwargs.get("context_settings") or {})}
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self._help: click.Option | None = None
        self.formats = formats
        self.params = [*self.params, *_common_options(output_flags, self._accepted)]

    @property
    def _accepted(self) -> Sequence[str]:
        return self.formats

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, unless the format that was asked for before its name is none of its own."""
        chosen = ctx.ensure_object(Session).format
        if chosen not in self._accepted:
            raise click.UsageError(f"'-o {chosen}' is for lists; here it is one of {', '.join(self._accepted)}.")
        return super().invoke(ctx)

    def get_help_option(self, ctx: click.Context) -> click.Option:
        """Return the help option; made here, since the library's own asks for a translation at every start."""
        if self._help is None:
            self._help = click.Option(
                ["-h", "--help"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_help,
                help="Show this and exit.",
            )
        return self._help

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {line}\n" for line in self.examples))


class Command(_Common):
    """A command: ``@group.command(examples=["zenprofile stack list"])``."""


class Group(_Common, click.Group):
    """A group of commands; they and its groups are of this module's classes."""

    command_class = Command
    group_class = type

    @property
    def _accepted(self) -> Sequence[str]:
        return LIST_FORMATS  # of the commands behind it; each refuses what it does not print

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that a word names; of a mistyped one say which was meant."""
        if not ctx.resilient_parsing and not args[0].startswith("-"):
            args = self._translate(ctx, args)
        return super().resolve_command(ctx, args)

    def _translate(self, ctx: click.Context, args: list[str]) -> list[str]:
        again = ctx.parent is None and len(args) > 1 and args[0] in _READ_AGAIN
        if not again and self.get_command(ctx, args[0]) is not None:
            return args
        from zenprofile.cli import foreign_commands

        found = foreign_commands.translate(ctx, args, self.list_commands(ctx))
        word = found[0]
        if self.get_command(ctx, word) is None:
            from zenprofile.core.suggestions import nearest
            from zenprofile.errors import UsageError

            hint = foreign_commands.hint_for_command(ctx, word) or nearest(word, self.list_commands(ctx))
            message = f"{ctx.command_path} has no command {word[:140]!r}"
            raise UsageError(message, hint=hint or f"see '{ctx.command_path} --help'")
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; without a command show the help on stderr, as wrong usage (the library's releases differ)."""
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(2)
        return super().parse_args(ctx, args)


def command(name: str | None = None, **attributes: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make a top-level command, as ``click.command`` does."""
    return click.command(name, cls=Command, **attributes)


def group(name: str | None = None, **attributes: Any) -> Callable[[Callable[..., Any]], Group]:
    """Make a top-level group, as ``click.group`` does."""
    return click.group(name, cls=Group, **attributes)


pass_session = click.pass_obj


def _revs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from zenprofile.cli.completers import revisions

    return revisions(context, parameter, incomplete)


at_option = click.option(
    "--at", metavar="REV", shell_complete=_revs, help="Answer as it was at a commit, change or date."
)
message_option = click.option("-m", "--message", default="", metavar="TEXT", help="Why; kept in the history.")
