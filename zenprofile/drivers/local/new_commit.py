"""A commit that has just been made, as history tells it, without the imports of a walk through history."""

import re

from zenprofile.core.change import Changed, Recorded
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository
from zenprofile.store import dates


def recorded(repository: Repository, commit: str, message: str, changed: tuple[Changed, ...]) -> Recorded:
    """Return a commit that has just been made ("": none) as history tells it, without starting anything."""
    if not commit:
        return Recorded("", "", "", message, changed)
    objects = Objects(repository)
    try:
        head = objects.read(commit, "commit").decode("utf-8", "replace")
    finally:
        objects.close()
    author = re.search(r"^author (.*) <[^>\n]*> \d+ ", head, re.MULTILINE)
    when = re.search(r"^committer .*> (\d+) ", head, re.MULTILINE)
    seconds = float(when.group(1)) if when else 0.0
    return Recorded(commit, author.group(1) if author else "", dates.rfc3339(seconds), message, changed)
