"""Compare a profile with the ZenML of this machine, make ZenML match it, and take over what ZenML has."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

from zenprofile.core.change import Change, Changed, Edit, Recorded, as_json
from zenprofile.core.entity import Data, Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.core.zenml_import import LABEL_OF_NAME
from zenprofile.errors import Exists, Invalid, NotFound
from zenprofile.store import changelog
from zenprofile.store.base import Store
from zenprofile.store.prepare import revision_of
from zenprofile.zenml import apply_plan, process, pulling
from zenprofile.zenml import plan as planning
from zenprofile.zenml import remote as r
from zenprofile.zenml.plan import Plan, PlanOptions, Step
from zenprofile.zenml.process import ZenML

__all__ = [
    "Plan",
    "PlanOptions",
    "Step",
    "ZenmlConnection",
    "apply",
    "diff",
    "import_flavors",
    "pull",
    "sent_changes",
    "step_lines",
]


class OpensZenml(Protocol):
    """How to reach ZenML."""

    def open(self) -> AbstractContextManager[ZenML]:
        """Reach it."""
        ...


class ZenmlConnection(NamedTuple):
    """How to reach ZenML: the interpreter that was named ("" for none), this machine's folder, seconds to wait."""

    python: str
    folder: str
    timeout: float

    @contextmanager
    def open(self) -> Iterator[ZenML]:
        """Start ZenML; it loads while the caller reads the profile."""
        with process.connection(self.python, self.folder, self.timeout) as zenml:
            yield zenml


def _read(zenml: ZenML) -> r.RemoteInventory:
    zenml.connect()
    return r.RemoteInventory(zenml.ask("read"))


def _planned(zenml: ZenML, snapshot: Snapshot, wanted: PlanOptions) -> tuple[Plan, r.RemoteInventory]:
    loaded = snapshot.load()
    missing = sorted(name for name in wanted.stacks if Key("stack", "", name) not in snapshot.keys("stack"))
    if missing:
        raise NotFound(f"there is no stack {missing[0]!r}", hint="zenprofile stack list shows what there is")
    problems = [problem for problem in loaded.problems if problem.file.startswith(("components/", "stacks/"))]
    if problems:
        raise Invalid.of(problems)
    remote = _read(zenml)
    return planning.make(loaded.entities, remote, wanted), remote


def diff(session: OpensZenml, store: Store, wanted: PlanOptions) -> tuple[Plan, r.RemoteInventory]:
    """Return what differs between ZenML and the profile; nothing is changed."""
    with session.open() as zenml:
        return _planned(zenml, store.snapshot(), wanted)


def apply(
    session: OpensZenml,
    store: Store,
    wanted: PlanOptions,
    done: Callable[[Step], None],
    *,
    dry: bool,
    planned: Callable[[Plan], None] = lambda _: None,
) -> Plan:
    """Make ZenML match the profile.

    Args:
        session: how to reach ZenML.
        store: the profile's.
        wanted: what is to be made.
        done: is told of each step once it is done.
        dry: only plan.
        planned: is told of the plan before anything is done.

    Raises:
        Invalid: something in the profile cannot be in ZenML; nothing was done, and every such thing is named.
        ZenmlRefused: ZenML did not do a step; those before it are done.
    """
    with session.open() as zenml:
        plan, remote = _planned(zenml, store.snapshot(), wanted)
        if plan.refusals:
            raise Invalid.of(plan.refusals)
        planned(plan)
        if not dry:
            apply_plan.apply(zenml, plan, remote, done)
    return plan


def pull(session: OpensZenml, store: Store, message: str) -> tuple[Recorded, list[str]]:
    """Import what ZenML holds, in one change; return it, and notes.

    Raises:
        Invalid: a part of it cannot be in a profile.
    """
    from zenprofile.usecases import flavors

    with session.open() as zenml:
        snapshot = store.snapshot()
        entities = {entity.key: entity for entity in snapshot.load().entities}
        remote = _read(zenml)
    pulled = pulling.pull(entities, remote, set(flavors.shipped_names()))
    edits = tuple(_edit(snapshot, key, data) for key, data in pulled.documents.items())
    recorded = (
        store.apply(Change(edits, message or "Take over what ZenML has")) if edits else changelog.nothing(message)
    )
    return recorded, pulled.notes


