"""Schemas for editors: one file a kind, complete in itself, and the mapping that says which file is whose."""

import json
from pathlib import Path
from typing import Any

from zenprofile.core.entity import COMPONENT_TYPES, KINDS, MANIFEST
from zenprofile.errors import StoreBroken
from zenprofile.resources import catalog

# The dialect that the YAML language server knows best.
DIALECT = "http://json-schema.org/draft-07/schema#"
MAPPING = "yaml-schemas.json"


def export(directory: Path) -> list[Path]:
    """Write the schemas of all kinds and the editor's mapping; the folder is made, files of these names are replaced.

    Args:
        directory: where to; the mapping names the schemas as it does, so a relative one suits an editor that is opened
            on the current folder.

    Returns:
        The files, the mapping last.

    Raises:
        StoreBroken: the folder cannot be written.
    """
    schemas = {f"{kind}.json": component() if kind == "component" else of_kind(kind) for kind in (*KINDS, "manifest")}
    schemas[MAPPING] = {_address(directory / f"{kind}.json"): [pattern] for kind, pattern in _patterns().items()}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, schema in schemas.items():
            text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreBroken(
            f"the schemas cannot be written to {directory}: {error.strerror}", hint="name a folder that you may write"
        ) from error
    return [directory / name for name in schemas]


def _patterns() -> dict[str, str]:
    """Return the files of each kind, as editors name them."""
    folders = {kind.name: f"{kind.folder}/{'**/' if kind.typed else ''}*.yaml" for kind in KINDS.values()}
    return {**folders, "manifest": MANIFEST}


def _address(path: Path) -> str:
    return path.as_posix() if path.is_absolute() else f"./{path.as_posix()}"


def of_kind(kind: str) -> dict[str, Any]:
    """Return a kind's schema in the editors' dialect."""
    schema: dict[str, Any] = _older(catalog().kind(kind).raw)
    return {**schema, "$schema": DIALECT}


def component() -> dict[str, Any]:
    """Return the schema of components with those of all known flavors in it, chosen by type and flavor."""
    schema = of_kind("component")
    name = schema["properties"]["flavor"]
    rules, definitions = [], {}
    for type_ in COMPONENT_TYPES:
        flavors = catalog().flavors(type_)
        # Offered by the editor, and not demanded: a profile may register more.
        offered = {"anyOf": [{"enum": flavors}, name]}
        rules.append(_rule({"type": type_}, {"properties": {"flavor": offered}}))
        for flavor in flavors:
            place = f"{type_}.{flavor}"
            definitions[place], then = _configuration(type_, flavor, place)
            rules.append(_rule({"type": type_, "flavor": flavor}, then))
    return {**schema, "allOf": rules, "definitions": definitions}


def _rule(fields: dict[str, str], then: dict[str, Any]) -> dict[str, Any]:
    are = {field: {"const": value} for field, value in fields.items()}
    return {"if": {"properties": are, "required": list(fields)}, "then": then}


def _configuration(type_: str, flavor: str, place: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a flavor's schema, and what it asks of the component's document."""
    known = catalog().flavor(type_, flavor)
    schema = {word: value for word, value in _older(known.raw if known else {}).items() if word != "$schema"}
    then: dict[str, Any] = {"properties": {"configuration": {"$ref": f"#/definitions/{place}"}}}
    return schema, then | ({"required": ["configuration"]} if schema.get("required") else {})


def _older(value: Any) -> Any:
    """Return a schema in which definitions stand where draft-07 looks for them."""
    if isinstance(value, list):
        return [_older(item) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {("definitions" if word == "$defs" else word): _older(item) for word, item in value.items()}
    if isinstance(renamed.get("$ref"), str):
        renamed["$ref"] = renamed["$ref"].replace("#/$defs/", "#/definitions/")
    return renamed
