"""Replace files: whole or not at all, durably, following no link.

`replace` is for files of this program's own. What a journal names is staged beside its file under a name that the
journal's reader can guess, so that a killed change can be finished or taken back.
"""

import contextlib
import itertools
import os
import stat
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from zenprofile.errors import StoreBroken
from zenprofile.fs import shared
from zenprofile.fs.durable import MOST_OPEN, Unsynced, create, sync_folder
from zenprofile.fs.nofollow import MOST_BYTES, check_inside, folder, permission_error, read_at

if TYPE_CHECKING:
    from pathlib import Path

    Place = str | Path

TEMPORARY = ".zp-tmp-"


def stage_all(root: "Place", contents: Iterable[tuple[str, bytes]]) -> None:
    """Write the new contents of files, each beside its file, durably; `publish` puts them in their places."""
    staged = Unsynced()
    try:
        for parent, group in itertools.groupby(contents, key=lambda content: _parent(content[0])):
            with folder(root, parent, make=True) as fd:
                for path, content in group:
                    staged.add(_stage(fd, path, content))
                    if len(staged) == MOST_OPEN:
                        staged.sync()
        staged.sync()
    finally:
        staged.close()


def _parent(path: str) -> str:
    check_inside(path)
    return path.rpartition("/")[0]


def _stage(fd: int, path: str, content: bytes) -> int:
    """Write a file's new content beside it in its open folder, and return the open file."""
    name = path.rpartition("/")[2]
    with contextlib.suppress(FileNotFoundError):
        os.unlink(TEMPORARY + name, dir_fd=fd)
    return create(TEMPORARY + name, content, kept=_mode(name, fd), at=fd)


def _mode(path: "Place", at: int | None = None) -> int | None:
    """Return the permissions of a plain file; None for anything else."""
    try:
        found = os.stat(path, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return stat.S_IMODE(found.st_mode) if stat.S_ISREG(found.st_mode) else None


def publish(root: "Place", path: str) -> None:
    """Rename a staged file to its final name; `sync_folders` makes that durable."""
    check_inside(path)
    parent, _, name = path.rpartition("/")
    with folder(root, parent) as fd:
        os.rename(TEMPORARY + name, name, src_dir_fd=fd, dst_dir_fd=fd)


def publish_over(root: "Place", path: str, before: bytes | None) -> bool:
    """Publish a staged file if the present content is as expected; return whether it was."""
    check_inside(path)
    parent, _, name = path.rpartition("/")
    with folder(root, parent) as fd:
        if read_at(fd, name, path, MOST_BYTES) != before:
            return False
        os.rename(TEMPORARY + name, name, src_dir_fd=fd, dst_dir_fd=fd)
    return True


def set_executable(root: "Place", path: str, *, on: bool) -> None:
    """Set or clear a plain file's executable bits, for those who may read it."""
    check_inside(path)
    parent, _, name = path.rpartition("/")
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), folder(root, parent) as fd:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
        try:
            mode = stat.S_IMODE(os.fstat(file).st_mode)
            os.fchmod(file, mode | (mode & 0o444) >> 2 if on else mode & ~0o111)
        finally:
            os.close(file)


def sync_folders(root: "Place", paths: Iterable[str]) -> None:
    """Make durable which files are in the folders of these paths."""
    for parent in sorted({path.rpartition("/")[0] for path in paths}):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), folder(root, parent) as fd:
            os.fsync(fd)


def write(root: "Place", path: str, content: bytes) -> None:
    """Replace a file's content in one step, durably."""
    stage_all(root, [(path, content)])
    publish(root, path)
    sync_folders(root, [path])


def remove(root: "Place", path: str) -> None:
    """Delete a file durably, and the folders below the root that it leaves empty. No file: nothing happens."""
    check_inside(path)
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
    check_inside(path)
    parent, _, name = path.rpartition("/")
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), folder(root, parent) as fd:
        os.unlink(TEMPORARY + name, dir_fd=fd)


def draft_of(path: "Place") -> str:
    """Return a temporary name beside a file, and remove what killed processes left under such names.

    Each process, and each write in it, has a name of its own: two at once are both whole, and the later one stays.
    """
    parent, name = os.path.split(os.fspath(path))
    _remove_drafts(parent, name)
    return os.path.join(parent, f"{TEMPORARY}{name}.{os.getpid()}.{time.monotonic_ns():x}")


def replace(
    path: "Place",
    content: bytes,
    mode: int | None = None,
    *,
    durable: bool = True,
    exclusive: bool = False,
    sharing: int = shared.NOT,
) -> None:
    """Replace a file's content in one step; a link in its place is replaced itself.

    Args:
        path: of the file; the folder above it is made where it is missing.
        content: what it is to hold.
        mode: its permissions, less what the umask takes; None for those that it has, else 0666.
        durable: whether file and folder have reached the disk when this returns.
        exclusive: whether a file that is there already stays as it is.
        sharing: who else is to read and write it, and a folder that is made for it (`zenprofile.fs.shared`).

    Raises:
        OSError: no space, no permission; the file is as before then, and nothing is left beside it.
    """
    parent = os.path.dirname(os.fspath(path))
    draft = draft_of(path)
    kept = _mode(path) if mode is None else None

    def make() -> int:
        return create(draft, content, 0o666 if mode is None else mode, kept=kept, sharing=sharing)

    try:
        file = make()
    except FileNotFoundError:
        os.makedirs(parent, exist_ok=True)
        shared.share(parent, sharing)
        file = make()
    try:
        written = Unsynced(file)
        written.sync() if durable else written.close()
        if exclusive:
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            os.unlink(draft)
        else:
            os.rename(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise
    if durable:
        sync_folder(parent)


def _remove_drafts(folder_: str, name: str) -> None:
    """Delete what killed processes left of their drafts of a file."""
    start = f"{TEMPORARY}{name}."
    try:
        drafts = [draft for draft in os.listdir(folder_ or ".") if draft.startswith(start)]
    except OSError:
        return
    for draft in drafts:
        pid = draft[len(start) :].partition(".")[0]
        if not is_running(pid):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder_, draft))


def is_running(pid: str) -> bool:
    """Return whether a process is there; of what is no number, that it may be."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OverflowError, PermissionError):
        return True
    return True


def raise_write_error(error: OSError, root: "Place") -> NoReturn:
    """Raise a failed write as an error that a person understands."""
    where = os.path.join(root, error.filename) if isinstance(error.filename, str) else str(root)
    if isinstance(error, PermissionError):
        raise permission_error(root) from None
    if isinstance(error, NotADirectoryError):
        message = f"{where} is a link or a file where a folder should be; nothing was written"
        raise StoreBroken(message, hint="put a plain folder in its place") from None
    what = {28: "no space is left on the disk", 122: "the disk quota is used up", 30: "the file system is read-only"}
    reason = what.get(error.errno or 0, error.strerror or str(error))
    raise StoreBroken(
        f"{reason}: nothing was written to {root}", hint="make room or access, and repeat the command"
    ) from None
