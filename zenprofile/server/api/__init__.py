"""The API below ``/api/v1``, and the open paths beside it."""

from zenprofile.server.api import about, changes, documents, entities
from zenprofile.server.exchange import Resource

RESOURCES: tuple[Resource, ...] = (
    *about.RESOURCES,
    *entities.RESOURCES,
    *documents.RESOURCES,
    *changes.RESOURCES,
)
