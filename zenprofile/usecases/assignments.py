"""``--set`` and ``--unset``: text from the command line as values that the schema gives a type."""

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from zenprofile.core import paths
from zenprofile.core.entity import Data
from zenprofile.core.suggestions import nearest
from zenprofile.errors import NotFound, UsageError

_MAX_DEPTH = 64  # a document's limit

# Gives the subschema of a field, or None where the schema says nothing about it.
FieldOf = Callable[[tuple[str, ...]], dict[str, Any] | None]


class Setting(NamedTuple):
    """One ``KEY=VALUE`` or ``KEY:=JSON``.

    Attributes:
        path: of the field, below what is being set.
        value: text as it was given, or the value of the JSON.
        exact: whether it was JSON, which is taken as it stands.
    """

    path: tuple[str, ...]
    value: Any
    exact: bool = False


def no_schema(_path: tuple[str, ...]) -> None:
    """Return no schema for any field."""


def parse(text: str) -> Setting:
    """Read ``KEY=VALUE`` or ``KEY:=JSON``.

    Raises:
        UsageError: it is neither; the message never repeats the value.
    """
    key, equals, value = text.partition("=")
    if not equals or key in {"", ":"}:
        raise UsageError("a setting is KEY=VALUE or KEY:=JSON", hint="for example --set replicas=3")
    if not key.endswith(":"):
        return Setting(parse_key(key), value)
    return Setting(parse_key(key[:-1]), _json(key[:-1], value), exact=True)


def parse_key(text: str) -> tuple[str, ...]:
    """Read a dotted key.

    Raises:
        UsageError: it is none.
    """
    try:
        return paths.parse(text)
    except ValueError as error:
        raise UsageError(str(error)[:200], hint='a key with a dot in it is written ["a.b"]') from None


def _json(key: str, text: str) -> Any:
    try:
        return _read(text)
    except ValueError:
        message = f"what follows {key}:= is not JSON"
        raise UsageError(message, hint=f"text takes quotes in JSON; or write {key}=VALUE") from None


def _read(text: str) -> Any:
    """Read JSON; what no document can hold (NaN, too many levels) is none."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("too deep") from None
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [member for each in level for member in _members(each)]
    if level:
        raise ValueError("too deep")
    return value


def _members(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _refuse_constant(word: str) -> None:
    raise ValueError(word)


def apply_settings(data: Data, settings: Iterable[Setting], unset: Iterable[tuple[str, ...]], field: FieldOf) -> Data:
    """Return the data with keys removed, then settings made.

    A value that does not fit its field's type stays text: the schema's check then says what was expected.

    Raises:
        NotFound: a key to be removed is not there.
        UsageError: a setting reaches into what is not an object.
    """
    result = data
    for path in unset:
        result = _remove(result, path, path)
    for setting in settings:
        value = setting.value if setting.exact else convert(setting.value, field(setting.path))
        result = set_value(result, setting.path, value)
    return result


def set_value(data: Data, path: tuple[str, ...], value: Any) -> Data:
    """Return the data with one value set; objects on the way are made where they are missing.

    Raises:
        UsageError: something on the way is not an object.
    """
    return _set_value(data, path, value, path)


def _set_value(data: Data, path: tuple[str, ...], value: Any, whole: tuple[str, ...]) -> Data:
    step, rest = path[0], path[1:]
    if not rest:
        return {**data, step: value}
    inner = data.get(step)
    if inner is None:
        inner = {}
    if not isinstance(inner, dict):
        at = paths.show(whole[: len(whole) - len(rest)])
        raise UsageError(f"{at} holds no object that {paths.show(whole)} could be in", hint=f"--unset {at} first")
    return {**data, step: _set_value(inner, rest, value, whole)}


def _remove(data: Data, path: tuple[str, ...], whole: tuple[str, ...]) -> Data:
    step, rest = path[0], path[1:]
    if step not in data or (rest and not isinstance(data[step], dict)):
        hint = nearest(step, data) or "describe shows what is set"
        raise NotFound(f"{paths.show(whole)} is not set", hint=hint)
    if rest:
        return {**data, step: _remove(data[step], rest, whole)}
    return {key: value for key, value in data.items() if key != step}


def convert(text: str, schema: dict[str, Any] | None) -> Any:
    """Return the text as the first type of the schema that it fits; text where the schema allows text or is silent."""
    types = _types(schema or {})
    if not types or "string" in types:
        return text
    for type_ in types:
        found, value = _READERS[type_](text)
        if found:
            return value
    return text


def _types(schema: dict[str, Any]) -> list[str]:
    """List the JSON types that a schema allows, as far as it says so in plain words."""
    own = schema.get("type", [])
    types = [own] if isinstance(own, str) else list(own)
    for several in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(several, ()):
            types += _types(part) if isinstance(part, dict) else []
    if not types:
        choices = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
        types = [_NAMES[type(choice)] for choice in choices]
    return [type_ for type_ in dict.fromkeys(types) if type_ in _READERS or type_ == "string"]


def _boolean(text: str) -> tuple[bool, Any]:
    return text.lower() in {"true", "false"}, text.lower() == "true"


def _null(text: str) -> tuple[bool, Any]:
    return text == "null", None


def _reader_of(*allowed: type) -> Callable[[str], tuple[bool, Any]]:
    def read(text: str) -> tuple[bool, Any]:
        try:
            value = _read(text)
        except ValueError:
            return False, None
        return type(value) in allowed, value

    return read


_READERS: dict[str, Callable[[str], tuple[bool, Any]]] = {
    "boolean": _boolean,
    "integer": _reader_of(int),
    "number": _reader_of(int, float),
    "array": _reader_of(list),
    "object": _reader_of(dict),
    "null": _null,
}
_NAMES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
    str: "string",
}
