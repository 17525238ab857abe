"""Files of a work tree, read without following a link and written whole or not at all."""

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from zenprofile.errors import Invalid, Problem, StoreBroken, Unsafe

if TYPE_CHECKING:
    from pathlib import Path

    Place = str | Path

MAX_BYTES = (
    1024 * 1024
)  # as zenprofile.core.document.reader.MAX_BYTES, which is not imported on the way of a cached read
MOST_BYTES = 8 * MAX_BYTES  # of what is no document any more, and is only looked at to be taken away
TEMPORARY = ".zp-tmp-"
_AT_ONCE = 128  # files open at a time
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
    must_stay(path)
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


def stays(path: str) -> bool:
    """Say whether a path stays below its root, and out of git's own folder there."""
    steps = path.split("/")
    return not any(step in {"", ".", ".."} or step.rstrip(". ").lower() in {".git", "git~1"} for step in steps)


def must_stay(path: str) -> None:
    """Refuse a path that `stays` does not take; "" is the root itself.

    Raises:
        Unsafe: it leads elsewhere.
    """
    if path and not stays(path):
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
        raise no_permission(f"{root}/{path}") from None


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
        return _all(file, found.st_size, most)
    finally:
        os.close(file)


def _all(file: int, size: int, most: int) -> bytes:
    content = os.read(file, size + 1)
    while len(content) <= most:
        more = os.read(file, 65536)
        if not more:
            break
        content += more
    return content


def _not_plain(path: str, why: str) -> Invalid:
    return Invalid.of([Problem(path, 0, 0, "", f"{path} {why}", "put a plain file in its place", "not-a-file")])


def record(path: "Place", most: int = 64 << 20) -> Any:
    """Return what a file of ours holds as JSON.

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


def no_permission(path: "Place") -> StoreBroken:
    """Return the error of a place that may not be read or written."""
    return StoreBroken(f"no permission for {path}", hint="ask its owner, or mend it with chmod")


def stage_all(root: "Place", contents: Iterable[tuple[str, bytes]]) -> None:
    """Write the new contents of files, each beside its file, durably; `publish` puts them in their places.

    The disk is waited for once they are all written: one after the other that takes a hundred times as long.
    """
    staged: list[int] = []
    try:
        for parent, group in itertools.groupby(contents, key=lambda content: _parent(content[0])):
            with folder(root, parent, make=True) as fd:
                for path, content in group:
                    staged.append(_stage(fd, path, content))
                    if len(staged) == _AT_ONCE:
                        _settle(staged)
        _settle(staged)
    finally:
        for file in staged:
            os.close(file)


def _settle(staged: list[int]) -> None:
    for file in staged:
        os.fsync(file)
    while staged:
        os.close(staged.pop())


def _parent(path: str) -> str:
    must_stay(path)
    return path.rpartition("/")[0]


def _stage(fd: int, path: str, content: bytes) -> int:
    """Write a file's new content beside it in its open folder, and return the open file."""
    name = path.rpartition("/")[2]
    mode = _mode(fd, name)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(TEMPORARY + name, dir_fd=fd)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(TEMPORARY + name, flags, 0o666, dir_fd=fd)
    try:
        if mode is not None:
            os.fchmod(file, mode)
        view = memoryview(content)
        while view:
            view = view[os.write(file, view) :]
    except BaseException:
        os.close(file)
        raise
    return file


def _mode(fd: int, name: str) -> int | None:
    try:
        found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return stat.S_IMODE(found.st_mode) if stat.S_ISREG(found.st_mode) else None


def publish(root: "Place", path: str) -> None:
    """Put a staged file in its place, in one step; `settle` makes that durable."""
    must_stay(path)
    parent, _, name = path.rpartition("/")
    with folder(root, parent) as fd:
        os.rename(TEMPORARY + name, name, src_dir_fd=fd, dst_dir_fd=fd)


def publish_over(root: "Place", path: str, before: bytes | None) -> bool:
    """Put a staged file in its place as `publish` does, where that still holds what is expected; say whether it did."""
    must_stay(path)
    parent, _, name = path.rpartition("/")
    with folder(root, parent) as fd:
        if read_at(fd, name, path, MOST_BYTES) != before:
            return False
        os.rename(TEMPORARY + name, name, src_dir_fd=fd, dst_dir_fd=fd)
    return True


def settle(root: "Place", paths: Iterable[str]) -> None:
    """Make durable which files are in the folders of these paths."""
    for parent in sorted({path.rpartition("/")[0] for path in paths}):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), folder(root, parent) as fd:
            os.fsync(fd)


def write(root: "Place", path: str, content: bytes) -> None:
    """Replace a file's content in one step, durably."""
    stage_all(root, [(path, content)])
    publish(root, path)
    settle(root, [path])


def remove(root: "Place", path: str) -> None:
    """Delete a file durably, and the folders below the root that it leaves empty. No file: nothing happens."""
    must_stay(path)
    parent, _, name = path.rpartition("/")
    try:
        with folder(root, parent) as fd:
            os.unlink(name, dir_fd=fd)
            os.fsync(fd)
    except FileNotFoundError:
        return
    while parent:
        above, _, last = parent.rpartition("/")
        try:
            with folder(root, above) as fd:
                os.rmdir(last, dir_fd=fd)
        except OSError:
            return
        parent = above


def unstage(root: "Place", path: str) -> None:
    """Delete what `stage_all` left."""
    must_stay(path)
    parent, _, name = path.rpartition("/")
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), folder(root, parent) as fd:
        os.unlink(TEMPORARY + name, dir_fd=fd)


def failed(error: OSError, root: "Place") -> NoReturn:
    """Raise a failed write as an error that a person understands."""
    where = os.path.join(root, error.filename) if isinstance(error.filename, str) else str(root)
    if isinstance(error, PermissionError):
        raise no_permission(root) from None
    if isinstance(error, NotADirectoryError):
        message = f"{where} is a link or a file where a folder should be; nothing was written"
        raise StoreBroken(message, hint="put a plain folder in its place") from None
    what = {28: "no space is left on the disk", 122: "the disk quota is used up", 30: "the file system is read-only"}
    reason = what.get(error.errno or 0, error.strerror or str(error))
    raise StoreBroken(
        f"{reason}: nothing was written to {root}", hint="make room or access, and repeat the command"
    ) from None
