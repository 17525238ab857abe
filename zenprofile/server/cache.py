"""A cache of responses, valid as long as the store says that nothing was written: no thread, no query.

Nothing here counts by itself: each request first asks the store for its change counter, and another count empties all
of this. Tokens are in the same store, so that a revoked one ends at once.
"""

import hashlib
import threading
from typing import TYPE_CHECKING, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from zenprofile.server.exchange import Principal, Response
from zenprofile.server.responses import send_response, unless_known
from zenprofile.store import tokens

if TYPE_CHECKING:
    from zenprofile.server.site import Site

_MOST_BYTES = 32 * 1024 * 1024
_MOST_TOKENS = 1000
_EACH = 500  # bytes that a response takes beside its body
# Path, query, and what else the response depends on: Accept of the API, who looks at a page.
CacheKey = tuple[str, bytes, "str | Principal | None"]


class _Generation:
    """What is cached while the store has one count."""

    def __init__(self, count: str) -> None:
        self.count = count
        self.principals: dict[bytes, Principal] = {}
        self.responses: dict[CacheKey, Response] = {}
        self.bytes = 0


class ResponseCache:
    """Responses and principals of the store's present count; "" as a count finds and keeps nothing.

    Any thread may use it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generation = _Generation("")

    def principal(self, count: str, token: str) -> Principal | None:
        """Return whose token a text is, where that was looked up at this count."""
        generation = self._generation
        return generation.principals.get(_digest(token)) if count and generation.count == count else None

    def response(self, count: str, key: CacheKey) -> Response | None:
        """Return what was answered at this count."""
        generation = self._generation
        return generation.responses.get(key) if count and generation.count == count else None

    def add_principal(self, count: str, token: str, principal: Principal) -> None:
        """Cache a token's principal, looked up after the store had this count."""
        with self._lock:
            generation = self._at(count)
            if generation is not None and len(generation.principals) < _MOST_TOKENS:
                generation.principals[_digest(token)] = principal

    def add(self, count: str, key: CacheKey, response: Response) -> None:
        """Cache a response that was made after the store had this count."""
        size = len(response.body) + len(key[0]) + len(key[1]) + _EACH
        with self._lock:
            generation = self._at(count)
            if generation is None or key in generation.responses or generation.bytes + size > _MOST_BYTES:
                return
            generation.responses[key] = response
            generation.bytes += size

    def _at(self, count: str) -> _Generation | None:
        """Return the generation of a count, a new one where the store has moved on."""
        if count and self._generation.count != count:
            self._generation = _Generation(count)
        return self._generation if count else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("latin-1", "replace")).digest()


class _Wanted(NamedTuple):
    token: str
    key: CacheKey
    known: str


def _wanted(scope: Scope) -> _Wanted:
    token = accept = known = ""
    for name, value in reversed(scope["headers"]):  # of several equal ones the first counts
        if name == b"authorization":
            token = bearer(value.decode("latin-1"))
        elif name == b"accept":
            accept = value.decode("latin-1")
        elif name == b"if-none-match":
            known = value.decode("latin-1")
    return _Wanted(token, (scope["path"], scope["query_string"], accept), known)


def bearer(header: str) -> str:
    """Return the token that an Authorization header brings; "" for none."""
    scheme, _, text = header.partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


class CacheMiddleware:
    """Sends what is cached to who may read it, and hands on every other request."""

    def __init__(self, app: ASGIApp, site: "Site") -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._found(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if response is None:
            await self._app(scope, receive, send)
        else:
            await send_response(response, send)

    def _found(self, scope: Scope) -> Response | None:
        count = self._site.change_count()
        if not count:
            return None
        wanted, cache = _wanted(scope), self._site.cache
        principal = cache.principal(count, wanted.token)
        response = cache.response(count, wanted.key)
        if response is None or principal is None or not tokens.role_includes(principal.role, "viewer"):
            return None
        return unless_known(response, wanted.known)
