"""How a run that failed ends: one line (or one JSON object) on stderr, and the exit status."""

import os
import sys
from typing import TYPE_CHECKING, Any

from zenprofile.cli import output
from zenprofile.errors import UsageError, ZenprofileError

if TYPE_CHECKING:
    from zenprofile.cli.session import Session

INTERRUPTED = 130


def report(error: BaseException, session: "Session | None", arguments: list[str]) -> int:
    """Tell the user about an exception and return the exit status.

    Args:
        error: what ended the command.
        session: of the command; None before there is one.
        arguments: of the command line, which say the format where parsing failed before it was known.
    """
    try:
        return _status(error, session, arguments)
    except OSError:  # stderr cannot be written either
        return 1
    finally:
        _silence_final_flush()


def _status(error: BaseException, session: "Session | None", arguments: list[str]) -> int:
    import click

    if isinstance(error, KeyboardInterrupt | click.Abort):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return 1
    failure = _as_ours(error)
    if session is not None and not failure.elsewhere:
        failure.file = session.relative_path(failure.file)
        failure.problems = tuple(map(session.locate, failure.problems))
    asked = session is not None and session.format == "json"
    wants_json = asked or (isinstance(error, click.UsageError) and _wants_json(arguments))
    output.print_stderr(_as_json(failure) if wants_json else line_of(failure))
    return failure.exit_status


def _silence_final_flush() -> None:
    """Let the interpreter's own flush of stdout at the end meet no broken pipe, no full disk."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _as_ours(error: BaseException) -> ZenprofileError:
    if isinstance(error, ZenprofileError):
        return error
    import click

    if isinstance(error, click.ClickException):
        command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "zenprofile"
        message = " ".join(error.format_message().split())  # choices stand on lines of their own
        return UsageError(message.rstrip("."), hint=_hint(error) or f"see '{command} --help'")
    from zenprofile.cli.crash import unexpected

    return unexpected(error)


def _hint(error: Exception) -> str:
    import click

    from zenprofile.cli import foreign_commands

    return foreign_commands.hint_for_usage(error) if isinstance(error, click.UsageError) else ""


def line_of(error: ZenprofileError) -> str:
    """Return ``Error: file:line:column: message; hint`` on one line."""
    place = f"{error.file}:{error.line}:{error.column}: " if error.line else f"{error.file}: " if error.file else ""
    hint = f"; {error.hint}" if error.hint else ""
    return f"{output.coloured('Error:', output.RED, sys.stderr)} {output.safe_text(f'{place}{error.message}{hint}')}"


def _as_json(error: ZenprofileError) -> str:
    data: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if error.file:
        data["file"] = error.file
    if error.line:
        data.update(line=error.line, column=error.column)
    if len(error.problems) > 1:
        data["problems"] = [problem._asdict() for problem in error.problems]
    return output.as_json(data, indent=None)


def _wants_json(arguments: list[str]) -> bool:
    """Say whether ``-o json`` was given, where parsing did not get that far."""
    last = ""
    for number, argument in enumerate(arguments):
        following = arguments[number + 1] if number + 1 < len(arguments) else ""
        if argument in {"-o", "--output"}:
            last = following if following in output.FORMATS else last
        elif argument.startswith(("-o", "--output=")):
            last = argument.removeprefix("--output=").removeprefix("-o").removeprefix("=")
    return last == "json"
