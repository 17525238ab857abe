"""The pages' data, read from a store, with secrets in plain text masked."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any, NamedTuple

from zenprofile.core import paths, profile_check
from zenprofile.core.change import MISSING, Changed, Recorded, fields, same
from zenprofile.core.entity import COMPONENT_TYPES, KINDS, Data, Entity, Key, component_keys
from zenprofile.core.secrets.detector import hidden
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import Invalid, ZenprofileError
from zenprofile.store.base import Store
from zenprofile.usecases import history, lookup, sharing
from zenprofile.usecases.selection import Selection, used_by

PAGE = 60  # stacks or changes on a page: a thousand would be more than anybody reads, and 150 kB
_LONGEST = 120  # characters of a value in a table of changes
# Fields of one change: among others, and on its own page. A change can be a profile that was copied.
_FIELDS, _FIELDS_ALONE = 10, 500


class Part(NamedTuple):
    """A component of a stack, as a picture shows it.

    Attributes:
        type: component type.
        name: of the component.
        flavor: "" where the component does not exist.
        key: leads to its page.
    """

    type: str
    name: str
    flavor: str
    key: str


class Card(NamedTuple):
    """A stack, as a picture shows it."""

    name: str
    key: str
    description: str
    labels: dict[str, str]
    parts: list[Part]


class Listed(NamedTuple):
    """An entity among others; type and flavor are "" where its kind has none."""

    key: str
    name: str
    type: str
    flavor: str
    description: str


class Row(NamedTuple):
    """A field that changed; "" stands for no value."""

    entity: str
    field: str
    before: str
    after: str


class ChangeView(NamedTuple):
    """A recorded change.

    Attributes:
        rows: its first fields.
        more: whether it has others.
        entities: how many it changed.
    """

    rev: str
    who: str
    day: str
    time: str
    message: str
    rows: list[Row]
    more: bool
    entities: int


def stacks(snapshot: Snapshot, text: str, page: int) -> tuple[list[Card], int]:
    """Return a page of the stacks whose name, label or component has a text in it, and how many there are in all."""
    flavors = {e.key: str(e.data.get("flavor", "")) for e in snapshot.load("component").entities}
    found, here, wanted = snapshot.load("stack").entities, slice((page - 1) * PAGE, page * PAGE), text.casefold()
    if not wanted:
        return [_card(entity, flavors) for entity in found[here]], len(found)
    cards = [card for card in (_card(entity, flavors) for entity in found) if wanted in _search_text(card)]
    return cards[here], len(cards)


def _card(entity: Entity, flavors: dict[Key, str]) -> Card:
    data = hidden(lookup.as_json(entity, revision=False))
    keys = component_keys(data)
    keys.sort(key=lambda key: COMPONENT_TYPES.index(key.type) if key.type in COMPONENT_TYPES else len(COMPONENT_TYPES))
    parts = [Part(key.type.replace("_", " "), key.name, flavors.get(key, ""), str(key)) for key in keys]
    return Card(entity.key.name, str(entity.key), str(data.get("description") or ""), _mapping(data, "labels"), parts)


def _mapping(data: Data, field: str) -> Data:
    """Return a field that is a mapping; {} of a document in which it is none."""
    found = data.get(field)
    return found if isinstance(found, dict) else {}


def _search_text(card: Card) -> str:
    labels = (f"{key}={value}" for key, value in card.labels.items())
    parts = (f"{part.name} {part.type} {part.flavor}" for part in card.parts)
    return " ".join((card.name, card.description, *labels, *parts)).casefold()


def entity(store: Store, key: Key) -> dict[str, Any]:
    """Return what the page of an entity shows: its fields, YAML, problems, users and history.

    Raises:
        NotFound: there is no such entity.
    """
    snapshot = store.snapshot()
    found = lookup.read(snapshot, key)
    problems = lookup.problems(snapshot, found)
    data = hidden(lookup.as_json(found, revision=False))
    flavors = {e.key: str(e.data.get("flavor", "")) for e in snapshot.load("component").entities}
    return {
        "key": key,
        "card": _card(found, flavors) if key.kind == "stack" else None,
        # The picture of a stack has its components.
        "rows": list(_fields({name: value for name, value in data.items() if name != "components"})),
        "yaml": "" if problems else hidden(snapshot.text(key) or ""),
        "problems": problems,
        "users": [str(user) for user in used_by(snapshot, [key]).get(key, ())],
        "history": changes(history.log(store, key, history.LogFilter(20))),
    }


def _fields(data: Data) -> Iterator[tuple[str, str]]:
    for field, value in data.items():
        if field in {"kind", "name", "type"}:
            continue
        if isinstance(value, dict) and field != "schema":
            yield from ((f"{field}.{inner}", _display_value(member)) for inner, member in value.items())
        else:
            yield field, _display_value(value)


def _display_value(value: Any) -> str:
    from json import dumps

    if value is MISSING:
        return ""
    if isinstance(value, list) and all(isinstance(member, str) for member in value):
        return ", ".join(value)
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)


def recent(store: Store, page: int) -> tuple[list[tuple[str, list[ChangeView]]], bool]:
    """Return a page of recorded changes by day, newest first, and whether there are more."""
    records = list(islice(store.history(), (page - 1) * PAGE, page * PAGE + 1))
    listed = changes(records[:PAGE])
    return [(day, list(group)) for day, group in groupby(listed, key=lambda one: one.day)], len(records) > PAGE


def latest(store: Store, most: int) -> list[ChangeView]:
    """Return the last recorded changes."""
    return changes(islice(store.history(), most))


def changes(records: Iterable[Recorded]) -> list[ChangeView]:
    """Return recorded changes with a row a field, the first fields of each."""
    return [_change_view(record, _FIELDS) for record in records]


def change(record: Recorded) -> ChangeView:
    """Return a recorded change with as many fields as a page takes."""
    return _change_view(record, _FIELDS_ALONE)


def _change_view(record: Recorded, most: int) -> ChangeView:
    rows = list(islice((row for changed in record.changes for row in _rows(changed)), most + 1))
    day, _, time = record.when.partition("T")
    message = record.message.partition("\n")[0]
    return ChangeView(
        record.rev,
        record.who,
        day,
        time.removesuffix("Z"),
        hidden(message),
        rows[:most],
        len(rows) > most,
        len(record.changes),
    )


def _rows(changed: Changed) -> Iterator[Row]:
    for field in fields(changed):
        before, after = (_display_value(hidden(side))[:_LONGEST] for side in (field.before, field.after))
        yield Row(str(changed.key), paths.show(field.path), before, after)


def by_person(days: Iterable[tuple[str, list[ChangeView]]]) -> list[tuple[str, int]]:
    """Count the changes of each person, the busiest first."""
    counts: dict[str, int] = {}
    for _, listed in days:
        for one in listed:
            counts[one.who] = counts.get(one.who, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def problems(store: Store) -> list[tuple[str, str, str]]:
    """List what is wrong, each with its place and what to do: invalid documents, conflicts, work not shared."""
    found = [
        (f"{p.file}:{p.line}" if p.line else p.file, p.message, p.hint)
        for p in profile_check.check_all(store.snapshot())
    ]
    side = sharing.remote_side(store)
    if side is not None:
        try:
            status = side.state()
        except ZenprofileError as error:
            return [*found, ("sharing", error.message, error.hint)]
        found += [
            (str(c.key), f"conflict in {paths.show(c.path)}", "zenprofile resolve") for c in status.open.conflicts
        ]
        if status.state not in {"synced", "unshared", "invalid", "conflict"}:
            found.append((status.state, status.reason, status.next))
    return [(hidden(place), hidden(message), hint) for place, message, hint in found]


def compared(snapshot: Snapshot, one: str, other: str) -> list[tuple[str, str, str, bool]]:
    """Return the fields of two stacks side by side, and whether they differ.

    Raises:
        NotFound: there is no such stack.
    """
    sides = [_flat(snapshot, lookup.find(snapshot, "stack", name)) for name in (one, other)]
    names = list(dict.fromkeys([*sides[0], *sides[1]]))
    return [
        (n, _display_value(a), _display_value(b), not same(a, b))
        for n in names
        for a, b in [(sides[0].get(n, MISSING), sides[1].get(n, MISSING))]
    ]


def _flat(snapshot: Snapshot, key: Key) -> Data:
    data = hidden(lookup.as_json(lookup.read(snapshot, key), revision=False))
    flat: Data = {}
    for part in component_keys(data):
        type_ = part.type.replace("_", " ")
        flat[type_] = [*flat.get(type_, ()), part.name]
        flat |= {f"{type_}: {field}": value for field, value in _settings(snapshot, part)}
    labels = {f"label {name}": value for name, value in _mapping(data, "labels").items()}
    return {"description": data.get("description", MISSING), **labels, **flat}


def _settings(snapshot: Snapshot, key: Key) -> Iterator[tuple[str, Any]]:
    try:
        found = snapshot.get(key)
    except Invalid:
        return
    if found is not None:
        yield "flavor", found.data.get("flavor")
        yield from hidden(_mapping(found.data, "configuration")).items()


def search(snapshot: Snapshot, text: str) -> list[tuple[str, str]]:
    """Return entities whose name, description or labels have a text in them, each with its description."""
    wanted = text.casefold()
    found = []
    for each in snapshot.load().entities:
        words = " ".join((str(each.key), str(each.data.get("description") or ""), str(each.data.get("labels") or "")))
        if wanted and wanted in words.casefold():
            found.append((str(each.key), hidden(str(each.data.get("description") or ""))))
    return found[: 5 * PAGE]


def of_kind(snapshot: Snapshot, kind: str, page: int) -> tuple[list[Listed], int]:
    """Return a page of a kind's entities, and how many there are in all."""
    found = [e for e in snapshot.load(kind).entities if Selection().matches(e)] if kind in KINDS else []
    most = 5 * PAGE
    return [_list_item(entity) for entity in found[(page - 1) * most : page * most]], len(found)


def _list_item(entity: Entity) -> Listed:
    key, data = entity.key, entity.data
    described = hidden(str(data.get("description") or ""))
    return Listed(str(key), key.name, key.type.replace("_", " "), str(data.get("flavor", "")), described)
