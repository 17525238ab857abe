"""What a profile's own flavors mark sensitive is shown by no command, nor what they marked at an earlier time."""

from zenprofile.core.entity import Data, Key
from zenprofile.core.secrets import own_flavors
from zenprofile.core.secrets.own_flavors import SnapshotFlavors, schemas_in
from zenprofile.store.base import Store


class StoreFlavors:
    """The flavors of a store as they are; with ``past``, as they have ever been. For one command or request."""

    def __init__(self, store: Store, *, past: bool) -> None:
        self.store = store
        self.past = past
        self._now: SnapshotFlavors | None = None
        self._earlier: dict[Key, list[Data]] = {}

    def schemas(self, type_: str, flavor: str) -> list[Data]:
        """Return them, as `zenprofile.core.secrets.own_flavors.Flavors` has it."""
        if self._now is None:
            self._now = SnapshotFlavors(self.store.snapshot())
        now = self._now.schemas(type_, flavor)
        return [*now, *self._earlier_schemas(Key("flavor", type_, flavor))] if self.past and flavor else now

    def _earlier_schemas(self, key: Key) -> list[Data]:
        if key not in self._earlier:
            told = (changed for record in self.store.history(key) for changed in record.changes if changed.key == key)
            self._earlier[key] = schemas_in(side for changed in told for side in (changed.before, changed.after))
        return self._earlier[key]


def use(store: Store, *, first: bool = True, past: bool = False) -> None:
    """Use a store's flavors to mask what this thread shows; alone, or together with those of other open stores."""
    others = () if first else own_flavors.in_use()
    own_flavors.use(*others, StoreFlavors(store, past=past))


def use_past(store: Store) -> None:
    """Use also the flavors that a store had earlier, to mask what shows its history."""
    for flavors in own_flavors.in_use():
        if isinstance(flavors, StoreFlavors) and flavors.store is store:
            flavors.past = True
