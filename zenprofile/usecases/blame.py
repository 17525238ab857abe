"""Who gave each field of an entity the value that it has now."""

from itertools import chain
from typing import Any, NamedTuple

from zenprofile.core.change import Changed, Recorded, fields, same
from zenprofile.core.entity import Data, Key
from zenprofile.core.paths import Path, show
from zenprofile.store import changelog
from zenprofile.store.base import Store
from zenprofile.usecases import history, lookup, own_flavors

Values = dict[Path, Any]


class Line(NamedTuple):
    """A field with its value now, and the change that gave it; rev, who and when are "" while it is not recorded."""

    path: Path
    value: Any
    rev: str
    who: str
    when: str

    def as_json(self) -> dict[str, Any]:
        """Return one line of ``blame -o json``."""
        return {**self._asdict(), "path": show(self.path)}


def blame(store: Store, key: Key) -> list[Line]:
    """Return a line for every field of an entity, in the document's order; its earlier names are followed.

    Fields are those of `zenprofile.core.change.fields`: mappings by key, lists and scalars whole.

    Raises:
        NotFound: there is no such entity.
        Invalid: its document cannot be read.
    """
    own_flavors.use_past(store)
    values = _values(key, lookup.read(store.snapshot(), key).data)
    waiting, records = history.follow_log(store, key)
    by: dict[Path, Recorded] = {}
    for record in chain([waiting], records):
        after, before = _values_around(record)
        given = [path for path in values if path not in by and _is_origin(before, after, path, values[path])]
        by.update(dict.fromkeys(given, record))
        if len(by) == len(values):
            break
    unrecorded = changelog.nothing("")
    told = ((path, value, by.get(path, unrecorded)) for path, value in values.items())
    return [Line(path, value, record.rev, record.who, record.when) for path, value, record in told]


def _values(key: Key, data: Data | None) -> Values:
    return {} if data is None else {field.path: field.after for field in fields(Changed(key, None, data))}


def _values_around(record: Recorded) -> tuple[Values, Values]:
    """Return an entity's values after and before its part of a change; a rename tells them under two keys."""
    after, before = Values(), Values()
    for key, old, new in record.changes:
        after.update(_values(key, new))
        before.update(_values(key, old))
    return after, before


def _is_origin(before: Values, after: Values, path: Path, value: Any) -> bool:
    return path in after and same(after[path], value) and not (path in before and same(before[path], value))
