"""The data that ships with the code: schemas and hooks, found in a wheel or in a checkout."""

import os
from functools import cache

from zenprofile.core.schema import Catalog

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


@cache
def _folder(name: str) -> str:
    """Return a data folder: inside the package (a wheel), else beside it (a checkout, an editable install)."""
    inside = os.path.join(_PACKAGE, name)
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(_PACKAGE), name)


def _bytes(folder: str, name: str) -> bytes | None:
    try:
        with open(os.path.join(_folder(folder), *name.split("/")), "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def schema_bytes(name: str) -> bytes | None:
    """Return a file below ``schemas/`` (``kinds/component.json``), or None where there is none.

    Args:
        name: with forward slashes; not to be taken from outside without a look in the catalog's index.
    """
    return _bytes("schemas", name)


def hook_bytes(name: str) -> bytes | None:
    """Return a file below ``hooks/``, or None where there is none."""
    return _bytes("hooks", name)


@cache
def catalog() -> Catalog:
    """Return the catalog of the schemas that ship; each is read once, when it is first asked for."""
    return Catalog(schema_bytes)
