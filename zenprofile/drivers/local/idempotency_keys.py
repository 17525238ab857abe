"""Idempotency keys of changes, saved for a day: a change that is sent again returns what was recorded.

One file a key, so that a look-up costs the same however many there are; those of a folder that are too old go with the
next one that is kept there.
"""

import contextlib
import hashlib
import os
import time

from zenprofile.fs import atomic, shared
from zenprofile.git.repository import Repository

FOLDER = "keys"
KEPT_SECONDS = 24 * 60 * 60
_MOST = 200  # bytes of a file


def save(repository: Repository, key: str, value: str) -> None:
    """Save what a key stands for: a commit, or the name of the record of an uncommitted change.

    It need not reach the disk at once: the journal, which has the key too, did.
    """
    path = _path(repository, key)
    for folder in (repository.own_file(FOLDER), os.path.dirname(path)):
        shared.make_folder(folder, repository.shared_mode)
    _remove_expired(os.path.dirname(path))
    atomic.replace(path, value.encode("ascii"), durable=False, sharing=repository.shared_mode)


def find(repository: Repository, key: str) -> str:
    """Return the commit or record of a key; "" where the key is unknown or expired."""
    path = _path(repository, key)
    try:
        if time.time() - os.stat(path).st_mtime > KEPT_SECONDS:
            return ""
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(_MOST)
    except FileNotFoundError:
        return ""


def _path(repository: Repository, key: str) -> str:
    scoped = f"{repository.prefix}\0{key}"  # several profiles may lie in one repository
    name = hashlib.sha256(scoped.encode("utf-8", "surrogatepass")).hexdigest()
    return os.path.join(repository.own_file(FOLDER), name[:2], name[2:])


def _remove_expired(folder: str) -> None:
    end = time.time() - KEPT_SECONDS
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_mtime < end:
                    os.unlink(entry.path)
