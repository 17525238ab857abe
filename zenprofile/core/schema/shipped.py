"""The schemas that ship, for code of the core that nobody hands them to; `zenprofile.resources` finds them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog

_catalogs: "list[Callable[[], Catalog]]" = []


def use(catalog: "Callable[[], Catalog]") -> None:
    """Set the function that loads the catalog when it is first needed."""
    _catalogs[:] = [catalog]


def catalog() -> "Catalog | None":
    """Return the catalog; None where nobody has handed one in."""
    return _catalogs[0]() if _catalogs else None
