"""What a profile's own flavors mark sensitive is shown by no command, nor what they marked at an earlier time."""

from zenprofile.core.entity import Data, Key
from zenprofile.core.secrets import own_flavors
from zenprofile.core.secrets.own_flavors import OfSnapshot, schemas_in
from zenprofile.store.base import Store


class OfStore:
    """The flavors of a store as they are; with ``past``, as they have ever been. For one command or request."""

    def __init__(self, store: Store, *, past: bool) -> None:
        self.store = store
        self.past = past
        self._now: OfSnapshot | None = None
        self._earlier: dict[Key, list[Data]] = {}

    def schemas(self, type_: str, flavor: str) -> list[Data]:
        """Return them, as `zenprofile.core.secrets.own_flavors.Flavors` has it."""
        if self._now is None:
            self._now = OfSnapshot(self.store.snapshot())
        now = self._now.schemas(type_, flavor)
        return [*now, *self._before(Key("flavor", type_, flavor))] if self.past and flavor else now

    def _before(self, key: Key) -> list[Data]:
        if key not in self._earlier:
            told = (changed for record in self.store.history(key) for changed in record.changes if changed.key == key)
            self._earlier[key] = schemas_in(side for changed in told for side in (changed.before, changed.after))
        return self._earlier[key]


def count(store: Store, *, first: bool = True, past: bool = False) -> None:
    """Let a store's flavors count for what this thread shows; alone, or beside those of other open stores."""
    others = () if first else own_flavors.counting()
    own_flavors.count(*others, OfStore(store, past=past))


def count_past(store: Store) -> None:
    """Let those count too that a store has had: for what shows its history."""
    for flavors in own_flavors.counting():
        if isinstance(flavors, OfStore) and flavors.store is store:
            flavors.past = True
