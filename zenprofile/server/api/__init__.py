"""The API below ``/api/v1``, and the open paths beside it."""

from zenprofile.server.api import about, changes, documents, entities
from zenprofile.server.exchange import Operation, Request, Resource, Response, as_json


def described(request: Request) -> Response:
    """Answer with the description of the API."""
    from zenprofile.server import openapi

    return as_json(openapi.document(RESOURCES))


RESOURCES: tuple[Resource, ...] = (
    Resource("/openapi.json", {"GET": Operation(described, "This description", access="open")}),
    *about.RESOURCES,
    *entities.RESOURCES,
    *documents.RESOURCES,
    *changes.RESOURCES,
)
