"""Entities: what a profile holds, of seven kinds that differ by schema alone."""

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

Data = dict[str, Any]
_NO_DATA = float("nan")
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class Kind(NamedTuple):
    """What distinguishes one kind of entity from another, outside its schema.

    Attributes:
        name: as in a key (``component``).
        folder: below the profile (``components``); also the plural in routes.
        typed: whether a component type belongs to the key.
        fields: the document's keys in schema order.
    """

    name: str
    folder: str
    typed: bool
    fields: tuple[str, ...]


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("component", "components", True, ("name", "type", "flavor", "description", "labels", "configuration")),
        Kind("stack", "stacks", False, ("name", "description", "labels", "components")),
        Kind("flavor", "flavors", True, ("name", "type", "description", "labels", "source", "schema")),
        Kind("user", "users", False, ("name", "email", "full_name", "description", "labels")),
        Kind("team", "teams", False, ("name", "description", "labels", "members")),
        Kind("role", "roles", False, ("name", "description", "labels", "assignments")),
        Kind("project", "projects", False, ("name", "description", "labels")),
    )
}
_BY_FOLDER = {kind.folder: kind for kind in KINDS.values()}

# Every type in ZenML 0.13.2 or 0.98.0, in the order in which a stack's document lists them.
COMPONENT_TYPES = (
    "orchestrator",
    "metadata_store",
    "artifact_store",
    "container_registry",
    "secrets_manager",
    "step_operator",
    "image_builder",
    "experiment_tracker",
    "model_deployer",
    "deployer",
    "model_registry",
    "feature_store",
    "data_validator",
    "alerter",
    "annotator",
    "log_store",
    "sandbox",
)

MANIFEST = "zenprofile.yaml"
FORMAT = 1


class Key(NamedTuple):
    """What names an entity: ``Key("component", "artifact_store", "s3-prod")``, ``Key("stack", "", "prod")``."""

    kind: str
    type: str
    name: str

    @property
    def path(self) -> str:
        """Return the file below the profile, with forward slashes."""
        folder = KINDS[self.kind].folder
        return f"{folder}/{self.type}/{self.name}.yaml" if self.type else f"{folder}/{self.name}.yaml"

    @property
    def folded(self) -> "Key":
        """Return the key that all spellings of the name share."""
        return Key(self.kind, self.type, self.name.casefold())

    def __str__(self) -> str:
        return f"{self.kind}/{self.type}/{self.name}" if self.type else f"{self.kind}/{self.name}"


def key_of_path(path: str) -> Key | None:
    """Return the key that a path below the profile stands for, or None where the layout knows no such file.

    The name is not checked against the name rule; one that begins with a dot is no document's.
    """
    parts = path.split("/")
    kind = _BY_FOLDER.get(parts[0])
    if kind is None or len(parts) != (3 if kind.typed else 2) or not parts[-1].endswith(".yaml"):
        return None
    if any(part.startswith(".") for part in parts):
        return None
    return Key(kind.name, parts[1] if kind.typed else "", parts[-1][: -len(".yaml")])


def normal(key: Key, data: Data) -> Data:
    """Return data in which a single name equals a list of one (the components of a stack)."""
    if key.kind != "stack" or not isinstance(data.get("components"), dict):
        return data
    lists = {type_: names if isinstance(names, list) else [names] for type_, names in data["components"].items()}
    return {**data, "components": lists}


def component_keys(data: Data) -> list[Key]:
    """Return the keys of the components that a stack's data names, in order; what is invalid may name anything."""
    components = data.get("components")
    named = components.items() if isinstance(components, dict) else ()
    lists = ((str(type_), names if isinstance(names, list) else [names]) for type_, names in named)
    return [Key("component", type_, str(name)) for type_, names in lists for name in names]


def revision(key: Key, data: Data) -> str:
    """Return the SHA-256 (hex) of an entity's data as canonical JSON: sorted keys, no blanks, UTF-8."""
    return _hashed(_canonical(normal(key, data)))


