"""The command ``zenprofile``: runs it, and turns whatever happens into an exit status (docs/contract.md)."""

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from zenprofile.cli.session import Session

# Set by the scripts of `zenprofile.cli.completion`; the parser's own scripts (``bash_source``, ...) work as well.
COMPLETION = "_ZENPROFILE_COMPLETE"


def run() -> "NoReturn":
    """Run the command line as a process: end with its exit status, at once.

    What Python does at its end (it takes down each module) is a twentieth of a command's time, and frees nothing that
    the system does not.
    """
    # Most that is made while modules are imported stays: to look for garbage among it costs a tenth of a start.
    gc.set_threshold(500_000, 20, 100)
    status = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody reads it any more; `main` has judged that
            continue
    os._exit(status & 0xFF)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    _open_closed_streams()
    session = None
    try:  # around the imports too: they are most of the time in which an interrupt can come
        if arguments[:1] == ["hook"] and COMPLETION not in os.environ:
            return _hook(arguments[1:])
        from zenprofile.cli.session import Session

        session = Session()
        if sys.platform not in {"linux", "darwin"}:
            from zenprofile.errors import Unsupported

            raise Unsupported("zenprofile runs on Linux and macOS", hint="use it there, or in WSL")
        status = _run(session, arguments)
        sys.stdout.flush()
        return status
    except (Exception, KeyboardInterrupt) as error:
        from zenprofile.cli.failure import report

        return report(error, session, arguments)


def _open_closed_streams() -> None:
    """Write to nowhere where the caller closed stdout or stderr."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _run(session: "Session", arguments: list[str]) -> int:
    asked = os.environ.get(COMPLETION)
    if asked == "words":
        from zenprofile.cli import completing

        completing.main(arguments)
        return 0
    from zenprofile.cli import fast_path

    quick = None if asked else fast_path.find(arguments)
    if quick is not None:
        return quick(session)
    from zenprofile.cli.commands import cli

    status = cli.main(arguments, prog_name="zenprofile", complete_var=COMPLETION, standalone_mode=False, obj=session)
    return status if isinstance(status, int) else 0


def _hook(arguments: list[str]) -> int:
    """Run what git's hooks start; git waits for it, so the option parser is left out."""
    from zenprofile.cli import output
    from zenprofile.githooks import run as hooks

    return hooks.run(arguments, lambda line: output.print_stderr(output.safe_text(line)))
