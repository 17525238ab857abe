"""Flavors: those that ship and those that a profile registers."""

import sys

from zenprofile.core.change import Recorded
from zenprofile.core.entity import COMPONENT_TYPES, Data, Entity, Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.core.suggestions import nearest
from zenprofile.errors import Exists, Invalid, NotFound, Problem, UsageError
from zenprofile.store.base import Store
from zenprofile.usecases import entities, lookup
from zenprofile.usecases.entities import PLAIN, Details


def shipped_names(type_: str = "") -> list[tuple[str, str]]:
    """List the flavors that ship, by type and name."""
    from zenprofile import resources

    catalog = resources.catalog()
    types = [type_] if type_ else COMPONENT_TYPES
    return [(each, name) for each in types for name in sorted(catalog.flavors(each))]


def shipped(type_: str = "") -> list[Entity]:
    """List the flavors that ship, as entities without a document."""
    return [Entity(Key("flavor", each, name), {"name": name, "type": each}) for each, name in shipped_names(type_)]


def find(snapshot: Snapshot, text: str, type_: str = "") -> Key:
    """Return the key of the flavor that NAME or ``flavor/TYPE/NAME`` means, shipped or registered.

    Raises:
        NotFound: there is no such flavor.
        Ambiguous: several types have one; it names ``--type``.
        UsageError: it is no such text.
    """
    kind, given, name = lookup.split_reference(text) if "/" in text else ("flavor", "", text)
    if kind != "flavor" or {type_, given} - {"", type_ or given}:
        raise UsageError(f"{text[:140]!r} is no such flavor", hint="see: zenprofile flavor list -o name")
    type_ = type_ or given
    ships = [t for t, flavor in shipped_names(type_) if flavor == name]
    registered = [key.type for key in snapshot.keys("flavor", type_) if key.name == name]
    types = list(dict.fromkeys([*registered, *ships]))
    if len(types) > 1:
        from zenprofile.errors import Ambiguous

        message = f"several types have a flavor {name!r}: {', '.join(types)}"
        raise Ambiguous(message, hint=f"add --type, such as --type {types[0]}")
    if not types:
        names = [flavor for _, flavor in shipped_names(type_)] + [key.name for key in snapshot.keys("flavor", type_)]
        hint = nearest(name, names) or "register it: zenprofile flavor register NAME --type TYPE --schema FILE"
        raise NotFound(f"there is no flavor {name[:140]!r}", hint=hint)
    return Key("flavor", types[0], name)


def describe(snapshot: Snapshot, key: Key) -> Data:
    """Return a flavor as JSON shows it; one that ships has no revision.

    Raises:
        NotFound: there is no such flavor.
    """
    from zenprofile import resources

    schema = None if key in snapshot.keys("flavor", key.type) else resources.catalog().flavor(key.type, key.name)
    if schema is None:
        return {**lookup.as_json(lookup.read(snapshot, key)), "registered": True}
    return {"kind": "flavor", "name": key.name, "type": key.type, "schema": schema.raw, "registered": False}


def register(store: Store, key: Key, schema: Data | None, source: str = "", details: Details = PLAIN) -> Recorded:
    """Register a flavor. Its source is text: nothing is ever imported.

    Args:
        store: where.
        key: its type and name.
        schema: JSON Schema of its components' configuration; None checks nothing.
        source: where ZenML finds its class.
        details: description, labels, message.

    Raises:
        Exists: the name is taken, also by a flavor that ships.
        Invalid: the schema may not be registered; the error says why.
    """
    if (key.type, key.name.casefold()) in {(type_, name.casefold()) for type_, name in shipped_names(key.type)}:
        message = f"{key.type} has a flavor '{key.name}' already, which ships with zenprofile"
        raise Exists(message, hint="choose another name")
    if schema is not None:
        _check_schema(schema)
    data = entities.optional(
        details.applied_to({"name": key.name, "type": key.type}), source=source or None, schema=schema
    )
    return entities.register(store, "flavor", data, details.message)


def read_schema(path: str) -> Data:
    """Read a JSON Schema from a file of JSON or YAML; ``-`` is the standard input.

    Raises:
        Invalid: the file cannot be read so.
        NotFound: there is no such file.
    """
    from zenprofile.core.document import reader

    try:
        if path == "-":
            raw = sys.stdin.buffer.read(reader.MAX_BYTES + 1)
        else:
            with open(path, "rb") as file:
                raw = file.read(reader.MAX_BYTES + 1)
    except OSError as error:
        raise NotFound(
            f"the schema cannot be read: {error.strerror}", hint="name a file of JSON or YAML", file=path
        ) from None
    return reader.read(raw, path)


def _check_schema(schema: Data) -> None:
    from zenprofile import resources
    from zenprofile.core import paths

    refused = resources.catalog().refusals(schema)
    if refused:
        problems = [Problem("", 0, 0, paths.show(f.path), f.message, f.hint, f.code) for f in refused]
        raise Invalid.of(problems)
