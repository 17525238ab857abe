"""Values of fields on this machine alone, laid over entities when they are read; never in a store."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from zenprofile.core import paths
from zenprofile.core.entity import Data, Entity, Key
from zenprofile.core.secrets import plaintext
from zenprofile.core.snapshot import Snapshot, flavor_of
from zenprofile.core.suggestions import nearest
from zenprofile.errors import Ambiguous, Invalid, NotFound, Problem, UsageError
from zenprofile.machine.profiles import Profile, Profiles
from zenprofile.usecases import assignments, components, lookup
from zenprofile.usecases.assignments import FieldOf, Setting

# By entity (`str(key)`), then by key as it was given: of a component, below its configuration as for `--set`.
Overrides = Mapping[str, Mapping[str, Any]]


def with_overrides(entity: Entity, overrides: Overrides) -> Data:
    """Return an entity's data as it is read on this machine."""
    data = entity.data
    for text, value in overrides.get(str(entity.key), {}).items():
        try:
            data = assignments.set_value(data, _path(entity.key, assignments.parse_key(text)), value)
        except UsageError:  # what it reached into is no object any more
            continue
    return data


def as_json(entity: Entity, overrides: Overrides) -> Data:
    """Return an entity as JSON shows it, ``overrides`` beside what they cover; the revision is the store's."""
    own = overrides.get(str(entity.key), {})
    if not own:
        return lookup.as_json(entity)
    data = lookup.as_json(Entity(entity.key, with_overrides(entity, overrides), entity.revision))
    return {**data, "overrides": dict(own)}


def set_(profiles: Profiles, profile: Profile, snapshot: Snapshot, key: Key, wanted: Iterable[Setting]) -> Overrides:
    """Override fields of an entity, and return all overrides as they are then.

    Raises:
        NotFound: there is no such entity.
        Invalid: the values break the entity's schema; a secret in plain text always does.
        UsageError: the name cannot be overridden.
    """
    entity = lookup.read(snapshot, key)
    field = _fields(snapshot, entity)
    new = {}
    for setting in wanted:
        path = _path(key, setting.path)
        if path == ("name",):
            raise UsageError("a name cannot be overridden", hint="rename the entity, or override another field")
        new[path] = setting.value if setting.exact else assignments.convert(setting.value, field(path))
        plaintext.refuse(json.dumps(new[path], ensure_ascii=False), paths.show(setting.path))
    given = {paths.show(setting.path): new[_path(key, setting.path)] for setting in wanted}

    def changed(now: Profile) -> dict[str, Overrides]:
        # As they are at this moment: another command may have set one since this one began.
        old = now.overrides.get(str(key), {})
        kept = {text: value for text, value in old.items() if _path(key, assignments.parse_key(text)) not in new}
        merged = {**now.overrides, str(key): {**kept, **given}}
        _check_schema(snapshot, entity, with_overrides(entity, merged))
        return {"overrides": merged}

    return profiles.update(profile, changed).overrides


def unset(profiles: Profiles, profile: Profile, entity: str, keys: Iterable[tuple[str, ...]]) -> Overrides:
    """Take overrides of an entity away, all of them where no key is given, and return those that are left.

    The entity need not exist any more.

    Args:
        profiles: of this machine.
        profile: whose overrides.
        entity: as `str` writes its key.
        keys: of the fields, as they were given or as paths in the document.

    Raises:
        NotFound: there is no such override.
    """
    kind, _, _ = entity.partition("/")
    gone = [_path(Key(kind, "", ""), key) for key in keys]

    def changed(now: Profile) -> dict[str, Overrides]:
        own = now.overrides.get(entity, {})
        held = {_path(Key(kind, "", ""), assignments.parse_key(text)): text for text in own}
        for path in gone:
            if path not in held:
                hint = nearest(paths.show(path), map(paths.show, held)) or "zenprofile override list shows them"
                raise NotFound(f"{entity} has no override of {paths.show(path)}", hint=hint)
        if not own:
            raise NotFound(f"{entity} has no overrides", hint="zenprofile override list shows them")
        left = {text: own[text] for path, text in held.items() if gone and path not in gone}
        rest = {other: values for other, values in now.overrides.items() if other != entity}
        return {"overrides": {**rest, entity: left} if left else rest}

    return profiles.update(profile, changed).overrides


def find_key(overrides: Overrides, text: str) -> str:
    """Return the entity, as overrides name it, that a text means among those that have some.

    Args:
        overrides: of the profile.
        text: ``component/TYPE/NAME``, ``component/NAME``, ``TYPE/NAME``, or a bare NAME.

    Raises:
        NotFound: none of them is meant.
        Ambiguous: several are.
    """
    kind, _, name = text.rpartition("/")
    fits = [e for e in overrides if e == text or (e.endswith(f"/{name}") and (e.startswith(f"{kind}/") or not kind))]
    fits = fits or [e for e in overrides if e.endswith(f"/{text}")]
    if not fits:
        hint = nearest(text, overrides) or "zenprofile override list shows them"
        raise NotFound(f"{text[:140]} has no overrides", hint=hint)
    if len(fits) > 1 and text not in fits:
        raise Ambiguous(f"{text!r} fits several: {', '.join(fits)}", hint="write it in full")
    return text if text in fits else fits[0]


def rows(overrides: Overrides) -> list[Data]:
    """List the overrides as ``override list -o json`` prints them."""
    found = []
    for entity, values in sorted(overrides.items()):
        kind, _, rest = entity.partition("/")
        type_, _, name = rest.rpartition("/")
        for text, value in values.items():
            found.append({"kind": kind, "type": type_, "name": name, "path": text, "value": value})
    return found


def _path(key: Key, steps: tuple[str, ...]) -> tuple[str, ...]:
    """Return the place in the document: of a component, keys are those of its configuration, as for ``--set``."""
    return steps if key.kind != "component" or steps[0] == "configuration" else ("configuration", *steps)


def _fields(snapshot: Snapshot, entity: Entity) -> FieldOf:
    if entity.key.kind == "component":
        below = components.fields(snapshot, entity.key.type, str(entity.data.get("flavor", "")))
        return lambda path: below(path[1:])
    from zenprofile import resources

    return resources.catalog().kind(entity.key.kind).field


def _check_schema(snapshot: Snapshot, entity: Entity, data: Data) -> None:
    """Refuse what the schema would refuse in the document, what was wrong there before aside."""
    from zenprofile import resources
    from zenprofile.core import document_check

    def found(content: Data) -> list[Problem]:
        findings = document_check.findings(
            entity.key, content, resources.catalog(), lambda t, f: flavor_of(snapshot, t, f)
        )
        return [Problem("", 0, 0, paths.show(f.path), f.message, f.hint, f.code) for f in findings]

    before = {problem.identity for problem in found(entity.data)}
    added = [problem for problem in found(data) if problem.identity not in before]
    if added:
        raise Invalid.of(added)
