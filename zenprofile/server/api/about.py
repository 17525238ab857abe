"""What the server and its profile are: version, health, name and defaults, problems, and the API's description."""

from typing import Any

from zenprofile import __version__
from zenprofile.core.change import Change
from zenprofile.core.entity import DEFAULT_STACK, DEFAULT_USER
from zenprofile.errors import Exists, StoreBroken
from zenprofile.server.api import wire
from zenprofile.server.exchange import BULK_LIMIT, Operation, Request, Resource, Response, as_json
from zenprofile.server.guard import API


def health(request: Request) -> Response:
    """Answer 200 where the store answers."""
    request.store.head()
    return as_json({"status": "ok"})


def version(request: Request) -> Response:
    """Answer with the server's version, and that of the API, which clients compare."""
    try:
        holds = bool(request.store)
    except StoreBroken:
        holds = False
    return as_json({"name": "zenprofile", "version": __version__, "api": API, "holds": holds})


def profile(request: Request) -> Response:
    """Answer with the profile's name, its defaults, and who asks."""
    store = request.store
    who = request.principal
    data: dict[str, Any] = {
        "name": request.site.settings.profile,
        "store_type": store.driver,
        "head": store.head(),
        "default_stack": DEFAULT_STACK,
        "default_user": DEFAULT_USER,
        "user": who.user if who else "",
        "role": who.role if who else "",
    }
    return as_json(data)


def begin(request: Request) -> Response:
    """Begin a profile in a place that holds none."""
    from zenprofile.server.exchange import HttpError

    settings = request.site.settings
    if settings.holds():
        raise HttpError(412, Exists("there is a profile already", hint="read it"))
    sent = request.json()
    edits, message = wire.edits_of(sent), wire.text_of(sent, "message")
    settings.begin(Change(edits, message), request.principal.user if request.principal else "")
    return as_json({"name": settings.profile, "head": request.store.head()}, 201)


def validate(request: Request) -> Response:
    """Answer with every problem of the profile."""
    from zenprofile.usecases import documents

    problems = documents.validate(request.snapshot())
    return as_json({"valid": not problems, "problems": [problem._asdict() for problem in problems]})


RESOURCES: tuple[Resource, ...] = (
    Resource("/health", {"GET": Operation(health, "Whether the store answers", access="open")}),
    Resource("/version", {"GET": Operation(version, "Version of server and API", access="open")}),
    Resource(
        "/api/v1/profile",
        {
            "GET": Operation(profile, "Name and defaults"),
            "PUT": Operation(begin, "Begin the profile where there is none", needs="admin", limit=BULK_LIMIT),
        },
    ),
    Resource("/api/v1/validate", {"GET": Operation(validate, "Problems of the profile", cached=True)}),
)
