"""Flavors that a profile registers itself: which of a component's fields they mark sensitive.

What shows a change has its data alone. So whoever opens a store says whose flavors count (`use`), for this thread.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from zenprofile.core.entity import Data, Key
from zenprofile.core.paths import Path

if TYPE_CHECKING:
    from zenprofile.core.snapshot import Snapshot


class Flavors(Protocol):
    """Where a profile's own flavors are looked up."""

    def schemas(self, type_: str, flavor: str) -> list[Data]:
        """Return the schemas of a flavor; of every one of a component type for ""."""
        ...


_counting: ContextVar[tuple[Flavors, ...]] = ContextVar("flavors that count", default=())


def use(*flavors: Flavors) -> None:
    """Use these flavors from now on, and no others."""
    _counting.set(flavors)


def in_use() -> tuple[Flavors, ...]:
    """Return the flavors in use."""
    return _counting.get()


@contextlib.contextmanager
def using_only(flavors: Flavors) -> Iterator[None]:
    """Use these flavors alone in a block that must not read the store again."""
    token = _counting.set((flavors,))
    try:
        yield
    finally:
        _counting.reset(token)


def marks_sensitive(type_: str, flavor: str, path: Path) -> bool:
    """Return whether an own flavor (any of the component type for "") marks a field of the configuration sensitive."""
    from zenprofile.core.schema.catalog import Schema
    from zenprofile.core.secrets.references import is_sensitive

    steps = tuple(map(str, path))
    for flavors in in_use():
        for raw in flavors.schemas(type_, flavor):
            schema = Schema(raw, "flavor", False)
            if any(is_sensitive(schema.field(steps[:n])) for n in range(1, len(steps) + 1)):
                return True
    return False


class SnapshotFlavors:
    """The flavors of a snapshot, each read once: every field that is shown asks."""

    def __init__(self, snapshot: "Snapshot") -> None:
        self._snapshot = snapshot
        self._known: dict[tuple[str, str], list[Data]] = {}

    def schemas(self, type_: str, flavor: str) -> list[Data]:
        """Return them, as `Flavors` has it."""
        if (type_, flavor) not in self._known:
            self._known[type_, flavor] = self._read(type_, flavor)
        return self._known[type_, flavor]

    def _read(self, type_: str, flavor: str) -> list[Data]:
        from zenprofile.core.snapshot import flavor_of

        keys = [Key("flavor", type_, flavor)] if flavor else []
        if not flavor:
            keys = [key for key in self._snapshot.keys() if key[:2] == ("flavor", type_)]  # noqa: SIM118 - no mapping
        return schemas_in(flavor_of(self._snapshot, key.type, key.name) for key in keys)


def schemas_in(documents: Any) -> list[Data]:
    """Return the schemas of flavors' documents (None: there is none)."""
    found = (data.get("schema") for data in documents if isinstance(data, dict))
    return [schema for schema in found if isinstance(schema, dict)]
