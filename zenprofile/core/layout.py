"""What a profile's folders may hold: the one rule, for work trees, commits, the index, merges and pushes.

Documents, and files that look like none. Names that begin with a dot are nobody's business.
"""

from zenprofile.core.entity import KINDS
from zenprofile.errors import Problem

FILE, FOLDER, OTHER = "file", "folder", "other"  # what stands at a path; other: a link, a submodule, a device
STRAYS = (".yml", ".yaml", ".json")
_BY_FOLDER = {kind.folder: kind for kind in KINDS.values()}


def kind_of(path: str) -> str:
    """Return the kind of entity in whose folder a path below a profile lies; "" for none."""
    kind = _BY_FOLDER.get(path.partition("/")[0])
    return "" if kind is None else kind.name


def misfit(path: str, entry_type: str) -> list[Problem]:
    """Return the problem of a misplaced path below a profile, at most one.

    Args:
        path: with forward slashes.
        entry_type: `FILE`, `FOLDER` or `OTHER`.
    """
    first, *rest = path.split("/")
    kind = _BY_FOLDER.get(first)
    if kind is None or any(part.startswith(".") for part in rest):
        return []
    depth = 2 if kind.typed else 1
    if len(rest) < depth:
        if entry_type == OTHER or (entry_type == FILE and not rest):
            return [not_a_folder(path)]
    elif entry_type == OTHER:
        return [not_a_file(path)]
    elif len(rest) == depth and path.endswith(".yaml"):
        return []
    return [_stray(path)] if entry_type == FILE and path.lower().endswith(STRAYS) else []


def not_a_folder(path: str) -> Problem:
    """Return the problem of a folder in whose place something else is."""
    message = f"{path} is a link, a submodule or a file where a folder should be; nothing in it is read"
    return Problem(path, 0, 0, "", message, "put a plain folder in its place", "not-a-folder")


def not_a_file(path: str) -> Problem:
    """Return the problem of a document in whose place a link or a submodule is."""
    message = f"{path} is a link or no plain file; it is not followed"
    return Problem(path, 0, 0, "", message, "put a plain file in its place", "not-a-file")


def _stray(path: str) -> Problem:
    first = path.partition("/")[0]
    place = f"{first}/TYPE/NAME.yaml" if _BY_FOLDER[first].typed else f"{first}/NAME.yaml"
    message = f"{path} is not read: a document is {place}"
    return Problem(path, 0, 0, "", message, f"rename it to {place}, or move it out", "stray-file")
