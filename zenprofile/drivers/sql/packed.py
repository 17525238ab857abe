"""Rows as `tables.PACKED` gives them: one for each kind and type, its values joined.

To make an object of each value takes SQLite's client longer than SQLite takes to read it.
"""

import json
from itertools import repeat
from typing import Any
from zlib import crc32

from zenprofile.core.entity import Entity, Key

# Stands in no value that we have written. Where a person's SQL has put one, the values are not as many as the seals.
SEPARATOR = "\x1f"
COMMA = ", "
_new = tuple.__new__  # of a named tuple, at half its price


def entities(row: Any, seed: int) -> list[Entity] | None:
    """Return the entities of a kind and type, None unless every seal fits: then each row is to be looked at by itself.

    Args:
        row: as SQLite gives it.
        seed: of the seals (`zenprofile.drivers.sql.snapshot.seal`).
    """
    if row[4] is None:  # not one has data
        return None
    kind, type_ = row[:2]
    names, documents, datas, revisions = (joined.split(SEPARATOR) for joined in row[2:6])
    if not len(names) == len(documents) == len(datas) == len(revisions):
        return None
    sealed = map("".join, zip(documents, datas, revisions, strict=True))
    found = list(map(crc32, map(str.encode, sealed), repeat(seed)))
    if f"[{row[6]}]" != f"{found}":
        return None
    keys = map(_new, repeat(Key), zip(repeat(kind), repeat(type_), names, strict=False))
    return list(map(Entity, keys, json.loads(f"[{','.join(datas)}]"), revisions))
