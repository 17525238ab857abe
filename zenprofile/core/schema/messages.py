"""Words for what a validator found: what was expected and the nearest valid choice, never the value itself."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from zenprofile.core import names, paths, suggestions
from zenprofile.core.secrets.references import FORMS


class SchemaViolation(NamedTuple):
    """One place where data breaks its schema.

    Attributes:
        path: of the value, from the data's root.
        at_key: whether the key is at fault, and not the value.
        message: one line, without the value.
        hint: what to do next; may be "".
        code: a word that does not change between releases (``unknown-field``).
    """

    path: paths.Path
    at_key: bool
    message: str
    hint: str
    code: str


class _Message(NamedTuple):
    message: str
    hint: str
    code: str
    at_key: bool = False


TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_LONGEST = 140


def quoted(text: Any) -> str:
    """Return a key or choice in quotes, cut where it is long."""
    text = str(text)
    return f"'{text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}'"


def choices(values: Iterable[Any]) -> str:
    """Return ``a``, ``b or c``, at most twenty of them."""
    texts = [
        quoted(value) if isinstance(value, str) else TYPES["null"] if value is None else str(value) for value in values
    ]
    if len(texts) > 20:
        return ", ".join(texts[:20]) + ", ..."
    return " or ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)


def type_of(value: Any) -> str:
    """Return what a value is, in words."""
    table: dict[type, str] = {bool: "true or false", str: "text", list: "a list", dict: "a mapping"}
    table |= {int: "a number", float: "a number", type(None): "null"}
    return table.get(type(value), "something else")


def findings(error: Any, label: str) -> Iterator[SchemaViolation]:
    """Yield what to say of an error of jsonschema (its attributes are all that is looked at).

    Args:
        error: a `jsonschema.ValidationError`; in its message stands the missing key of ``required``.
        label: what the data is (``artifact_store flavor s3``).
    """
    inner = _branch(error)
    if inner:
        for child in inner:
            yield from findings(child, label)
        return
    path = tuple(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        yield SchemaViolation(
            (*path, str(error.instance)), True, f"{quoted(error.instance)} may not stand here", "", "bad-key"
        )
        return
    message = _WORDS.get(error.validator, _other_message)(error, paths.show(path) if path else label, label)
    yield SchemaViolation(path, message.at_key, message.message, message.hint, message.code)


def _branch(error: Any) -> list[Any]:
    """Return the errors of the one alternative that the value was meant for: the only one whose type it has."""
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        return []
    by_branch: dict[Any, list[Any]] = {}
    for child in error.context:
        by_branch.setdefault(next(iter(child.relative_schema_path), -1), []).append(child)
    meant = [
        children
        for children in by_branch.values()
        if not any(child.validator == "type" and not child.relative_path for child in children)
    ]
    return meant[0] if len(meant) == 1 and len(by_branch) > 1 else []


def _unknown(error: Any, _: str, label: str) -> _Message:
    *above, key = error.absolute_path
    noun, known = error.schema.get("x-noun"), error.schema.get("properties", {})
    if noun:
        what = f"is no {noun}"
    else:
        what = f"is no field of {paths.show(tuple(above))}" if above else f"is no field of {label}"
    hint = f"known: {', '.join(known)}" if known and len(known) <= 20 else "take it away"
    return _Message(f"{quoted(key)} {what}{suggestions.suffix(key, known)}", hint, "unknown-field", at_key=True)


def _missing(error: Any, subject: str, label: str) -> _Message:
    where = f" in {subject}" if error.absolute_path else ""
    known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    field = known.get(error.message)
    types = field.get("type") if isinstance(field, dict) else None
    hint = f"{label} needs it" + (f": {_types(types)}" if types else "")
    return _Message(f"the field {quoted(error.message)} is missing{where}", hint, "missing-field")


def _types(value: Any) -> str:
    types = [value] if isinstance(value, str) else list(value)
    # Null comes last, as what one rarely means.
    words = [TYPES.get(t, str(t)) for t in types if t != "null"] + [TYPES["null"] for t in types if t == "null"]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _type(error: Any, subject: str, _: str) -> _Message:
    is_ = "a number with a fraction" if isinstance(error.instance, float) else type_of(error.instance)
    hint = "take the quotes away" if isinstance(error.instance, str) and _unquoted(error) else ""
    return _Message(f"{subject} must be {_types(error.validator_value)}, not {is_}", hint, "wrong-type")


def _unquoted(error: Any) -> bool:
    types, text = error.validator_value, error.instance
    return ("boolean" in types and text in ("true", "false")) or ("integer" in types and text.isdecimal())


def _choice(error: Any, subject: str, _: str) -> _Message:
    values = error.validator_value
    near, all_of_them = suggestions.suffix(error.instance, values), choices(values)
    if len(values) > 8:
        return _Message(
            f"{subject} is none of its {len(values)} choices{near}", f"one of {all_of_them}", "not-a-choice"
        )
    return _Message(f"{subject} must be {all_of_them}{near}", "", "not-a-choice")


def _const(error: Any, subject: str, _: str) -> _Message:
    value = error.validator_value
    plain = isinstance(value, str | int | float | None)
    return _Message(f"{subject} must be {choices([value]) if plain else 'what its schema says'}", "", "not-a-choice")


def _pattern(error: Any, subject: str, _: str) -> _Message:
    if error.schema.get("x-rule") == "name":
        return _Message(f"{subject} is no name: {names.why_not(error.instance) or names.RULE}", "", "bad-name")
    return _Message(f"{subject} does not match the pattern {quoted(error.validator_value)}", "", "no-match")


def _secret(_: Any, subject: str, __: str) -> _Message:
    hint = "keep the secret elsewhere and write its reference in quotes"
    return _Message(f"{subject} is sensitive: it takes a reference ({FORMS}), no plain value", hint, "plain-secret")


def _forms(error: Any, subject: str, _: str) -> _Message:
    expected = error.schema.get("x-expected")
    types = [child.validator_value for child in error.context or () if child.validator == "type"]
    if expected:
        return _Message(f"{subject} must be {expected}", "", "wrong-form")
    if types and len(types) == len(error.context):
        flat = [t for value in types for t in ([value] if isinstance(value, str) else value)]
        return _Message(f"{subject} must be {_types(flat)}, not {type_of(error.instance)}", "", "wrong-type")
    return _Message(f"{subject} fits none, or more than one, of the forms that its schema allows", "", "wrong-form")


def _unique(_: Any, subject: str, __: str) -> _Message:
    return _Message(f"{subject} lists the same twice", "take one away", "not-unique")


def _bound(text: str) -> "Callable[[Any, str, str], _Message]":
    return lambda error, subject, _: _Message(
        f"{subject} must {text.format(error.validator_value)}", "", "out-of-bounds"
    )


def _other_message(error: Any, subject: str, _: str) -> _Message:
    if error.validator is None:
        return _Message(f"{subject} may not stand here", "", "not-allowed")
    return _Message(f"{subject} does not keep to '{error.validator}' of its schema", "", "wrong-form")


_WORDS: dict[str, Callable[[Any, str, str], _Message]] = {
    "additionalProperties": _unknown,
    "required": _missing,
    "type": _type,
    "enum": _choice,
    "const": _const,
    "pattern": _pattern,
    "x-sensitive": _secret,
    "sensitive": _secret,
    "format": _secret,
    "anyOf": _forms,
    "oneOf": _forms,
    "uniqueItems": _unique,
    "minLength": _bound("have at least {} characters"),
    "maxLength": _bound("have at most {} characters"),
    "minItems": _bound("list at least {}"),
    "maxItems": _bound("list at most {}"),
    "minProperties": _bound("have at least {} fields"),
    "maxProperties": _bound("have at most {} fields"),
    "minimum": _bound("be at least {}"),
    "maximum": _bound("be at most {}"),
    "exclusiveMinimum": _bound("be more than {}"),
    "exclusiveMaximum": _bound("be less than {}"),
    "multipleOf": _bound("be a multiple of {}"),
}
