"""References to secrets, and which of them this machine cannot resolve."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from zenprofile.core import paths, reference
from zenprofile.core.entity import Entity, Key
from zenprofile.core.reference import Reference


class Unresolved(NamedTuple):
    """A reference that this machine cannot resolve: where it stands, what it is, how to supply it."""

    key: Key
    path: paths.Path
    reference: str
    remedy: str


def unresolved(entities: Iterable[Entity], environment: Mapping[str, str]) -> list[Unresolved]:
    """List the references that cannot be resolved here.

    ``${env:NAME}`` is resolved by the environment. ``{{secret.key}}`` is kept by ZenML's secret store, which zenprofile
    never reads: it is listed always, with the command that supplies it.
    """
    found = []
    for entity in entities:
        for path, text, parsed in _references((), entity.data):
            if not parsed.variable:
                remedy = f"zenml secret create {parsed.secret} --{parsed.key}=..., unless ZenML has it already"
            elif parsed.variable not in environment:
                remedy = f"export {parsed.variable}=..."
            else:
                continue
            found.append(Unresolved(entity.key, path, text, remedy))
    return found


def _references(path: paths.Path, value: Any) -> Iterator[tuple[paths.Path, str, Reference]]:
    if isinstance(value, str):
        parsed = reference.parse(value)
        if parsed is not None:
            yield path, value, parsed
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _references((*path, key), member)
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _references((*path, number), member)


def as_json(found: Unresolved) -> dict[str, str]:
    """Return the row that ``secrets check -o json`` prints."""
    key = found.key
    return {
        "kind": key.kind,
        "type": key.type,
        "name": key.name,
        "path": paths.show(found.path),
        "reference": found.reference,
        "remedy": found.remedy,
    }
