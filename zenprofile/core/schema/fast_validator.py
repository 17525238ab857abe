"""A compiled check that accepts valid data without jsonschema, in microseconds and without imports.

It knows a part of JSON Schema 2020-12. A schema that uses more gets no check, and data that fails one is looked at
again by jsonschema, which has the last word and finds the words.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from zenprofile.core.secrets.references import is_sensitive, only_references

Check = Callable[[Any], bool]

# Say nothing about data, or only to people and editors.
_ANNOTATIONS = {
    *(
        "$schema",
        "$id",
        "$comment",
        "$defs",
        "definitions",
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
    ),
    *("readOnly", "writeOnly", "format", "sensitive"),
    *("x-sensitive", "x-zenml", "x-merge", "x-rule", "x-noun", "x-expected"),
}
_MAX_REFERENCES = 16
# Alternatives multiply the work on data; a schema of a stranger's with more is jsonschema's, which counts its steps.
_MAX_BRANCHES = 32


class _Unknown(Exception):
    """The schema uses a word that this checker does not know."""


def compile(schema: Any, trusted: bool = True) -> Check | None:  # noqa: A001 - as re.compile: it makes a check of a text
    """Return a check that is True only for data that surely holds to a schema, or None where it can say nothing.

    Args:
        schema: JSON Schema 2020-12.
        trusted: whether it ships with us; patterns of other schemas are never given to `re`.
    """
    try:
        return _Compiler(schema, trusted).check(schema)
    except _Unknown:
        return None


class _Compiler:
    def __init__(self, root: Any, trusted: bool) -> None:
        self.root = root
        self.trusted = trusted
        self.references = 0
        self.branches = 0

    def check(self, schema: Any) -> Check:
        """Return the check of one (sub)schema."""
        if schema is True:
            return _always
        if schema is False:
            return _never
        # An inner $id moves what references stand on.
        if not isinstance(schema, dict) or ("$id" in schema and schema is not self.root):
            raise _Unknown
        checks: list[Check] = [only_references] if is_sensitive(schema) else []
        members = {word: schema[word] for word in _OBJECT if word in schema}
        for word, value in schema.items():
            if word in _ANNOTATIONS or word in members:
                continue
            maker = _MAKERS.get(word)
            if maker is None:
                raise _Unknown
            checks.append(maker(self, value))
        if members:
            checks.append(self.mapping(**{word.lower(): value for word, value in members.items()}))
        return _all(checks)

    def mapping(self, properties: Any = None, required: Any = (), additionalproperties: Any = True) -> Check:
        """Check ``properties``, ``required`` and ``additionalProperties`` in one pass over the keys."""
        known = {name: self.check(schema) for name, schema in (properties or {}).items()}
        rest = self.check(additionalproperties)
        needed = frozenset(required)

        def check(data: Any) -> bool:
            if type(data) is not dict:
                return True
            if needed and not needed <= data.keys():
                return False
            for key, value in data.items():  # noqa: SIM110 - a loop is twice as fast as all() here
                if not known.get(key, rest)(value):
                    return False
            return True

        return check

    def type_(self, value: Any) -> Check:
        names = [value] if isinstance(value, str) else list(value)
        if not names or not all(name in _TYPES for name in names):
            raise _Unknown
        plain = frozenset(type_ for name in names for type_ in _TYPES[name])
        return lambda data: type(data) in plain

    def enum(self, value: Any) -> Check:
        # Numbers are left to jsonschema: 1, 1.0 and true are equal to Python, and not to JSON.
        choices = frozenset(item for item in value if isinstance(item, str))
        null = None in value
        return lambda data: data in choices if type(data) is str else data is None and null

    def const(self, value: Any) -> Check:
        if type(value) not in (str, int):
            raise _Unknown
        kind = type(value)
        return lambda data: type(data) is kind and data == value

    def items(self, value: Any) -> Check:
        item = self.check(value)
        return lambda data: type(data) is not list or all(map(item, data))

    def property_names(self, value: Any) -> Check:
        name = self.check(value)
        return lambda data: type(data) is not dict or all(map(name, data))

    def pattern(self, value: Any) -> Check:
        if not self.trusted:
            raise _Unknown
        search = re.compile(python_pattern(value)).search
        return lambda data: type(data) is not str or search(data) is not None

    def any_of(self, value: Any) -> Check:
        branches = self.alternatives(value)
        return lambda data: any(branch(data) for branch in branches)

    def all_of(self, value: Any) -> Check:
        return _all([self.check(schema) for schema in value])

    def one_of(self, value: Any) -> Check:
        # "Surely not" is what it cannot say of a schema in general, but can of keys that must be there.
        if not all(set(schema) == {"required"} for schema in value if isinstance(schema, dict)):
            raise _Unknown
        branches = self.alternatives(value)
        return lambda data: sum(branch(data) for branch in branches) == 1

    def alternatives(self, value: Any) -> list[Check]:
        self.branches += len(value)
        if self.branches > _MAX_BRANCHES and not self.trusted:
            raise _Unknown
        return [self.check(schema) for schema in value]

    def reference(self, value: Any) -> Check:
        # What is not a plain pointer, or leads round in a circle, is jsonschema's.
        self.references += 1
        target = pointed(self.root, value)
        if target is None or self.references > (_MAX_REFERENCES if not self.trusted else 10 * _MAX_REFERENCES):
            raise _Unknown
        return self.check(target)

    def unique_items(self, value: Any) -> Check:
        if value is not True:
            return _always
        return lambda data: type(data) is not list or len(data) < 2 or len(set(map(frozen, data))) == len(data)

    def limit(self, kinds: tuple[type, ...], holds: Callable[[Any, Any], bool]) -> Callable[[Any], Check]:
        """Return a maker of checks of a size."""

        def make(value: Any) -> Check:
            if type(value) is not int:
                raise _Unknown
            return lambda data: type(data) not in kinds or holds(data, value)

        return make


def python_pattern(pattern: str) -> str:
    """Return a pattern of ours for `re`, where a final ``$`` would also stand before a line end."""
    return pattern[:-1] + r"\Z" if pattern.endswith("$") and not pattern.endswith(r"\$") else pattern


def pointed(root: Any, reference: Any) -> Any:
    """Return what ``#/$defs/NAME`` or ``#/definitions/NAME`` points at; None for any other reference or none there."""
    parts = reference.split("/") if isinstance(reference, str) else []
    if len(parts) != 3 or parts[0] != "#" or parts[1] not in ("$defs", "definitions"):
        return None
    name = parts[2].replace("~1", "/").replace("~0", "~")
    return root[parts[1]].get(name) if "%" not in name and isinstance(root.get(parts[1]), dict) else None


