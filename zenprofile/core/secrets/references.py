"""References: what stands in a document in place of a secret (docs/contract.md)."""

import re
from typing import Any, NamedTuple

# In the subset that JSON Schema, editors and linear-time engines read alike; ZenML resolves the first form itself.
PATTERN = r"^(\{\{ *[^{}.\s]+\.[^{}\s]+ *\}\}|\$\{env:[A-Za-z_][A-Za-z0-9_]*\})$"
FORMS = "{{secret.key}} or ${env:NAME}"
_WHOLE = r"\{\{ *([^{}.\s]+)\.([^{}\s]+) *\}\}|\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}"


class Reference(NamedTuple):
    """A secret of ZenML and its key, or an environment variable; the parts of the other form are ""."""

    secret: str
    key: str
    variable: str


def parse(value: object) -> Reference | None:
    """Read text that is a reference and nothing else; None for all else."""
    found = re.fullmatch(_WHOLE, value) if isinstance(value, str) else None
    return Reference(*(part or "" for part in found.groups())) if found else None


def only_references(value: Any) -> bool:
    """Return whether a sensitive field may hold a value: null, a reference, or lists and mappings of these."""
    if value is None:
        return True
    if isinstance(value, str):
        return re.fullmatch(_WHOLE, value) is not None
    if isinstance(value, dict):
        return all(map(only_references, value.values()))
    return isinstance(value, list) and all(map(only_references, value))


def is_sensitive(schema: Any) -> bool:
    """Say whether a field's JSON Schema marks it: by our word, ZenML's (``sensitive``) or OpenAPI's (``password``)."""
    return isinstance(schema, dict) and (
        schema.get("x-sensitive") is True or schema.get("sensitive") is True or schema.get("format") == "password"
    )
