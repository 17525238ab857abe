"""The plan that makes ZenML match a profile: steps in an order that keeps ZenML valid."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from zenprofile.core import paths
from zenprofile.core.change import Changed
from zenprofile.core.entity import Data, Entity, Key, normal
from zenprofile.core.secrets import references
from zenprofile.core.zenml_import import ONLY_013, REPEATABLE
from zenprofile.errors import Problem
from zenprofile.zenml import remote as r
from zenprofile.zenml.remote import RemoteInventory

# What a new component of another flavor takes the place of, until no stack has it any more.
REPLACED = ".replaced-by-zenprofile"


class Step(NamedTuple):
    """One request to ZenML.

    Attributes:
        ask: the request's name.
        key: of the entity that it is about.
        more: the request's other keys. Components of stacks are names here; ids are put in when it is sent.
        words: what it does.
    """

    ask: str
    key: Key
    more: Data
    words: str


class Plan(NamedTuple):
    """What differs, what to do about it, what to say, and why nothing may be done."""

    changes: list[Changed]
    steps: list[Step]
    notes: list[str]
    refusals: list[Problem]


class PlanOptions(NamedTuple):
    """What `make` is to plan.

    Attributes:
        owner: the name under which what is made is marked.
        prune: whether what was made under that name, and is not in the profile, goes.
        stacks: names of stacks; these and their components alone are looked at. Empty: everything.
    """

    owner: str
    prune: bool = False
    stacks: frozenset[str] = frozenset()


class _Planning:
    """The plan in the making."""

    def __init__(self, entities: Iterable[Entity], remote: RemoteInventory, wanted: PlanOptions) -> None:
        self.remote = remote
        self.wanted = wanted
        self.entities = {entity.key: entity for entity in entities if entity.key.kind in {"component", "stack"}}
        self.first: list[Step] = []
        self.last: list[Step] = []
        self.changes: list[Changed] = []
        self.notes: list[str] = []
        self.refusals: list[Problem] = []
        self.matched: set[str] = set()

    def refuse(self, key: Key, message: str, hint: str, path: str = "") -> None:
        self.refusals.append(Problem(key.path, 0, 0, path, f"{key}: {message}", hint, "zenml"))


def make(entities: Iterable[Entity], remote: RemoteInventory, wanted: PlanOptions) -> Plan:
    """Plan what makes ZenML match a profile.

    Args:
        entities: of the profile.
        remote: what ZenML holds.
        wanted: what is to be planned.
    """
    p = _Planning(entities, remote, wanted)
    chosen = [entity for entity in p.entities.values() if _is_chosen(p, entity)]
    for entity in chosen:
        if r.is_default(entity.key, remote):
            continue
        if entity.key.kind == "stack":
            _stack(p, entity)
        elif entity.key.type in ONLY_013:
            p.notes.append(f"{entity.key} is left out: ZenML 0.98 has no {entity.key.type}")
        else:
            _component(p, entity)
    if not wanted.stacks:
        _report_only_in_zenml(p)
    changes = sorted(p.changes, key=lambda changed: changed.key)
    steps = [step for step in p.first if step.key.kind == "component"]
    steps += [step for step in p.first if step.key.kind == "stack"]
    return Plan(changes, [*steps, *p.last], p.notes, p.refusals)


def _is_chosen(p: _Planning, entity: Entity) -> bool:
    if not p.wanted.stacks:
        return True
    if entity.key.kind == "stack":
        return entity.key.name in p.wanted.stacks
    names = (_names(p.entities[key]) for name in p.wanted.stacks if (key := Key("stack", "", name)) in p.entities)
    return any(entity.key.name in by_type.get(entity.key.type, ()) for by_type in names)


def _names(stack: Entity) -> dict[str, list[str]]:
    found: dict[str, list[str]] = normal(stack.key, stack.data).get("components", {})
    return found


# ----------------------------------------------------------------------------------------------- components


def _component(p: _Planning, entity: Entity) -> None:
    key, data = entity.key, entity.data
    name, flavor = r.name_in_zenml(data), str(data.get("flavor"))
    configuration = {field: value for field, value in (data.get("configuration") or {}).items() if value is not None}
    there = p.remote.components.get((key.type, name))
    if there is not None:
        p.matched.add(there.id)
    _may_be_sent(p, key, flavor, configuration)
    connector = _connector(p, entity)
    if there is None or there.flavor != flavor:
        if there is not None and not _replace(p, entity, there):
            return
        labels = {**r.our_labels(data), r.OWNER: p.wanted.owner}
        more = {"type": key.type, "name": name, "flavor": flavor, "configuration": configuration, "labels": labels}
        p.first.append(Step("create_component", key, more, f"register {key}"))
        if connector:
            more = {"type": key.type, "name": name, **connector}
            p.first.append(Step("update_component", key, more, f"connect {key}"))
        p.changes.append(Changed(key, _as_our_document(p, entity, there) if there else None, data))
        return
    changes: Data = dict(connector)
    fields = r.differing(configuration, there.configuration, p.remote.schema(key.type, flavor))
    if fields and there.labels.get(r.KEPT_AS) != r.kept_as(configuration, there.configuration):
        changes |= {"configuration": fields, "wanted": configuration}
    labels_ = _labels(r.our_labels(data), there.labels)
    if labels_:
        changes["labels"] = labels_
    if changes:
        more = {"type": key.type, "name": name, **changes}
        p.first.append(Step("update_component", key, more, f"update {key}"))
        p.changes.append(Changed(key, _as_our_document(p, entity, there), data))


def _may_be_sent(p: _Planning, key: Key, flavor: str, configuration: Data) -> None:
    if (key.type, flavor) not in p.remote.flavors:
        hint = f"register it there: zenml {key.type.replace('_', '-')} flavor register SOURCE"
        p.refuse(key, f"ZenML knows no {key.type} flavor '{flavor}'", hint, "flavor")
    for path in _variables((), configuration):
        hint = "write {{secret.key}}, which ZenML resolves itself, or keep the value in ZenML"
        p.refuse(key, f"{paths.show(path)} is a variable of one machine, which ZenML does not resolve", hint)


def _variables(path: paths.Path, value: Any) -> Iterable[paths.Path]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _variables((*path, name), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _variables((*path, number), inner)
    elif isinstance(value, str):
        parsed = references.parse(value)
        if parsed is not None and parsed.variable:
            yield path


def _connector(p: _Planning, entity: Entity) -> Data:
    """Return what connects a component as the profile says; {} where it says nothing, or it is so already."""
    labels = entity.data.get("labels") or {}
    name, resource = labels.get(r.CONNECTOR), labels.get(r.RESOURCE, "")
    if not name:
        return {}
    there = p.remote.components.get((entity.key.type, r.name_in_zenml(entity.data)))
    if there is not None and (there.connector, there.resource) == (name, resource):
        return {}
    if name not in p.remote.connectors:
        hint = "register it there: zenml service-connector register"
        p.refuse(entity.key, f"ZenML has no service connector '{name}'", hint, f"labels.{r.CONNECTOR}")
        return {}
    return {"connector": p.remote.connectors[name], "resource": resource}


def _replace(p: _Planning, entity: Entity, there: r.Component) -> bool:
    """Plan to put a component of another flavor in the place of one that `apply` made; return whether that may be."""
    key = entity.key
    if there.labels.get(r.OWNER) != p.wanted.owner:
        hint = "rename or delete it in ZenML, or give the profile's another name"
        p.refuse(key, f"ZenML has one of flavor '{there.flavor}', which 'zenml apply' did not make", hint, "flavor")
        return False
    ours = {r.name_in_zenml(e.data) for e in p.entities.values() if e.key.kind == "stack" and _is_chosen(p, e)}
    others = [name for name in p.remote.users_of(there.id) if name not in ours]
    if others:
        hint = "take it out of these stacks in ZenML first"
        p.refuse(
            key, f"its flavor in ZenML is '{there.flavor}', and stacks of others use it: {', '.join(others)}", hint
        )
        return False
    name = there.name + REPLACED
    more = {"id": there.id, "type": key.type, "name": name}
    p.first.append(Step("update_component", key, {**more, "rename": True}, f"move {key} of flavor {there.flavor} away"))
    p.last.append(Step("delete_component", key, {"id": there.id, "type": key.type}, f"delete the old {key}"))
    return True


def _labels(ours: dict[str, str], theirs: dict[str, str]) -> dict[str, str | None]:
    kept = r.their_labels(theirs)
    new: dict[str, str | None] = {name: value for name, value in ours.items() if kept.get(name) != value}
    return {**new, **{name: None for name in kept if name not in ours}}


def _as_our_document(p: _Planning, entity: Entity, there: r.Component) -> Data:
    """Return a component of ZenML as a document: what says the same in other words is shown as the profile has it."""
    schema = p.remote.schema(there.type, there.flavor)
    ours = entity.data.get("configuration") or {}
    differ = set(r.differing(ours, there.configuration, schema)) if there.flavor == entity.data.get("flavor") else None
    theirs = r.hidden(there.configuration, schema)
    if differ is None:
        shown = theirs
    else:
        shown = {field: value for field, value in ours.items() if field not in differ}
        shown |= {field: value for field, value in theirs.items() if field in differ}
    before = {**entity.data, "flavor": there.flavor, "configuration": shown, **_shown_labels(entity.data, there)}
    return {field: value for field, value in before.items() if value or field == "configuration"}


def _shown_labels(data: Data, there: r.Component | r.Stack) -> Data:
    own = {name: value for name, value in (data.get("labels") or {}).items() if name not in r.our_labels(data)}
    if isinstance(there, r.Component) and r.CONNECTOR in own:
        own |= {r.CONNECTOR: there.connector}
    return {"labels": {**own, **r.their_labels(there.labels)}}


# --------------------------------------------------------------------------------------------------- stacks


def _stack(p: _Planning, entity: Entity) -> None:
    key, data = entity.key, entity.data
    by_type = {type_: names for type_, names in _names(entity).items() if type_ not in ONLY_013}
    _may_be_a_stack(p, key, by_type)
    components = {type_: [_in_zenml(p, type_, name) for name in names] for type_, names in by_type.items()}
    name = r.name_in_zenml(data)
    there = p.remote.stacks.get(name)
    description = str(data.get("description") or "")
    if there is not None:
        _update_stack(p, entity, there, components)
        return
    labels = {**r.our_labels(data), r.OWNER: p.wanted.owner}
    more: Data = {"name": name, "components": components, "labels": labels}
    p.first.append(Step("create_stack", key, more, f"register {key}"))
    if description:
        p.first.append(Step("update_stack", key, {"name": name, "description": description}, f"describe {key}"))
    p.changes.append(Changed(key, None, data))


def _may_be_a_stack(p: _Planning, key: Key, by_type: dict[str, list[str]]) -> None:
    for type_ in ("orchestrator", "artifact_store"):
        if not by_type.get(type_):
            hint = f"zenprofile stack update {key.name} -c {type_}=NAME"
            p.refuse(key, f"it has no {type_}, which ZenML needs", hint)
    for type_, names in by_type.items():
        if len(names) > 1 and type_ not in REPEATABLE:
            p.refuse(key, f"ZenML takes one {type_} in a stack", "keep one of them", f"components.{type_}")


def _update_stack(p: _Planning, entity: Entity, there: r.Stack, components: dict[str, list[str]]) -> None:
    key, data = entity.key, entity.data
    p.matched.add(there.id)
    theirs = p.remote.names(there)
    moved = _types_to_send(p, components, theirs, there)
    changes: Data = {"components": moved} if moved else {}
    labels = _labels(r.our_labels(data), there.labels)
    if labels:
        changes["labels"] = labels
    description = str(data.get("description") or "")
    if description and description != there.description:  # ZenML cannot be told to have none
        changes["description"] = description
    if changes:
        p.first.append(Step("update_stack", key, {"name": there.name, **changes}, f"update {key}"))
        before = {**data, "components": _shown_components(p, entity, theirs), **_shown_labels(data, there)}
        before["description"] = there.description if "description" in changes else description
        p.changes.append(Changed(key, {f: v for f, v in before.items() if v or f == "components"}, data))


def _in_zenml(p: _Planning, type_: str, name: str) -> str:
    entity = p.entities.get(Key("component", type_, name))
    return name if entity is None else r.name_in_zenml(entity.data)


def _types_to_send(
    p: _Planning, ours: dict[str, list[str]], theirs: dict[str, list[str]], there: r.Stack
) -> dict[str, list[str]]:
    """Return the types whose components differ, [] for those to be taken out; replaced components differ too."""
    leaving = {step.more["id"] for step in p.first if step.more.get("rename")}
    stale = {type_ for type_, ids in there.components.items() if leaving.intersection(ids)}
    return {
        type_: ours.get(type_, [])
        for type_ in {**ours, **theirs}
        if ours.get(type_, []) != theirs.get(type_, []) or type_ in stale
    }


def _shown_components(p: _Planning, entity: Entity, theirs: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return ZenML's components of a stack by the names that the profile has for them."""
    ours = {(e.key.type, r.name_in_zenml(e.data)): e.key.name for e in p.entities.values() if e.key.kind == "component"}
    shown = {type_: names for type_, names in _names(entity).items() if type_ in ONLY_013}
    return shown | {type_: [ours.get((type_, name), name) for name in names] for type_, names in theirs.items()}


