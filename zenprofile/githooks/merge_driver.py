"""The merge driver for the user's own ``git merge``, ``pull`` and ``rebase``: the bytes that `sync` gives."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from zenprofile.core.entity import Key, key_of_path
from zenprofile.errors import ConflictError

_MARKER = 7


def merge_files(arguments: Sequence[str], echo: Callable[[str], None]) -> int:
    """Merge three files into the second, whole or not at all.

    Args:
        arguments: git's ``%O %A %B %L %P``: common ancestor, ours (which takes the result), theirs, the markers' size,
            the path; what is missing behind the third is as git has it by default.
        echo: prints a line.

    Returns:
        0 where the files are merged; 1 where markers stand in the result, or the driver could not do its work.
    """
    base, ours, theirs, size, path = (*arguments, "", "", "", "", "")[:5]
    marker = int(size) if size.isdigit() and 0 < int(size) < 1000 else _MARKER
    try:
        text, conflicts, notes = _merged([_read(file) for file in (base, ours, theirs)], path, marker)
        _replace(ours, text)
    except Exception as error:
        echo(f"zenprofile: {path}: merged by lines, look at it: {type(error).__name__}: {error}")
        return _by_git((base, ours, theirs), marker)
    for line in (*conflicts, *notes):
        echo(f"zenprofile: {line}")
    return 1 if conflicts else 0


def _merged(sides: Sequence[str | None], path: str, marker: int) -> tuple[str, list[str], Sequence[str]]:
    """Return the result, its conflicts in words, and notes.

    Raises:
        ConflictError: it is no document.
    """
    from zenprofile.core.merge import documents
    from zenprofile.core.paths import show

    base, ours, theirs = sides
    key = _key(path)
    if key is None or ours is None or theirs is None:
        raise ConflictError("no document of a profile")
    text, conflicts, notes = documents.merge_document(key, base, ours, theirs)
    if text is not None and not conflicts:
        return text, [], notes
    marked = documents.with_markers(key, base, ours, theirs, size=marker)
    return marked, [f"{path}: both sides changed {show(c.path) or 'the document'}" for c in conflicts], notes


def _key(path: str) -> Key | None:
    """Return the entity at a path in a repository, wherever its profile is."""
    parts = path.split("/")
    return key_of_path("/".join(parts[-2:])) or key_of_path("/".join(parts[-3:]))


def _read(file: str) -> str | None:
    """Return a file's text; an empty one stands for no file, as git has it where both sides added one."""
    raw = Path(file).read_bytes()
    return raw.decode("utf-8", "surrogateescape") if raw else None


def _replace(file: str, text: str) -> None:
    """Put a file's new content in its place, in one step."""
    path = Path(file)
    mode = path.stat().st_mode & 0o7777
    descriptor, name = tempfile.mkstemp(prefix=".merge_file_zp_", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(text.encode("utf-8", "surrogateescape"))
            os.fchmod(descriptor, mode)
        Path(name).rename(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _by_git(files: Sequence[str], marker: int) -> int:
    """Leave what git's own merge by lines gives; the driver has failed, so a person looks at it."""
    from zenprofile.git import runner

    base, ours, theirs = files
    args = ["merge-file", "-p", f"--marker-size={marker}", "-L", "ours", "-L", "base", "-L", "theirs"]
    with contextlib.suppress(Exception):
        ran = runner.run([*args, ours, base, theirs], Path.cwd(), ok=tuple(range(128)))
        _replace(ours, ran.out.decode("utf-8", "surrogateescape"))
    return 1
