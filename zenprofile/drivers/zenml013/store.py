"""A store of ZenML 0.13, opened where it lies and never written."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NoReturn

from zenprofile.core.change import Change, Recorded
from zenprofile.core.entity import Key
from zenprofile.drivers.zenml013.snapshot import LegacySnapshot
from zenprofile.drivers.zenml013.source import Source
from zenprofile.errors import NotFound, Unsupported
from zenprofile.store.url import without_secrets

_WHAT = "a store that ZenML 0.13 wrote"


class LegacyStore:
    """See `zenprofile.store.base.Store` and `zenprofile.store.capabilities.Foreign`."""

    def __init__(self, driver: str, url: str, read: Callable[[], Source]) -> None:
        self.driver = driver
        self.url = without_secrets(url)
        self._read = read

    @cached_property
    def _load(self) -> LegacySnapshot:
        return LegacySnapshot(self._read())

    def head(self) -> str:
        return ""

    def snapshot(self, at: str | None = None) -> LegacySnapshot:
        if at is not None:
            raise NotFound(f"{_WHAT} has no history", hint="leave out REV")
        return self._load

    def apply(self, change: Change) -> Recorded:
        return self._refuse()

    def _refuse(self) -> NoReturn:
        hint = "zenprofile copy SOURCE DESTINATION makes a profile of it"
        raise Unsupported(f"{_WHAT} is only read ({self.url})", hint=hint)

    def history(self, key: Key | None = None) -> Iterator[Recorded]:
        return iter(())

    def notes(self) -> list[str]:
        return self._load.documents.notes()

    def close(self) -> None:
        pass
