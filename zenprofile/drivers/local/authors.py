"""Who signs a commit: this machine's user, or the one for whom a server writes."""

from typing import NamedTuple

from zenprofile.core.entity import Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.drivers.local.commit import Author
from zenprofile.errors import Invalid
from zenprofile.store.base import Options


class ActingUser(NamedTuple):
    """For whom a server writes.

    Attributes:
        user: name in the store.
        machine: as `zenprofile.store.capabilities.ActsForUsers` has it.
    """

    user: str
    machine: str


def author(options: Options, snapshot: Snapshot, acting: ActingUser | None) -> Author:
    """Return what a commit needs to know of its author."""
    if acting is None:
        return Author(options.user, options.warn, options.run_hooks)
    try:
        found = snapshot.get(Key("user", "", acting.user))
    except Invalid:
        found = None
    email = found.data.get("email") if found else ""
    address = email if isinstance(email, str) and email else f"{acting.user}@zenprofile.invalid"
    return Author(acting.user, options.warn, options.run_hooks, address, acting.machine)
