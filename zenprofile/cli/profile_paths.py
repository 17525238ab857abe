"""Paths of the profiles that a command checks, relative to the current folder, and messages about them."""

import os

from zenprofile.cli import output
from zenprofile.errors import NotFound


def relative_folder(folder: str) -> str:
    """Return a profile's folder relative to the current one, with a slash behind it; "" for the current folder."""
    if not folder:
        return ""
    below = os.path.relpath(folder).replace(os.sep, "/")
    return "" if below == "." else f"{below}/"


def summary(number: int, where: str) -> str:
    """Return how many documents were checked, and in which folder."""
    shown = where if where.startswith(("./", "../", "/")) or ":" in where else f"./{where}"
    return output.safe_text(f"{number} document{'' if number == 1 else 's'} of {shown}")


def no_profile_error() -> NotFound:
    """Return the error of a repository without a profile, on a machine without any."""
    message = "no profile was found: no folder of this repository holds a zenprofile.yaml"
    return NotFound(message, hint="name its folder, or check it out")


def path_not_found_error(path: str) -> NotFound:
    """Return the error of a path that could only lie in a profile, where there is none."""
    return NotFound(f"there is no file or folder {path[:140]!r}, and no profile", hint="check it out, or name another")
