"""The pager that a person has set for git, and whether there are colours."""

import os
import subprocess

from zenprofile.errors import ZenprofileError
from zenprofile.git import runner


def command(folder: str) -> str:
    """Return git's pager as a shell command: GIT_PAGER, core.pager, PAGER, else less; "" or ``cat`` for none."""
    if "GIT_PAGER" in os.environ:
        return os.environ["GIT_PAGER"]
    return _set(folder, "core.pager") or os.environ.get("PAGER", "less")


def colours(folder: str) -> bool:
    """Return whether ``color.ui`` lets git use colours on a terminal; without it, it does."""
    return _set(folder, "color.ui").lower() not in {"never", "false", "no", "off", "0"}


def _set(folder: str, name: str) -> str:
    """Return a setting of git; "" where it has none.

    Only what the person has set counts: a repository of others must not choose a program.
    """
    try:
        return runner.run(["config", "--global", "--get", name], folder, ok=(0, 1)).out.decode().strip()
    except ZenprofileError:  # such as a configuration that git cannot read, which is told elsewhere
        return ""


def run(shell_command: str, text: str) -> bool:
    """Show a text in a pager and wait for its end; return whether the pager could be started.

    A person who leaves it before the end of the text has seen enough.
    """
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}  # as git sets them where they are not set
    shell = ["/bin/sh", "-c", shell_command]
    with subprocess.Popen(shell, stdin=subprocess.PIPE, env=environment) as process:
        try:
            process.communicate(text.encode("utf-8", "surrogateescape"))
        except KeyboardInterrupt:  # the pager's own: it goes on
            process.wait()
    return process.returncode not in {126, 127}
