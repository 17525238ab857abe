"""Tokens of a served profile whose store has no database: kept in this machine's configuration folder."""

import json
import os
from typing import Any

from zenprofile.errors import StoreBroken
from zenprofile.fs import atomic, lock
from zenprofile.store.tokens import Token

_FOLDER = "tokens"


class FileTokens:
    """See `zenprofile.store.tokens.Tokens`. One file a profile, for this user's eyes only; several servers share it."""

    def __init__(self, folder: str, profile: str) -> None:
        self._file = os.path.join(folder, _FOLDER, f"{profile}.json")
        self._seen: tuple[tuple[int, int, int], dict[str, Token]] | None = None

    def find(self) -> list[Token]:
        return list(self._read().values())

    def get(self, id_: str) -> Token | None:
        return self._read().get(id_)

    def add(self, token: Token) -> None:
        os.makedirs(os.path.dirname(self._file), mode=0o700, exist_ok=True)
        with lock.exclusive(f"{self._file}.lock", mode=0o600):
            self._write({**self._read(), token.id: token})

    def remove(self, id_: str) -> bool:
        if not os.path.exists(self._file):
            return False
        with lock.exclusive(f"{self._file}.lock", mode=0o600):
            kept = self._read()
            gone = kept.pop(id_, None)
            self._write(kept)
        return gone is not None

    def _write(self, kept: dict[str, Token]) -> None:
        data = {"format": 1, "tokens": [token._asdict() for token in kept.values()]}
        atomic.replace(self._file, json.dumps(data, indent=2).encode(), 0o600)

    def _read(self) -> dict[str, Token]:
        try:
            status = os.stat(self._file)
        except FileNotFoundError:
            return {}
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
        seen = self._seen
        if seen is not None and seen[0] == stamp:
            return dict(seen[1])
        try:
            with open(self._file, "rb") as file:
                rows: list[dict[str, Any]] = json.loads(file.read())["tokens"]
            found = {row["id"]: Token(**row) for row in rows}
        except (OSError, ValueError, KeyError, TypeError):
            raise StoreBroken(
                "the list of tokens is damaged", file=self._file, hint="fix it, or move it away"
            ) from None
        self._seen = (stamp, found)
        return dict(found)
