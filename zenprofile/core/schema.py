"""Schemas: data to findings. Early version of the interface; the words come."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from zenprofile.core import paths


class Finding(NamedTuple):
    """One place where data does not hold to its schema."""

    path: paths.Path
    at_key: bool
    message: str
    hint: str
    code: str


class Schema:
    """A JSON Schema."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw

    def holds(self, data: Any) -> bool:
        return not self.findings(data)

    def findings(self, data: Any) -> list[Finding]:
        from jsonschema import Draft202012Validator
        from referencing import Registry

        errors = Draft202012Validator(self.raw, registry=Registry()).iter_errors(data)
        return [Finding(tuple(e.absolute_path), False, f"{e.validator} does not hold", "", str(e.validator)) for e in errors]

    def field(self, path: tuple[str, ...]) -> dict[str, Any] | None:
        node: Any = self.raw
        for step in path:
            node = node.get("properties", {}).get(step) if isinstance(node, dict) else None
        return node if isinstance(node, dict) else None


class Catalog:
    """The schemas that ship, by kind and flavor."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._known: dict[str, Schema | None] = {}
        self._index: dict[str, list[str]] | None = None

    def _load(self, name: str) -> Schema | None:
        if name not in self._known:
            found = self._read(name)
            self._known[name] = None if found is None else Schema(json.loads(found))
        return self._known[name]

    def kind(self, kind: str) -> Schema:
        found = self._load(f"kinds/{kind}.json")
        assert found is not None
        return found

    def flavor(self, type_: str, flavor: str) -> Schema | None:
        return self._load(f"flavors/{type_}/{flavor}.json") if flavor in self.flavors(type_) else None

    def flavors(self, type_: str) -> list[str]:
        if self._index is None:
            self._index = json.loads(self._read("flavors/index.json") or b"{}")
        return self._index.get(type_, [])

    def of(self, schema: dict[str, Any]) -> Schema:
        return Schema(schema)

    def refused(self, schema: dict[str, Any]) -> list[Finding]:
        return []
