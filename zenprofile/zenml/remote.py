"""What ZenML holds, as its process tells it; and what of it is a profile's business."""

import hashlib
import json
from functools import cached_property
from typing import Any, NamedTuple

from zenprofile.core.change import same
from zenprofile.core.entity import Data, Key
from zenprofile.core.schema.catalog import Schema
from zenprofile.core.secrets import references
from zenprofile.core.zenml_import import LABEL_OF_NAME

# Labels in ZenML that say what `apply` made, for whom, and how ZenML keeps what it was sent.
OWNER = "zenprofile.profile"
KEPT_AS = "zenprofile.kept-as"
# Labels in a profile that name a component's service connector in ZenML, and its resource there.
CONNECTOR = "zenml.connector"
RESOURCE = "zenml.connector_resource"
_OURS_ALONE = frozenset({LABEL_OF_NAME, CONNECTOR, RESOURCE})
_THEIRS_ALONE = frozenset({OWNER, KEPT_AS})
DEFAULT = "default"


class Component(NamedTuple):
    """A component in ZenML; see `zenprofile.zenml.child.as_component`."""

    id: str
    type: str
    name: str
    flavor: str
    configuration: Data
    labels: dict[str, str]
    connector: str
    resource: str
    secrets: list[str]
    updated: str
    user: str


class Stack(NamedTuple):
    """A stack in ZenML; see `zenprofile.zenml.child.as_stack`."""

    id: str
    name: str
    description: str
    labels: dict[str, str]
    components: dict[str, list[str]]
    updated: str
    user: str


class Flavor(NamedTuple):
    """A flavor that ZenML knows, with the JSON Schema of its configuration."""

    type: str
    name: str
    source: str
    custom: bool
    schema: Data


class RemoteInventory:
    """Everything that ZenML holds of a profile's kinds, found by exact names alone.

    Args:
        answer: of the request ``read``.
    """

    def __init__(self, answer: dict[str, Any]) -> None:
        self.components = {(c["type"], c["name"]): component(c) for c in answer["components"]}
        self.stacks = {s["name"]: stack(s) for s in answer["stacks"]}
        self.connectors: dict[str, str] = answer["connectors"]
        self.active = frozenset(answer["active"])
        self.flavors = {(f["type"], f["name"]): Flavor(**f) for f in answer["flavors"]}

    @cached_property
    def by_id(self) -> dict[str, Component]:
        """Components by id."""
        return {component.id: component for component in self.components.values()}

    def schema(self, type_: str, flavor: str) -> Schema | None:
        """Return ZenML's own schema of a flavor, None where it does not know the flavor."""
        found = self.flavors.get((type_, flavor))
        return None if found is None else Schema(found.schema, "this flavor", False)

    def users_of(self, id_: str) -> list[str]:
        """List the names of the stacks that have a component."""
        return [s.name for s in self.stacks.values() if any(id_ in ids for ids in s.components.values())]

    def names(self, found: Stack) -> dict[str, list[str]]:
        """Return a stack's components as names by type."""
        return {type_: [self.by_id[id_].name for id_ in ids] for type_, ids in found.components.items() if ids}


def component(answer: Data) -> Component:
    """Return a component of an answer."""
    return Component(**{**answer, "labels": _texts(answer["labels"])})


def stack(answer: Data) -> Stack:
    """Return a stack of an answer."""
    return Stack(**{**answer, "labels": _texts(answer["labels"])})


def _texts(labels: Data) -> dict[str, str]:
    return {str(name): str(value) for name, value in labels.items()}


def name_in_zenml(data: Data) -> str:
    """Return the name that an entity of the profile has in ZenML."""
    return str((data.get("labels") or {}).get(LABEL_OF_NAME, data["name"]))


def our_labels(data: Data) -> dict[str, str]:
    """Return the labels of an entity of the profile that ZenML is to have."""
    return {name: value for name, value in (data.get("labels") or {}).items() if name not in _OURS_ALONE}


def their_labels(labels: dict[str, str]) -> dict[str, str]:
    """Return the labels of ZenML that a profile keeps."""
    return {name: value for name, value in labels.items() if name not in _THEIRS_ALONE}


def is_default(key: Key, remote: RemoteInventory) -> bool:
    """Return whether an entity is one that ZenML makes by itself, and keeps."""
    if key.name != DEFAULT:
        return False
    return key.kind == "stack" or (key.type, key.name) in remote.components


# ------------------------------------------------------------------------------------- comparing configurations


def differing(ours: Data, theirs: Data, schema: Schema | None) -> Data:
    """Return the fields in which configurations differ, each with our value, None where we have none.

    A field that one side leaves out equals its default and null on the other, and a number equals its text, since ZenML
    takes ``"12"`` for 12.
    """
    found: Data = {}
    for field in {**ours, **theirs}:
        one, other = ours.get(field), theirs.get(field)
        node = (schema.field((field,)) if schema is not None else None) or {}
        if not _alike(one, other, node):
            found[field] = one
    return found


def _alike(one: Any, other: Any, node: Data) -> bool:
    if same(one, other):
        return True
    if one is None or other is None:
        default = node.get("default")
        return same(default if one is None else one, default if other is None else other)
    if isinstance(one, str) != isinstance(other, str) and "string" not in _types(node):
        text, value = (one, other) if isinstance(one, str) else (other, one)
        return text.strip().lower() == json.dumps(value).lower()
    return False


def _types(node: Data) -> set[str]:
    found = {str(node.get("type"))}
    return found | {str(each.get("type")) for each in node.get("anyOf", ()) if isinstance(each, dict)}


def kept_as(ours: Data, theirs: Data) -> str:
    """Return the mark that ZenML keeps these settings of ours as those of its own."""
    return f"{_digest(ours)}-{_digest(theirs)}"


def _digest(data: Data) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def hidden(configuration: Data, schema: Schema | None) -> Data:
    """Return a configuration with what its flavor marks sensitive out of sight, references aside."""
    shown: Data = {}
    for field, value in configuration.items():
        sensitive = schema is not None and references.is_sensitive(schema.field((field,)))
        shown[field] = "***" if sensitive and not references.only_references(value) else value
    return shown
