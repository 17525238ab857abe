"""ZenML's components and stacks as documents of a profile."""

from typing import NamedTuple

from zenprofile.core.change import same
from zenprofile.core.entity import COMPONENT_TYPES, Data, Entity, Key, normal
from zenprofile.core.schema.catalog import Schema
from zenprofile.core.secrets import references
from zenprofile.core.zenml_import import LABEL_OF_NAME, ONLY_013, Naming, sanitize
from zenprofile.zenml import remote as r
from zenprofile.zenml.remote import RemoteInventory


class PulledDocuments(NamedTuple):
    """Documents that differ from the profile's, flavors first, and what to say about them, a line each."""

    documents: dict[Key, Data]
    notes: list[str]


class _Pulling:
    def __init__(self, entities: dict[Key, Entity], remote: RemoteInventory, shipped: set[tuple[str, str]]) -> None:
        self.entities = entities
        self.remote = remote
        self.shipped = shipped
        self.notes: list[str] = []
        self.names = {("stack", ""): self._naming("stack", "", list(remote.stacks))}
        for type_ in {type_ for type_, _ in remote.components}:
            originals = [name for each, name in remote.components if each == type_]
            self.names["component", type_] = self._naming("component", type_, originals)

    def _naming(self, kind: str, type_: str, originals: list[str]) -> Naming:
        """Return names for ZenML's entities: those that the profile has for them already, else new ones."""
        naming = Naming()
        for key, entity in self.entities.items():
            original = r.name_in_zenml(entity.data)
            if (key.kind, key.type) == (kind, type_) and original in originals:
                naming.reserve(original, key.name)
        naming.add(originals)
        self.notes += [f"{type_ or kind} {name!r} is called '{here}' here" for name, here in naming.changed()]
        return naming

    def labels(self, kind: str, type_: str, there: r.Component | r.Stack) -> dict[str, str]:
        found = r.their_labels(there.labels)
        naming = self.names[kind, type_]
        if naming[there.name] != there.name:
            found[LABEL_OF_NAME] = there.name
        if isinstance(there, r.Component) and there.connector:
            found[r.CONNECTOR] = there.connector
            if there.resource:
                found[r.RESOURCE] = there.resource
        return found


def pull(entities: dict[Key, Entity], remote: RemoteInventory, shipped: set[tuple[str, str]]) -> PulledDocuments:
    """Return the documents that a profile needs to hold what ZenML holds; nothing is deleted.

    Args:
        entities: of the profile.
        remote: what ZenML holds.
        shipped: flavors that zenprofile brings, by type and name.
    """
    p = _Pulling(entities, remote, shipped)
    documents: dict[Key, Data] = {}
    for component in remote.components.values():
        if component.name != r.DEFAULT:
            _component(p, component, documents)
    for stack in remote.stacks.values():
        if stack.name != r.DEFAULT:
            _stack(p, stack, documents)
    _defaults(p, documents)
    order = ("flavor", "component", "stack")
    return PulledDocuments(
        dict(sorted(documents.items(), key=lambda item: (order.index(item[0].kind), item[0]))), p.notes
    )


def flavor_document(flavor: r.Flavor) -> Data:
    """Return a flavor of ZenML as a document."""
    source = {"source": flavor.source} if flavor.source else {}
    return {"name": flavor.name, "type": flavor.type, **source, "schema": flavor.schema}


def _component(p: _Pulling, there: r.Component, documents: dict[Key, Data]) -> None:
    place = (there.type, there.flavor)
    flavor = Key("flavor", *place)
    if place not in p.shipped and flavor not in p.entities and place in p.remote.flavors:
        documents[flavor] = flavor_document(p.remote.flavors[place])
    key = Key("component", there.type, p.names["component", there.type][there.name])
    old = p.entities.get(key)
    schema = p.remote.schema(*place)
    tidied = sanitize(key, there.flavor, there.configuration, schema)
    configuration = tidied.configuration
    if old is not None and old.data.get("flavor") == there.flavor:
        configuration = _in_our_words(old.data.get("configuration") or {}, there, tidied.configuration, schema)
    labels = p.labels("component", there.type, there)
    data: Data = {"name": key.name, "type": there.type, "flavor": there.flavor, "configuration": configuration}
    if _add_if_changed(documents, key, old, data, labels):
        p.notes += tidied.notes
    if there.secrets:
        p.notes.append(f"{key}: ZenML attaches secrets to it ({len(there.secrets)}), which stay in ZenML alone")


def _in_our_words(ours: Data, there: r.Component, tidied: Data, schema: Schema | None) -> Data:
    """Return ZenML's settings, written as ours where both mean the same; our references to its secrets stay."""
    differ = r.differing(ours, there.configuration, schema)
    if there.labels.get(r.KEPT_AS) == r.kept_as(ours, there.configuration):
        differ = {}
    kept = {field: value for field, value in ours.items() if field not in differ}
    for field in differ:
        plain = field in tidied and tidied[field] != there.configuration.get(field)
        if plain and references.parse(ours.get(field)):
            kept[field] = ours[field]
        elif field in tidied:
            kept[field] = tidied[field]
    return kept


def _stack(p: _Pulling, there: r.Stack, documents: dict[Key, Data]) -> None:
    key = Key("stack", "", p.names["stack", ""][there.name])
    old = p.entities.get(key)
    mine = normal(key, old.data).get("components", {}) if old is not None else {}
    lists = {type_: names for type_, names in mine.items() if type_ in ONLY_013}
    for type_, names in p.remote.names(there).items():
        lists[type_] = [p.names["component", type_][name] for name in names]
    ordered = {type_: lists[type_] for type_ in COMPONENT_TYPES if lists.get(type_)}
    components = {type_: names[0] if len(names) == 1 else names for type_, names in ordered.items()}
    data: Data = {"name": key.name, "components": components}
    description = there.description or (old.data.get("description") if old is not None else "")
    if description:
        data["description"] = description
    _add_if_changed(documents, key, old, data, p.labels("stack", "", there))


def _add_if_changed(
    documents: dict[Key, Data], key: Key, old: Entity | None, data: Data, labels: dict[str, str]
) -> bool:
    """Add a document, unless the profile has it so already; return whether it was added."""
    kept: Data = {} if old is None else {f: v for f, v in old.data.items() if f == "description"}
    new = {**kept, **data, **({"labels": labels} if labels else {})}
    if old is not None and same(_plain(key, old.data), _plain(key, new)):
        return False
    documents[key] = new
    return True


def _plain(key: Key, data: Data) -> Data:
    found = {field: value for field, value in normal(key, data).items() if value not in ({}, "")}
    if key.kind == "stack":
        found["components"] = dict(sorted(found.get("components", {}).items()))
    return found


def _defaults(p: _Pulling, documents: dict[Key, Data]) -> None:
    """Add ZenML's own default components where a stack names one that the profile lacks."""
    for data in [data for key, data in documents.items() if key.kind == "stack"]:
        for type_, names in normal(Key("stack", "", ""), data)["components"].items():
            there = p.remote.components.get((type_, r.DEFAULT))
            key = Key("component", type_, r.DEFAULT)
            if r.DEFAULT in names and there is not None and key not in p.entities:
                documents[key] = {"name": r.DEFAULT, "type": type_, "flavor": there.flavor, "configuration": {}}
