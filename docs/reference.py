"""Writes docs/reference.md from the commands themselves: ``make reference``. A test compares the two."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from zenprofile.cli.commands import cli
from zenprofile.cli.table import SECTIONS

PAGE = Path(__file__).with_name("reference.md")
COMMON = ("profile", "output", "timeout", "verbose", "help")
HEAD = """\
# Reference

<!-- Written by docs/reference.py from the commands themselves; `make reference` writes it again. -->

{options}
| exit status | when |
| --- | --- |
| 0 | it was done |
| 1 | it was refused, or failed: one line of stderr says why and what helps |
| 2 | the command line was wrong |
| 3 | two changes clash and only a person can choose; both are kept |
| 4 | a server or remote did not answer, or refused the login; what was done here is kept |
| 130 | Ctrl-C; nothing is half done |

Stdout holds the result alone; all else is on stderr. With `-o json` an error is an object there, with `code`, `message`
and `hint`, and with `file`, `line` and `column` where it has a place.

A component type is a command as well, as ZenML spells it: `zenprofile artifact-store register NAME --flavor s3 --path=s3://bucket`
is `zenprofile component register NAME --type artifact_store --flavor s3 --set path=s3://bucket`.
"""


def reference() -> str:
    """Return the page."""
    top = click.Context(cli, info_name="zenprofile")
    common = "| option of every command, before or after it | |\n| --- | --- |\n"
    common += "".join(row(*record) for record in records(cli, top, common=True))
    parts = [HEAD.format(options=common)]
    for heading, names in SECTIONS.items():
        parts.append(f"\n## {heading}\n")
        for name in names:
            command = cli.get_command(top, name)
            assert command is not None
            parts.extend(section(command, click.Context(command, info_name=name, parent=top)))
    return "".join(parts)


def section(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield what there is to say of a command, and of those below it."""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from section(below, click.Context(below, info_name=name, parent=context))
        return
    pieces = " ".join(piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]")
    yield f"\n### {context.command_path}\n\n```text\n{context.command_path} {pieces}".rstrip() + "\n```\n\n"
    yield f"{text(command.help)}\n"
    options = "".join(row(*record) for record in records(command, context, common=False))
    if options:
        yield f"\n| option | |\n| --- | --- |\n{options}"
    examples = getattr(command, "examples", ())
    if examples:
        yield "\n```text\n" + "".join(f"{line}\n" for line in examples) + "```\n"


def records(command: click.Command, context: click.Context, *, common: bool) -> Iterator[tuple[str, str]]:
    """Yield names and help of a command's options: of those that all have, or of its own."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record and (parameter.name in COMMON) == common:
            yield record


def row(names: str, does: str) -> str:
    """Write a line of a table."""
    cell = names.replace("|", "\\|")
    return f"| `{cell}` | {text(does)} |\n"


def text(help_: str | None) -> str:
    """Take the marks of the terminal out of a help text."""
    return "\n".join(line.strip() for line in (help_ or "").replace("\b", "").replace("|", "\\|").strip().splitlines())


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text(encoding="utf-8") != reference())
    PAGE.write_text(reference(), encoding="utf-8")
