"""What a group of commands is about. Knows nothing of the option parser, which plain reads do without."""

from collections.abc import Callable
from typing import NamedTuple

from zenprofile.core.entity import KINDS, Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import UsageError
from zenprofile.usecases import lookup


class Subject(NamedTuple):
    """What a group of commands is about.

    Attributes:
        command: the group's name (``artifact-store``, ``stack``).
        kind: of entity.
        example: a name, with what finds it, for the examples.
        type: component type, where the group has one.
    """

    command: str
    kind: str
    example: str
    type: str = ""

    @property
    def noun(self) -> str:
        """Return what a person calls it."""
        return self.type.replace("_", " ") or self.kind

    @property
    def asks_type(self) -> bool:
        """Say whether ``--type`` tells several of a name apart."""
        return KINDS[self.kind].typed and not self.type

    def __call__(self, rest: str) -> str:
        """Return a command line of the group."""
        return f"zenprofile {self.command} {rest}"

    def find(self, snapshot: Snapshot, name: str, type_: str = "") -> Key:
        """Return the key of the entity that a command line names, as NAME or as ``component/TYPE/NAME``.

        Raises:
            UsageError: it names an entity of another kind or type.
        """
        if "/" not in name:
            return lookup.find(snapshot, self.kind, name, self.type or type_)
        key = lookup.resolve(snapshot, name)
        if key.kind != self.kind or {self.type, type_} - {"", key.type}:
            raise UsageError(f"{str(key)!r} is no {self.noun}", hint=f"see: zenprofile {self.command} list -o name")
        return key

    def finder(self, name: str, type_: str = "") -> Callable[[Snapshot], Key]:
        """Return `find` of one name, for any snapshot."""
        return lambda snapshot: self.find(snapshot, name, type_)
