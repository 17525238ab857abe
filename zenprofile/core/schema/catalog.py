"""Schemas: from data to findings in words.

The one home of jsonschema, which is imported only where data may be invalid.
"""

import json
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from zenprofile.core import garbage_collection, patterns
from zenprofile.core.schema import fast_validator

if TYPE_CHECKING:
    from zenprofile.core.schema.messages import SchemaViolation

__all__ = ["Catalog", "Schema"]

# Words take time, and a document that is all wrong is a mistake of one kind.
MAX_FINDINGS = 100


class Schema:
    """A JSON Schema 2020-12.

    Args:
        raw: the schema itself.
        label: what its data is, in messages.
        trusted: whether it ships with us. A stranger's must have been through `Catalog.refusals`; its patterns run in
            linear time and its steps are counted.
    """

    def __init__(self, raw: dict[str, Any], label: str = "document", trusted: bool = True) -> None:
        self.raw = raw
        self.label = label
        self._trusted = trusted
        self._quick: fast_validator.Check | None = None
        self._validator: Any = None

    def holds(self, data: Any) -> bool:
        """Return whether data holds, without jsonschema where it surely does."""
        return self._holds_fast(data) or not self._find_all(data, 1)

    def findings(self, data: Any) -> "list[SchemaViolation]":
        """List what is invalid, a hundred places at most, unknown fields first; [] exactly where `holds`."""
        return [] if self._holds_fast(data) else self._find_all(data, MAX_FINDINGS)

    def _holds_fast(self, data: Any) -> bool:
        if self._quick is None:
            self._quick = fast_validator.compile(self.raw, self._trusted) or _never_sure
        return self._quick(data)

    def _find_all(self, data: Any, most: int) -> "list[SchemaViolation]":
        from referencing.exceptions import Unresolvable

        from zenprofile.core.schema import keywords
        from zenprofile.core.schema.messages import SchemaViolation, findings

        if self._validator is None:
            self._validator = _validator(self.raw, self._trusted)
        keywords.start()
        try:
            found = (finding for error in self._validator.iter_errors(data) for finding in findings(error, self.label))
            violations = list(islice(dict.fromkeys(islice(found, 2 * most)), most))
            # A slip of the pen leaves a field missing as well; the slip is what one wants to read first.
            return sorted(violations, key=lambda finding: finding.code != "unknown-field")
        except Unresolvable:
            return [
                SchemaViolation((), False, "the schema refers to another one that is not at hand", "", "bad-schema")
            ]
        except (keywords.TooManySteps, RecursionError):
            pass
        garbage_collection.collect()  # what it found is large and cyclic, and would stay during a pause
        message, hint = "to check this by the flavor's schema takes too long", "make the flavor's schema simpler"
        return [SchemaViolation((), False, message, hint, "too-costly")]

    def field(self, path: tuple[str, ...]) -> dict[str, Any] | None:
        """Return the schema of a field below, local references followed, or None where nothing is said of it."""
        node = self._resolved(self.raw)
        for step in path:
            properties = node.get("properties")
            below = properties.get(step) if isinstance(properties, dict) else None
            node = self._resolved(node.get("additionalProperties") if below is None else below)
        return node or None

    def _resolved(self, node: Any) -> dict[str, Any]:
        for _ in range(16):
            if not isinstance(node, dict):
                return {}
            if "$ref" not in node:
                return node
            rest = {word: value for word, value in node.items() if word != "$ref"}
            target = fast_validator.pointed(self.raw, node["$ref"])
            node = {**target, **rest} if isinstance(target, dict) else rest
        return {}


