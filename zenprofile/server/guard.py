"""The outermost layer: sizes of address and headers, Host and Origin, and the headers that every answer carries."""

import re
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zenprofile import __version__
from zenprofile.errors import AccessDenied, UsageError
from zenprofile.server import problems
from zenprofile.server.exchange import Response
from zenprofile.server.site import Settings

API = 1
TARGET_LIMIT = 16 * 1024
HEADERS_LIMIT = 32 * 1024
HEADERS_MOST = 100
_LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|\[::1\]")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?\Z")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ALWAYS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        b"connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"zenprofile-api", str(API).encode()),
    (b"server", f"zenprofile/{__version__}".encode()),
)
_BY_HTTPS = ((b"strict-transport-security", b"max-age=31536000"),)


class GuardMiddleware:
    """Wraps an application; what it refuses never reaches it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._headers = [*_ALWAYS, *(_BY_HTTPS if settings.secure else ())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                more = [header for header in self._headers if header[0] not in given]
                caching = [] if b"cache-control" in given else [(b"cache-control", b"no-store")]
                message = {**message, "headers": [*message["headers"], *caching, *more]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            if self._settings.proxied:
                _address_of_client(scope)
            await self._app(scope, receive, with_headers)
            return
        headers = [(b"content-type", refusal.type.encode()), (b"content-length", str(len(refusal.body)).encode())]
        await with_headers(
            {"type": "http.response.start", "status": refusal.status, "headers": [*headers, (b"connection", b"close")]}
        )
        await with_headers({"type": "http.response.body", "body": refusal.body})

    def _refusal(self, scope: Scope) -> Response | None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > TARGET_LIMIT:
            error = UsageError("the address is too long", hint=f"it may have {TARGET_LIMIT} bytes")
            return problems.answer(error, 414)
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        size = sum(len(name) + len(value) for name, value in headers)
        if size > HEADERS_LIMIT or len(headers) > HEADERS_MOST:
            error = UsageError("the headers are too large", hint=f"they may have {HEADERS_LIMIT} bytes")
            return problems.answer(error, 431)
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            hint = "use its own name, or let the server start with --allow-host NAME"
            return problems.answer(UsageError("this server does not answer to that Host", hint=hint), 400)
        origins = [value.decode("latin-1").lower() for name, value in headers if name == b"origin"]
        if scope["method"] not in _SAFE and any(o.partition("://")[2] != hosts[0] for o in origins):
            return problems.answer(AccessDenied("another site asks for this", hint="use the server's own page"), 403)
        return None

    def _is_ours(self, host: str) -> bool:
        found = _HOST.match(host)
        if found is None:
            return False
        name = found["name"]
        return name in self._settings.hosts or bool(_LOOPBACK.fullmatch(name))


def _address_of_client(scope: MutableMapping[str, Any]) -> None:
    """Set the client's address to the last of X-Forwarded-For, which the proxy wrote; clients write the others."""
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    last = forwarded[-1].decode("latin-1").rpartition(",")[2].strip() if forwarded else ""
    if last:
        scope["client"] = (last[:64], 0)
