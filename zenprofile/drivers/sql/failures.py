"""Errors of a database: whether to retry, and translated into ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from zenprofile.errors import AccessDenied, Locked, StoreBroken, Unreachable, Unsupported, ZenprofileError
from zenprofile.store.url import dialect_of, without_secrets

Words = tuple[type[ZenprofileError], str, str]

_FULL: Words = (StoreBroken, "no space is left for {url}", "make space and repeat the command; nothing was written")
_READ_ONLY: Words = (StoreBroken, "{url} can only be read", "look at the permissions of the file and its folder")
_UNREADABLE: Words = (StoreBroken, "{url} cannot be opened", "look at the permissions of the file and its folder")
_DAMAGED = "give another URL, or take it from a backup"
_NO_SQLITE: Words = (StoreBroken, "{url} is not an SQLite database, or it is damaged", _DAMAGED)
_HELD: Words = (Locked, "another process holds {url}", "repeat the command when it is done")
_BROKEN_RULE: Words = (
    StoreBroken,
    "a constraint of the tables in {url} refused the write: {line}",
    "nothing was written; somebody may have changed the tables by hand",
)
# By the start of SQLite's name of the failure.
_OF_SQLITE: tuple[tuple[str, Words], ...] = (
    ("SQLITE_BUSY", _HELD),
    ("SQLITE_LOCKED", _HELD),
    ("SQLITE_READONLY", _READ_ONLY),
    ("SQLITE_PERM", _UNREADABLE),
    ("SQLITE_CANTOPEN", _UNREADABLE),
    ("SQLITE_AUTH", _UNREADABLE),
    ("SQLITE_FULL", _FULL),
    ("SQLITE_NOTADB", _NO_SQLITE),
    ("SQLITE_CORRUPT", _NO_SQLITE),
    ("SQLITE_CONSTRAINT", _BROKEN_RULE),
    ("SQLITE_IOERR", (StoreBroken, "the disk failed under {url}", "look at the disk, and repeat the command")),
)
_LOGIN: Words = (
    AccessDenied,
    "{url} did not let us in: {line}",
    "look at user and password: ZENPROFILE_STORE_PASSWORD, or 'zenprofile create' anew",
)
_RIGHTS: Words = (
    AccessDenied,
    "the database's user lacks a right: {line}",
    "grant it: docs/tasks/databases.md lists the rights that are needed",
)
_CERTIFICATE: Words = (
    Unreachable,
    "{url} shows no certificate that is trusted here: {line}",
    "look at sslrootcert (PostgreSQL) or ssl_ca (MySQL) in the URL, and at the host's name",
)
_NO_TLS: Words = (
    Unreachable,
    "{url} speaks no TLS: {line}",
    "set it up on the server, or leave the options on TLS out of the URL",
)
_NO_DATABASE: Words = (StoreBroken, "there is no such database: {line}", "create it on the server, or fix the URL")
_SERVER_READS: Words = (
    StoreBroken,
    "{url} can only be read: {line}",
    "give the address of the server that is written to",
)
_WAITED: Words = (Locked, "another transaction holds {url}", "repeat the command when it is done")
# By SQLSTATE (PostgreSQL) or errno (MySQL, whose SQLSTATE is too coarse and not always there).
_OF_SERVERS: dict[str, Words] = {
    **dict.fromkeys(("1045", "1698", "28000", "28P01"), _LOGIN),
    **dict.fromkeys(("1044", "1142", "1143", "1227", "1370", "42501"), _RIGHTS),
    **dict.fromkeys(("1049", "3D000"), _NO_DATABASE),
    **dict.fromkeys(("1290", "1792", "1836", "25006"), _SERVER_READS),
    **dict.fromkeys(("1205", "1213", "40001", "40P01", "55P03"), _WAITED),
    **dict.fromkeys(("1048", "1062", "1451", "1452", "3819", "4025"), _BROKEN_RULE),
    **dict.fromkeys(("23502", "23503", "23505", "23514"), _BROKEN_RULE),
    **dict.fromkeys(("1021", "1114", "53100"), _FULL),
}
# What PostgreSQL says while it connects: psycopg gives no SQLSTATE then.
_AT_CONNECT: tuple[tuple[str, Words], ...] = (
    ("password authentication failed", _LOGIN),
    ("no password supplied", _LOGIN),
    ("no pg_hba.conf entry", _LOGIN),
    ('FATAL: role "', _LOGIN),  # it does not exist, or may not log in
    ("permission denied for database", _RIGHTS),
    ("certificate verify failed", _CERTIFICATE),
    ("CERTIFICATE_VERIFY_FAILED", _CERTIFICATE),
    ("server certificate for", _CERTIFICATE),
    ("root certificate file", _CERTIFICATE),
    ("does not support SSL", _NO_TLS),
    ("doesn't support SSL", _NO_TLS),
)
_AGAIN = frozenset({"1020", "1205", "1213", "1412", "40001", "40P01", "55P03", "0A000"})
_TAKEN = frozenset({"1062", "23505", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"})
_LOST = frozenset({"1047", "1053", "1927", "2006", "2013", "2014", "2055", "57P01", "57P02", "57P03", "08006", "08003"})
_PACKAGES = {"psycopg": "zenprofile[postgresql]", "pymysql": "PyMySQL"}  # by module, those that we bring
_TRIED = frozenset({"postgresql", "mysql", "mariadb"})


def code_of(error: BaseException | None) -> str:
    """Return what a database names a failure by: SQLite's name, PostgreSQL's SQLSTATE, MySQL's errno; "" for none."""
    original = getattr(error, "orig", error)
    name = getattr(original, "sqlite_errorname", "")
    if name:
        return str(name)
    first = next(iter(getattr(original, "args", ())), "")
    return str(first if isinstance(first, int) else getattr(original, "sqlstate", None) or "")


