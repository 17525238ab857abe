"""A path as an ASGI application: who asks, may they, the body within its limit, the handler, the answer."""

import asyncio
import sys
import traceback

from starlette.types import Message, Receive, Scope, Send

from zenprofile.errors import NotFound, UsageError, ZenprofileError
from zenprofile.server import auth, pages, problems
from zenprofile.server.exchange import HttpError, Operation, Request, Resource, Response
from zenprofile.server.responses import send_response, unless_known
from zenprofile.server.site import Site

BODY_SECONDS = 30.0
_SMALL = 64 * 1024  # as much as the protocol holds back by itself
NOTHING = Resource("/{path:path}", {})


class Endpoint:
    """Answers what is asked of one path."""

    def __init__(self, site: Site, resource: Resource) -> None:
        self._site = site
        self._operations = resource.operations
        self._open = any(operation.access == "open" for operation in resource.operations.values())
        self._allow = ", ".join(sorted({*resource.operations, *(["HEAD"] if "GET" in resource.operations else [])}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(self._site, scope)
        operation = self._operations.get(request.method)
        if operation is None or not operation.limit:
            answer = await self._site.run(self._answer, request, operation)
        else:
            answer = await self._with_body(request, operation, receive)
        await send_response(answer, send, head=scope["method"] == "HEAD")

    async def _with_body(self, request: Request, operation: Operation, receive: Receive) -> Response:
        # A small body is mostly there with its headers: one way to a thread and back is enough then.
        small = _length(request) <= _SMALL
        refusal = None if small else await self._site.run(self._refusal, request, operation)
        if refusal is not None:
            return refusal
        try:
            async with asyncio.timeout(BODY_SECONDS):
                request.body = await _body(receive, operation.limit)
        except TimeoutError:
            error = UsageError("the body did not come in time", hint="send it again")
            return problems.answer(error, 408, (("Connection", "close"),))
        return await self._site.run(self._answer if small else self._handled, request, operation)

    def _answer(self, request: Request, operation: Operation | None) -> Response:
        return self._refusal(request, operation) or self._handled(request, operation)  # type: ignore[arg-type] # refused without one

    def _refusal(self, request: Request, operation: Operation | None) -> Response | None:
        """Return the answer to who may not ask this, or None."""
        try:
            return self._check_access(request, operation)
        except ZenprofileError as error:
            return pages.failed(request, error) if operation and operation.access == "page" else _failed(error)
        except Exception as error:
            return _failed(error)

    def _check_access(self, request: Request, operation: Operation | None) -> Response | None:
        if not self._operations and pages.for_people(request):
            request.principal = auth.principal_of_cookie(request)
            return pages.nothing(request)
        access = operation.access if operation else "open" if self._open else "api"
        if access == "api":
            request.principal = auth.require(request)
        elif access == "page":
            request.principal = auth.principal_of_cookie(request)
            if request.principal is None:
                return pages.denied(request)
        if operation is None:
            return self._no_operation(request)
        if operation.needs and request.principal is not None:
            auth.allow(request.principal, operation.needs)
        return None

    def _no_operation(self, request: Request) -> Response:
        if not self._operations:
            error = NotFound(f"there is nothing at {request.path[:140]!r}", hint="/openapi.json lists what there is")
            return problems.answer(error, 404)
        hint = f"it takes {self._allow}"
        return problems.answer(
            UsageError("this path does not take the method", hint=hint), 405, (("Allow", self._allow),)
        )

    def _handled(self, request: Request, operation: Operation) -> Response:
        try:
            answer = self._cached(request, operation) if operation.cached else operation.handle(request)
        except Exception as error:
            return _failed(error)
        return unless_known(answer, request.headers.get("if-none-match", "")) if request.method == "GET" else answer

    def _cached(self, request: Request, operation: Operation) -> Response:
        """Return the response that is cached, or make it and keep it while the store stays as it is."""
        count, cache = "" if "at" in request.query else self._site.change_count(), self._site.cache
        found = cache.response(count, request.cache_key)
        if found is not None:
            return found
        answer = operation.handle(request)
        if answer.status == 200:
            cache.add(count, request.cache_key, answer)
        return answer


def _failed(error: Exception) -> Response:
    if isinstance(error, HttpError):
        return problems.answer(error.error, error.status, error.headers, **error.more)
    if isinstance(error, ZenprofileError):
        return problems.answer(error)
    traceback.print_exception(error, file=sys.stderr)
    return problems.unexpected()


def _length(request: Request) -> int:
    """Return how long the body says that it is; of one that does not say it, more than any limit."""
    text = request.headers.get("content-length", "")
    return int(text[:20]) if text.isascii() and text.isdigit() else sys.maxsize


async def _body(receive: Receive, limit: int) -> bytes | None:
    """Return the body, or None where it is larger than allowed: the rest is not waited for."""
    parts: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
