"""From a URL to its driver: by scheme, in a table; third parties add theirs as entry points (docs/contract.md).

Nothing heavy is imported here: whoever reads a profile's settings passes through this module.
"""

from typing import TYPE_CHECKING, Any

from zenprofile.errors import StoreBroken, Unsupported, UsageError
from zenprofile.store.url import (
    QUERY_KEYS,
    absolute,
    check,
    dialect_of,
    is_clone_url,
    path_of,
    scheme_of,
    split_password,
    without_secrets,
)

if TYPE_CHECKING:
    from zenprofile.core.change import Change
    from zenprofile.store.base import Driver, Options, Store

__all__ = [
    "check",
    "is_clone_url",
    "path_of",
    "scheme_of",
    "split_password",
    "without_secrets",
]  # of store.url, for callers

GROUP = "zenprofile.drivers"
_DRIVERS = {
    "local": "zenprofile.drivers.local.driver:DRIVER",
    "sql": "zenprofile.drivers.sql:DRIVER",
    "rest": "zenprofile.drivers.rest:DRIVER",
    "memory": "zenprofile.drivers.memory:DRIVER",
}
# Stores that other programs wrote, by the driver of such URLs, which is asked first.
_FOREIGN = {
    "local": "zenprofile.drivers.zenml013:FOLDER",
    "sql": "zenprofile.drivers.zenml013:DATABASE",
}
# By scheme, the driver suffix of a database's URL left out; "" is a path.
_SCHEMES = {
    "": "local",
    "file": "local",
    "sqlite": "sql",
    "mysql": "sql",
    "mariadb": "sql",
    "postgresql": "sql",
    "http": "rest",
    "https": "rest",
    "memory": "memory",
}
# Dialects that come with SQLAlchemy itself; others are found by its entry points.
_UNTRIED = frozenset({"oracle", "mssql"})


def driver_of(url: str, store_type: str = "") -> "Driver":
    """Return the driver of a URL, imported only now.

    Args:
        url: "" for none.
        store_type: what the user named by ``-t``, or "".

    Raises:
        UsageError: no driver has such URLs, or the type names another one.
        Unsafe: see `zenprofile.store.url.check`.
        Unsupported: the driver, or a library that it needs, is not installed.
    """
    kind = kind_of(url, store_type)
    if kind not in _DRIVERS:
        return _from_entry_point(kind)
    return _load(kind, _DRIVERS[kind])


def _load(kind: str, place: str) -> "Driver":
    import importlib

    module, _, attribute = place.partition(":")
    try:
        driver: Driver = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name == module:
            hint = "upgrade zenprofile, or use another kind of store"
            raise Unsupported(f"this zenprofile has no driver for '{kind}' stores", hint=hint) from None
        hint = "install zenprofile again with its dependencies"
        raise Unsupported(f"'{kind}' stores need '{error.name}', which is not installed", hint=hint) from None
    return driver


def _from_entry_point(scheme: str) -> "Driver":
    from importlib.metadata import entry_points

    driver: Driver = next(iter(entry_points(group=GROUP, name=scheme))).load()
    return driver


def kind_of(url: str, store_type: str = "") -> str:
    """Return the driver's name, ``local``, ``sql``, ``rest`` or a third party's scheme; checks the URL on the way.

    Raises:
        UsageError: no driver has such URLs, or the type names another one.
        Unsafe: see `zenprofile.store.url.check`.
    """
    check(url)
    if not url and store_type == "sql":
        return "sql"
    kind = _kind(url)
    if store_type not in {"", kind}:
        if not url:
            raise UsageError(f"a store of type '{store_type}' needs a URL", hint="give its address with --url")
        message = f"the URL {without_secrets(url)} is one of a '{kind}' store, not of '{store_type}'"
        raise UsageError(message, hint="leave out --store-type: the URL says which it is")
    return kind


def _kind(url: str) -> str:
    if is_clone_url(url):
        return "local"
    return _SCHEMES.get(dialect_of(url)) or _from_others(scheme_of(url))


