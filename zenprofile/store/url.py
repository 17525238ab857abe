"""URLs of stores: checked for safety, normalized, and shown without secrets (docs/contract.md).

Nothing heavy is imported here: whoever reads a profile's settings passes through this module.
"""

import os
import re

from zenprofile.errors import Unsafe, UsageError

_MYSQL = frozenset({"charset", "connect_timeout", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert"}) | {
    "ssl_verify_identity",
    "unix_socket",
}
# What the query of a database's URL may say; anything else can make a client read files or run code.
QUERY_KEYS: dict[str, frozenset[str]] = {
    "sqlite": frozenset(),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "postgresql": frozenset({"application_name", "connect_timeout", "host", "port", "sslcert", "sslkey", "sslmode"})
    | {"sslrootcert", "target_session_attrs"},
}
_CLONES = frozenset({"ssh", "git+ssh", "git+file", "git+http", "git+https"})

# As text: each is compiled when it is first needed.
_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]*):"
_HELPER = r"[A-Za-z0-9][A-Za-z0-9+.-]*::"
_SCP = r"[A-Za-z0-9_][\w.-]*@[^/:@]+:(?!//)"
_HTTPS_GIT = r"(?i:https)://[^/?#]+/[^?#]*?\.git/?(?:@[^?#]+)?(?:#.*)?\Z"
_CONTROL = "[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
_HOST = r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?\Z"
_LOOPBACK = r"(?:(?i:localhost)|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?\Z"
_LOGIN = r"([^:/?#@]*)(?::([^/?#]*))?@"
# People write a database's password as it is, with any character in it: it ends at the last '@' before the options.
# What stands for a variable of the machine that reads (`${env:NAME}`) is no secret, and holds a colon.
_REFERENCE = r"\$\{env:[A-Za-z_][A-Za-z0-9_]*\}"
_LOGIN_SQL = rf"((?:{_REFERENCE}|[^:/?#@])*(?::{_REFERENCE}(?=@))?)(?::(.*))?@"
_OPTIONS = r"[^=&@/?#]+="


def scheme_of(url: str) -> str:
    """Return the scheme in lower case: "" of a path, ``ssh`` of ``git@host:path``."""
    if ":" not in url:  # most are paths; patterns are compiled in each process anew
        return ""
    found = re.match(_SCHEME, url)
    if found:
        return found.group(1).lower()
    return "ssh" if re.match(_SCP, url) else ""


def dialect_of(url: str) -> str:
    """Return the scheme without a database's driver suffix: ``mysql`` of ``mysql+pymysql://``."""
    scheme = scheme_of(url)
    dialect = scheme.partition("+")[0]
    return dialect if dialect in QUERY_KEYS else scheme


def is_clone_url(url: str) -> bool:
    """Return whether the URL names a Git repository that has to be cloned first."""
    return ":" in url and (scheme_of(url) in _CLONES or bool(re.match(_HTTPS_GIT, url)))


def check(url: str) -> None:
    """Refuse a URL that could run code, or reach what the user does not expect.

    Raises:
        Unsafe: it does.
        UsageError: it is no URL of its scheme.
    """
    for wrong, reason, hint in (
        (not url.isprintable() and re.search(_CONTROL, url), "holds control characters", "type it anew"),
        (url != url.strip(), "has blanks at its ends", "take them away"),
        (url.startswith("-"), "starts with '-'", "write a path as ./-name"),
        ("::" in url and re.match(_HELPER, url), "names a helper program of git", "use https, ssh or a path"),
        (url.startswith(("\\\\", "//")), "is a path on another host", "use https, ssh or a local path"),
        (scheme_of(url) == "git", "is not protected on its way", "use git+https or git+ssh"),
    ):
        if wrong:
            raise Unsafe(f"the URL {reason}", hint=hint)
    if dialect_of(url) in _CHECKS:
        _CHECKS[dialect_of(url)](url)
    if is_clone_url(url):
        from zenprofile.store import clones

        clones.parse(url)


def _check_file(url: str) -> None:
    authority, path = _parts(url)
    scheme = scheme_of(url)
    if authority not in {"", "localhost"} or path.startswith("//"):
        raise Unsafe("the URL is a path on another host", hint=f"write {scheme}:///path, with three slashes")
    if not path.startswith("/"):
        raise UsageError(f"a {scheme}: URL holds an absolute path", hint=f"write {scheme}:///path, or the path alone")
    if scheme == "file" and ("#" in path or "?" in path):
        raise UsageError("a file: URL has no '?' or '#'", hint="write %3F or %23, or the path alone")


