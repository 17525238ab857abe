"""Long texts on a terminal go through the pager that git would use."""

import os
import shutil
import sys

from zenprofile.cli import output


def show(text: str) -> None:
    """Print a text, through a pager where it is longer than the terminal."""
    lines = shutil.get_terminal_size().lines
    if text.count("\n") + 1 < lines:
        output.print_result(text)
        return
    from zenprofile.git import pager

    command = pager.command(os.getcwd())
    sys.stdout.flush()
    if command in {"", "cat"} or not pager.run(command, text + "\n"):
        output.print_result(text)