def is_contention(error: DBAPIError) -> bool:
    """Return whether others were in the way, so that the whole transaction is worth another try."""
    code = code_of(error)
    return code in _AGAIN or code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def is_duplicate_key(error: DBAPIError) -> bool:
    """Return whether a key is there already: somebody else's write was faster, or a constraint is broken."""
    return code_of(error) in _TAKEN


def is_lost(error: DBAPIError) -> bool:
    """Return whether the connection ended, so that nobody knows what became of the transaction."""
    return error.connection_invalidated or code_of(error) in _LOST


@contextmanager
def translating_errors(url: str) -> Iterator[None]:
    """Translate errors of SQLAlchemy within the block into ours."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise _not_installed(url, str(error.name)) from None
    except NoSuchModuleError:
        raise _not_installed(url, f"a dialect for '{url.partition(':')[0]}'") from None
    except DBAPIError as error:
        raise failure(url, error) from error
    except (ArgumentError, SQLAlchemyError) as error:
        raise StoreBroken(f"{without_secrets(url)} cannot be used: {_line(error)}", hint="look at the URL") from error


def _not_installed(url: str, what: str) -> Unsupported:
    dialect = dialect_of(url)
    if what in _PACKAGES:
        hint = f"pip install '{_PACKAGES[what]}'"
    else:
        hint = f"write {dialect}://" if dialect in _TRIED else "install the package that SQLAlchemy needs for it"
    return Unsupported(f"{without_secrets(url)} needs {what}, which is not installed", hint=hint)


def failure(url: str, error: DBAPIError) -> ZenprofileError:
    """Return a database's failure as an error of ours."""
    code, line = code_of(error), _line(error.orig)
    words = next((words for start, words in _OF_SQLITE if code.startswith(start)), None) or _OF_SERVERS.get(code)
    if words is None and code.startswith("SQLITE"):
        words = (StoreBroken, "{url} failed: {line}", "look at the file; nothing was written")
    if words is None:
        words = next((words for part, words in _AT_CONNECT if part in line), _unreachable(line))
    kind, message, hint = words
    return kind(message.format(url=without_secrets(url), line=_server_says(error)), hint=hint)


def _unreachable(line: str) -> Words:
    if 'database "' in line and "does not exist" in line:
        return _NO_DATABASE
    hint = "is it running, and are host and port right? Nothing was lost; repeat the command"
    return Unreachable, "{url} did not answer as it should: {line}", hint


def _server_says(error: DBAPIError) -> str:
    """Return a server's own words in one line, without MySQL's number before them."""
    args: tuple[object, ...] = getattr(error.orig, "args", ())
    return _line(args[1] if len(args) == 2 and isinstance(args[0], int) else error.orig)


def _line(error: object) -> str:
    return " ".join(str(error).split())[:200]
