"""From a profile's URL to where SQLAlchemy connects: references to variables, several hosts, credentials of the client.

SQLAlchemy 2.0 and 2.1 read the escapes of a database's name differently, and know several hosts of one dialect alone,
so these parts are taken from the URL here.
"""

import os
import re
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import URL, make_url

from zenprofile.errors import NotFound, UsageError
from zenprofile.store.url import decoded, dialect_of, scheme_of

# Without a suffix: the client libraries that zenprofile brings or names.
_CLIENTS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql", "postgresql": "postgresql+psycopg"}
_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_PARTS = re.compile(r"(?P<front>[^:]+://)(?P<login>.*@)?(?P<hosts>[^/?#@]*)(?P<path>/[^?]*)?(?P<query>\?.*)?\Z", re.S)
_MYSQL = frozenset({"mysql", "mariadb"})


class Address(NamedTuple):
    """Where a database is.

    Attributes:
        url: as SQLAlchemy takes it, with the first host alone.
        hosts: every host and port, in the order in which they are tried; a port is None for the usual one.
    """

    url: URL
    hosts: tuple[tuple[str, int | None], ...]


def address(url: str, password: str) -> Address:
    """Return where to connect.

    Args:
        url: as the profile keeps it, without password.
        password: "" for none.

    Raises:
        NotFound: a variable that the URL names is not set.
        UsageError: a port is none.
    """
    found = _PARTS.match(_resolved(url))
    if found is None:
        return Address(make_url(url), ())
    hosts = tuple(map(_host, filter(None, found["hosts"].split(","))))
    first = found["hosts"].partition(",")[0]
    parsed = make_url(f"{found['front']}{found['login'] or ''}{first}/{found['query'] or ''}")
    parsed = parsed.set(drivername=_CLIENTS.get(scheme_of(url), parsed.drivername))
    database = decoded((found["path"] or "/")[1:])
    if database:
        parsed = parsed.set(database=database)
    if password:
        parsed = parsed.set(password=password)
    if dialect_of(url) in _MYSQL and (not parsed.password or not parsed.username):
        parsed = _with_option_file(parsed)
    return Address(parsed, hosts)


def _resolved(url: str) -> str:
    """Return a URL with the variables' values in place of ``${env:NAME}``."""

    def value(reference: re.Match[str]) -> str:
        name = reference.group(1)
        if name not in os.environ:
            raise NotFound(f"the profile's URL names the variable {name}, which is not set", hint=f"export {name}=...")
        return quote(os.environ[name], safe="")

    return _REFERENCE.sub(value, url)


def _host(text: str) -> tuple[str, int | None]:
    host, mark, port = text.rpartition(":")
    if not mark or text.endswith("]"):
        return text, None
    if not port.isdigit():
        raise UsageError(f"'{text[:60]}' is no host and port", hint="write mysql://user@host:3306/database")
    return host, int(port)


def _with_option_file(parsed: URL) -> URL:
    """Add user and password of the MySQL client's own file, and nothing else of it."""
    import configparser

    options = configparser.ConfigParser(allow_no_value=True, interpolation=None, strict=False)
    try:
        with open(os.path.expanduser("~/.my.cnf"), encoding="utf-8") as file:
            options.read_string("".join(line for line in file if not line.lstrip().startswith("!")))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return parsed
    user, password = (_unquoted(options.get("client", name, fallback="")) for name in ("user", "password"))
    if user and parsed.username not in {None, user}:
        return parsed
    return parsed.set(username=parsed.username or user or None, password=parsed.password or password or None)


def _unquoted(value: str | None) -> str:
    text = (value or "").strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
