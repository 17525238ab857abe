"""What a flavor's own schema may hold: it may come from anybody, and is run on every machine that loads the profile.

Nothing is fetched, and no schema costs more than its size lets one expect.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from zenprofile.core import paths, patterns
from zenprofile.core.schema.fast_validator import pointed

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_CHOICES = 1000
MAX_PATTERNS = 64
MAX_EXPANDED = 20_000  # subschemas, each reference counted as what it points at
MAX_EXPANDED_DEPTH = 64

_ELSEWHERE = "what it stands for can depend on another schema"
_FORBIDDEN = {
    "$dynamicRef": _ELSEWHERE,
    "$dynamicAnchor": _ELSEWHERE,
    "$recursiveRef": _ELSEWHERE,
    "$recursiveAnchor": _ELSEWHERE,
    "$anchor": "references name a place such as #/$defs/name",
    "$vocabulary": "it belongs to schemas of schemas",
    "unevaluatedProperties": "it can cost more than its size; use additionalProperties",
    "unevaluatedItems": "it can cost more than its size; use items and prefixItems",
}
# Where subschemas stand: as the value, in a list, in a mapping.
_ONE = frozenset(
    ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else", "contentSchema")
)
_LIST = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_MAP = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"))


class Refusal(NamedTuple):
    """A place in a schema, and why it is not taken."""

    path: paths.Path
    reason: str


def refusals(schema: Any) -> list[Refusal]:
    """List why a flavor's schema is not taken, at most ten reasons; [] where only its meta-schema could object."""
    if not isinstance(schema, dict):
        return [Refusal((), "a schema is a mapping")]
    if _depth(schema) > MAX_DEPTH:
        return [Refusal((), f"it is nested more than {MAX_DEPTH} levels deep")]
    size = len(json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
    if size > MAX_BYTES:
        return [Refusal((), f"it has {size} bytes as JSON, at most {MAX_BYTES} are taken")]
    found: list[Refusal] = []
    if schema.get("$schema", DIALECT) not in (DIALECT, f"{DIALECT}#"):
        found.append(Refusal(("$schema",), f"only {DIALECT} is taken"))
    seen: list[int] = [0]
    for path, part in _parts((), schema):
        found += _check_keywords(path, part, schema, seen)
        if len(found) >= 10:
            return found[:10]
    return found or _expanded(schema)


def _depth(value: Any) -> int:
    level, deep = [value], 0
    while level and deep <= MAX_DEPTH:
        deep += 1
        level = [c for v in level if isinstance(v, dict | list) for c in (v.values() if isinstance(v, dict) else v)]
    return deep


def _children(schema: dict[str, Any]) -> Iterator[tuple[paths.Path, Any]]:
    for word, value in schema.items():
        if word in _ONE:
            yield (word,), value
        elif word in _LIST and isinstance(value, list):
            yield from (((word, position), part) for position, part in enumerate(value))
        elif word in _MAP and isinstance(value, dict):
            yield from (((word, name), part) for name, part in value.items())


def _parts(path: paths.Path, schema: dict[str, Any]) -> Iterator[tuple[paths.Path, dict[str, Any]]]:
    """Yield every subschema that is a mapping, with its place."""
    yield path, schema
    for steps, part in _children(schema):
        if isinstance(part, dict):
            yield from _parts((*path, *steps), part)


def _check_keywords(
    path: paths.Path, schema: dict[str, Any], root: dict[str, Any], seen: list[int]
) -> Iterator[Refusal]:
    for word, reason in _FORBIDDEN.items():
        if word in schema:
            yield Refusal((*path, word), f"'{word}' is not taken: {reason}")
    if path and ("$id" in schema or "$schema" in schema):
        yield Refusal(path, "'$id' and '$schema' stand at the top only")
    if schema.get("format") == "regex":
        yield Refusal((*path, "format"), "the format 'regex' is not taken")
    if isinstance(schema.get("enum"), list) and len(schema["enum"]) > MAX_CHOICES:
        yield Refusal((*path, "enum"), f"an enum has at most {MAX_CHOICES} choices")
    if "$ref" in schema and not isinstance(pointed(root, schema["$ref"]), dict | bool):
        yield Refusal(
            (*path, "$ref"), "a reference points into the same schema, at #/$defs/NAME, and there is no such one"
        )
    yield from _patterns(path, schema, seen)


def _patterns(path: paths.Path, schema: dict[str, Any], seen: list[int]) -> Iterator[Refusal]:
    named = schema.get("patternProperties")
    places: list[tuple[paths.Path, Any]] = [((*path, "pattern"), schema["pattern"])] if "pattern" in schema else []
    places += [((*path, "patternProperties", name), name) for name in named] if isinstance(named, dict) else []
    for place, pattern in places:
        seen[0] += 1
        reason = patterns.why_not(pattern) if seen[0] <= MAX_PATTERNS else f"it has more than {MAX_PATTERNS} patterns"
        if reason:
            yield Refusal(place, reason)


def _expanded(root: dict[str, Any]) -> list[Refusal]:
    """Measure the schema with every reference replaced by what it points at."""
    known: dict[str, tuple[int, int]] = {}
    open_: set[str] = set()

    def referred(name: str) -> tuple[int, int]:
        if name in open_:
            return MAX_EXPANDED + 1, 0
        if name not in known:
            open_.add(name)
            known[name] = measure(pointed(root, name))
            open_.discard(name)
        return known[name]

    def measure(schema: Any) -> tuple[int, int]:
        if not isinstance(schema, dict):
            return 1, 1
        parts = [measure(part) for steps, part in _children(schema) if steps[0] not in ("$defs", "definitions")]
        parts += [referred(schema["$ref"])] if "$ref" in schema else []
        return 1 + sum(size for size, _ in parts), 1 + max((deep for _, deep in parts), default=0)

    try:
        size, deep = measure(root)
    except RecursionError:
        size, deep = MAX_EXPANDED + 1, 0
    if size > MAX_EXPANDED:
        return [Refusal((), "its references lead round in a circle, or multiply too far")]
    return [] if deep <= MAX_EXPANDED_DEPTH else [Refusal((), "its references lead too deep")]