def frozen(value: Any) -> Any:
    """Return what two values share exactly when they are equal as JSON: ``1`` and ``1.0`` do, ``1``, ``true`` not."""
    if isinstance(value, dict):
        return (dict, frozenset((key, frozen(item)) for key, item in value.items()))
    if isinstance(value, list):
        return (list, tuple(map(frozen, value)))
    return (bool, value) if isinstance(value, bool) else value


def _always(_: Any) -> bool:
    return True


def _never(_: Any) -> bool:
    return False


def _all(checks: Iterable[Check]) -> Check:
    found = [check for check in checks if check is not _always]
    if len(found) < 2:
        return found[0] if found else _always
    if len(found) == 2:
        first, second = found
        return lambda data: first(data) and second(data)
    return lambda data: all(check(data) for check in found)


# A float that is whole is an integer to JSON Schema; it is left to jsonschema.
_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}
_OBJECT = ("properties", "required", "additionalProperties")


def _sized(kinds: tuple[type, ...], holds: Callable[[Any, Any], bool]) -> Callable[[_Compiler, Any], Check]:
    return lambda compiler, value: compiler.limit(kinds, holds)(value)


_MAKERS: dict[str, Callable[[_Compiler, Any], Check]] = {
    "type": _Compiler.type_,
    "enum": _Compiler.enum,
    "const": _Compiler.const,
    "items": _Compiler.items,
    "propertyNames": _Compiler.property_names,
    "pattern": _Compiler.pattern,
    "anyOf": _Compiler.any_of,
    "allOf": _Compiler.all_of,
    "oneOf": _Compiler.one_of,
    "$ref": _Compiler.reference,
    "uniqueItems": _Compiler.unique_items,
    "minLength": _sized((str,), lambda data, size: len(data) >= size),
    "maxLength": _sized((str,), lambda data, size: len(data) <= size),
    "minItems": _sized((list,), lambda data, size: len(data) >= size),
    "maxItems": _sized((list,), lambda data, size: len(data) <= size),
    "minProperties": _sized((dict,), lambda data, size: len(data) >= size),
    "maxProperties": _sized((dict,), lambda data, size: len(data) <= size),
    "minimum": _sized((int, float), lambda data, size: data >= size),
    "maximum": _sized((int, float), lambda data, size: data <= size),
}