class Catalog:
    """The schemas that ship, each read when it is first asked for, and those that a profile brings.

    Args:
        read: returns the bytes of a file below ``schemas/``, or None.
    """

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._shipped: dict[str, Schema] = {}
        self._index: dict[str, list[str]] | None = None
        self._judged: dict[str, tuple[Schema, list[SchemaViolation]]] = {}
        self._by_identity: dict[int, tuple[dict[str, Any], tuple[Schema, list[SchemaViolation]]]] = {}

    def kind(self, kind: str) -> Schema:
        """Return the schema of a kind's documents; ``manifest`` is that of ``zenprofile.yaml``.

        Raises:
            KeyError: no such kind.
        """
        return self._load(f"kinds/{kind}.json")

    def flavors(self, type_: str) -> list[str]:
        """List the known flavors of a component type, sorted; [] for an unknown type."""
        if self._index is None:
            self._index = json.loads(self._read("flavors/index.json") or b"{}")
        return self._index.get(type_, [])

    def flavor(self, type_: str, flavor: str) -> Schema | None:
        """Return the schema of a known flavor's configuration, or None where it is not known."""
        return self._load(f"flavors/{type_}/{flavor}.json") if flavor in self.flavors(type_) else None

    def for_schema(self, schema: dict[str, Any]) -> Schema:
        """Return a registered flavor's own schema; one that may not be registered is not run: nothing holds to it."""
        return self._compile(schema)[0]

    def refusals(self, schema: dict[str, Any]) -> "list[SchemaViolation]":
        """List why a flavor's schema may not be registered, with places inside it; [] where it may."""
        return self._compile(schema)[1]

    def _load(self, name: str) -> Schema:
        if name not in self._shipped:
            found = self._read(name)
            if found is None:
                raise KeyError(name)
            raw = json.loads(found)
            self._shipped[name] = Schema(raw, raw["title"])
        return self._shipped[name]

    def _compile(self, schema: dict[str, Any]) -> "tuple[Schema, list[SchemaViolation]]":
        """Compile a schema once by content, and cache it by identity: entities' data is not changed in place."""
        known = self._by_identity.get(id(schema))
        if known is not None and known[0] is schema:
            return known[1]
        content = json.dumps(schema, separators=(",", ":"))
        if content not in self._judged:
            if len(self._judged) >= 256:
                self._judged.clear()
                self._by_identity.clear()
            refused = _refused(schema)
            self._judged[content] = (
                _RefusedSchema(refused) if refused else Schema(schema, "this flavor", False),
                refused,
            )
        self._by_identity[id(schema)] = (schema, self._judged[content])
        return self._judged[content]


class _RefusedSchema(Schema):
    """Stands for a schema that may not run."""

    def __init__(self, refused: "list[SchemaViolation]") -> None:
        super().__init__({}, "this flavor", False)
        self._why = refused[0].message

    def _holds_fast(self, data: Any) -> bool:
        return False

    def _find_all(self, data: Any, most: int) -> "list[SchemaViolation]":
        from zenprofile.core.schema.messages import SchemaViolation

        return [
            SchemaViolation((), False, f"the flavor's schema is not taken: {self._why}", "fix the flavor", "bad-schema")
        ]


def _refused(schema: Any) -> "list[SchemaViolation]":
    from zenprofile.core.schema import limits
    from zenprofile.core.schema.messages import SchemaViolation

    hint = "change the flavor's schema"
    found = limits.refusals(schema)
    if found:
        return [SchemaViolation(path, False, reason, hint, "bad-schema") for path, reason in found]
    from jsonschema import Draft202012Validator

    meta = Schema(Draft202012Validator.META_SCHEMA, "schema")
    return [finding._replace(hint=finding.hint or hint, code="bad-schema") for finding in meta.findings(schema)]


def _never_sure(_: Any) -> bool:
    return False


def _validator(schema: Any, trusted: bool) -> Any:
    """Return a validator that fetches nothing: all that it can refer to are the schema itself and the meta-schemas."""
    from jsonschema_specifications import REGISTRY

    return _validator_class(trusted)(schema, registry=REGISTRY)


@cache
def _validator_class(trusted: bool) -> Any:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    from zenprofile.core.schema import keywords

    words = keywords.Keywords(keywords.search if trusted else patterns.search, ValidationError).table()
    if not trusted:
        words = keywords.counted(Draft202012Validator.VALIDATORS | words)
    make: Any = extend
    return make(Draft202012Validator, words)
