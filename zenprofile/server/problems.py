"""Errors as answers: problem details (RFC 9457) with the codes and hints of the command line."""

from typing import Any

from zenprofile import errors
from zenprofile.errors import ZenprofileError
from zenprofile.server.exchange import Response, dump

PROBLEM = "application/problem+json"
RETRY = (("Retry-After", "1"),)  # seconds; goes with 503
# By class: what the status says of a failure of the store. The first that fits counts.
_STATUS: tuple[tuple[type[ZenprofileError], int, str], ...] = (
    (errors.NotFound, 404, "Not found"),
    (errors.Exists, 409, "It exists"),
    (errors.InUse, 409, "It is in use"),
    (errors.Invalid, 422, "It is invalid"),
    (errors.Stale, 412, "It was changed meanwhile"),
    (errors.ConflictError, 409, "A person must choose"),
    (errors.Ambiguous, 400, "The name fits several"),
    (errors.UsageError, 400, "Wrong usage"),
    (errors.Unsafe, 400, "Refused as unsafe"),
    (errors.Unsupported, 501, "This store cannot do it"),
    (errors.Locked, 503, "The store is busy"),
    (errors.Paused, 503, "The store is paused"),
    (errors.Unreachable, 503, "The store cannot be reached"),
    (errors.AccessDenied, 503, "The store cannot be reached"),
    (errors.StoreBroken, 503, "The store cannot be read"),
    (errors.NewerFormat, 503, "The store is of a newer format"),
)
_TITLES = {
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not allowed here",
    412: "Changed",
    429: "Wait",
}


def status_of(error: ZenprofileError) -> int:
    """Return the status that tells a failure."""
    if error.code == "too-large":
        return 413
    return next((status for kind, status, _ in _STATUS if isinstance(error, kind)), 400)


def answer(error: ZenprofileError, status: int = 0, headers: tuple[tuple[str, str], ...] = (), **more: Any) -> Response:
    """Answer with an error.

    Args:
        error: what happened.
        status: 0 for what `status_of` says.
        headers: to send with it.
        more: members of the problem beyond those of every one.
    """
    status = status or status_of(error)
    title = _TITLES.get(status) or next((title for kind, _, title in _STATUS if isinstance(error, kind)), "Refused")
    name = next(kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__).code  # type: ignore[attr-defined] # a class of that module
    data: dict[str, Any] = {
        "type": f"urn:zenprofile:{name}",
        "title": title,
        "status": status,
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
    }
    if error.file:
        data.update(file=error.file, line=error.line, column=error.column)
    if error.problems:
        data["problems"] = [problem._asdict() for problem in error.problems]
    if status == 503:
        headers = (*headers, *RETRY)
    return Response(status, dump({**data, **more}), PROBLEM, headers)


def unexpected() -> Response:
    """Answer where the server itself is at fault; what happened stands in its log alone."""
    error = ZenprofileError("the server failed", hint="its log says why; whether a write was made, a look tells")
    error.code = "internal"
    return answer(error, 500)
