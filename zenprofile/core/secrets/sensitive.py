"""Values of fields that a flavor marks sensitive: typed in plain text by hand, they are put out of sight.

The schemas that ship are looked up (`zenprofile.core.schema.shipped`): whoever shows a change has no catalog.
"""

from collections.abc import Iterable
from typing import Any

from zenprofile.core import paths
from zenprofile.core.entity import Data, Key
from zenprofile.core.schema import shipped
from zenprofile.core.secrets.detector import MASK, hidden
from zenprofile.core.secrets.references import is_sensitive, only_references


def masked(key: Key, flavors: Iterable[object], path: paths.Path, value: Any) -> Any:
    """Return a field's value as it may be shown: without secrets, and whole out of sight where the field is sensitive.

    Args:
        key: of the entity.
        flavors: that it has, or had; "" stands for each of the profile's own.
        path: of the field.
        value: as it is; a reference stays.
    """
    if key.kind != "component" or only_references(value):
        return hidden(value)
    if path[:1] == ("configuration",) and _is_marked(key.type, flavors, tuple(map(str, path[1:]))):
        return MASK
    if isinstance(value, dict):
        return {hidden(name): masked(key, flavors, (*path, name), member) for name, member in value.items()}
    return hidden(value)


def _is_marked(type_: str, flavors: Iterable[object], path: tuple[str, ...]) -> bool:
    """Return whether a flavor marks a field sensitive: one that ships, or one of the profile's own."""
    from zenprofile.core.secrets import own_flavors

    if not path:
        return False
    shipped = every_flavor(Key("component", type_, ""))
    for flavor in {flavor for flavor in flavors if isinstance(flavor, str)}:
        if _marked(type_, flavor, path) if flavor in shipped else own_flavors.marks_sensitive(type_, flavor, path):
            return True
    return False


def every_flavor(key: Key) -> list[str]:
    """List the flavors that ship of a component's type, where its own is not known."""
    catalog = shipped.catalog()
    return catalog.flavors(key.type) if catalog is not None and key.kind == "component" else []


def _marked(type_: str, flavor: str, path: tuple[str, ...]) -> bool:
    catalog = shipped.catalog()
    schema = catalog.flavor(type_, flavor) if catalog is not None and path else None
    return schema is not None and any(is_sensitive(schema.field(path[:n])) for n in range(1, len(path) + 1))


def masked_at(data: Data, places: Iterable[str]) -> Data:
    """Return data with the values at places (as `paths.show` writes them) out of sight."""
    wanted = frozenset(places)

    def at(path: paths.Path, value: Any) -> Any:
        if path and paths.show(path) in wanted:
            return MASK
        if isinstance(value, dict):
            return {name: at((*path, name), member) for name, member in value.items()}
        if isinstance(value, list):
            return [at((*path, number), member) for number, member in enumerate(value)]
        return value

    found: Data = at((), data)
    return found
