"""Checks of one document by itself: the reader's rules, its name, its schemas, secrets."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING

from zenprofile.core import names, paths, suggestions
from zenprofile.core.entity import COMPONENT_TYPES, Data, Entity, Key, key_of
from zenprofile.errors import Invalid, Problem

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog, Schema
    from zenprofile.core.schema.messages import SchemaViolation

Registered = Callable[[str, str], Data | None]
_TYPES = frozenset(COMPONENT_TYPES)
MAX_PROBLEMS = 100  # told of one document: more of them are a mistake of one kind


def check_document(
    key: Key, raw: bytes | str, catalog: "Catalog", registered: Registered
) -> tuple[Entity | None, list[Problem]]:
    """Check one document by itself: the reader's rules, its name, its kind's and its flavor's schema, secrets.

    Args:
        key: what its place names.
        raw: the document.
        catalog: the schemas that ship.
        registered: a flavor's document in the same profile, by component type and name.

    Returns:
        The entity (None where the document cannot be read or names another one) and the problems.
    """
    from zenprofile.core.document import reader
    from zenprofile.core.secrets import plaintext

    source = ""
    try:
        source = reader.decode(raw, key.path)
        data = reader.read(source, key.path)
    except Invalid as error:
        return None, plaintext.problems(key, source, error.problems)
    wrong = misplaced(key, data)
    if wrong:
        return None, plaintext.problems(key, source, locate(key, source, wrong))[:MAX_PROBLEMS]
    return Entity(key, data), problems_of(key, source, data, catalog, registered)


def problems_of(
    key: Key, source: str, data: Data, catalog: "Catalog", registered: Registered, *, is_clean: bool = False
) -> list[Problem]:
    """List the problems of a document that has been read, and is the entity that its place names.

    ``is_clean`` says that it is known to hold no secret.
    """
    found = findings(key, data, catalog, registered)
    if is_clean and not found:
        return []
    from zenprofile.core.secrets import plaintext

    return plaintext.problems(key, source, locate(key, source, found) if found else ())[:MAX_PROBLEMS]


def misplaced(key: Key, data: Data) -> "list[SchemaViolation]":
    """Return why data cannot be the entity that its place names: a wrong place, another name or type."""
    if key_of(key.kind, data) == key and (not key.type or key.type in _TYPES) and not names.why_not(key.name):
        return []
    from zenprofile.core.schema.messages import SchemaViolation

    reason = names.why_not(key.name)
    if reason:
        message = f"the file's name {key.name[:140]!r} is no {key.kind}'s name: {reason}"
        return [SchemaViolation((), False, message, "rename the file and its 'name'", "bad-name")]
    if key.type and key.type not in _TYPES:
        message = f"{key.type[:140]!r} is no component type{suggestions.suffix(key.type, COMPONENT_TYPES)}"
        return [SchemaViolation((), False, message, f"the types are {', '.join(COMPONENT_TYPES)}", "bad-type")]
    field, expected = ("type", key.type) if key.type and data.get("type") != key.type else ("name", key.name)
    if field not in data:
        return [
            SchemaViolation(
                (), False, f"the field '{field}' is missing", f"write '{field}: {expected}'", "missing-field"
            )
        ]
    message = f"the file's place says {field} '{expected}', the document says another"
    return [
        SchemaViolation((field,), False, message, f"write '{field}: {expected}', or rename the file", "name-differs")
    ]


def misnamed(key: Key, text: str, catalog: "Catalog") -> list[Problem]:
    """List the problems of a document whose place no document may have; [] where its name and type keep the rules."""
    if not names.why_not(key.name) and (not key.type or key.type in _TYPES):
        return []
    return check_document(key, text, catalog, lambda type_, name: None)[1]


def findings(key: Key, data: Data, catalog: "Catalog", registered: Registered) -> "list[SchemaViolation]":
    """List what data breaks by itself: its kind's schema, its flavor's, secrets in its sensitive fields."""
    schema = catalog.kind(key.kind)
    found = [] if schema.holds(data) else schema.findings(data)
    if key.kind == "component" and isinstance(data.get("flavor"), str):
        found += _configuration(key, data, catalog, registered)
    elif key.kind == "flavor" and isinstance(data.get("schema"), dict):
        found += [f._replace(path=("schema", *f.path)) for f in catalog.refusals(data["schema"])]
    return found


def flavor_schema(type_: str, flavor: str, catalog: "Catalog", registered: Registered) -> "Schema | None":
    """Return the schema of a flavor's configuration, None where nothing is checked.

    Raises:
        KeyError: there is no such flavor.
    """
    known = catalog.flavor(type_, flavor)
    if known is not None:
        return known
    own = registered(type_, flavor)
    if own is None:
        raise KeyError(flavor)
    schema = own.get("schema")
    # A schema that may not be registered is that document's problem; nothing is checked by it.
    return catalog.for_schema(schema) if isinstance(schema, dict) and not catalog.refusals(schema) else None


def _configuration(key: Key, data: Data, catalog: "Catalog", registered: Registered) -> "list[SchemaViolation]":
    configuration = data.get("configuration", {})
    if not isinstance(configuration, dict):
        return []
    try:
        schema = flavor_schema(key.type, data["flavor"], catalog, registered)
    except KeyError:
        return [_unknown_flavor(key, data["flavor"], catalog)]
    if schema is None or schema.holds(configuration):
        return []
    return [f._replace(path=("configuration", *f.path)) for f in schema.findings(configuration)]


def _unknown_flavor(key: Key, flavor: str, catalog: "Catalog") -> "SchemaViolation":
    from zenprofile.core.schema.messages import SchemaViolation

    message = f"{key.type} has no flavor {flavor[:140]!r}{suggestions.suffix(flavor, catalog.flavors(key.type))}"
    hint = f"register it: zenprofile flavor register NAME --type {key.type} --schema FILE"
    return SchemaViolation(("flavor",), False, message, hint, "unknown-flavor")


def locate(key: Key, source: str, found: "Iterable[SchemaViolation]") -> list[Problem]:
    """Turn findings, a hundred at most, into problems with line and column in a document's text."""
    from zenprofile.core.document.positions import Positions

    places = Positions(source)
    result = []
    for path, at_key, message, hint, code in islice(found, MAX_PROBLEMS):
        line, column = places.of(path, key=at_key)
        result.append(Problem(key.path, line, column, paths.show(path), message, hint, code))
    return result