def _from_others(scheme: str) -> str:
    from importlib.metadata import entry_points

    if entry_points(group=GROUP, name=scheme):
        return scheme
    dialect = scheme.partition("+")[0]
    if dialect in _UNTRIED or any(entry_points(group="sqlalchemy.dialects", name=n) for n in _names(scheme)):
        return "sql"
    if dialect == "postgres":
        raise UsageError("the scheme 'postgres:' is an old name", hint="write postgresql://...")
    known = "a path, file:, git+https:, git+ssh:, ssh:, sqlite:, mysql:, mariadb:, postgresql:, https:"
    hint = f"known are {known}; a path that holds a colon starts with ./"
    raise UsageError(f"no store has URLs that start with '{scheme[:40]}:'", hint=hint)


def _names(scheme: str) -> tuple[str, str]:
    return scheme.replace("+", "."), scheme.partition("+")[0]


def is_untried(url: str) -> bool:
    """Return whether a URL names a dialect of SQLAlchemy that zenprofile is not tested with (worth a warning)."""
    return bool(url) and dialect_of(url) not in QUERY_KEYS and _kind(url) == "sql"


def normal_url(url: str, store_type: str, cwd: str) -> str:
    """Return the URL as a profile stores it: paths absolute, everything else as it was given.

    Args:
        url: as the user gave it; "" for none stays "".
        store_type: as the user named it by ``-t``, or "".
        cwd: what a relative path is relative to.

    Raises:
        UsageError: the type disagrees with the URL, or no driver has such URLs.
        Unsafe: see `zenprofile.store.url.check`.
    """
    kind_of(url, store_type)
    return absolute(url, cwd)


def _foreign(url: str, options: "Options") -> "Driver | None":
    """Return the driver of a store that another program wrote, where one is at the URL."""
    kind = kind_of(url) if url else ""
    if kind not in _FOREIGN:
        return None
    driver = _load(kind, _FOREIGN[kind])
    return driver if driver.holds(url, options) else None


def is_profile(url: str, options: "Options") -> bool:
    """Return whether a store is at the URL already, another program's too; see `zenprofile.store.base.Driver.holds`."""
    return driver_of(url).holds(url, options) or _foreign(url, options) is not None


def open_store(url: str, options: "Options") -> "Store":
    """Open the store at a URL: zenprofile's own, else one that another program wrote.

    The scheme's driver is asked first, so that what zenprofile wrote costs no look at anything else.

    Raises:
        ZenprofileError: see `zenprofile.store.base.Driver.open`.
    """
    try:
        return driver_of(url).open(url, options)
    except StoreBroken:
        foreign = _foreign(url, options)
        if foreign is None:
            raise
    return foreign.open(url, options)


def create_store(url: str, options: "Options", defaults: "Change | None" = None) -> "Store":
    """Make a store at an empty place, or open the one that is there; see `zenprofile.store.base.Driver`.

    Args:
        url: of the place.
        options: of this machine.
        defaults: what the store begins with; None for the default entities.
    """
    clone_if_missing(url, options)
    driver = driver_of(url)
    if driver.holds(url, options):
        return driver.open(url, options)
    return driver.create(url, options, default_change() if defaults is None else defaults)


def clone_if_missing(url: str, options: "Options") -> None:
    """Clone what has to be cloned before it can be opened; nothing where the clone is there already, or none is needed.

    Args:
        url: of the place.
        options: of this machine; ``clone`` names the folder.

    Raises:
        NotFound, Unreachable, AccessDenied: the other side.
        Unsafe, UsageError: the URL.
        StoreBroken: no space, no permission.
    """
    if is_clone_url(url):
        driver: Any = driver_of(url)
        driver.clone_if_missing(url, options)


def default_change() -> "Change":
    """Return the change that an empty store begins with: the default user, components and stack."""
    from zenprofile.core.change import Change, Edit
    from zenprofile.core.document.writer import write
    from zenprofile.core.entity import DEFAULTS

    edits = tuple(Edit(key, None, write(key.kind, data)) for key, data in DEFAULTS)
    return Change(edits, "Create the default user, components and stack")


def nothing_there_error(url: str) -> StoreBroken:
    """Return the error that a driver raises where a URL holds nothing to open."""
    hint = "make one with 'zenprofile create', or fix the URL"
    return StoreBroken(f"there is no profile at {without_secrets(url)}", hint=hint)
