"""Send a plan to ZenML, step by step; what is done stays done, and the next plan begins where this one ended."""

from collections.abc import Callable
from typing import Any

from zenprofile.core.entity import Data
from zenprofile.errors import Unreachable, ZenprofileError
from zenprofile.zenml import remote as r
from zenprofile.zenml.plan import Plan, Step
from zenprofile.zenml.process import ZenML, ZenmlRefused
from zenprofile.zenml.remote import RemoteInventory


def apply(zenml: ZenML, plan: Plan, remote: RemoteInventory, done: Callable[[Step], None]) -> None:
    """Do every step of a plan.

    Args:
        zenml: connected.
        plan: without refusals.
        remote: what the plan was made from.
        done: is told of each step once ZenML has done it.

    Raises:
        ZenmlRefused: ZenML did not do a step; the message says which, and how many were done.
        Unreachable: its server went away.
    """
    ids = _IdsByName(remote)
    for number, step in enumerate(plan.steps):
        try:
            _do(zenml, step, ids)
        except ZenprofileError as error:
            after = f"{number} of {len(plan.steps)} steps were done"
            kind = type(error) if isinstance(error, ZenmlRefused | Unreachable) else ZenmlRefused
            hint = "correct that, then run it again: it goes on from there" if kind is ZenmlRefused else error.hint
            raise kind(f"could not {step.words}: {error.message} ({after})", hint=hint) from None
        done(step)


class _IdsByName:
    """Ids by exact name, kept as steps change them: ZenML itself takes a name as the start of one."""

    def __init__(self, remote: RemoteInventory) -> None:
        self.components = {place: component.id for place, component in remote.components.items()}
        self.stacks = {name: stack.id for name, stack in remote.stacks.items()}

    def by_type(self, components: dict[str, list[str]]) -> dict[str, list[str]]:
        """Return a stack's components as ids.

        Raises:
            ZenmlRefused: one is not there.
        """
        found: dict[str, list[str]] = {}
        for type_, names in components.items():
            for name in names:
                if (type_, name) not in self.components:
                    raise ZenmlRefused(f"ZenML has no {type_} '{name}'", hint="run it without --stack")
            found[type_] = [self.components[type_, name] for name in names]
        return found


def _do(zenml: ZenML, step: Step, ids: _IdsByName) -> None:
    more = dict(step.more)
    if step.ask.startswith("delete_"):
        zenml.ask(step.ask, **more)
    elif step.key.kind == "stack":
        _do_stack(zenml, step.ask, more, ids)
    else:
        _do_component(zenml, step.ask, more, ids)


def _do_stack(zenml: ZenML, ask: str, more: Data, ids: _IdsByName) -> None:
    if "components" in more:
        more["components"] = ids.by_type(more["components"])
    if ask == "create_stack":
        made = r.stack(zenml.ask(ask, **more))
        ids.stacks[made.name] = made.id
        return
    zenml.ask(ask, id=ids.stacks[more.pop("name")], **more)


def _do_component(zenml: ZenML, ask: str, more: Data, ids: _IdsByName) -> None:
    if more.pop("rename", False):
        place = next(place for place, id_ in ids.components.items() if id_ == more["id"])
        zenml.ask(ask, **more)
        ids.components[place[0], more["name"]] = ids.components.pop(place)
        return
    if ask == "create_component":
        made = r.component(zenml.ask(ask, **more))
        ids.components[made.type, made.name] = made.id
        _mark(zenml, made, more["configuration"])
        return
    wanted: Any = more.pop("wanted", None)
    changed = r.component(zenml.ask(ask, id=ids.components[more["type"], more.pop("name")], **more))
    if wanted is not None:
        _mark(zenml, changed, wanted)


def _mark(zenml: ZenML, kept: r.Component, sent: Data) -> None:
    """Label in ZenML what it made of the sent settings where they differ, so that they are not sent again."""
    mark = r.kept_as(sent, kept.configuration)
    if r.differing(sent, kept.configuration, None) and kept.labels.get(r.KEPT_AS) != mark:
        zenml.ask("update_component", id=kept.id, type=kept.type, labels={r.KEPT_AS: mark})
