"""Files in the git folder by which a watcher and other commands communicate: its lock, state and requests."""

import contextlib
import errno
import json
import os
from collections.abc import Mapping
from typing import Any

from zenprofile.fs import atomic, lock, nofollow
from zenprofile.git.repository import Repository

_STATE, _REQUEST, _RUNNING = "watch", "watch-asked", "watching"
_BLOCK = 4096  # bytes
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def running_file(repository: Repository) -> str:
    """Return the lock that a profile's watcher holds as long as it runs."""
    return _file(repository, _RUNNING, "")


def request_file(repository: Repository) -> str:
    """Return the file that `update_request` writes."""
    return _file(repository, _REQUEST, ".json")


def is_running(repository: Repository) -> bool:
    """Return whether a watcher of the profile runs."""
    return lock.is_held(running_file(repository))


def load_state(repository: Repository) -> dict[str, Any]:
    """Load the watcher's last state; empty where none ever ran."""
    return _read(_file(repository, _STATE, ".json"))


def save_state(repository: Repository, found: Mapping[str, Any]) -> None:
    """Save the watcher's state. It may be lost: the next change is saved again.

    Where the repository is gone, nothing is made in its place.
    """
    if not os.path.isdir(repository.own_file("")):
        return
    path = _file(repository, _STATE, ".json")
    try:
        _write(repository, path, found)
    except OSError as error:
        if error.errno in _FULL:
            with contextlib.suppress(OSError):
                _write_over(path, found)


def load_request(repository: Repository) -> dict[str, Any]:
    """Load the requests to the watcher: ``paused``, ``until`` (seconds since 1970), ``confirm``, ``resume``."""
    return _read(request_file(repository))


def update_request(repository: Repository, **asked: Any) -> None:
    """Change the requests to the watcher, which reads them once a second.

    Raises:
        StoreBroken: no space, no permission.
    """
    try:
        _write(repository, request_file(repository), {**load_request(repository), **asked})
    except OSError as error:
        atomic.raise_write_error(error, repository.folder)


def _file(repository: Repository, name: str, suffix: str) -> str:
    """Return a file of the profile's own: several may lie in one repository."""
    return repository.own_file(repository.profile_file_name(f"{name}{suffix}"))


def _read(path: str) -> dict[str, Any]:
    try:
        found = nofollow.read_json(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(repository: Repository, path: str, data: Mapping[str, Any]) -> None:
    atomic.replace(path, _padded(data), durable=False, sharing=repository.shared_mode)


def _write_over(path: str, data: Mapping[str, Any]) -> None:
    """Write into the file that is there: on a full disk, why nothing is committed can be told in no other way."""
    content = _padded(data)
    file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(file).st_size == len(content):
            os.pwrite(file, content, 0)
    finally:
        os.close(file)


def _padded(data: Mapping[str, Any]) -> bytes:
    """Return data as JSON that fills whole blocks: so most find room in the place of others."""
    content = json.dumps(data).encode("ascii")
    return content + b" " * (-len(content) % _BLOCK)
