"""Read files below an untrusted folder: no link is followed, no device opened, no file above a size read."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zenprofile.errors import Invalid, Problem, StoreBroken, Unsafe

if TYPE_CHECKING:
    from pathlib import Path

    Place = str | Path

MAX_BYTES = (
    1024 * 1024
)  # as zenprofile.core.document.reader.MAX_BYTES, which is not imported on the way of a cached read
MOST_BYTES = 8 * MAX_BYTES  # of what is no document any more, and is only looked at to be taken away
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextlib.contextmanager
def folder(root: "Place", path: str, *, make: bool = False) -> Iterator[int]:
    """Open a folder below a root, step by step, following no link.

    Args:
        root: a trusted, absolute folder.
        path: below it, with forward slashes; "" for the root itself.
        make: whether missing folders are made.

    Yields:
        A descriptor of the folder.

    Raises:
        FileNotFoundError: it is not there.
        NotADirectoryError: a step is a link or a file.
    """
    check_inside(path)
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for step in path.split("/") if path else ():
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(step, dir_fd=fd)
            inner = _step(step, fd)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def is_inside(path: str) -> bool:
    """Return whether a path stays below its root, and outside git's own folder."""
    steps = path.split("/")
    return not any(step in {"", ".", ".."} or step.rstrip(". ").lower() in {".git", "git~1"} for step in steps)


def check_inside(path: str) -> None:
    """Refuse a path that `is_inside` does not take; "" is the root itself.

    Raises:
        Unsafe: it leads elsewhere.
    """
    if path and not is_inside(path):
        raise Unsafe(f"{path[:140]!r} leads out of the work tree", hint="no change of zenprofile's names such a path")


def _step(step: str, fd: int) -> int:
    try:
        return os.open(step, _FOLDER, dir_fd=fd)
    except OSError as error:
        if error.errno == errno.ELOOP:  # pragma: no cover - Linux says ENOTDIR of a link
            raise NotADirectoryError(error.errno, "is a link", step) from None
        raise


def read(root: "Place", path: str, most: int = MAX_BYTES) -> bytes | None:
    """Return a plain file's content, or None where there is no file.

    Raises:
        Invalid: it is a link, a device or a pipe, lies behind a link, or is larger than ``most`` (a document's limit).
        StoreBroken: no permission.
    """
    parent, _, name = path.rpartition("/")
    try:
        with folder(root, parent) as fd:
            return read_at(fd, name, path, most)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise _not_plain(path, "lies behind a link or a file where a folder should be") from None
    except PermissionError:
        raise permission_error(f"{root}/{path}") from None


def read_at(fd: int, name: str, path: str, most: int = MAX_BYTES) -> bytes | None:
    """Return the content of a file in an open folder, as `read` does; ``path`` is for messages."""
    try:
        file = os.open(name, _READ, dir_fd=fd)
    except FileNotFoundError:
        return None
    except PermissionError:
        raise Invalid.of(
            [Problem(path, 0, 0, "", "no permission to read it", "chmod u+r it", "no-permission")]
        ) from None
    except OSError:
        raise _not_plain(path, "is a link or no plain file; it is not followed") from None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise _not_plain(path, "is no plain file")
        if found.st_size > most:
            message = f"the document has more than {most} bytes"
            hint = "split it, or keep large values elsewhere" if most == MAX_BYTES else "take the file away by hand"
            raise Invalid.of([Problem(path, 0, 0, "", message, hint, "too-large")])
        return _read_all(file, found.st_size, most)
    finally:
        os.close(file)


def read_own(root: "Place", path: str, most: int) -> bytes | None:
    """Return the content of a plain file that is this user's own, or None where there is no file.

    For files that say what to do and where, in a folder that anybody may fill.

    Raises:
        Unsafe: it is a link or a device, lies behind a link, or it or its folder below the root is another user's.
        Invalid: it is larger than ``most`` bytes.
        StoreBroken: no permission.
    """
    parent, _, name = path.rpartition("/")
    try:
        with folder(root, parent) as fd:
            if parent:
                _check_owner(os.fstat(fd), f"{root}/{parent}")
            try:
                found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            except FileNotFoundError:
                return None
            if not stat.S_ISREG(found.st_mode):
                raise _link_error(f"{root}/{path}")
            _check_owner(found, f"{root}/{path}")
            return read_at(fd, name, path, most)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise _link_error(f"{root}/{path}") from None
    except PermissionError:
        raise permission_error(f"{root}/{path}") from None


def _link_error(path: str) -> Unsafe:
    message = f"{path} is a link or no plain file; nothing is read or written through it"
    return Unsafe(message, hint="look at where it leads, and put a plain file in its place")


def _check_owner(found: os.stat_result, path: str) -> None:
    if found.st_uid not in owners():
        message = f"{path} belongs to another user, and what it says is not followed"
        raise Unsafe(message, hint="look at it; if you trust it, make a copy of it yours")


def owners() -> set[int]:
    """Return the users whose files this process trusts: its own, and behind sudo the one who called it."""
    mine = {os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdigit():
        mine.add(int(os.environ["SUDO_UID"]))
    return mine


def _read_all(file: int, size: int, most: int) -> bytes:
    content = os.read(file, size + 1)
    while len(content) <= most:
        more = os.read(file, 65536)
        if not more:
            break
        content += more
    return content


def _not_plain(path: str, reason: str) -> Invalid:
    return Invalid.of([Problem(path, 0, 0, "", f"{path} {reason}", "put a plain file in its place", "not-a-file")])


def read_json(path: "Place", most: int = 64 << 20) -> Any:
    """Read a JSON file of our own.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, or longer or deeper than any that we have written.
    """
    import json

    with open(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError("too long")
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("too deep") from None


def permission_error(path: "Place") -> StoreBroken:
    """Return the error of a place that may not be read or written."""
    return StoreBroken(f"no permission for {path}", hint="ask its owner, or fix it with chmod")
