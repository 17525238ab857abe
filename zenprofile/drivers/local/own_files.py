"""Small files of our own in the git folder, as JSON; among them how the last look at the remote ended."""

import contextlib
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from zenprofile.fs import atomic, nofollow
from zenprofile.git.repository import Repository

_LAST_LOOK = "state.json"
PROPOSALS = "proposals.json"


def keep(repository: Repository, name: str, data: Mapping[str, Any] | list[dict[str, Any]]) -> None:
    """Write a file, durably.

    Raises:
        StoreBroken: no space, no permission.
    """
    try:
        atomic.replace(repository.own_file(name), json.dumps(data).encode("ascii"), sharing=repository.sharing)
    except OSError as error:
        atomic.failed(error, repository.folder)


def note(repository: Repository, name: str, data: dict[str, Any]) -> None:
    """Write what may be lost: without it, `status` only takes longer or knows less."""
    if not os.path.isdir(repository.git_file("")):
        return  # it is gone, and not made anew
    with contextlib.suppress(OSError):
        content = json.dumps(data).encode("ascii")
        atomic.replace(repository.own_file(name), content, durable=False, sharing=repository.sharing)


def read(repository: Repository, name: str) -> dict[str, Any]:
    """Return what a file holds; empty where there is none, or what is there is no such file."""
    try:
        found = nofollow.record(repository.own_file(name))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def unfinished(repository: Repository) -> str:
    """Return the file that keeps a profile's unfinished merge: each of several in one repository has its own."""
    return repository.own_file(repository.of_profile("conflicts.json"))


def in_conflict_since(repository: Repository) -> int | None:
    """Return when the unfinished merge first had one of its conflicts, in seconds since 1970; None: unknown."""
    found = read(repository, repository.of_profile("conflicts.json")).get("since")
    return found if type(found) is int else None


def remember(repository: Repository, what: str, detail: str) -> None:
    """Keep what the last look at the remote came to: ``synced`` (and the commit), ``offline`` or ``blocked``."""
    note(repository, _LAST_LOOK, {"state": what, "detail": detail, "when": int(time.time())})


def last_look(repository: Repository) -> dict[str, Any]:
    """Return what the last look at the remote came to: ``state``, ``detail``, ``when``; empty where it is not known."""
    return read(repository, _LAST_LOOK)


def forget(repository: Repository) -> None:
    """Forget the last look at a remote, since it is another one now."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(repository.own_file(_LAST_LOOK))


def gone(repository: Repository) -> str:
    """Return the ref here of a branch that the last look found deleted at the remote; "" for none."""
    last = last_look(repository)
    return str(last.get("detail", "")) if last.get("state") == "gone" else ""
