"""Tokens of a server, in a table beside the entities' that is made with the first of them."""

from collections.abc import Callable

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, Text, inspect
from sqlalchemy.exc import OperationalError, ProgrammingError

from zenprofile.drivers.sql.engine import begin
from zenprofile.drivers.sql.failures import told
from zenprofile.store.tokens import Token

# Its own collection: stores that are never served have no such table.
metadata = MetaData()
table = Table(
    "zenprofile_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("user", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created", String(32), nullable=False),
)
_ALL = table.select().order_by(table.c.created, table.c.id)


class SqlTokens:
    """See `zenprofile.store.tokens.Tokens`."""

    def __init__(self, url: str, engine: Engine) -> None:
        self._url = url
        self._engine = engine

    def find(self) -> list[Token]:
        return self._rows(lambda connection: [Token(*row) for row in connection.execute(_ALL)])

    def get(self, id_: str) -> Token | None:
        statement = table.select().where(table.c.id == id_)
        return next(iter(self._rows(lambda connection: [Token(*row) for row in connection.execute(statement)])), None)

    def add(self, token: Token) -> None:
        with told(self._url), self._engine.connect() as connection:
            if not inspect(connection).has_table(table.name):
                metadata.create_all(connection)
                connection.commit()
            begin(connection)
            connection.execute(table.insert(), token._asdict())
            connection.commit()

    def remove(self, id_: str) -> bool:
        with told(self._url), self._engine.connect() as connection:
            if not inspect(connection).has_table(table.name):
                return False
            begin(connection)
            gone = connection.execute(table.delete().where(table.c.id == id_)).rowcount
            connection.commit()
        return bool(gone)

    def _rows(self, read: Callable[[Connection], list[Token]]) -> list[Token]:
        """Read; no table holds no token. Whether there is one is asked only where the read failed."""
        with told(self._url), self._engine.connect() as connection:
            try:
                return read(connection)
            except (OperationalError, ProgrammingError):
                connection.rollback()
                if inspect(connection).has_table(table.name):
                    raise
                return []
