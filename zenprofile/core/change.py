"""Changes: the edits that go down into a store, what it recorded, and both in words."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from zenprofile.core import paths
from zenprofile.core.entity import Data, Key, normal

Content = tuple[str, str, str]


class Edit(NamedTuple):
    """One document written or deleted.

    Attributes:
        key: of the entity.
        replaces: the revision that the edit stands on; None where the entity must not exist yet.
        text: the new document; None deletes it.
        stem: a document of an earlier time that the edit brings back; None for none. What it lacked is nothing new.
    """

    key: Key
    replaces: str | None
    text: str | None
    stem: str | None = None


class Change(NamedTuple):
    """A set of edits that is written whole or not at all.

    Attributes:
        edits: at most one a key. A rename is a delete and a create in one change.
        message: why; "" lets the store say what changed, in `summary`.
        idempotency_key: names this attempt to write, so that it can be repeated when its answer was lost: a store that
            has recorded a change of that key returns what it recorded, and writes nothing. "" for none.
    """

    edits: tuple[Edit, ...]
    message: str = ""
    idempotency_key: str = ""


class Changed(NamedTuple):
    """What a recorded change did to one entity: its data before and after (None: it was not there)."""

    key: Key
    before: Data | None
    after: Data | None

    @property
    def action(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


class Recorded(NamedTuple):
    """A change as history tells it.

    Attributes:
        rev: whole id of the commit, or number of the change as text; "" where it is not committed.
        who: name of the author.
        when: RFC 3339 with offset; "" where it is not committed.
        message: its first line and the rest.
        changes: of the profile's entities, by key.
    """

    rev: str
    who: str
    when: str
    message: str
    changes: tuple[Changed, ...]


class Field(NamedTuple):
    """One field's difference; `MISSING` on the side that lacks it."""

    path: paths.Path
    before: Any
    after: Any


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


