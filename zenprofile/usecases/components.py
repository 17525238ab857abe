"""Components: what differs from other entities is that a flavor gives their settings a type."""

from collections.abc import Iterable
from typing import NamedTuple

from zenprofile.core.change import Recorded
from zenprofile.core.entity import Entity, Key, component_keys
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import NotFound
from zenprofile.store.base import Store
from zenprofile.usecases import assignments, entities, lookup
from zenprofile.usecases.assignments import FieldOf, Setting
from zenprofile.usecases.entities import PLAIN, Details


class ConfigurationChange(NamedTuple):
    """What a command asks of a component's configuration: keys to remove first, then settings to make."""

    settings: tuple[Setting, ...] = ()
    unset: tuple[tuple[str, ...], ...] = ()


UNCHANGED = ConfigurationChange()


def parse_configuration_change(set_: Iterable[str], unset: Iterable[str] = ()) -> ConfigurationChange:
    """Read ``--set`` and ``--unset`` texts.

    Raises:
        UsageError: one is wrong.
    """
    return ConfigurationChange(tuple(map(assignments.parse, set_)), tuple(map(assignments.parse_key, unset)))


def fields(snapshot: Snapshot, type_: str, flavor: str) -> FieldOf:
    """Return what gives the subschema of a field of a flavor's configuration; of an unknown flavor, of none."""
    from zenprofile import resources
    from zenprofile.core import document_check
    from zenprofile.core.snapshot import flavor_of

    try:
        schema = document_check.flavor_schema(
            type_, flavor, resources.catalog(), lambda t, f: flavor_of(snapshot, t, f)
        )
    except KeyError:
        return assignments.no_schema
    return assignments.no_schema if schema is None else schema.field


def register(
    store: Store, key: Key, flavor: str, wanted: ConfigurationChange = UNCHANGED, details: Details = PLAIN
) -> Recorded:
    """Register a component.

    Args:
        store: where.
        key: its type and name.
        flavor: one that ships, or one that is registered in the profile.
        wanted: its configuration.
        details: description, labels, message.

    Raises:
        Exists: the name is taken.
        Invalid: unknown flavor, or the configuration breaks its schema.
    """
    configuration = {}
    if wanted.settings:
        field = fields(store.snapshot(), key.type, flavor)
        configuration = assignments.apply_settings({}, wanted.settings, (), field)
    data = details.applied_to({"name": key.name, "type": key.type, "flavor": flavor})
    return entities.register(store, "component", {**data, "configuration": configuration}, details.message)


def update(
    store: Store, key: Key, wanted: ConfigurationChange = UNCHANGED, details: Details = PLAIN, flavor: str = ""
) -> Recorded:
    """Change a component's configuration, description, labels or flavor ("" leaves it).

    Raises:
        NotFound: there is no such component, or not what is to be unset.
        Invalid: the result is invalid.
    """
    snapshot = store.snapshot()
    entity = lookup.read(snapshot, key)
    data = {**entity.data, "flavor": flavor or entity.data.get("flavor", "")}
    known = wanted.settings and isinstance(data["flavor"], str)
    field = fields(snapshot, key.type, data["flavor"]) if known else assignments.no_schema
    old = entities.field_of(snapshot, entity, "configuration", dict)
    new = assignments.apply_settings(old, wanted.settings, wanted.unset, field)
    if new or "configuration" in data:
        data["configuration"] = new
    return entities.update(store, entity, snapshot.text(key), details.applied_to(data), details.message)


def component_of_stack(stack: Entity, type_: str) -> str:
    """Return the name of a stack's component of a type, the first where it has several.

    Raises:
        NotFound: the stack has none.
    """
    names = [key.name for key in component_keys(stack.data) if key.type == type_]
    if not names:
        hint = f"add one: zenprofile stack update {stack.key.name} -c {type_}=NAME"
        raise NotFound(f"stack '{stack.key.name}' has no {type_}", hint=hint)
    return names[0]
