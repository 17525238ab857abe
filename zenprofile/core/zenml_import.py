"""Components that ZenML wrote, made fit for a profile: no generated paths, no plaintext secrets, our names."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from zenprofile.core import names, paths
from zenprofile.core.entity import Data, Key
from zenprofile.core.paths import Path
from zenprofile.core.portable import find_machine_bound
from zenprofile.core.secrets import references

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Schema

LABEL_OF_NAME = "zenml.name"
# Types of components that only one of the two releases of ZenML has, and those of which 0.98 takes several in a stack.
ONLY_013 = frozenset({"metadata_store", "secrets_manager"})
ONLY_098 = frozenset({"image_builder", "model_registry", "deployer", "log_store", "sandbox"})
REPEATABLE = frozenset({"alerter", "experiment_tracker", "step_operator", "sandbox"})
_GENERATED = re.compile(r"[/\\]local_stores[/\\][0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}(?:[/\\]|\Z)")
# Of flavors whose schema nobody has: the fields that ZenML 0.13's own flavors keep secrets in.
_SECRET_FIELDS = re.compile(r"(?:\A|_)(?:password|token)\Z|_(?:key|secret)\Z")
_NAMES_OF_SECRETS = frozenset({"authentication_secret"})


class SanitizedConfiguration(NamedTuple):
    """A configuration as a document may hold it.

    Attributes:
        configuration: without generated paths and nulls, a reference in place of each secret.
        notes: what was done, and what the user should do, a line each; no note repeats a secret.
        secrets: whether a reference took the place of a secret.
    """

    configuration: Data
    notes: list[str]
    secrets: bool


def sanitize(
    key: Key, flavor: str, configuration: Data, schema: "Schema | None", secret: str = ""
) -> SanitizedConfiguration:
    """Return what a component's configuration becomes here.

    Args:
        key: of the component, under the name that it has here.
        flavor: its flavor.
        configuration: as ZenML wrote it.
        schema: of the flavor's configuration; None where nobody has it.
        secret: name of the ZenML secret that references name; "" for the component's own.
    """
    kept: Data = {}
    notes: list[str] = []
    secret = secret or key.name.replace(".", "-")
    replaced = False
    for field, value in configuration.items():
        if value is None:
            continue
        if isinstance(value, str) and _GENERATED.search(value):
            notes.append(f"{key}: {field} is left out, a path that ZenML made on one machine; each machine has its own")
            continue
        if _is_secret(field, value, schema):
            kept[field] = f"{{{{{secret}.{field}}}}}"
            replaced = True
            notes.append(_note(key, field, secret, field))
            continue
        kept[field] = _without_tokens(value, (field,), key, secret, notes)
        replaced = replaced or kept[field] != value
    data = {"name": key.name, "type": key.type, "flavor": flavor, "configuration": kept}
    notes += [
        f"{key}: {paths.show(found.path[1:])}: {found.reason}; {found.advice}"
        for found in find_machine_bound(key, data)
        if found.path != ("flavor",)
    ]
    return SanitizedConfiguration(kept, notes, replaced)


def _is_secret(field: str, value: Any, schema: "Schema | None") -> bool:
    if schema is not None:
        marked = references.is_sensitive(schema.field((field,)))
    else:
        marked = bool(_SECRET_FIELDS.search(field)) and field not in _NAMES_OF_SECRETS and isinstance(value, str)
    return marked and not references.only_references(value)


def _without_tokens(value: Any, path: Path, key: Key, secret: str, notes: list[str]) -> Any:
    """Return a value with a reference in place of each text that holds a known token or a URL with a password."""
    if isinstance(value, dict):
        return {name: _without_tokens(inner, (*path, name), key, secret, notes) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_tokens(inner, (*path, number), key, secret, notes) for number, inner in enumerate(value)]
    if not isinstance(value, str):
        return value
    from zenprofile.core.secrets.detector import search

    if not search(value):
        return value
    field = re.sub(r"[^A-Za-z0-9_]", "_", "_".join(map(str, path)))
    notes.append(_note(key, paths.show(path), secret, field))
    return f"{{{{{secret}.{field}}}}}"


def _note(key: Key, place: str, secret: str, field: str) -> str:
    command = f"zenml secret create {secret} --{field}=VALUE"
    return f"{key}: {place} held a secret, {{{{{secret}.{field}}}}} stands in its place; store it: {command}"


def name_of(name: str, taken: Collection[str]) -> str:
    """Return a name that keeps the rule of names and is none of those taken (case-folded)."""
    made = name
    if names.why_not(made):
        made = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("._-")[:120] or "unnamed"
        made = made if not names.why_not(made) else f"zenml-{made}"
    unique, number = made, 2
    while names.fold(unique) in taken:
        unique, number = f"{made[:120]}-{number}", number + 1
    return unique


class Naming:
    """Names of one kind and type, each given once: what ZenML calls an entity, and what it is called here."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def add(self, originals: Collection[str]) -> None:
        """Assign names, first to those entities whose names are valid as they are."""
        for name in sorted(originals, key=lambda name: (bool(names.why_not(name)), name)):
            if name not in self._given:
                self._given[name] = name_of(name, self._taken)
                self._taken.add(names.fold(self._given[name]))

    def reserve(self, original: str, here: str) -> None:
        """Reserve the name that an entity has here already."""
        self._given[original] = here
        self._taken.add(names.fold(here))

    def __getitem__(self, original: str) -> str:
        return self._given[original]

    def __contains__(self, original: object) -> bool:
        return original in self._given

    def values(self) -> list[str]:
        """List the names here."""
        return list(self._given.values())

    def changed(self) -> Iterator[tuple[str, str]]:
        """Yield the names that are others here: the original, and the name here."""
        return ((original, name) for original, name in self._given.items() if original != name)

    def labels(self, original: str) -> dict[str, dict[str, str]]:
        """Return the labels that keep the original name, as a field of a document; {} where the name is the same."""
        return {} if self._given[original] == original else {"labels": {LABEL_OF_NAME: original}}
