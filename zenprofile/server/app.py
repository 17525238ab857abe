"""The application: one route a path, behind the guard."""

import os

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from zenprofile.server import api, pages
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


def application(site: Site) -> ASGIApp:
    """Return the application that serves a site."""
    app = Starlette(routes=routes(site))
    app.router.redirect_slashes = False
    return GuardMiddleware(CacheMiddleware(app, site), site.settings)
