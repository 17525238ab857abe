"""Git's messages about a failing remote, translated into this project's errors, without passwords or tokens."""

import re
from typing import NamedTuple

from zenprofile.errors import AccessDenied, NotFound, StoreBroken, Unreachable, Unsafe, ZenprofileError

_LONGEST = 500
_URL = r"([A-Za-z][A-Za-z0-9+.-]*://)([^\s'\"<>]*)"


class Cause(NamedTuple):
    """One kind of failure.

    Attributes:
        pattern: what git, curl or ssh writes then.
        error: the class of the error.
        message: with ``{url}`` for the remote and ``{said}`` for the line that told.
        hint: what to do.
    """

    pattern: str
    error: type[ZenprofileError]
    message: str
    hint: str


# The first that fits decides: ssh's own words stand before git's general ones.
_CAUSES = (
    Cause(
        r"dubious ownership",
        Unsafe,
        "the repository {url} belongs to another user, and git does not trust it",
        "if you do: git config --global --add safe.directory FOLDER",
    ),
    Cause(
        r"(?i)\A(?!remote:).*(?:no space left|quota exceeded|read-only file system|unable to create temp"
        r"|permission for adding)",
        StoreBroken,
        "git could not write here: {said}",
        "make room, or look at the permissions, and repeat the command",
    ),
    Cause(
        r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED",
        AccessDenied,
        "the host key of {url} is not known here, or has changed",
        "connect once by hand with ssh and compare the key",
    ),
    Cause(
        r"Permission denied \(|Too many authentication failures|No supported authentication|Permission denied, please",
        AccessDenied,
        "{url} did not let us in: {said}",
        "give ssh a key that the other side knows (ssh-add), and look at the user in the URL",
    ),
    Cause(
        r"Authentication failed|could not read (?:Username|Password)|terminal prompts disabled"
        r"|returned error: (?:401|403|407)|HTTP code = (?:401|403|407)|invalid credentials",
        AccessDenied,
        "{url} did not let us in: {said}",
        "give git user and token by its credential helper, and look at the rights they have",
    ),
    Cause(
        r"(?i)ERROR: Permission to .* denied|access denied|write access .*not granted|you are not allowed to"
        r"|insufficient permission|deploy key|not authorized",
        AccessDenied,
        "{url} did not let us in: {said}",
        "look at your rights in that repository",
    ),
    Cause(
        r"(?<!push )[Cc]ertificate|\bSSL\b|\bTLS\b|OpenSSL|gnutls_|GnuTLS|handshake fail",
        Unreachable,
        "no safe connection to {url}: {said}",
        "look at the certificate of the other side, and at http.sslCAInfo and the clock here",
    ),
    Cause(
        r"transport '.*' not allowed",
        Unsafe,
        "git is set not to use this kind of URL: {url}",
        "use https or ssh, or look at git's protocol.* settings and GIT_ALLOW_PROTOCOL",
    ),
    Cause(
        r"returned error: 3\d\d|unable to update url base from redirection",
        Unreachable,
        "{url} sends to another address, which is not followed",
        "use the address that it sends to; often it ends in .git",
    ),
    Cause(
        r"does not appear to be a git repository|(?i:repository .*not found)|(?i:project .*(?:not found|be found))"
        r"|returned error: (?:404|410)|repository '.*' does not exist|not a git repository",
        NotFound,
        "there is no repository at {url}, or it is hidden from you",
        "look at the URL and at your rights",
    ),
    Cause(
        r"(?i)could not resolve|name or service not known|connection (?:refused|timed out|reset|closed)|timed? ?out"
        r"|failed to connect|couldn't connect|no route to host|network is (?:unreachable|down)|too slow"
        r"|returned error: (?:5\d\d|408|429)|early EOF|hung up|unexpected disconnect|RPC failed|empty reply"
        r"|invalid server response|not valid: (?:is this|could not)|kex_exchange|banner exchange|broken pipe"
        r"|protocol error|cannot access URL|received HTTP/0\.9|bad line length|proxy"
        r"|could not read from remote repository",
        Unreachable,
        "{url} could not be reached: {said}",
        "look at the network and the URL, and try again",
    ),
)

