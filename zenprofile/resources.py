"""The data that ships with the code: schemas and hooks, found in a wheel or in a checkout."""

import os
from functools import cache
from typing import TYPE_CHECKING

from zenprofile.core.schema import shipped

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog


@cache
def _folder(name: str) -> str:
    """Return a data folder: inside the package (a wheel), else beside it (a checkout, an editable install)."""
    package = os.path.dirname(os.path.abspath(__file__))
    inside = os.path.join(package, name)
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), name)


def _bytes(folder: str, name: str) -> bytes | None:
    if ".." in name.split("/") or name.startswith("/"):
        return None
    try:
        with open(os.path.join(_folder(folder), name), "rb") as file:
            return file.read()
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
def catalog() -> "Catalog":
    """Return the catalog of the schemas that ship; each is read once, when it is first asked for."""
    from zenprofile.core.schema.catalog import Catalog  # what is cached has been held against it before

    return Catalog(schema_bytes)


shipped.use(catalog)


def state() -> str:
    """Return what changes whenever the schemas do: for caches of documents that were held against them.

    It is the digest that ``schemas/generate.py`` wrote, since a checkout that changes one file moves no folder's time.
    """
    return (schema_bytes("digest.json") or b"").decode()
