"""Files that hold a stack with its components: those of ZenML 0.13 and 0.98, and zenprofile's own documents."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from zenprofile.core.entity import COMPONENT_TYPES, Data, Entity, Key, component_keys, key_of, normal
from zenprofile.core.snapshot import Snapshot, flavor_of
from zenprofile.core.zenml_import import ONLY_013, ONLY_098, REPEATABLE, Naming, sanitize
from zenprofile.errors import Invalid, Problem, Unsupported
from zenprofile.usecases import lookup, streams

FORMATS = ("zenprofile", "zenml", "zenml-0.13")
VERSIONS = {"zenml": "0.98.0", "zenml-0.13": "0.13.2"}


class StackFile(NamedTuple):
    """What a file holds.

    Attributes:
        format: which of `FORMATS` it is.
        documents: flavors, then components, then stacks, as a profile may hold them.
        texts: the documents as they stand in the file, with their comments; empty for ZenML's formats.
        notes: what is other than in the file, a line each.
    """

    format: str
    documents: dict[Key, Data]
    texts: dict[Key, str]
    notes: list[str]


# ---------------------------------------------------------------------------------------------------- writing


def write(snapshot: Snapshot, name: str, format_: str, laid: Callable[[Entity], Data]) -> tuple[str, list[str]]:
    """Return a stack and what it needs as the text of a file, and notes on what the format cannot hold.

    Args:
        snapshot: where it is.
        name: of the stack.
        format_: one of `FORMATS`.
        laid: gives an entity's data as it is to be written.

    Raises:
        NotFound: there is no such stack, or a component of it is missing.
        Unsupported: the format has no place for a part of it.
        Invalid: it, or a component of it, is invalid.
    """
    stack = _sound(snapshot, lookup.find(snapshot, "stack", name))
    keys = component_keys(stack.data)
    snapshot.prefetch(keys)
    components = [_sound(snapshot, key) for key in keys]
    if format_ == "zenprofile":
        return _as_documents(snapshot, stack, components, laid), []
    return (_as_098 if format_ == "zenml" else _as_013)(stack, components, laid)


def _sound(snapshot: Snapshot, key: Key) -> Entity:
    entity = lookup.read(snapshot, key)
    problems = lookup.problems(snapshot, entity)
    if problems:
        raise Invalid.of(problems)
    return entity


def _as_documents(snapshot: Snapshot, stack: Entity, components: list[Entity], laid: Callable[[Entity], Data]) -> str:
    flavors = [Key("flavor", each.key.type, str(each.data.get("flavor"))) for each in components]
    snapshot.prefetch(flavors)
    entities = [snapshot.get(key) for key in dict.fromkeys(flavors)]
    return streams.write(
        (entity.key, _text(snapshot, entity, laid)) for entity in [*entities, *components, stack] if entity is not None
    )


def _text(snapshot: Snapshot, entity: Entity, laid: Callable[[Entity], Data]) -> str:
    from zenprofile.core.document import edit

    text, data = snapshot.text(entity.key) or "", laid(entity)
    return text if data is entity.data else edit.edit(text, data)


def _as_098(stack: Entity, components: list[Entity], laid: Callable[[Entity], Data]) -> tuple[str, list[str]]:
    notes = _left_out(stack, components)
    by_type: dict[str, list[Data]] = {}
    for component in components:
        if component.key.type in ONLY_013:
            notes.append(f"{component.key} is left out: ZenML 0.98 has no {component.key.type}")
            continue
        data = laid(component)
        by_type.setdefault(component.key.type, []).append(
            {
                "configuration": data.get("configuration") or {},
                "flavor": data["flavor"],
                "name": component.key.name,
                "type": component.key.type,
            }
        )
    for type_, found in by_type.items():
        if len(found) > 1 and type_ not in REPEATABLE:
            raise _no_place(stack.key, f"ZenML 0.98 takes one {type_} in a stack")
    return _file(stack, by_type, "zenml"), notes


def _as_013(stack: Entity, components: list[Entity], laid: Callable[[Entity], Data]) -> tuple[str, list[str]]:
    notes = _left_out(stack, components)
    by_type: Data = {}
    for component in components:
        type_ = component.key.type
        if type_ in ONLY_098:
            raise _no_place(stack.key, f"ZenML 0.13 has no {type_}")
        if type_ in by_type:
            raise _no_place(stack.key, f"ZenML 0.13 takes one {type_} in a stack")
        data = laid(component)
        configuration = data.get("configuration") or {}
        taken = configuration.keys() & {"name", "flavor"}
        if taken:
            raise _no_place(component.key, f"its field '{min(taken)}' has another meaning in that format")
        by_type[type_] = {"flavor": data["flavor"], "name": component.key.name, **configuration}
    return _file(stack, by_type, "zenml-0.13"), notes


def _file(stack: Entity, by_type: Data, format_: str) -> str:
    from zenprofile.core.document import writer

    ordered = {type_: by_type[type_] for type_ in sorted(by_type)}
    return writer.dump({"components": ordered, "stack_name": stack.key.name, "zenml_version": VERSIONS[format_]})


def _left_out(stack: Entity, components: list[Entity]) -> list[str]:
    found = [e.key for e in (stack, *components) if e.data.get("labels") or e.data.get("description")]
    return [f"labels and descriptions are left out: the format has no place for them ({found[0]})"] if found else []


def _no_place(key: Key, reason: str) -> Unsupported:
    return Unsupported(f"{key} does not fit the format: {reason}", hint="choose another --format")


# ---------------------------------------------------------------------------------------------------- reading


def read(text: str, file: str, snapshot: Snapshot) -> StackFile:
    """Read a file of any of the formats, told apart by what it holds.

    Args:
        text: what it holds.
        file: its name, for messages.
        snapshot: whose registered flavors count as known.

    Raises:
        Invalid: it is none of them, or it cannot be read.
    """
    from zenprofile.core.document import reader

    if _has_kinds(text):
        given = {document.key: document for document in streams.read(text, file)}
        documents = {key: given[key].data for key in sorted(given, key=_order)}
        return StackFile("zenprofile", documents, {key: document.text for key, document in given.items()}, [])
    data = reader.read(text, file)
    components = data.get("components")
    name = data.get("stack_name")
    if not isinstance(components, dict) or not isinstance(name, str):
        message = "this is no stack of ZenML, and no document with a kind"
        hint = "give what 'zenml stack export' or 'zenprofile stack export' wrote"
        raise Invalid.of([Problem(file, 1, 1, "", message, hint, "not-a-stack")])
    return _of_zenml(name, components, file, snapshot)


def _has_kinds(text: str) -> bool:
    return text.lstrip()[:1] == "[" or any(line.startswith("kind:") for line in text.splitlines())


def _order(key: Key) -> tuple[int, Key]:
    return (("flavor", "component").index(key.kind) if key.kind in {"flavor", "component"} else 2, key)


def _of_zenml(name: str, components: Data, file: str, snapshot: Snapshot) -> StackFile:
    newer = all(isinstance(value, list) for value in components.values())
    records = [
        _record(type_, record, file) for type_, value in components.items() for record in (value if newer else [value])
    ]
    documents: dict[Key, Data] = {}
    notes: list[str] = []
    names: dict[str, Naming] = {}
    for type_, record in records:
        names.setdefault(type_, Naming()).add([record["name"]])
    stack = Naming()
    stack.add([name])
    for type_, record in records:
        data, more_notes = _component(type_, record, names[type_], snapshot, newer=newer)
        documents[key_of("component", data)] = data
        notes += more_notes
    by_type: dict[str, list[str]] = {}
    for type_, record in sorted(records, key=lambda pair: COMPONENT_TYPES.index(pair[0])):
        by_type.setdefault(type_, []).append(names[type_][record["name"]])
    lists = {type_: found[0] if len(found) == 1 else found for type_, found in by_type.items()}
    documents[Key("stack", "", stack[name])] = {"name": stack[name], **stack.labels(name), "components": lists}
    for naming in (stack, *names.values()):
        notes += [f"{original!r} is called '{here}' here" for original, here in naming.changed()]
    return StackFile("zenml" if newer else "zenml-0.13", documents, {}, notes)


def _record(type_: str, record: Any, file: str) -> tuple[str, Data]:
    if type_ not in COMPONENT_TYPES:
        message, hint = f"{type_[:60]!r} is no component type", f"the types are {', '.join(COMPONENT_TYPES)}"
        raise Invalid.of([Problem(file, 0, 0, f"components.{type_[:60]}", message, hint, "bad-type")])
    fields = (record.get("name"), record.get("flavor")) if isinstance(record, dict) else (None, None)
    if not all(isinstance(field, str) for field in fields):
        message = f"a component of type {type_} has no name, or no flavor"
        hint = "give the file as ZenML wrote it"
        raise Invalid.of([Problem(file, 0, 0, f"components.{type_}", message, hint, "not-a-stack")])
    return type_, record


def _component(type_: str, record: Data, naming: Naming, snapshot: Snapshot, *, newer: bool) -> tuple[Data, list[str]]:
    if newer:
        configuration = record.get("configuration") or {}
        configuration = configuration if isinstance(configuration, dict) else {}
    else:
        configuration = {field: value for field, value in record.items() if field not in {"name", "flavor", "uuid"}}
    key = Key("component", type_, naming[record["name"]])
    tidied = sanitize(key, record["flavor"], configuration, schema_of(snapshot, type_, record["flavor"]))
    notes = tidied.notes
    if tidied.configuration.get("secret") != configuration.get("secret"):
        notes.append(
            f"{key}: 'secret' is a field here; '--secret=NAME' of 'zenml {type_.replace('_', '-')} register' "
            "attaches a ZenML secret instead, and sets no field"
        )
    document = {
        "name": key.name,
        "type": type_,
        "flavor": record["flavor"],
        **naming.labels(record["name"]),
        "configuration": tidied.configuration,
    }
    return document, notes


def schema_of(snapshot: Snapshot, type_: str, flavor: str) -> Any:
    """Return the schema of a flavor's configuration, None where nobody has it."""
    from zenprofile import resources
    from zenprofile.core import document_check

    try:
        return document_check.flavor_schema(type_, flavor, resources.catalog(), lambda t, f: flavor_of(snapshot, t, f))
    except KeyError:
        return None


def references(key: Key, data: Data) -> Iterator[Key]:
    """Yield the flavor that a component needs, and the components of a stack."""
    if key.kind == "component":
        yield Key("flavor", key.type, str(data.get("flavor")))
    if key.kind == "stack":
        for type_, names in normal(key, data).get("components", {}).items():
            yield from (Key("component", type_, name) for name in names)