def _check_web(url: str) -> None:
    authority, path = _parts(url)
    if "@" in authority:
        hint = "leave it out: 'zenprofile login', git's credential helper or a variable gives it"
        raise Unsafe("the URL holds a user or password", hint=hint)
    if not re.match(_HOST, authority):
        raise UsageError("the URL has no host, or one that is none", hint=f"write {scheme_of(url)}://host/...")
    if scheme_of(url) == "git+http" and not re.match(_LOOPBACK, authority):
        raise Unsafe("the URL is not protected on its way", hint="use git+https or git+ssh")
    if not is_clone_url(url) and ("?" in path or "#" in path):
        raise UsageError("the address of a server has no '?' or '#'", hint="leave out what stands behind it")
    if not is_clone_url(url) and " " in path:
        raise UsageError("the address of a server has no blanks", hint="write %20 for a blank")


def _check_ssh(url: str) -> None:
    scp = None if re.match(_SCHEME, url) else re.match(_SCP, url)
    login, _, host = (scp.group()[:-1] if scp else _parts(url)[0]).rpartition("@")
    if ":" in login:
        raise Unsafe("the URL holds a password", hint="use a key, or git's credential helper")
    if not host or host.startswith("-") or login.startswith("-"):
        raise Unsafe("the URL's host would be read as an option", hint="write ssh://user@host/path")
    if not re.match(_HOST, host):
        raise UsageError("the URL's host or port is none", hint="write ssh://user@host/path, or user@host:path")


def _check_sqlite(url: str) -> None:
    authority, path = _parts(url)
    name = path[1:].partition("?")[0]
    if authority or not _behind_scheme(url).startswith("///"):
        raise UsageError("the URL of an SQLite file has three slashes", hint="write sqlite:///file or sqlite:////path")
    if decoded(name).lower().startswith("file:"):
        raise Unsafe("the URL holds a URL", hint="write sqlite:///relative.db or sqlite:////path.db")
    if name in {"", "/", ":memory:"}:
        raise UsageError("the URL names no SQLite file", hint="write sqlite:///relative.db or sqlite:////path.db")
    if name.startswith("//"):
        raise Unsafe("the URL is a path on another host", hint="write sqlite:////path, with four slashes")
    _check_query(url)


def _check_database(url: str) -> None:
    if "://" not in url:
        raise UsageError("the URL names no host", hint=f"write {dialect_of(url)}://user@host/database")
    bare = split_password(url)[0]
    hosts = _parts(bare)[0].rpartition("@")[2]
    if hosts and not all(map(_is_host, hosts.split(","))):  # several: the nodes of a cluster
        hint = f"write {dialect_of(url)}://user@host:port/database"
        raise UsageError("the URL's host or port is none", hint=hint)
    _check_query(bare)


def _is_host(text: str) -> bool:
    """Return whether a text is a host, or the path of a socket with escapes, with a port where one is given."""
    if not re.match(_HOST, text) and not re.match(r"[A-Za-z0-9_.%-]+\Z", text):
        return False
    name, _, port = (text, "", "") if text.endswith("]") else text.partition(":") if text[0] != "[" else ("", "", "")
    return len(name) <= 253 and all(len(label) < 64 for label in name.split(".")) and (not port or int(port) < 65536)


def _check_query(url: str) -> None:
    allowed = QUERY_KEYS[dialect_of(url)]
    for part in filter(None, re.split("[&;]", url.partition("?")[2])):
        key = decoded(part.partition("=")[0])
        if key not in allowed:
            hint = f"allowed are: {', '.join(sorted(allowed))}" if allowed else "leave out what stands behind '?'"
            raise Unsafe(f"the URL's option {key[:40]!r} is not allowed", hint=hint)


_CHECKS = {
    "file": _check_file,
    "git+file": _check_file,
    "http": _check_web,
    "https": _check_web,
    "git+http": _check_web,
    "git+https": _check_web,
    "ssh": _check_ssh,
    "git+ssh": _check_ssh,
    "sqlite": _check_sqlite,
    "mysql": _check_database,
    "mariadb": _check_database,
    "postgresql": _check_database,
}


