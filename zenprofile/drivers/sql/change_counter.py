"""Whether anything was written to an SQLite file, told in microseconds; a database on a server would cost a query."""

import contextlib
import sqlite3

from sqlalchemy import Engine


class FileChangeCounter:
    """See `zenprofile.store.capabilities.ChangeCounter`. Its connection never writes, so it sees all others' writes."""

    def __init__(self, path: str) -> None:
        # No waiting: who asks has another way to an answer.
        self._connection = sqlite3.connect(path, timeout=0, uri=True, isolation_level=None, check_same_thread=False)

    def value(self) -> str:
        """Return SQLite's own count of what other connections have committed, as this one sees it."""
        try:
            ((version,),) = self._connection.execute("PRAGMA data_version").fetchall()
        except sqlite3.Error:
            return ""
        return str(version)

    def close(self) -> None:
        self._connection.close()


def counter_of(engine: Engine) -> FileChangeCounter | None:
    """Return the counter of an engine's file; None where the database is on a server, or the file cannot be opened."""
    if engine.dialect.name != "sqlite" or "immutable" in engine.url.query:
        return None
    with contextlib.suppress(sqlite3.Error):
        return FileChangeCounter(f"{engine.url.database}?mode=ro")
    return None