# What git says last whatever broke the connection, its own refusal included: a cause that it named before counts.
_CONSEQUENCE = (
    r"(?i)hung up|early EOF|unexpected disconnect|could not read from remote repository|broken pipe|failed to push some"
)
_NAMED = ("fatal:", "error:")


def redacted(text: str) -> str:
    """Return text with users, passwords and queries of URLs masked; ``git@`` of ssh stays."""
    return re.sub(_URL, _redacted, text) if "://" in text else text


def _redacted(found: re.Match[str]) -> str:
    scheme, rest = found.groups()
    authority, slash, path = rest.partition("/")
    if "@" in path and re.match(r"[^:@\[]*:(?!\d*\Z)[^@]*\Z", authority):  # a password with a slash in it
        front, _, path = rest.rpartition("@")
        host, slash, path = path.partition("/")
        authority = f"{front}@{host}"
    login, at, host = authority.rpartition("@")
    if at:
        user = login.partition(":")[0] if "ssh" in scheme else "***"
        authority = f"{user}{':***' if 'ssh' in scheme and ':' in login else ''}@{host}"
    front, mark, _ = (authority + slash + path).partition("?")
    return scheme + front + ("?***" if mark else "")


def stderr_lines(err: str) -> list[str]:
    """Return what git wrote to standard error, line by line, progress included, without passwords and tokens."""
    return [line.strip() for line in re.split(r"[\r\n]+", redacted(err)) if line.strip()]


def failure(err: str, url: str, *, kept: bool = True) -> ZenprofileError:
    """Return the error that git's words mean.

    Args:
        err: its standard error.
        url: the remote's, as shown.
        kept: whether there is local work, which is said to be kept then.
    """
    output = stderr_lines(err)
    for cause in _CAUSES:
        line = next((line for line in output if _matches(cause, line)), "")
        if line and re.search(_CONSEQUENCE, line) and _own_cause(output[: output.index(line)]):
            break
        if line:
            error = Unreachable if kept and cause.error is NotFound else cause.error
            message = cause.message.format(url=url, said=_without_prefix(line))
            return error(message, hint=_hint(cause.hint, kept and error.exit_status == Unreachable.exit_status))
    output = [line for line in output if line.startswith(_NAMED)] or output[-1:] or ["it does not say why"]
    return ZenprofileError(
        f"git failed with {url}: {_without_prefix(output[0])}", hint=_hint("put right what git names", kept)
    )


def _matches(cause: Cause, line: str) -> bool:
    return re.search(cause.pattern, re.sub(_URL, "", line)) is not None


def _own_cause(output: list[str]) -> bool:
    """Return whether git names a cause that is none of the kinds known here."""
    return any(line.startswith(_NAMED) and not any(_matches(cause, line) for cause in _CAUSES) for line in output)


def timeout_error(url: str, timeout: float, *, kept: bool = True) -> Unreachable:
    """Return the error of a remote that has not answered for so many seconds."""
    message = f"{url} did not answer: nothing moved for {timeout:g} seconds"
    return Unreachable(message, hint=_hint("try again; --timeout sets the limit", kept))


def remote_message(err: str) -> str:
    """Return what the remote itself wrote (a hook's message), as one line."""
    said = (line.removeprefix("remote:").strip() for line in stderr_lines(err) if line.startswith("remote:"))
    noise = re.compile(r"\W*\Z|Resolving |Counting |Compressing |Enumerating |Total ")
    return " ".join(line for line in said if not noise.match(line))[:_LONGEST]


def _without_prefix(line: str) -> str:
    line = re.sub(r"\A(?:(?:fatal|error|remote|warning|ssh): ?)+", "", line)
    return re.sub(r"\Aunable to access '[^']*': ?", "", line)[:_LONGEST]


def _hint(hint: str, kept: bool) -> str:
    return f"local work is kept; {hint}" if kept else hint