# --------------------------------------------------------------------------------------------------- others


def _report_only_in_zenml(p: _Planning) -> None:
    """Report what only ZenML has; plan to delete what an earlier `apply` of this profile made."""
    removed: set[str] = set()
    for stack in p.remote.stacks.values():
        if stack.id in p.matched or stack.name == r.DEFAULT:
            continue
        key = Key("stack", "", stack.name)
        p.changes.append(Changed(key, _as_document(stack, {"components": p.remote.names(stack)}), None))
        if not p.wanted.prune or stack.labels.get(r.OWNER) != p.wanted.owner:
            continue
        if stack.id in p.remote.active:
            p.notes.append(f"{key} stays: it is ZenML's active stack; 'zenml stack set NAME' makes another one active")
            continue
        removed.add(stack.name)
        p.last.insert(0, Step("delete_stack", key, {"id": stack.id}, f"delete {key}"))
    for component in p.remote.components.values():
        if component.id not in p.matched and component.name != r.DEFAULT:
            _other_component(p, component, removed)


def _other_component(p: _Planning, component: r.Component, removed: set[str]) -> None:
    key = Key("component", component.type, component.name)
    shown = r.hidden(component.configuration, p.remote.schema(component.type, component.flavor))
    more = {"type": component.type, "flavor": component.flavor, "configuration": shown}
    p.changes.append(Changed(key, _as_document(component, more), None))
    left_over = component.name.endswith(REPLACED)  # of an `apply` that was interrupted
    if component.labels.get(r.OWNER) != p.wanted.owner or not (p.wanted.prune or left_over):
        return
    ours = {r.name_in_zenml(e.data) for e in p.entities.values() if e.key.kind == "stack"}
    others = [n for n in p.remote.users_of(component.id) if n not in removed and not (n in ours and n != r.DEFAULT)]
    if others:
        p.notes.append(f"{key} stays: stacks that others made use it ({', '.join(others)})")
        return
    p.last.append(Step("delete_component", key, {"id": component.id, "type": component.type}, f"delete {key}"))


def _as_document(there: r.Component | r.Stack, more: Data) -> Data:
    labels = r.their_labels(there.labels)
    return {"name": there.name, **({"labels": labels} if labels else {}), **more}
