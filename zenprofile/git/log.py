"""Commits as git itself lists them: one `git log` process in a machine format, read while it runs.

Git is asked, since it knows every form of ids, refs, grafts and shallow ends.
"""

import os
import re
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, NamedTuple

from zenprofile.errors import StoreBroken
from zenprofile.git import runner
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    import subprocess

_FIELDS = ("%H", "%T", "%P", "%an", "%ct", "%B")
_ARGS = ["log", "-z", f"--format=tformat:{'%x00'.join(_FIELDS)}", "--encoding=UTF-8", "--no-notes", "--no-color"]
_PIECE = 65536  # bytes


class LoggedCommit(NamedTuple):
    """One commit of a log.

    Attributes:
        oid: its id (hex), as those of the tree and the parents.
        tree: its tree.
        parents: its parents; none where a shallow clone ends.
        author: the author's name.
        seconds: when it was committed, in seconds since 1970.
        message: the whole message.
    """

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: str
    seconds: int
    message: str


def walk(repository: Repository, start: str, *options: str) -> Generator[LoggedCommit]:
    """Yield a commit and its ancestors, newest first, each as soon as git has found it.

    Args:
        repository: where.
        start: a revision.
        options: of `git log`, such as ``-1``.

    Raises:
        StoreBroken: git cannot read them all.
    """
    process = runner.start([*_ARGS, *options, "--end-of-options", start, "--"], repository.folder)
    try:
        fields = _fields(process)
        for oid in fields:
            tree, parents, author, seconds, message = (next(fields) for _ in _FIELDS[1:])
            yield LoggedCommit(oid, tree, tuple(parents.split()), author, _number(seconds), message)
        _check_complete(process, repository)
    finally:
        runner.end(process)


def _fields(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """Yield what git prints, text for text; each ends with a NUL."""
    assert process.stdout  # noqa: S101 - a pipe
    left = b""
    while piece := os.read(process.stdout.fileno(), _PIECE):
        *whole, left = (left + piece).split(b"\0")
        for text in whole:
            yield text.decode("utf-8", "replace")


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,18}", text) else 0


def _check_complete(process: "subprocess.Popen[bytes]", repository: Repository) -> None:
    assert process.stderr  # noqa: S101 - a pipe
    output = process.stderr.read().decode("utf-8", "replace")
    if process.wait():
        reason = next((line.strip() for line in output.splitlines() if line.startswith(("fatal:", "error:"))), "")
        message = f"git cannot read the history of {repository.folder}: {reason or 'it ended early'}"
        raise StoreBroken(message, hint="try: git status, git fsck")
