"""JSON files with zenprofile's state in the git folder, among them the outcome of the last contact with the remote."""

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


def save(repository: Repository, name: str, data: Mapping[str, Any] | list[dict[str, Any]]) -> None:
    """Write a file, durably.

    Raises:
        StoreBroken: no space, no permission.
    """
    try:
        atomic.replace(repository.own_file(name), json.dumps(data).encode("ascii"), sharing=repository.shared_mode)
    except OSError as error:
        atomic.raise_write_error(error, repository.folder)


def save_unsynced(repository: Repository, name: str, data: dict[str, Any]) -> None:
    """Write what may be lost: without it, `status` only takes longer or knows less."""
    if not os.path.isdir(repository.git_file("")):
        return  # it is gone, and not made anew
    with contextlib.suppress(OSError):
        content = json.dumps(data).encode("ascii")
        atomic.replace(repository.own_file(name), content, durable=False, sharing=repository.shared_mode)


def load(repository: Repository, name: str) -> dict[str, Any]:
    """Load a file; empty where there is none, or it is damaged."""
    try:
        found = nofollow.read_json(repository.own_file(name))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def merge_state_file(repository: Repository) -> str:
    """Return the file that keeps a profile's unfinished merge: each of several in one repository has its own."""
    return repository.own_file(repository.profile_file_name("conflicts.json"))


def in_conflict_since(repository: Repository) -> int | None:
    """Return since when the unfinished merge has conflicts, in seconds since 1970; None: unknown."""
    found = load(repository, repository.profile_file_name("conflicts.json")).get("since")
    return found if type(found) is int else None


def save_last_contact(repository: Repository, what: str, detail: str) -> None:
    """Save the outcome of the last contact with the remote: ``synced`` (and the commit), ``offline``, ``blocked``."""
    save_unsynced(repository, _LAST_LOOK, {"state": what, "detail": detail, "when": int(time.time())})


def load_last_contact(repository: Repository) -> dict[str, Any]:
    """Load the outcome of the last contact with the remote: ``state``, ``detail``, ``when``; empty if unknown."""
    return load(repository, _LAST_LOOK)


def clear_last_contact(repository: Repository) -> None:
    """Delete the outcome of the last contact: the remote is another one now."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(repository.own_file(_LAST_LOOK))


def deleted_upstream(repository: Repository) -> str:
    """Return the tracking ref of a branch that the last contact found deleted at the remote; "" for none."""
    last = load_last_contact(repository)
    return str(last.get("detail", "")) if last.get("state") == "gone" else ""
