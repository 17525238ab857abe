"""Stores that live as long as this process: for tests, and the shortest honest driver to read.

``memory:NAME`` is the same store wherever this process opens it.
"""

import threading
from collections.abc import Iterator

from zenprofile import resources
from zenprofile.core.change import Change, Recorded
from zenprofile.core.entity import Key
from zenprofile.core.snapshot import DocumentSnapshot, from_texts
from zenprofile.store import changelog
from zenprofile.store.base import Options, Store
from zenprofile.store.prepare import prepare
from zenprofile.store.registry import nothing_there_error
from zenprofile.store.undo import ChangeWithTexts, Text, redoable_ids, standing_ids


class _Log:
    """The recorded changes of a store, each with all documents as they were after it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.moments: list[tuple[Recorded, dict[Key, str]]] = []
        self.made_by: dict[str, tuple[str, str]] = {}  # by number: the machine, and the change that it takes back
        self.made: dict[str, Recorded] = {}  # by idempotency key


_LOGS: dict[str, _Log] = {}
_CREATING = threading.Lock()


class MemoryStore:
    """See `zenprofile.store.base.Store`."""

    driver = "memory"

    def __init__(self, url: str, log: _Log, options: Options) -> None:
        self.url = url
        self._log = log
        self._user, self._machine = options.user, options.machine

    def head(self) -> str:
        return str(len(self._log.moments) or "")

    def snapshot(self, at: str | None = None) -> DocumentSnapshot:
        moments = self._log.moments[:]
        number = len(moments)
        if at is not None:
            number = changelog.number(at, number, lambda until: sum(record.when <= until for record, _ in moments))
        return from_texts(moments[number - 1][1] if number else {}, resources.catalog())

    def apply(self, change: Change) -> Recorded:
        return self.apply_undo(change, "")

    def apply_undo(self, change: Change, undone: str) -> Recorded:
        with self._log.lock:
            if change.idempotency_key in self._log.made:
                return self._log.made[change.idempotency_key]
            prepared = prepare(self.snapshot(), change, resources.catalog())
            if not prepared.writes:
                return changelog.nothing(prepared.message)
            moments = self._log.moments
            after = dict(moments[-1][1]) if moments else {}
            after.update({key: new for key, _, new in prepared.writes if new is not None})
            for key in (key for key, _, new in prepared.writes if new is None):
                del after[key]
            changes = tuple(sorted(prepared.changes, key=lambda changed: changed.key))
            recorded = Recorded(str(len(moments) + 1), self._user, changelog.timestamp(), prepared.message, changes)
            self._log.made_by[recorded.rev] = (self._machine(), undone)
            moments.append((recorded, after))
            if change.idempotency_key:
                self._log.made[change.idempotency_key] = recorded
            return recorded

    def find_change(self, at: str) -> ChangeWithTexts:
        moments = self._log.moments[:]
        number = changelog.number(at, len(moments), lambda until: sum(record.when <= until for record, _ in moments))
        recorded, after = moments[number - 1]
        before = moments[number - 2][1] if number > 1 else {}
        texts = (Text(changed.key, before.get(changed.key), after.get(changed.key)) for changed in recorded.changes)
        return ChangeWithTexts(recorded.rev, recorded, tuple(texts))

    def own_changes(self) -> Iterator[ChangeWithTexts]:
        return map(self.find_change, standing_ids(self._records()))

    def undos(self) -> Iterator[ChangeWithTexts]:
        return map(self.find_change, redoable_ids(self._records()))

    def _records(self) -> Iterator[tuple[str, str]]:
        machine = self._machine()
        for number in map(str, range(len(self._log.moments), 1, -1)):
            maker, undone = self._log.made_by[number]
            if maker == machine:
                yield number, undone

    def history(self, key: Key | None = None) -> Iterator[Recorded]:
        records = (record for record, _ in reversed(self._log.moments[:]))
        return records if key is None else changelog.follow(records, key)

    def act_for(self, user: str, machine: str) -> None:
        self._user, self._machine = user, lambda: machine

    def close(self) -> None:
        pass


class MemoryDriver:
    """See `zenprofile.store.base.Driver`."""

    name = "memory"

    def holds(self, url: str, options: Options) -> bool:
        return url in _LOGS

    def create(self, url: str, options: Options, defaults: Change) -> Store:
        with _CREATING:
            if url not in _LOGS:
                log = _Log()
                MemoryStore(url, log, options).apply(defaults)
                _LOGS[url] = log
        return self.open(url, options)

    def open(self, url: str, options: Options) -> Store:
        if url not in _LOGS:
            raise nothing_there_error(url)
        return MemoryStore(url, _LOGS[url], options)


DRIVER = MemoryDriver()
