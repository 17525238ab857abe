"""What is said of the profiles that a command judges: where each is, and how many documents it has."""

import os

from zenprofile.cli import output
from zenprofile.errors import NotFound


def way_to(folder: str) -> str:
    """Return the way from the current folder to a profile's, with a slash behind it; "" for the current folder."""
    if not folder:
        return ""
    below = os.path.relpath(folder).replace(os.sep, "/")
    return "" if below == "." else f"{below}/"


def told(number: int, where: str) -> str:
    """Say what was judged: how many documents, and of which folder."""
    shown = where if where.startswith(("./", "../", "/")) or ":" in where else f"./{where}"
    return output.safe_text(f"{number} document{'' if number == 1 else 's'} of {shown}")


def none_here() -> NotFound:
    """Return the error of a repository without a profile, on a machine without any."""
    message = "no profile was found: no folder of this repository holds a zenprofile.yaml"
    return NotFound(message, hint="name its folder, or check it out")


def not_there(path: str) -> NotFound:
    """Return the error of a path that could only lie in a profile, where there is none."""
    return NotFound(f"there is no file or folder {path[:140]!r}, and no profile", hint="check it out, or name another")
