"""References to secrets, and which of them this machine cannot resolve; what only looks like a secret."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from zenprofile.core import paths
from zenprofile.core.change import Change, Edit, Recorded
from zenprofile.core.entity import Entity, Key
from zenprofile.core.secrets import references
from zenprofile.core.secrets.references import Reference
from zenprofile.errors import NotFound, UsageError
from zenprofile.store.base import Store


class Unresolved(NamedTuple):
    """A reference that this machine cannot resolve.

    Attributes:
        key: of the entity.
        path: of the field.
        reference: as it stands there.
        remedy: how to supply it.
        here: whether this machine has to supply it, not ZenML's secret store.
    """

    key: Key
    path: paths.Path
    reference: str
    remedy: str
    here: bool


def allow(store: Store, key: Key, fingerprints: Iterable[str]) -> Recorded:
    """Note in an entity's document that texts with these fingerprints are no secrets, although they look like some.

    Raises:
        NotFound: there is no such entity.
        UsageError: a fingerprint is none.
        Invalid: the document has other problems, which it had not before.
    """
    from zenprofile.core.secrets import plaintext
    from zenprofile.store.prepare import revision_of

    wanted = [fingerprint.lower() for fingerprint in fingerprints]
    for fingerprint in wanted:
        if not plaintext.is_fingerprint(fingerprint):
            hint = "the message that refuses the secret names it: 64 digits"
            raise UsageError(f"{fingerprint[:70]!r} is no fingerprint", hint=hint)
    text = store.snapshot().text(key)
    if text is None:
        raise NotFound(f"there is no {key}", hint="write it first, or see what 'list' shows")
    return store.apply(Change((Edit(key, revision_of(key, text), plaintext.allow(text, wanted)),)))


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
            found.append(Unresolved(entity.key, path, text, remedy, bool(parsed.variable)))
    return found


def _references(path: paths.Path, value: Any) -> Iterator[tuple[paths.Path, str, Reference]]:
    if isinstance(value, str):
        parsed = references.parse(value)
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
