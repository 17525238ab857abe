"""Find entities by what people call them, and read them. Nothing here writes, or costs what only a write needs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from zenprofile.core.entity import COMPONENT_TYPES, KINDS, Data, Entity, Key, normal, ordered
from zenprofile.core.snapshot import Snapshot
from zenprofile.core.suggestions import nearest
from zenprofile.errors import Ambiguous, NotFound, Problem, UsageError

if TYPE_CHECKING:
    pass


def component_type(text: str) -> str:
    """Return a component type as documents spell it (``artifact-store`` is taken too).

    Raises:
        UsageError: there is no such type.
    """
    type_ = text.replace("-", "_").lower()
    if type_ not in COMPONENT_TYPES:
        hint = nearest(type_, COMPONENT_TYPES) or f"the types are {', '.join(COMPONENT_TYPES)}"
        raise UsageError(f"there is no component type {text[:140]!r}", hint=hint)
    return type_


def describe_key(key: Key) -> str:
    """Return an entity's name for a sentence: ``artifact_store 's3-prod'``, ``stack 'prod'``."""
    return f"{key.type} '{key.name}'" if key.kind == "component" else f"{key.kind} '{key.name}'"


def find(snapshot: Snapshot, kind: str, name: str, type_: str = "") -> Key:
    """Return the key of the one entity of a kind that has a name.

    Raises:
        NotFound: there is none; the hint has the nearest name.
        Ambiguous: several types have one.
    """
    keys = snapshot.keys(kind, type_)
    found = [key for key in keys if key.name == name]
    if not found:
        label = type_ if kind == "component" and type_ else kind
        hint = nearest(name, (key.name for key in keys)) or f"zenprofile {kind} list shows what there is"
        raise NotFound(f"there is no {label} {name[:140]!r}", hint=hint)
    if len(found) > 1:
        types = ", ".join(key.type for key in found)
        hint = f"add --type, such as --type {found[0].type}"
        raise Ambiguous(f"several {kind}s are named {name!r}: {types}", hint=hint)
    return found[0]


def resolve(snapshot: Snapshot, text: str) -> Key:
    """Return the key that ``stack/NAME``, ``component/TYPE/NAME``, ``component/NAME`` or a bare NAME means.

    Raises:
        NotFound: there is none.
        Ambiguous: a bare name fits several.
        UsageError: it is no such text.
    """
    if "/" not in text:
        return _find_by_name(snapshot, text)
    kind, type_, name = split_reference(text)
    return find(snapshot, kind, name, type_)


def split_reference(text: str) -> tuple[str, str, str]:
    """Return kind, type ("" for none) and name of ``stack/NAME``, ``component/TYPE/NAME`` or ``component/NAME``.

    Raises:
        UsageError: it is no such text.
    """
    kind, _, name = text.rpartition("/")
    kind, _, type_ = kind.partition("/")
    if kind in COMPONENT_TYPES and not type_:
        kind, type_ = "component", kind
    if kind not in KINDS or not name or bool(type_) > KINDS[kind].typed:
        hint = "write stack/NAME, component/TYPE/NAME, or a NAME that only one entity has"
        raise UsageError(f"{text[:140]!r} names no entity", hint=hint)
    return kind, type_ and component_type(type_), name


def find_conflict(among: Iterable[Key], text: str) -> Key:
    """Return the key of the entity in conflict that a text means, as `resolve` reads it.

    Raises:
        NotFound: no conflict is of such an entity.
        Ambiguous: a bare name fits several.
    """
    keys = list(dict.fromkeys(among))
    found = [key for key in keys if text in {str(key), key.name or key.kind, f"{key.type}/{key.name}"}]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(f"{text[:140]!r} has no conflict", hint="see: zenprofile conflicts")
    raise Ambiguous(f"several entities in conflict are named {text!r}", hint=f"write it in full, such as {found[0]}")


def _find_by_name(snapshot: Snapshot, name: str) -> Key:
    keys = snapshot.keys()
    found = [key for key in keys if key.name == name]
    if not found:
        hint = nearest(name, {key.name: "" for key in keys}) or "write stack/NAME or component/TYPE/NAME"
        raise NotFound(f"no entity is named {name[:140]!r}", hint=hint)
    if len(found) > 1:
        fit = ", ".join(map(str, found))
        hint = f"write it in full, such as {found[0]} (or add --type where there is one)"
        raise Ambiguous(f"several entities are named {name!r}: {fit}", hint=hint)
    return found[0]


def read(snapshot: Snapshot, key: Key) -> Entity:
    """Return an entity.

    Raises:
        NotFound: there is none.
        Invalid: its document cannot be read.
    """
    entity = snapshot.get(key)
    if entity is None:
        raise NotFound(f"there is no {describe_key(key)}", hint=f"zenprofile {key.kind} list shows what there is")
    return entity


def as_json(entity: Entity, *, revision: bool = True) -> Data:
    """Return an entity as JSON shows it (docs/contract.md): kind and revision beside its keys, components as lists.

    Without the revision where nobody sees it: of a thousand entities it takes as long as all else.
    """
    data = {"kind": entity.key.kind, **ordered(entity.key.kind, normal(entity.key, entity.data))}
    if revision:
        data["revision"] = entity.revision
    return data


def problems(snapshot: Snapshot, entity: Entity) -> list[Problem]:
    """List what an entity's document breaks by itself, with the places; references are not looked at."""
    if entity.holds:
        return []
    from zenprofile import resources
    from zenprofile.core import document_check
    from zenprofile.core.snapshot import flavor_of

    def registered(type_: str, name: str) -> Data | None:
        return flavor_of(snapshot, type_, name)

    return document_check.check_document(entity.key, snapshot.text(entity.key) or "", resources.catalog(), registered)[
        1
    ]
