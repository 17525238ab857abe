"""Requests to a server: one session, a deadline for everything, every response checked.

Every request is one that may be sent twice: a read, or a write that carries an Idempotency-Key. So one that got no
answer is sent again.
"""

import json
import os
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError, ReadTimeoutError

from zenprofile import __version__, errors
from zenprofile.drivers.rest import wire
from zenprofile.errors import Invalid, Problem, Unreachable, Unsafe, Unsupported, ZenprofileError
from zenprofile.store.base import Options
from zenprofile.store.url import without_secrets

API = "1"
STRANGE = "no-server"  # code of the error where something else answers
TRIES = 3
_Result = TypeVar("_Result")
_PAUSE = 0.2  # seconds before the second try; twice that before the third
_MOST_BYTES = 256 * 1024 * 1024
_PART = 64 * 1024
_AGAIN = frozenset({502, 503, 504})
_LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1")
_JSON = ("application/json", "application/problem+json")


class Reply(NamedTuple):
    """An answer of a zenprofile server: its status, and what it says."""

    status: int
    data: Any


class Client:
    """Asks one server.

    Args:
        url: of the server, with the path at which it stands.
        options: of the store; the password is the token.

    Raises:
        Unsafe: what is sent would be open to others on its way.
    """

    def __init__(self, url: str, options: Options) -> None:
        parts = urlsplit(url)
        if parts.scheme.lower() == "http" and not _LOOPBACK.fullmatch((parts.hostname or "").lower()):
            hint = "use https://, or an ssh tunnel to the server's loopback"
            raise Unsafe(f"{without_secrets(url)} is not protected on its way", hint=hint)
        self._base = url.rstrip("/")
        self._shown = without_secrets(url)
        self._timeout = options.timeout
        session = requests.Session()
        session.trust_env = False  # else a line of ~/.netrc replaces the token
        session.proxies.update(get_environ_proxies(self._base))
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True
        session.headers.update(
            {
                "Accept": "application/json",
                "Accept-Encoding": "identity",  # a cut gzip stream would look like a short answer
                "User-Agent": f"zenprofile/{__version__}",
                "Zenprofile-Machine": _machine(options, self._base),
            }
        )
        if options.password:
            session.headers["Authorization"] = f"Bearer {options.password}"
        self._session = session

    def get(self, path: str, **query: str) -> Any:
        """Read; names of the query whose value is "" are left out.

        Raises:
            ZenprofileError: as the server told it, or as `ask`.
        """
        return self._checked(self.ask("GET", path, query={name: value for name, value in query.items() if value}))

    def post(self, path: str, body: Any) -> Any:
        """Send what is only read there; as `get`."""
        return self._checked(self.ask("POST", path, body=body))

    def put(self, path: str, body: Any) -> Any:
        """Send what begins something; as `get`."""
        return self._checked(self.ask("PUT", path, body=body))

    @staticmethod
    def _checked(reply: Reply) -> Any:
        if reply.status >= 400:
            raise failure(reply)
        return reply.data

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request, again where no answer came, until the deadline; return the answer, also that it is refused.

        Raises:
            Unreachable: no answer in time, or one that is none of a zenprofile server.
            Unsupported: the server speaks another version.
        """
        sent = body if body is None or isinstance(body, bytes) else wire.encoded(body)
        more = {**(headers or {}), **({} if sent is None else {"Content-Type": "application/json"})}
        deadline = time.monotonic() + self._timeout
        for attempt in range(TRIES):
            try:
                request = _Call(method, self._base + path, dict(query or {}), sent, more)
                reply = self._within(deadline, partial(self._exchange, request, deadline))
            except _Lost as lost:
                trouble: ZenprofileError = lost.error
            else:
                if reply.status not in _AGAIN:
                    return reply
                trouble = failure(reply)
            pause = _PAUSE * 2**attempt * random.uniform(0.5, 1)  # noqa: S311 - jitter, no secret
            if attempt == TRIES - 1 or time.monotonic() + pause >= deadline:
                break
            time.sleep(pause)
        raise trouble

    def _within(self, deadline: float, work: Callable[[], _Result]) -> _Result:
        """Run work in a thread that is abandoned at the deadline: no HTTP library has a total deadline.

        A read timeout counts from byte to byte, so a server that sends one a second would never end.
        """
        done: list[_Result] = []
        failed: list[Exception] = []

        def run() -> None:
            try:
                done.append(work())
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(max(0.0, deadline - time.monotonic()))
        if failed:
            raise failed[0]
        if not done:
            raise self._too_late()
        return done[0]

    def _too_late(self) -> Unreachable:
        message = f"{self._shown} gave no whole answer within {self._timeout:g} seconds"
        return Unreachable(message, hint="nothing was lost; try again, or give it longer with --timeout")

    def _exchange(self, request: "_Call", deadline: float) -> Reply:
        left = max(0.001, deadline - time.monotonic())
        try:
            with self._session.request(
                request.method,
                request.url,
                params=request.query,
                data=request.body,
                headers=request.headers,
                timeout=left,
                allow_redirects=False,
                stream=True,
            ) as response:
                self._check_server(response)
                return Reply(response.status_code, self._read(response, deadline))
        except requests.exceptions.SSLError as error:
            hint = "look at the server's certificate; REQUESTS_CA_BUNDLE names a file of authorities to trust"
            raise Unreachable(f"{self._shown}: {_why(error)}", hint=hint) from None
        except requests.exceptions.Timeout:
            raise self._too_late() from None
        except ReadTimeoutError:
            raise self._too_late() from None
        except (requests.exceptions.RequestException, HTTPError, OSError) as error:
            hint = "is the server running, and are host and port right? Nothing was lost; try again"
            raise _Lost(Unreachable(f"{self._shown} cannot be reached: {_why(error)}", hint=hint)) from None

    def _check_server(self, response: requests.Response) -> None:
        """Refuse the answer of anything but a zenprofile server that speaks our version."""
        if 300 <= response.status_code < 400:
            to = without_secrets(response.headers.get("Location", "another place")[:200])
            message = f"{self._shown} sends on to {to}; nothing was sent there"
            raise Unreachable(message, hint="if that is right, create the profile anew with that address")
        spoken = response.headers.get("Zenprofile-Api")
        if spoken is None:
            kind = response.headers.get("Content-Type", "nothing").partition(";")[0][:60]
            message = f"{self._shown} answered {response.status_code} with {kind}, which is no zenprofile server's"
            error = Unreachable(message, hint="look at the address, and at what stands in between (a proxy, a sign-in)")
            error.code = STRANGE
            if response.status_code in _AGAIN:
                raise _Lost(error)
            raise error
        if spoken != API:
            message = f"{self._shown} speaks version {spoken[:20]} of the API, and this zenprofile version {API}"
            raise Unsupported(message, hint="upgrade the older one of the two")

    def _read(self, response: requests.Response, deadline: float) -> Any:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise self._unexpected_answer("it is compressed, which was not asked for")
        parts: list[bytes] = []
        size = 0
        for part in response.raw.stream(_PART, decode_content=False):
            size += len(part)
            if size > _MOST_BYTES or time.monotonic() > deadline:
                raise self._unexpected_answer("it is too large") if size > _MOST_BYTES else self._too_late()
            parts.append(part)
        if response.status_code == 204 and not size:
            return None
        if response.headers.get("Content-Type", "").partition(";")[0].strip() not in _JSON:
            raise self._unexpected_answer("it is not JSON")
        try:
            return json.loads(b"".join(parts))
        except (ValueError, RecursionError):
            raise self._unexpected_answer("it is not JSON as it was sent") from None

    def _unexpected_answer(self, reason: str) -> Unreachable:
        return Unreachable(
            f"the answer of {self._shown} cannot be used: {reason}", hint="try again; look at the server"
        )

    def is_git(self) -> bool:
        """Return whether a Git server answers at the address."""
        asked = f"{self._base}/info/refs?service=git-upload-pack"

        def look() -> str:
            with self._session.get(asked, timeout=self._timeout, allow_redirects=False, stream=True) as response:
                return response.headers.get("Content-Type", "")

        try:
            answer = self._within(time.monotonic() + self._timeout, look)
        except (requests.exceptions.RequestException, Unreachable):
            return False
        return answer.startswith("application/x-git-upload-pack")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class _Call(NamedTuple):
    method: str
    url: str
    query: dict[str, str]
    body: bytes | None
    headers: dict[str, str]


class _Lost(Exception):
    """No answer, or one of a proxy whose server is away: the request is sent again."""

    def __init__(self, error: Unreachable) -> None:
        super().__init__(error.message)
        self.error = error


def _machine(options: Options, url: str) -> str:
    """Return an identifier of this machine for one server, of no meaning to any other."""
    import hashlib
    import hmac

    secret = options.machine()
    return hmac.new(secret.encode(), url.encode(), hashlib.sha256).hexdigest() if secret else ""


def _why(error: BaseException) -> str:
    """Return the innermost reason of a failure, in a line."""
    while True:
        inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, BaseException)), None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    text = str(getattr(error, "strerror", None) or error).rpartition(": ")[2]
    return re.sub(r"\A\[Errno -?\d+\] ", "", " ".join(text.split()))[:200] or type(error).__name__


def failure(reply: Reply) -> ZenprofileError:
    """Return the error that the server told."""
    data = reply.data if isinstance(reply.data, dict) else {}
    kinds = {kind.code: kind for kind in _kinds(ZenprofileError)}
    kind = kinds.get(str(data.get("type", "")).removeprefix("urn:zenprofile:"), ZenprofileError)
    error = kind(str(data.get("detail", f"the server answered {reply.status}")), hint=str(data.get("hint", "")))
    error.file, error.line, error.column = data.get("file", ""), data.get("line", 0), data.get("column", 0)
    error.problems = problems(data.get("problems", []))
    error.code = str(data.get("code", kind.code))
    return error


def _kinds(kind: type[ZenprofileError]) -> list[type[ZenprofileError]]:
    found = [kind] if kind.__module__ == errors.__name__ else []
    return [*found, *(below for sub in kind.__subclasses__() for below in _kinds(sub))]


def problems(rows: Any) -> tuple[Problem, ...]:
    """Return problems as the server told them."""
    return tuple(Problem(**{field: row[field] for field in Problem._fields}) for row in rows)


def raise_problems(rows: Any) -> None:
    """Raise what spoils a document, where anything does.

    Raises:
        Invalid: it carries every problem.
    """
    found = problems(rows or [])
    if found:
        raise Invalid.of(found)