def same(one: Any, other: Any) -> bool:
    """Compare data as JSON does: ``True`` is not ``1``, ``1`` is not ``1.0``, the order of keys does not count."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def fields(changed: Changed) -> list[Field]:
    """List the fields that differ, mappings by key, lists and scalars whole, in the documents' order.

    In a stack a single name equals a list of one, and is shown as the name. Secrets in plain text, and what a flavor
    marks sensitive, are put out of sight.
    """
    from zenprofile.core.secrets.detector import hidden
    from zenprofile.core.secrets.sensitive import masked

    before = {} if changed.before is None else _singles(changed.key, changed.before)
    after = {} if changed.after is None else _singles(changed.key, changed.after)
    found: list[Field] = []
    _differ((), before, after, found)
    key, flavors = changed.key, [side.get("flavor") for side in (before, after)]
    return [
        Field(hidden(path), *(side if side is MISSING else masked(key, flavors, path, side) for side in sides))
        for path, *sides in found
    ]


def _singles(key: Key, data: Data) -> Data:
    if key.kind != "stack" or not isinstance(data.get("components"), dict):
        return data
    lists = normal(key, data)["components"]
    return {**data, "components": {type_: n[0] if len(n) == 1 else n for type_, n in lists.items()}}


def _differ(path: paths.Path, before: Any, after: Any, found: list[Field]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            _differ((*path, key), before.get(key, MISSING), after.get(key, MISSING), found)
    elif not same(before, after):
        # A mapping that came or went is told field by field, unless it is empty.
        if isinstance(after, dict) and after and before is MISSING:
            _differ(path, {}, after, found)
        elif isinstance(before, dict) and before and after is MISSING:
            _differ(path, before, {}, found)
        else:
            found.append(Field(path, before, after))


def as_json(changed: Changed) -> dict[str, Any]:
    """Return it as ``diff -o json`` prints it: kind, type, name, action, and the fields with the sides they have."""
    rows = []
    for field in fields(changed):
        row: dict[str, Any] = {"path": paths.show(field.path)}
        if field.before is not MISSING:
            row["before"] = field.before
        if field.after is not MISSING:
            row["after"] = field.after
        rows.append(row)
    key = changed.key
    return {"kind": key.kind, "type": key.type, "name": key.name, "action": changed.action, "fields": rows}


def summary(changes: Iterable[Changed]) -> str:
    """Return what changed, in one line: ``stack prod: artifact_store s3 -> gcs``.

    A rename (one entity gone, one of the same kind, type and content come) is told as such. Values that are long or
    not text, numbers or names are left out. Over three entities, the rest is counted.
    """
    parts = _pair_renames(changes)
    if not parts:
        return "no change"
    line = "; ".join(map(_describe, parts[:3]))
    return line if len(parts) <= 3 else f"{line}; and {len(parts) - 3} more"


def summary_lines(changes: Iterable[Changed]) -> list[str]:
    """Return what changed, a line for each entity; a rename is one line."""
    return list(map(_describe, _pair_renames(changes)))


def _describe(change: Changed | str) -> str:
    return change if isinstance(change, str) else _describe_entity(change)


def _pair_renames(changes: Iterable[Changed]) -> list[Changed | str]:
    """Return renames, told already, before the changes that are none."""
    changes = list(changes)
    removed: dict[Content, list[Key]] = {}
    for old in reversed(changes):
        if old.after is None and old.before is not None:
            removed.setdefault(content(old.key, old.before), []).append(old.key)
    parts: list[Changed | str] = []
    joined: set[Key] = set()
    for new in changes if removed else ():
        if new.before is not None or new.after is None:
            continue
        fits = removed.get(content(new.key, new.after))
        if fits:
            first = fits.pop()
            joined.update((first, new.key))
            parts.append(f"{label(first)}: renamed to {new.key.name}")
    return [*parts, *(c for c in changes if c.key not in joined)]


def is_rename(old: Changed, new: Changed) -> bool:
    """Return whether a removed and an added entity are a rename: equal kind, type and data except the name."""
    if old.key[:2] != new.key[:2] or old.before is None or new.after is None:
        return False
    return same({**old.before, "name": ""}, {**new.after, "name": ""})


def is_mostly(old: Changed, new: Changed) -> bool:
    """Return whether an entity that came has at least half of the data, name and type aside, of one that went."""
    differing = [field for field in fields(old._replace(after=new.after)) if field.path != ("name",)]
    whole = [field for field in fields(new) if field.path not in {("name",), ("type",)}]
    return 2 * len(differing) <= len(whole)


def content(key: Key, data: Data) -> Content:
    """Return what stays equal in a rename: kind, type, and the data without the name as JSON."""
    return key.kind, key.type, json.dumps({**data, "name": ""}, sort_keys=True)


def label(key: Key) -> str:
    """Return an entity's name for a sentence: ``stack prod``, ``artifact_store s3``."""
    return f"{key.type} {key.name}" if key.kind == "component" else f"{key.kind} {key.name}"


def _describe_entity(changed: Changed) -> str:
    name = label(changed.key)
    if changed.before is None:
        return f"add {name}"
    if changed.after is None:
        return f"delete {name}"
    parts = [_describe_field(field) for field in fields(changed)]
    if not parts:
        return f"{name}: comments or order"
    more = f", and {len(parts) - 3} more fields" if len(parts) > 3 else ""
    return f"{name}: {', '.join(parts[:3])}{more}"


def _describe_field(field: Field) -> str:
    path = paths.show(field.path[1:] if field.path[0] in {"components", "configuration"} else field.path)
    before, after = _brief(field.before), _brief(field.after)
    path = path or str(field.path[0])
    if field.before is MISSING:
        return f"{path} = {after}" if after else f"{path} added"
    if field.after is MISSING:
        return f"{path} removed"
    if before == after and type(field.before) is not type(field.after):
        before, after = json.dumps(field.before), json.dumps(field.after)  # 1 -> "1"
    return f"{path} {before} -> {after}" if before and after else f"{path} changed"


def _brief(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        value = "[" + ", ".join(value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and value.isprintable() and 0 < len(value) <= 60:
        return value
    return ""
