"""Stacks: components by type, several of one type in order, the first of them the default."""

from collections.abc import Container, Iterable

from zenprofile.core import profile_check
from zenprofile.core.change import Recorded
from zenprofile.core.entity import COMPONENT_TYPES, Data, Key, normal
from zenprofile.errors import InUse, NotFound, UsageError
from zenprofile.store.base import Store
from zenprofile.usecases import entities, lookup
from zenprofile.usecases.entities import PLAIN, Details

# A component type with a component's name.
Pair = tuple[str, str]


def pair(text: str) -> Pair:
    """Read ``TYPE=COMPONENT``.

    Raises:
        UsageError: it is something else, or there is no such type.
    """
    type_, equals, name = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{text[:140]!r} is not TYPE=COMPONENT", hint="for example -c artifact_store=s3-prod")
    return lookup.component_type(type_), name


def register(store: Store, name: str, pairs: Iterable[Pair], details: Details = PLAIN) -> tuple[Recorded, list[str]]:
    """Register a stack.

    Args:
        store: where.
        name: of the stack.
        pairs: its components; several of one type in order.
        details: description, labels, message.

    Returns:
        What was recorded, and warnings: what the stack lacks.

    Raises:
        Exists: the name is taken.
        Invalid: a component does not exist, or stands there twice.
    """
    data = {**details.applied_to({"name": name}), "components": _mapping(pairs)}
    return entities.register(store, "stack", data, details.message), profile_check.warnings(data)


def update(
    store: Store, name: str, pairs: Iterable[Pair] = (), remove: Iterable[str] = (), details: Details = PLAIN
) -> tuple[Recorded, list[str]]:
    """Replace a stack's components of the types that are given, and take types (or ``TYPE=COMPONENT``) out of it.

    Returns:
        What was recorded, and warnings: what the stack lacks.

    Raises:
        NotFound: there is no such stack, or what is to be removed is not in it.
        Invalid: a component does not exist.
    """
    snapshot = store.snapshot()
    key = lookup.find(snapshot, "stack", name)
    entity = lookup.read(snapshot, key)
    there = entity.data.get("components")
    components: Data = dict(there) if isinstance(there, dict) else {}
    for text in remove:
        components = _remove_components(components, text, name)
    components |= _mapping(pairs)
    # What is no mapping stays for a person to see, unless it is replaced.
    data = details.applied_to({**entity.data, "components": components if components or not there else there})
    return entities.update(store, entity, snapshot.text(key), data, details.message), profile_check.warnings(data)


def check_not_active(keys: Iterable[Key], active: Container[str]) -> None:
    """Refuse to delete an active stack.

    Args:
        keys: of the stacks.
        active: names of stacks that are active, of the profile and of the repository.

    Raises:
        InUse: one is active.
    """
    for key in keys:
        if key.name in active:
            hint = "make another one active first: zenprofile stack set NAME"
            raise InUse(f"stack '{key.name}' is the profile's active stack", hint=hint)


def _mapping(pairs: Iterable[Pair]) -> Data:
    """Return components by type, in the order in which documents list types; one alone stands as a name."""
    lists: dict[str, list[str]] = {}
    for type_, name in pairs:
        lists.setdefault(type_, []).append(name)
    ordered = sorted(lists, key=COMPONENT_TYPES.index)
    return {type_: lists[type_][0] if len(lists[type_]) == 1 else lists[type_] for type_ in ordered}


def _remove_components(components: Data, text: str, stack: str) -> Data:
    type_, _, name = text.partition("=")
    type_ = lookup.component_type(type_)
    names = normal(Key("stack", "", ""), {"components": components})["components"].get(type_, [])
    if not names or (name and name not in names):
        hint = f"zenprofile stack describe {stack} shows its components"
        raise NotFound(f"stack '{stack}' has no {type_}{f' {name!r}' if name else ''}", hint=hint)
    kept = [other for other in names if name and other != name]
    rest = {other: value for other, value in components.items() if other != type_}
    if not kept:
        return rest
    return {other: (kept[0] if len(kept) == 1 else kept) if other == type_ else v for other, v in components.items()}
