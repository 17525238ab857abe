"""The application: one route a path, behind the guard."""

import os

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from zenprofile.errors import NotFound, UsageError
from zenprofile.server import api, pages, problems
from zenprofile.server.cache import CacheMiddleware
from zenprofile.server.endpoint import NOTHING, Endpoint
from zenprofile.server.exchange import Resource
from zenprofile.server.guard import GuardMiddleware
from zenprofile.server.site import Site

FOLDER = os.path.dirname(os.path.abspath(__file__))
RESOURCES: tuple[Resource, ...] = (*api.RESOURCES, *pages.RESOURCES)


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of a site, the one that says that there is nothing last."""
    found: list[BaseRoute] = [Route(resource.path, Endpoint(site, resource)) for resource in RESOURCES]
    found.append(Mount("/static", StaticFiles(directory=os.path.join(FOLDER, "static"), check_dir=False)))
    return [*found, Route(NOTHING.path, Endpoint(site, NOTHING))]


async def _refused(_: StarletteRequest, error: Exception) -> StarletteResponse:
    """Answer with what Starlette itself refuses: a static file that is not there, or a method that none has."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    hint = "/openapi.json lists what there is"
    told = (
        NotFound("there is no such file", hint=hint) if status == 404 else UsageError("a file is only read", hint="GET")
    )
    answer = problems.answer(told, status)
    return StarletteResponse(answer.body, status, dict(answer.headers), answer.type)


def application(site: Site) -> ASGIApp:
    """Return the application that serves a site."""
    app = Starlette(routes=routes(site), exception_handlers={HTTPException: _refused})
    app.router.redirect_slashes = False
    return GuardMiddleware(CacheMiddleware(app, site), site.settings)