def revisions(entities: Iterable[tuple[Key, Data]]) -> list[str]:
    """Return the revision of each of several, as `revision` does."""
    return list(map(_hashed, each_encoded(_canonical, [normal(key, data) for key, data in entities])))


def _hashed(canonical: str) -> str:
    import hashlib  # a tenth of a start, and completion needs none

    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def each_encoded(encode: Callable[[Any], str], datas: list[Data]) -> list[str]:
    """Return each as JSON, of an encoder that writes no blanks; one call for all takes half the time of one for each.

    Between them stands what data never holds; a text that looks like it makes too many parts.
    """
    spaced: list[Any] = [_NO_DATA] * (2 * len(datas))
    spaced[::2] = datas
    parts = encode(spaced)[1:-5].split(",NaN,")
    return parts if len(parts) == len(datas) else list(map(encode, datas))


class Entity:
    """A named document as data. Not to be changed in place.

    Attributes:
        key: what names it.
        data: the document's content, as `zenprofile.core.document.reader.read` gives it.
        known: the revision, as far as it was needed; "" before that.
        holds: whether the document is known to hold by itself; False says nothing.
        tabs: whether there is a tab in its text; None where that is not known.
        revision: of the data; the same in every driver.
    """

    __slots__ = ("data", "holds", "key", "known", "tabs")

    def __init__(self, key: Key, data: Data, revision: str = "", holds: bool = False, tabs: bool | None = None) -> None:
        self.key = key
        self.data = data
        self.known = revision
        self.holds = holds
        self.tabs = tabs

    @property
    def revision(self) -> str:
        if not self.known:
            self.known = revision(self.key, self.data)
        return self.known

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entity) and self.key == other.key and self.revision == other.revision

    def __hash__(self) -> int:
        return hash((self.key, self.revision))

    def __repr__(self) -> str:
        return f"Entity({self.key}, {self.data!r})"


def key_of(kind: str, data: Data) -> Key:
    """Return the key that a document of a kind gives itself."""
    return Key(kind, data.get("type", "") if KINDS[kind].typed else "", data.get("name", ""))


def ordered(kind: str, data: Data) -> Data:
    """Return the data with the document's own keys in schema order, unknown ones last."""
    return {field: data[field] for field in _order(kind, tuple(data))}


@lru_cache(256)  # documents of a kind have few sets of keys
def _order(kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    fields = KINDS[kind].fields
    return (*(field for field in fields if field in names), *(name for name in names if name not in fields))


def in_place(kind: str, data: Data, before: Iterable[str]) -> Data:
    """Return the data with each key that was not there before behind the one that precedes it in the schema."""
    fields, old = KINDS[kind].fields, set(before)
    names = [name for name in data if name in old]
    for name in ordered(kind, {name: None for name in data if name not in old}):
        above = fields[: fields.index(name)] if name in fields else names
        names.insert(max((names.index(field) + 1 for field in above if field in names), default=0), name)
    return {name: data[name] for name in names}


# What `create` registers at an empty place (docs/contract.md), in the order in which the user's document names them.
DEFAULT_USER = "default"
DEFAULT_STACK = "default"
DEFAULTS: tuple[tuple[Key, Data], ...] = (
    (Key("user", "", "default"), {"name": "default"}),
    (
        Key("component", "orchestrator", "default"),
        {"name": "default", "type": "orchestrator", "flavor": "local", "configuration": {}},
    ),
    (
        Key("component", "metadata_store", "default"),
        {"name": "default", "type": "metadata_store", "flavor": "sqlite", "configuration": {}},
    ),
    (
        Key("component", "artifact_store", "default"),
        {"name": "default", "type": "artifact_store", "flavor": "local", "configuration": {}},
    ),
    (
        Key("stack", "", "default"),
        {
            "name": "default",
            "components": {"orchestrator": "default", "metadata_store": "default", "artifact_store": "default"},
        },
    ),
)
