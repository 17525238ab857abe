"""Schemas for editors: one file a kind, complete in itself, and the mapping that says which file is whose."""

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from zenprofile.core.entity import COMPONENT_TYPES, KINDS, MANIFEST
from zenprofile.errors import StoreBroken
from zenprofile.resources import catalog
from zenprofile.store.base import Store
from zenprofile.store.capabilities import InWorkTree

# The dialect that the YAML language server knows best.
DIALECT = "http://json-schema.org/draft-07/schema#"
MAPPING = "yaml-schemas.json"
_SAFE = re.compile(r"[\w. /@-]+", re.ASCII)  # what the server takes for a path and not for an address


class ProfileFolder(NamedTuple):
    """A profile's place: the top of its repository, which an editor has open, and its folder there ("" for the top)."""

    top: Path
    prefix: str


def export(directory: Path, place: ProfileFolder | None = None) -> list[Path]:
    """Write the schemas of all kinds and the editor's mapping; the folder is made, files of these names are replaced.

    Args:
        directory: where to.
        place: of the profile whose files the mapping names; None for one that is in no folder.

    Returns:
        The files, the mapping last.

    Raises:
        StoreBroken: the folder cannot be written.
    """
    schemas = {f"{kind}.json": component() if kind == "component" else of_kind(kind) for kind in (*KINDS, "manifest")}
    top, before = (place.top, _anchor(place)) if place is not None else (Path.cwd(), "")
    patterns = {kind: [before + pattern] for kind, pattern in _patterns().items()}
    schemas[MAPPING] = {_address(directory / f"{kind}.json", top): files for kind, files in patterns.items()}
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


def place_of(store: Store) -> ProfileFolder | None:
    """Return where the profile of a store is; None for one that is in no repository."""
    repository = store.repository if isinstance(store, InWorkTree) else None
    return None if repository is None else ProfileFolder(repository.top, repository.prefix)


def _patterns() -> dict[str, str]:
    """Return the files of each kind, as editors name them."""
    folders = {kind.name: f"{kind.folder}/{'*/' if kind.typed else ''}*.yaml" for kind in KINDS.values()}
    return {**folders, "manifest": MANIFEST}


def _anchor(place: ProfileFolder) -> str:
    """Return what files of a profile have before them in an editor, and others in the repository have not.

    The server puts ``**/`` before each pattern, so that of a profile at the top the repository's folder is named too.
    It compares addresses, in which all but letters, digits and a few signs stand escaped.
    """
    from urllib.parse import quote

    return quote(place.prefix or f"{place.top.name}/")


def _address(path: Path, top: Path) -> str:
    """Return a schema's address: below the folder that the editor has open where it lies there, else the whole one."""
    whole = path.absolute()
    below = os.path.relpath(os.path.realpath(whole), os.path.realpath(top)).replace(os.sep, "/")
    return whole.as_uri() if below.startswith("../") or not _SAFE.fullmatch(below) else f"./{below}"


def of_kind(kind: str) -> dict[str, Any]:
    """Return a kind's schema in the editors' dialect."""
    schema: dict[str, Any] = _as_draft07(catalog().kind(kind).raw)
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
    schema = {word: value for word, value in _as_draft07(known.raw if known else {}).items() if word != "$schema"}
    then: dict[str, Any] = {"properties": {"configuration": {"$ref": f"#/definitions/{place}"}}}
    return schema, then | ({"required": ["configuration"]} if schema.get("required") else {})


def _as_draft07(value: Any) -> Any:
    """Return a schema in which definitions stand where draft-07 looks for them."""
    if isinstance(value, list):
        return [_as_draft07(item) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {("definitions" if word == "$defs" else word): _as_draft07(item) for word, item in value.items()}
    if isinstance(renamed.get("$ref"), str):
        renamed["$ref"] = renamed["$ref"].replace("#/$defs/", "#/definitions/")
    return renamed
