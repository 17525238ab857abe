"""Request, response, and the rows of the table of routes."""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import Invalid, UsageError, ZenprofileError

if TYPE_CHECKING:
    from zenprofile.server.site import Site
    from zenprofile.store.base import Store

BODY_LIMIT = 1024 * 1024
DOCUMENT_LIMIT = BODY_LIMIT
# What a driver sends of a whole profile: many documents, each within the limit of one.
BULK_LIMIT = 16 * 1024 * 1024
JSON = "application/json"
YAML = "application/yaml"
HTML = "text/html; charset=utf-8"


class Response(NamedTuple):
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class Principal(NamedTuple):
    """Who asks.

    Attributes:
        user: the token's.
        role: one of `zenprofile.store.tokens.ROLES`.
        token: id of the token.
    """

    user: str
    role: str
    token: str


class HttpError(Exception):
    """An answer that no error of the store stands for: its status, headers and members to send with it."""

    def __init__(
        self, status: int, error: ZenprofileError, headers: tuple[tuple[str, str], ...] = (), **more: Any
    ) -> None:
        super().__init__(error.message)
        self.more = more
        self.status = status
        self.error = error
        self.headers = headers


class Request:
    """A request.

    Attributes:
        site: what is served.
        method: in capitals; GET for HEAD.
        path: decoded.
        route: the path below the place where the application stands.
        params: of the route.
        headers: by lower-case name; of several equal ones the first.
        address: of the client.
        principal: who asks; None on open paths.
        body: as it came; None where it was larger than the operation allows, b"" where none is taken.
    """

    def __init__(self, site: "Site", scope: Mapping[str, Any]) -> None:
        self.site = site
        self.method: str = "GET" if scope["method"] == "HEAD" else scope["method"]
        self.path: str = scope["path"]
        self.route: str = self.path.removeprefix(scope.get("root_path", ""))
        self.params: dict[str, str] = scope.get("path_params", {})
        self._query: bytes = scope["query_string"]
        self.headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            self.headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
        client = scope.get("client")
        self.address: str = client[0] if client else ""
        self.principal: Principal | None = None
        self.body: bytes | None = b""

    @property
    def store(self) -> "Store":
        """The store of this thread, in which what is written is the principal's."""
        return self.site.store_for(self.principal, self.headers.get("zenprofile-machine", ""))

    @property
    def cache_key(self) -> tuple[str, bytes, str]:
        """What tells one response of a cached operation from another."""
        return self.path, self._query, self.headers.get("accept", "")

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The query's values by name."""
        try:
            return parse_qs(self._query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=5000)
        except ValueError:
            raise UsageError("the address holds a query that cannot be read", hint="escape it as UTF-8") from None

    def query_value(self, name: str, default: str = "") -> str:
        """Return a query's value.

        Raises:
            UsageError: it is given several times.
        """
        values = self.query.get(name, [])
        if len(values) > 1:
            raise UsageError(f"'{name}' is given {len(values)} times", hint="give it once")
        return values[0] if values else default

    def snapshot(self) -> Snapshot:
        """Return the entities of now, or as they were at the ``at`` of the query."""
        return self.store.snapshot(self.query_value("at") if "at" in self.query else None)

    def sent(self, *types: str) -> str:
        """Return the body's media type, one of those named.

        Raises:
            HttpError: the body is too large (413), or of another type, or encoded (415).
        """
        if self.body is None:
            hint = "a body has at most 1 MiB; /api/v1/bulk takes a change set of 16 MiB"
            error = Invalid("the body is too large", hint=hint)
            error.code = "too-large"
            raise HttpError(413, error)
        given, _, parameters = self.headers.get("content-type", "").partition(";")
        charset = parameters.strip().lower().removeprefix("charset=").strip('"')
        encoded = self.headers.get("content-encoding", "identity").lower() != "identity"
        if given.strip().lower() not in types or encoded or charset not in {"", "utf-8"}:
            hint = f"send it as {' or '.join(types)}, in UTF-8, without Content-Encoding"
            raise HttpError(415, UsageError("the body's type is not taken here", hint=hint))
        return given.strip().lower()

    def json(self) -> Any:
        """Return the body as JSON: no NaN, no key twice, nothing that cannot be read back.

        Raises:
            HttpError: too large, of another type, or no such JSON.
        """
        self.sent(JSON)
        return strict_json(self.body or b"")


def strict_json(raw: bytes) -> Any:
    """Read JSON as RFC 8259 has it.

    Raises:
        HttpError: it is none, holds NaN or an infinity, a key twice, or is nested too deep.
    """
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise HttpError(
            400, UsageError(f"the body is not JSON: {reason}", hint="send one JSON value in UTF-8")
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def as_json(data: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Answer with JSON."""
    return Response(status, dump(data), JSON, headers)


def dump(data: Any) -> bytes:
    """Return data as JSON in UTF-8; text that UTF-8 cannot hold stands escaped."""
    try:
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(data, separators=(",", ":")).encode()


Handler = Callable[[Request], Response]


class Operation(NamedTuple):
    """What one method does on a path.

    Attributes:
        handle: makes the answer.
        summary: for the description of the API.
        needs: role; "" where the handler decides.
        access: ``api`` (a token in the header), ``page`` (the cookie) or ``open``.
        limit: bytes of body that are taken; 0 for none.
        describe: what the description of the API says beyond the summary, in OpenAPI's form.
        cached: whether the response depends on what the store holds now, on address and Accept alone, and on no clock.
    """

    handle: Handler
    summary: str
    needs: str = "viewer"
    access: str = "api"
    limit: int = 0
    describe: Mapping[str, Any] = {}
    cached: bool = False


class Resource(NamedTuple):
    """A path, and what each method does there."""

    path: str
    operations: Mapping[str, Operation]
