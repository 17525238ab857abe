"""Tokens of a server, in a table beside the entities'."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from zenprofile.drivers.sql import tables
from zenprofile.drivers.sql.attempts import attempts
from zenprofile.drivers.sql.engine import begin, bounded
from zenprofile.drivers.sql.failures import is_contention, is_lost, translating_errors
from zenprofile.store.tokens import Token

_T = TypeVar("_T")
_tokens = tables.tokens
_ALL = _tokens.select().order_by(_tokens.c.created, _tokens.c.id)


class SqlTokens:
    """See `zenprofile.store.tokens.Tokens`. Each method is one transaction, tried again where others are in its way.

    To add a token again, or to remove it, does no harm: so it is repeated too where an answer was lost.
    """

    def __init__(self, url: str, engine: Engine, timeout: float) -> None:
        self._url = url
        self._engine = engine
        self._timeout = timeout

    def find(self) -> list[Token]:
        return self._run(lambda connection: [Token(*row) for row in connection.execute(_ALL)])

    def get(self, id_: str) -> Token | None:
        statement = _tokens.select().where(_tokens.c.id == id_)
        found = self._run(lambda connection: [Token(*row) for row in connection.execute(statement)])
        return next(iter(found), None)

    def add(self, token: Token) -> None:
        def replace(connection: Connection) -> None:
            connection.execute(_tokens.delete().where(_tokens.c.id == token.id))
            connection.execute(_tokens.insert(), token._asdict())

        self._run(replace, writes=True)

    def remove(self, id_: str) -> bool:
        statement = _tokens.delete().where(_tokens.c.id == id_)
        return self._run(lambda connection: bool(connection.execute(statement).rowcount), writes=True)

    def _run(self, work: Callable[[Connection], _T], *, writes: bool = False) -> _T:
        with translating_errors(self._url):
            for attempt in attempts(self._timeout):
                try:
                    with bounded(self._engine, attempt.seconds_left), self._engine.connect() as connection:
                        if writes:
                            begin(connection, attempt.seconds_left)
                        done = work(connection)
                        if writes:
                            connection.commit()
                        return done
                except DBAPIError as error:
                    if attempt.is_last or not (is_lost(error) or is_contention(error)):
                        raise
        raise AssertionError  # pragma: no cover - attempts end by an answer or an error
