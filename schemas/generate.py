"""Write the JSON Schemas of kinds and flavors: ``python schemas/generate.py FACTS_DIR [TARGET_DIR]``.

FACTS_DIR holds ``zenml-<version>-flavors.json`` of the two versions: for 0.13 the signature of each flavor's settings
in Python's words, for 0.98 the fields' JSON types. The same input gives the same bytes.
"""

import ast
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from zenprofile.core.entity import COMPONENT_TYPES, FORMAT, KINDS
from zenprofile.core.secrets import references

OLD, NEW = "0.13.2", "0.98.0"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
WIDTH = 120
NAME = {"type": "string", "pattern": "^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$", "x-rule": "name"}

# ------------------------------------------------------------------------------------------------- ZenML 0.13

_PLAIN = {"str": "string", "int": "integer", "bool": "boolean", "float": "number"}
_GENERIC = {"Mapping": "object", "Dict": "object", "Tuple": "array", "List": "array", "Sequence": "array"}
# ZenML 0.13's own enumeration, and the constants that its signatures name, read in its source.
_ENUMS = {"SecretsManagerScope": ["component", "global", "namespace", "none"]}
_CONSTANTS = {
    "DEFAULT_KFP_METADATA_GRPC_PORT": 8081,
    "DEFAULT_KFP_UI_PORT": 8080,
    "DEFAULT_TEKTON_UI_PORT": 8080,
    "SecretsManagerScope.COMPONENT": "component",
    "<SecretsManagerScope.COMPONENT: 'component'>": "component",
}
_SENSITIVE = ("password", "token")
_SENSITIVE_ENDS = ("_password", "_token", "_key", "_secret")
_NAMES_OF_SECRETS = ("authentication_secret",)


def split(signature: str) -> list[str]:
    """Split a signature at the commas that stand outside brackets and quotes."""
    parts, depth, quoted = [""], 0, False
    for character in "" if signature == "-" else signature:
        quoted ^= character == "'"
        depth += 0 if quoted else (character in "[({") - (character in "])}")
        if character == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def annotation(text: str) -> dict[str, Any]:
    """Return types and choices of a Python annotation."""
    if text.startswith("Optional["):
        inner = annotation(text[len("Optional[") : -1])
        return {**inner, "type": sorted([*inner["type"], "null"])}
    if text in _ENUMS:
        return {"type": ["string"], "enum": _ENUMS[text]}
    return {"type": [_PLAIN.get(text) or _GENERIC[text.partition("[")[0]]]}


def parameter(text: str, required: bool) -> tuple[str, dict[str, Any]]:
    """Read ``port: int = 8093`` into a name and a field in the newer facts' form."""
    name, _, rest = text.partition(":")
    kind, equals, default = rest.partition(" = ")
    field = annotation(kind.strip())
    if equals:
        value = _CONSTANTS[default] if default in _CONSTANTS else ast.literal_eval(default)
        field |= {} if value is None else {"default": value}
    marked = name in _SENSITIVE or name.endswith(_SENSITIVE_ENDS)
    sensitive = marked and name not in _NAMES_OF_SECRETS and "string" in field["type"]
    return name, field | ({"required": True} if required else {}) | ({"sensitive": True} if sensitive else {})


