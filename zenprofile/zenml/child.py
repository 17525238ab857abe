"""Runs in an interpreter that has ZenML: a request a line on stdin, an answer a line on what was stdout.

It stands alone: the interpreter need not have zenprofile, and may be an older Python. ZenML prints on stdout as it
likes, with colours, so everything but the answers goes to stderr.
"""

import json
import os
import sys
from typing import Any

if __name__ == "__main__":
    sys.path.pop(0)  # this file's folder, whose names are none of ZenML's business
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

PAGE = 500


def pages(listed: Any, **wanted: Any) -> list[Any]:
    """Return all that a method of the Client lists, page by page."""
    found: list[Any] = []
    page = 1
    while True:
        answer = listed(page=page, size=PAGE, hydrate=True, **wanted)
        found += answer.items
        if page >= answer.total_pages:
            return found
        page += 1


def as_component(component: Any) -> dict[str, Any]:
    """Return a component as JSON."""
    connector = component.connector
    return {
        "id": str(component.id),
        "type": str(component.type.value),
        "name": component.name,
        "flavor": component.flavor_name,
        "configuration": component.configuration,
        "labels": component.labels or {},
        "connector": connector.name if connector is not None else "",
        "resource": component.connector_resource_id or "",
        "secrets": [str(secret) for secret in component.secrets or ()],
        **when_and_who(component),
    }


def as_stack(stack: Any) -> dict[str, Any]:
    """Return a stack as JSON; its components are ids."""
    return {
        "id": str(stack.id),
        "name": stack.name,
        "description": stack.description or "",
        "labels": stack.labels or {},
        "components": {str(type_.value): [str(c.id) for c in found] for type_, found in stack.components.items()},
        **when_and_who(stack),
    }


def when_and_who(entity: Any) -> dict[str, str]:
    """Return when an entity was last changed, and whose it is."""
    user = entity.user
    return {"updated": entity.updated.isoformat() if entity.updated else "", "user": user.name if user else ""}


class Requests:
    """What can be asked; each method takes the request's other keys and returns the answer."""

    def __init__(self) -> None:
        self._client: Any = None

    def hello(self) -> dict[str, str]:
        """Load ZenML and connect."""
        import zenml
        from zenml.client import Client

        version = zenml.__version__
        if not version.startswith("0.98."):
            return {"version": version}
        self._client = Client()
        return {"version": version, "url": str(self._client.zen_store.url)}

    def read(self) -> dict[str, Any]:
        """Return every component, stack, service connector's name and flavor, and the stacks that are active."""
        from zenml.config.global_config import GlobalConfiguration

        client = self._client
        return {
            "components": [as_component(component) for component in pages(client.list_stack_components)],
            "stacks": [as_stack(stack) for stack in pages(client.list_stacks)],
            "connectors": {c.name: str(c.id) for c in pages(client.list_service_connectors)},
            "flavors": [
                {
                    "type": str(flavor.type.value),
                    "name": flavor.name,
                    "source": flavor.source or "",
                    "custom": bool(flavor.is_custom),
                    "schema": flavor.config_schema,
                }
                for flavor in pages(client.list_flavors)
            ],
            "active": [str(client.active_stack_model.id), str(GlobalConfiguration().active_stack_id)],
        }

    def create_component(self, type: str, name: str, flavor: str, configuration: Any, labels: Any) -> Any:  # noqa: A002
        """Register a component."""
        made = self._client.create_stack_component(
            name=name, flavor=flavor, component_type=kind(type), configuration=configuration, labels=labels
        )
        return as_component(made)

    def update_component(self, id: str, type: str, **changes: Any) -> Any:  # noqa: A002
        """Change a component."""
        if "connector" in changes:
            changes["connector_id"] = changes.pop("connector")
            changes["connector_resource_id"] = changes.pop("resource", None) or None
        changed = self._client.update_stack_component(id, component_type=kind(type), **changes)
        return as_component(changed)

    def create_stack(self, name: str, components: Any, labels: Any) -> Any:
        """Register a stack."""
        by_type = {kind(type_): ids for type_, ids in components.items()}
        return as_stack(self._client.create_stack(name=name, components=by_type, labels=labels))

    def update_stack(self, id: str, components: Any = None, **changes: Any) -> Any:  # noqa: A002
        """Change a stack."""
        if components is not None:
            changes["component_updates"] = {kind(type_): ids for type_, ids in components.items()}
        return as_stack(self._client.update_stack(id, **changes))

    def delete_component(self, id: str, type: str) -> Any:  # noqa: A002
        """Delete a component."""
        self._client.delete_stack_component(id, kind(type))
        return {}

    def delete_stack(self, id: str) -> Any:  # noqa: A002
        """Delete a stack."""
        self._client.delete_stack(id)
        return {}


def kind(type_: str) -> Any:
    """Return ZenML's own word for a component type."""
    from zenml.enums import StackComponentType

    return StackComponentType(type_)


UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "Timeout", "OperationalError", "MaxRetryError")
DENIED = ("AuthorizationException", "CredentialsNotValid", "IllegalOperationError")


def failure(error: BaseException) -> dict[str, str]:
    """Return an error as JSON: what kind of failure, and its text."""
    names = []
    cause: BaseException | None = error
    while cause is not None:  # ZenML wraps what its connection meets
        names += [cls.__name__ for cls in type(cause).__mro__]
        cause = cause.__cause__ or cause.__context__
    reason = "refused"
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "zenml":
        reason = "missing"
    elif any(name in names for name in UNREACHABLE):
        reason = "unreachable"
    elif any(name in names for name in DENIED):
        reason = "denied"
    return {"why": reason, "message": str(error) or type(error).__name__}


def answer(requests: Requests, line: str) -> dict[str, Any]:
    """Return the answer to a request."""
    try:
        asked = json.loads(line)
        return {"answer": getattr(requests, asked.pop("ask"))(**asked)}
    except (Exception, SystemExit) as error:
        return {"error": failure(error)}


def main() -> None:
    """Answer until stdin ends."""
    requests = Requests()
    for line in sys.stdin:
        answers.write(json.dumps(answer(requests, line)) + "\n")
        answers.flush()
    os._exit(0)  # what ZenML does at its end takes seconds, and all that was asked is done


if __name__ == "__main__":
    main()
