"""What a watcher leaves in the git folder for other commands: that it runs, how it is; and what a person asks of it."""

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
    """Return the file that `ask` writes."""
    return _file(repository, _REQUEST, ".json")


def is_running(repository: Repository) -> bool:
    """Say whether a watcher of the profile runs."""
    return lock.is_held(running_file(repository))


def state(repository: Repository) -> dict[str, Any]:
    """Return what the watcher last said of itself; empty where none ever ran."""
    return _read(_file(repository, _STATE, ".json"))


def tell(repository: Repository, found: Mapping[str, Any]) -> None:
    """Keep what the watcher says of itself. It may be lost: the next change is said again.

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


def request(repository: Repository) -> dict[str, Any]:
    """Return what a person asks of the watcher: ``paused``, ``until`` (seconds since 1970), ``confirm``, ``resume``."""
    return _read(request_file(repository))


def ask(repository: Repository, **asked: Any) -> None:
    """Change what is asked of the watcher; it looks once a second.

    Raises:
        StoreBroken: no space, no permission.
    """
    try:
        _write(repository, request_file(repository), {**request(repository), **asked})
    except OSError as error:
        atomic.failed(error, repository.folder)


def _file(repository: Repository, name: str, suffix: str) -> str:
    """Return a file of the profile's own: several may lie in one repository."""
    return repository.own_file(repository.of_profile(f"{name}{suffix}"))


def _read(path: str) -> dict[str, Any]:
    try:
        found = nofollow.record(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(repository: Repository, path: str, data: Mapping[str, Any]) -> None:
    atomic.replace(path, _padded(data), durable=False, sharing=repository.sharing)


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