def old_fields(flavor: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of a flavor of 0.13 in the form in which the newer facts give theirs."""
    required = [parameter(part, True) for part in split(flavor["required"])]
    return dict([*required, *(parameter(part, False) for part in split(flavor["optional"]))])


# ---------------------------------------------------------------------------------------------------- flavors


def field_schema(name: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of a field from what each version says of it: the union, the newer one's marks first."""
    fields = [fields[name] for fields in known.values() if name in fields]
    newest = fields[-1]
    types = sorted({type_ for field in fields for type_ in field["type"]})
    schema: dict[str, Any] = {}
    if "any" not in types:
        schema["type"] = types[0] if len(types) == 1 else types
    if all("enum" in field for field in fields):
        choices = sorted({choice for field in fields for choice in field["enum"]})
        schema["enum"] = choices + ([None] if "null" in types else [])
    if newest.get("sensitive"):
        schema |= {"pattern": references.PATTERN, "description": f"a reference: {references.FORMS}"}
    if newest.get("default") is not None:
        schema["default"] = newest["default"]
    if newest.get("sensitive"):
        schema["x-sensitive"] = True
    schema["x-zenml"] = [version for version, fields in known.items() if name in fields]
    return schema


def flavor_schema(type_: str, flavor: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of a flavor's configuration.

    Args:
        type_: component type.
        flavor: its name.
        known: the fields by version, the older one first, of the versions that have the flavor.
    """
    names = sorted({name for fields in known.values() for name in fields})
    required = [n for n in names if all(fields.get(n, {}).get("required") for fields in known.values())]
    schema: dict[str, Any] = {"$schema": DIALECT, "title": f"{type_} flavor {flavor}", "type": "object"}
    schema["properties"] = {name: field_schema(name, known) for name in names}
    if required:
        schema["required"] = required
    return schema | {"additionalProperties": False, "x-zenml": list(known)}


def flavors(facts: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the schemas by component type and flavor."""
    known: dict[tuple[str, str], dict[str, Any]] = {}
    for version in (OLD, NEW):
        for row in json.loads((facts / f"zenml-{version}-flavors.json").read_text()):
            fields = row["fields"] if "fields" in row else old_fields(row)
            known.setdefault((row["type"], row["flavor"]), {})[version] = fields
    return {key: flavor_schema(*key, known[key]) for key in sorted(known)}


# ------------------------------------------------------------------------------------------------------ kinds

_TYPE = {"enum": list(COMPONENT_TYPES)}
_NAMES = {"type": "array", "items": NAME, "uniqueItems": True}
_FIELDS: dict[str, dict[str, Any]] = {
    "name": NAME,
    "type": _TYPE,
    "flavor": NAME,
    "description": {"type": "string"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "configuration": {"type": "object", "description": "what the flavor's schema says"},
    "components": {
        "type": "object",
        "x-noun": "component type",
        "properties": {type_: {"$ref": "#/$defs/names", "x-merge": "set"} for type_ in COMPONENT_TYPES},
        "additionalProperties": False,
    },
    "source": {"type": "string", "description": "where the implementation is; never imported"},
    "schema": {"type": "object", "description": "a JSON Schema of the configuration"},
    "email": {"type": "string"},
    "full_name": {"type": "string"},
    "members": {**_NAMES, "x-merge": "set"},
    "assignments": {
        "type": "array",
        "uniqueItems": True,
        "x-merge": "set",
        "items": {
            "type": "object",
            "x-expected": "for a user or for a team, one of the two",
            "properties": {"user": NAME, "team": NAME, "project": NAME},
            "oneOf": [{"required": ["user"]}, {"required": ["team"]}],
            "additionalProperties": False,
        },
    },
}
_DEFS = {
    "stack": {
        "names": {
            "x-expected": "a name, or a list of different names",
            "anyOf": [NAME, {**_NAMES, "minItems": 1}],
        }
    }
}
_REQUIRED = {"component": ["name", "type", "flavor"], "stack": ["name", "components"], "flavor": ["name", "type"]}


def kinds() -> dict[str, dict[str, Any]]:
    """Return the schemas of documents by kind, and that of ``zenprofile.yaml``."""
    made: dict[str, dict[str, Any]] = {
        kind.name: {
            "$schema": DIALECT,
            "title": kind.name,
            "type": "object",
            "properties": {field: _FIELDS[field] for field in kind.fields},
            "required": _REQUIRED.get(kind.name, ["name"]),
            "additionalProperties": False,
            **({"$defs": _DEFS[kind.name]} if kind.name in _DEFS else {}),
        }
        for kind in KINDS.values()
    }
    made["manifest"] = {
        "$schema": DIALECT,
        "title": "manifest",
        "type": "object",
        "properties": {"format": {"const": FORMAT}},
        "required": ["format"],
        "additionalProperties": False,
    }
    return made


# ------------------------------------------------------------------------------------------------------ files


def dump(value: Any, indent: int = 0) -> str:
    """Return JSON with what fits on a line on one: a changed field is a changed line."""
    line = json.dumps(value, ensure_ascii=False)
    # The outer levels always stand one key a line, so that a second field does not move the first.
    if not isinstance(value, dict | list) or (indent >= 4 and len(line) + indent <= WIDTH) or not value:
        return line
    pad = " " * (indent + 2)
    if isinstance(value, list):
        if not any(isinstance(item, dict | list) for item in value) and len(line) + indent <= WIDTH:
            return line
        return "[\n" + ",\n".join(pad + dump(item, indent + 2) for item in value) + "\n" + " " * indent + "]"
    rows = (f"{pad}{json.dumps(key)}: {dump(item, indent + 2)}" for key, item in value.items())
    return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"


def files(facts: Path) -> dict[str, str]:
    """Return the text of every schema file by its path below ``schemas/``."""
    known = flavors(facts)
    index: dict[str, list[str]] = {}
    for type_, flavor in known:
        index.setdefault(type_, []).append(flavor)
    made = {f"kinds/{kind}.json": schema for kind, schema in kinds().items()}
    made |= {f"flavors/{type_}/{flavor}.json": schema for (type_, flavor), schema in known.items()}
    made["flavors/index.json"] = index
    texts = {path: dump(made[path]) + "\n" for path in sorted(made)}
    digest = hashlib.sha256(json.dumps(texts).encode()).hexdigest()
    # What caches of checked documents look at, in place of a hundred files.
    return {**texts, "digest.json": dump({"sha256": digest}) + "\n"}


def main(facts: str, target: str = str(Path(__file__).parent)) -> None:
    """Write the files; those of flavors that are gone are removed."""
    made = files(Path(facts))
    for stale in Path(target).glob("**/*.json"):
        if stale.relative_to(target).as_posix() not in made:
            stale.unlink()
    for name, text in made.items():
        path = Path(target, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{len(made)} schemas")


if __name__ == "__main__":
    main(*sys.argv[1:])
