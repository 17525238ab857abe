"""The description of the API (OpenAPI 3.1), made from the table of routes."""

import re
from typing import Any

from zenprofile import __version__
from zenprofile.core.entity import COMPONENT_TYPES
from zenprofile.server.exchange import Operation, Resource

_PARAMETER = re.compile(r"{(\w+)(?::path)?}")
_NAME = {"type": "string", "pattern": "^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$"}
_PARAMETERS: dict[str, Any] = {
    "type": {"type": "string", "enum": list(COMPONENT_TYPES)},
    "name": _NAME,
    "rev": {"type": "string", "minLength": 1, "maxLength": 200},
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "hint"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "hint": {"type": "string"},
    },
}
# What any operation may answer with, beside its own.
_ALWAYS = ("400", "414", "431", "500", "503")
_OF_ACCESS = {"api": ("401", "403", "404", "422", "429", "501"), "page": ("401", "404"), "open": ("404",)}
_OF_BODY = ("408", "409", "412", "413", "415", "422", "428")


def document(resources: tuple[Resource, ...]) -> dict[str, Any]:
    """Return the description of some resources."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "zenprofile", "version": __version__, "description": "A profile of ML stacks over HTTP."},
        "paths": {_PARAMETER.sub(r"{\1}", resource.path): _path(resource) for resource in resources},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _PROBLEM},
        },
    }


def query(**described: str) -> list[dict[str, Any]]:
    """Return the description of a query's values: by name, what each is for."""
    schema = {"type": "string"}
    return [{"name": name, "in": "query", "schema": schema, "description": text} for name, text in described.items()]


def conditions(*names: str) -> list[dict[str, Any]]:
    """Return the description of headers that make a request depend on what is there."""
    return [{"name": name, "in": "header", "schema": {"type": "string"}} for name in names]


def body(*types: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the description of a body: an object in JSON with some members, or a document's text."""
    schemas: dict[str, Any] = {"application/json": {"type": "object", "required": list(required)}}
    return {"required": True, "content": {type_: {"schema": schemas.get(type_, {"type": "string"})} for type_ in types}}


def tagged(*types: str) -> dict[str, Any]:
    """Return the description of an answer of some types that carries its ETag, and of the one that leaves it out."""
    headers = {"ETag": {"schema": {"type": "string"}, "description": "the revision, in quotes"}}
    return {
        "200": {"description": "Done", "headers": headers, "content": {type_: {} for type_ in types}},
        "304": {"description": "Known already, as If-None-Match says", "headers": headers},
    }


def _path(resource: Resource) -> dict[str, Any]:
    names = _PARAMETER.findall(resource.path)
    parameters = [{"name": n, "in": "path", "required": True, "schema": _PARAMETERS[n]} for n in names]
    found = {method.lower(): _operation(operation) for method, operation in resource.operations.items()}
    return {"parameters": parameters, **found} if parameters else found


def _operation(operation: Operation) -> dict[str, Any]:
    statuses = [*_ALWAYS, *_OF_ACCESS[operation.access], *(_OF_BODY if operation.limit else ())]
    described = dict(operation.describe)
    responses = refusals(*statuses)
    responses |= described.pop("responses", {"200": {"description": "Done", "content": {"application/json": {}}}})
    found: dict[str, Any] = {"summary": operation.summary, "responses": dict(sorted(responses.items())), **described}
    if operation.access == "api":
        found["security"] = [{"token": []}]
    return found


def refusals(*statuses: str) -> dict[str, Any]:
    """Return the description of refusals, by status."""
    return {status: _refusal(status) for status in statuses}


def _refusal(status: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": f"Refused ({status})", "content": {"application/problem+json": {"schema": schema}}}