def _edit(snapshot: Snapshot, key: Key, data: Data) -> Edit:
    from zenprofile.core.document import edit, writer

    text = snapshot.text(key)
    if text is None:
        return Edit(key, None, writer.write(key.kind, data))
    return Edit(key, revision_of(key, text), edit.edit(text, data, key.kind))


def import_flavors(session: OpensZenml, store: Store, chosen: tuple[tuple[str, str], ...], message: str) -> Recorded:
    """Register flavors with the schemas that ZenML has for them; those that are so already stay as they are.

    Args:
        session: how to reach ZenML.
        store: the profile's.
        chosen: types ("" for any) and names; empty for every custom flavor.
        message: why.

    Raises:
        NotFound: ZenML has no such flavor.
        Exists: it ships with zenprofile.
        Invalid: a schema may not be registered.
    """
    from zenprofile.core.change import same

    with session.open() as zenml:
        remote = _read(zenml)
    snapshot = store.snapshot()
    edits = []
    for flavor in _chosen_flavors(remote, chosen):
        key, data = Key("flavor", flavor.type, flavor.name), pulling.flavor_document(flavor)
        old = snapshot.get(key)
        if old is None or not same(old.data, {**_details(old.data), **data}):
            edits.append(_edit(snapshot, key, data if old is None else {**_details(old.data), **data}))
    return store.apply(Change(tuple(edits), message)) if edits else changelog.nothing(message)


def _details(data: Data) -> Data:
    return {field: value for field, value in data.items() if field in {"description", "labels"}}


def _chosen_flavors(remote: r.RemoteInventory, chosen: tuple[tuple[str, str], ...]) -> list[r.Flavor]:
    from zenprofile.usecases import flavors

    shipped = set(flavors.shipped_names())
    if not chosen:
        return [flavor for place, flavor in remote.flavors.items() if flavor.custom and place not in shipped]
    found = []
    for type_, name in chosen:
        fitting = [place for place in remote.flavors if place[1] == name and type_ in {"", place[0]}]
        if not fitting:
            hint = "'zenml TYPE flavor list' shows those that it has"
            raise NotFound(f"ZenML has no {type_ or 'flavor'} {name!r}", hint=hint)
        own = [place for place in fitting if place not in shipped]
        if not own:
            message = f"the {fitting[0][0]} flavor '{name}' ships with zenprofile"
            raise Exists(message, hint="use it as it is: zenprofile flavor describe shows it")
        found += [remote.flavors[place] for place in own]
    return found


def as_rows(plan: Plan, remote: r.RemoteInventory) -> list[dict[str, Any]]:
    """Return changes as JSON shows them, with when ZenML's side was last changed, and whose it is."""
    rows = []
    for changed in plan.changes:
        data = changed.before if changed.after is None else changed.after
        rows.append({**as_json(changed), **_last_change(changed.key, data or {}, remote)})
    return rows


def sent_changes(plan: Plan) -> list[Changed]:
    """Return those differences that the plan's steps take away: what only ZenML has stays, unless it is pruned."""
    keys = {step.key for step in plan.steps}
    return [changed for changed in plan.changes if changed.key in keys]


def step_lines(plan: Plan) -> list[str]:
    """Return the steps of a plan, a line each."""
    return [f"Would {step.words}." for step in plan.steps] or ["ZenML matches the profile already."]


def _last_change(key: Key, data: Data, remote: r.RemoteInventory) -> dict[str, Any]:
    name = str((data.get("labels") or {}).get(LABEL_OF_NAME, key.name))
    there = remote.stacks.get(name) if key.kind == "stack" else remote.components.get((key.type, name))
    return {} if there is None else {"zenml": {"updated": there.updated, "user": there.user}}