def _behind_scheme(url: str) -> str:
    found = re.match(_SCHEME, url)
    return url[found.end() :] if found else url


def _behind_slashes(url: str) -> str:
    return _behind_scheme(url).removeprefix("//")


def _parts(url: str) -> tuple[str, str]:
    """Return authority and path (query and fragment included) of a URL with a scheme."""
    rest = _behind_scheme(url)
    if not rest.startswith("//"):
        return "", rest
    authority = re.split("[/?#]", rest[2:], maxsplit=1)[0]
    return authority, rest[2 + len(authority) :]


def _login(url: str) -> re.Match[str] | None:
    """Find user and password of a URL with an authority."""
    if not re.match(_SCHEME, url) or not _behind_scheme(url).startswith("//"):
        return None
    text = _behind_slashes(url)
    if dialect_of(url) not in QUERY_KEYS:
        return re.match(_LOGIN, text)
    front, _, options = text.rpartition("?")
    return re.match(_LOGIN_SQL, front if "@" in front and re.match(_OPTIONS, options) else text)


def decoded(text: str) -> str:
    """Return text with its %-escapes read."""
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)


def absolute(url: str, cwd: str) -> str:
    """Return a URL whose path, that of a folder or SQLite file, is absolute; any other stays as it is.

    Args:
        url: as `check` accepts it.
        cwd: what a relative path is relative to.
    """
    if url and not scheme_of(url):
        return _absolute(url, cwd)
    if dialect_of(url) != "sqlite":
        return url
    path, mark, query = _behind_slashes(url)[1:].partition("?")
    if not path.startswith("/"):
        path = _absolute(decoded(path), cwd).replace("%", "%25").replace("?", "%3F")
    return f"{url[: url.index(':')]}:///{path}{mark}{query}"


def _absolute(path: str, cwd: str) -> str:
    """Return a path made absolute; '..' behind a link leads where the system goes."""
    joined = os.path.join(cwd, path)
    lexical = os.path.normpath(joined)
    real = os.path.realpath(joined)
    return lexical if os.path.realpath(lexical) == real else real


def path_of(url: str) -> str:
    """Return the path that the URL of a folder or SQLite file names."""
    if not scheme_of(url):
        return url
    path = _parts(url)[1]
    return decoded(path[1:].partition("?")[0] if dialect_of(url) == "sqlite" else path)


def split_password(url: str) -> tuple[str, str]:
    """Return a URL without its password, and the password, its %-escapes read ("" for none)."""
    found = _login(url)
    if not found or not found.group(2):
        return url, ""
    start = len(url) - len(_behind_slashes(url))
    return url[: start + found.end(1)] + url[start + found.end(2) :], decoded(found.group(2))


def without_secrets(url: str, *, password: bool = False) -> str:
    """Return a URL as it may be shown: ``:***@`` for a password, ``***`` for what options say unless known as harmless.

    Args:
        url: as given or as stored.
        password: whether there is one although the URL does not contain it (it is in the keyring).
    """
    if not re.match(_SCHEME, url):
        return url
    found = _login(url)
    if found and (password or found.group(2) is not None):
        start = len(url) - len(_behind_slashes(url))
        url = f"{url[: start + found.end(1)]}:***{url[start + found.end() - 1 :]}"
    elif "@" in url and "://" in url and not (found and dialect_of(url) in QUERY_KEYS):
        url = _hide_unusual_password(url)
    front, mark, query = url.partition("?")
    if mark:
        return f"{front}?{_values_hidden(query, QUERY_KEYS.get(dialect_of(url), frozenset()))}"
    front, mark, fragment = url.partition("#")
    return front + mark + _values_hidden(fragment, frozenset({"subdirectory"}))


def _hide_unusual_password(url: str) -> str:
    """Hide a password that holds what ends a host's name (``/``, ``?``, ``#``)."""
    from zenprofile.core.secrets.detector import password_in

    password = password_in(url)
    return url.replace(f":{password}@", ":***@", 1) if password else url


def _values_hidden(query: str, known: frozenset[str]) -> str:
    parts = [part.partition("=") for part in query.split("&")]
    return "&".join(f"{key}{equals}{value if key in known or not value else '***'}" for key, equals, value in parts)
