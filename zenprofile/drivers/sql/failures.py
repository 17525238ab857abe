"""What a database reports, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from zenprofile.errors import AccessDenied, Locked, StoreBroken, Unreachable, Unsupported, ZenprofileError
from zenprofile.store.url import dialect_of, hidden

_FULL = ("no space is left for {url}", "make space and repeat the command; nothing was written")
_READ_ONLY = ("{url} can only be read", "look at the permissions of the file and its folder")
_UNREADABLE = ("{url} cannot be opened", "look at the permissions of the file and its folder")
_NO_DATABASE = ("{url} is not an SQLite database, or it is damaged", "give another URL, or take it from a backup")
# By the start of SQLite's name of the failure.
_OF_SQLITE: tuple[tuple[str, type[ZenprofileError], tuple[str, str]], ...] = (
    ("SQLITE_BUSY", Locked, ("another process holds {url}", "repeat the command when it is done")),
    ("SQLITE_LOCKED", Locked, ("another process holds {url}", "repeat the command when it is done")),
    ("SQLITE_READONLY", StoreBroken, _READ_ONLY),
    ("SQLITE_PERM", StoreBroken, _UNREADABLE),
    ("SQLITE_CANTOPEN", StoreBroken, _UNREADABLE),
    ("SQLITE_AUTH", StoreBroken, _UNREADABLE),
    ("SQLITE_FULL", StoreBroken, _FULL),
    ("SQLITE_NOTADB", StoreBroken, _NO_DATABASE),
    ("SQLITE_CORRUPT", StoreBroken, _NO_DATABASE),
    ("SQLITE_IOERR", StoreBroken, ("the disk failed under {url}", "look at the disk, and repeat the command")),
)
# What MySQL and PostgreSQL answer to a wrong user, password or database that is not ours to see.
_DENIED = frozenset({"1044", "1045", "1698", "28000", "28P01", "42501"})
_PACKAGES = {"postgresql": "zenprofile[postgresql]", "mysql": "PyMySQL", "mariadb": "PyMySQL"}


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn what SQLAlchemy raises inside into an error of ours."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise _not_installed(url, str(error.name)) from None
    except NoSuchModuleError:
        raise _not_installed(url, f"a dialect for '{url.partition(':')[0]}'") from None
    except DBAPIError as error:
        raise _failure(url, error) from error
    except (ArgumentError, SQLAlchemyError) as error:
        raise StoreBroken(f"{hidden(url)} cannot be used: {_line(error)}", hint="look at the URL") from error


def _not_installed(url: str, what: str) -> Unsupported:
    package = _PACKAGES.get(dialect_of(url), "the database's package for SQLAlchemy")
    return Unsupported(f"{hidden(url)} needs {what}, which is not installed", hint=f"pip install '{package}'")


def _failure(url: str, error: DBAPIError) -> ZenprofileError:
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is None:
        return _of_server(url, error)
    for start, kind, (message, hint) in _OF_SQLITE:
        if name.startswith(start):
            return kind(message.format(url=hidden(url)), hint=hint)
    return StoreBroken(f"{hidden(url)} failed: {_line(error.orig)}", hint="look at the file; nothing was written")


def _of_server(url: str, error: DBAPIError) -> ZenprofileError:
    original = error.orig
    code = str(getattr(original, "sqlstate", None) or next(iter(getattr(original, "args", ())), ""))
    if code in _DENIED:
        hint = "look at user and password (ZENPROFILE_STORE_PASSWORD), and what the user is granted"
        return AccessDenied(f"{hidden(url)} did not let us in", hint=hint)
    hint = "is it running, and are host and port right? Nothing was lost; repeat the command"
    return Unreachable(f"{hidden(url)} did not answer as it should: {_line(original)}", hint=hint)


def _line(error: object) -> str:
    return " ".join(str(error).split())[:200]
