"""The data that ships with the code: schemas and hooks, found in a wheel or in a checkout."""

from functools import cache
from typing import TYPE_CHECKING

from zenprofile.core.schema import Catalog

if TYPE_CHECKING:
    from pathlib import Path


@cache
def _folder(name: str) -> "Path":
    """Return a data folder: inside the package (a wheel), else beside it (a checkout, an editable install)."""
    # Imported here: a read that finds its answer in the cache needs no schema, and no pathlib.
    from pathlib import Path

    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def _bytes(folder: str, name: str) -> bytes | None:
    if ".." in name.split("/") or name.startswith("/"):
        return None
    try:
        return (_folder(folder) / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def schema_bytes(name: str) -> bytes | None:
    """Return a file below ``schemas/``, or None where there is none.

    Args:
        name: with forward slashes: ``kinds/component.json``.
    """
    return _bytes("schemas", name)


def hook_bytes(name: str) -> bytes | None:
    """Return a file below ``hooks/``, or None where there is none."""
    return _bytes("hooks", name)


@cache
def catalog() -> Catalog:
    """Return the catalog of the schemas that ship; each is read once, when it is first asked for."""
    return Catalog(schema_bytes)


def state() -> str:
    """Return what changes whenever the schemas do: for caches of documents that were held against them."""
    import os

    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schemas")
    if not os.path.isdir(place):
        place = os.path.join(os.path.dirname(os.path.dirname(place)), "schemas")
    marks = []
    for name in ("kinds", "flavors", "flavors/index.json"):
        try:
            marks.append(str(os.stat(os.path.join(place, name)).st_mtime_ns))
        except OSError:
            marks.append("")
    return " ".join(marks)
