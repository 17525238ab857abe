"""Snapshots of a store behind a server: each answer is of one moment, and is asked for once."""

from collections.abc import Iterable
from typing import Any

from zenprofile import resources
from zenprofile.core import names
from zenprofile.core.entity import COMPONENT_TYPES, Entity, Key
from zenprofile.core.snapshot import DocumentSnapshot, Loaded, parse
from zenprofile.drivers.rest import wire
from zenprofile.drivers.rest.client import Client, problems, raise_problems

_PATH = "/api/v1/documents"
_ALSO = 2000  # characters of an address that name what an answer is to bring beside a list


class _Documents:
    """The documents, for what is written once for all snapshots."""

    def __init__(self, snapshot: "RestSnapshot") -> None:
        self._snapshot = snapshot

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        return self._snapshot.keys(kind, type_)

    def raw(self, key: Key) -> bytes | str | None:
        return self._snapshot.raw(key)


class RestSnapshot(DocumentSnapshot):
    """Entities of now, as they are when they are first asked for, or as they were at a rev."""

    def __init__(self, client: Client, at: str = "") -> None:
        super().__init__(_Documents(self), resources.catalog())
        self._client = client
        self._at = at
        self._lists: dict[tuple[str, str], list[Key]] = {}
        self._loads: dict[tuple[str, str], Loaded] = {}
        self._rows: dict[Key, Any] = {}
        self._texts: dict[Key, Any] = {}
        self._noted: dict[Key, None] = {}  # what is wanted soon: the next request brings it along

    def _ask(self, **query: str) -> Any:
        return self._client.get(_PATH, at=self._at, **query)

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        place = (kind, type_)
        if place not in self._lists:
            wider = next((w for w in ((kind, ""), ("", type_), ("", "")) if w in self._lists), None)
            if wider is not None:
                found = [k for k in self._lists[wider] if kind in {"", k.kind} and type_ in {"", k.type}]
            else:
                found = [wire.key(row) for row in self._ask(kind=kind, type=type_, fields="key")["documents"]]
            self._lists[place] = sorted(found)
        return list(self._lists[place])

    def _row(self, key: Key) -> Any:
        """Return an entity's data and text, None where there is none."""
        if key not in self._rows:
            self._noted.pop(key, None)
            rows = self._ask(kind=key.kind, type=key.type, name=key.name, fields="all")["documents"]
            self._rows[key] = rows[0] if rows else None
        return self._rows[key]

    def prefetch(self, keys: Iterable[Key] | None = None) -> None:
        if keys is None:
            rows = self._ask(fields="text")["documents"]
            self._lists[("", "")] = sorted(map(wire.key, rows))
            self._texts |= {wire.key(row): row for row in rows}
            self._noted.clear()
        else:
            new = (key for key in keys if key not in self._texts and key not in self._rows)
            self._noted |= {key: None for key in new if _is_one(key)}

    def _fetch_noted(self, key: Key) -> None:
        """Ask for all that is noted at once, where a key is among it and not alone."""
        if key in self._noted and len(self._noted) > 1:
            body = {"keys": [one._asdict() for one in self._noted], **({"at": self._at} if self._at else {})}
            rows = self._client.post(_PATH, body)["documents"]
            self._texts |= dict.fromkeys(self._noted)
            self._texts |= {wire.key(row): row for row in rows}
            self._noted.clear()

    def raw(self, key: Key) -> bytes | str | None:
        """Return a document as it is stored, or None where there is none."""
        self._fetch_noted(key)
        row = self._texts[key] if key in self._texts else self._row(key)
        if row is None:
            return None
        if "text" not in row and "base64" not in row:
            raise_problems(row["problems"])
        return wire.content(row)

    def get(self, key: Key) -> Entity | None:
        self._fetch_noted(key)
        if key in self._texts:
            raw = self.raw(key)
            return None if raw is None else parse(key, raw)
        row = self._row(key)
        if row is None:
            return None
        if "data" not in row:
            raise_problems(row["problems"])
        return Entity(key, row["data"], row["revision"])

    def load(self, kind: str = "", type_: str = "") -> Loaded:
        place = (kind, type_)
        if place not in self._loads:
            also = ",".join(map(str, self._noted))
            answer = self._ask(kind=kind, type=type_, fields="data", also=also if len(also) <= _ALSO else "")
            if "also" in answer:
                self._rows |= dict.fromkeys(self._noted)
                self._rows |= {wire.key(row): row for row in answer["also"]}
                self._noted.clear()
            entities = [Entity(wire.key(row), row["data"], row["revision"]) for row in answer["documents"]]
            self._loads[place] = Loaded(entities, list(problems(answer["problems"])))
            keys = [*(entity.key for entity in entities), *map(wire.key, answer["invalid"])]
            self._lists.setdefault(place, sorted(keys))
        return self._loads[place]


def _is_one(key: Key) -> bool:
    """Say whether a key can be an entity's: what an invalid document names is asked for by itself, and refused so."""
    return key.type in {"", *COMPONENT_TYPES} and not names.why_not(key.name)
