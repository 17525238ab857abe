"""Commands on stacks, with the short options of ZenML: there ``-o`` is the orchestrator, the format ``--output``."""

from typing import TYPE_CHECKING, Any

import click

from zenprofile.cli import output, reading, showing, stack_files, subjects
from zenprofile.cli import verbs as v
from zenprofile.cli.completing_values import STACK_LETTERS
from zenprofile.cli.options import Group, at_option
from zenprofile.cli.session import Session
from zenprofile.core.entity import COMPONENT_TYPES, Data, Key, component_keys
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import UsageError
from zenprofile.usecases import lookup

if TYPE_CHECKING:
    pass

# A component type with a component's name.
Pair = tuple[str, str]

_SUBJECT = reading.STACK
_OUTPUT = ("--output",)


def _name_or_active(session: Session, snapshot: Snapshot, name: str) -> str:
    return name or reading.active_stack(session, snapshot).key.name


def _flags(type_: str) -> list[str]:
    """Return a type's option: ZenML's letter, and its name with hyphens and (as in ZenML) underscores."""
    letter = [STACK_LETTERS[type_]] if type_ in STACK_LETTERS else []
    return [*letter, *dict.fromkeys((f"--{type_.replace('_', '-')}", f"--{type_}")), type_]


def _component_options(function: Any) -> Any:
    for type_ in reversed(COMPONENT_TYPES):
        text = "A container registry (NAME), or a component of any type (TYPE=NAME)."
        text = text if type_ == "container_registry" else f"Its {type_.replace('_', ' ')}."
        metavar = "TYPE=NAME" if type_ == "container_registry" else "NAME"
        names = subjects.names_of(_SUBJECT._replace(kind="component", type=type_))
        function = click.option(*_flags(type_), multiple=True, metavar=metavar, shell_complete=names, help=text)(
            function
        )
    return click.option("--decouple_stores", is_flag=True, hidden=True, expose_value=False)(function)


def _pairs(values: dict[str, Any]) -> list[Pair]:
    """Take the components out of a command's arguments; ``-c TYPE=NAME`` is any type, ``-c NAME`` a registry."""
    from zenprofile.usecases import stacks

    pairs: list[Pair] = []
    for type_ in COMPONENT_TYPES:
        for value in values.pop(type_):
            any_type = type_ == "container_registry" and "=" in value
            pairs.append(stacks.pair(value) if any_type else (type_, value))
    return pairs


def _details_options(function: Any) -> Any:
    """Add description, labels and message without their letters, which are ZenML's components here."""
    for option in (
        click.option("--message", default="", metavar="TEXT", help="Why; kept in the history."),
        click.option(
            "--label", "labels", multiple=True, callback=subjects.labels, metavar="KEY=VALUE", help="Set a label."
        ),
        click.option("--description", metavar="TEXT", help='What it is for; "" takes it away.'),
    ):
        function = option(function)
    return function


@click.group(
    "stack", cls=Group, examples=["zenprofile stack register prod -c orchestrator=kubeflow -c artifact_store=s3"]
)
def stack() -> None:
    """Stacks: which components work together."""


@stack.command(
    output_flags=_OUTPUT,
    examples=[
        "zenprofile stack register prod -c orchestrator=kubeflow -c artifact_store=s3",
        "zenprofile stack register prod -o kubeflow -a s3 -m default -c ecr --set",
        "zenprofile stack register prod -o kubeflow -a s3 -s gpu -s cpu     # two; the first is the default",
    ],
)
@click.argument("name")
@click.argument("more", nargs=-1, metavar="[TYPE=COMPONENT]...")
@_component_options
@click.option("--set", "set_", is_flag=True, help="Make it the active stack.")
@_details_options
@click.pass_obj
def register(session: Session, /, name: str, more: tuple[str, ...], set_: bool, **values: Any) -> None:
    """Register a stack of components that exist.

    -o is the orchestrator here, as in ZenML; the format is --output.
    """
    from zenprofile.usecases import stacks

    recorded, warnings = stacks.register(
        session.store(), name, [*_pairs(values), *map(stacks.pair, more)], subjects.details(values)
    )
    session.warn_all(warnings)
    showing.report_written(session, recorded, Key("stack", "", name), "Registered")
    if set_:
        _activate(session, name, everywhere=False)


@stack.command(
    output_flags=_OUTPUT,
    examples=[
        "zenprofile stack update prod -a gcs-prod",
        "zenprofile stack update prod -c step_operator=gpu -c step_operator=cpu --remove alerter",
    ],
)
@subjects.name_argument(_SUBJECT, optional=True)
@_component_options
@click.option("--remove", multiple=True, metavar="TYPE[=NAME]", help="Take a type, or one component, out of it.")
@_details_options
@subjects.unset_label_option
@click.pass_obj
def update(session: Session, /, name: str, remove: tuple[str, ...], **values: Any) -> None:
    """Replace a stack's components of the types that are given; without NAME, the active stack's."""
    _update(session, name, _pairs(values), remove, values)


def _update(session: Session, name: str, pairs: list[Pair], remove: tuple[str, ...], values: dict[str, Any]) -> None:
    from zenprofile.usecases import stacks

    name = _name_or_active(session, session.store().snapshot(), name)
    recorded, warnings = stacks.update(session.store(), name, pairs, remove, subjects.details(values))
    session.warn_all(warnings)
    showing.report_written(session, recorded, Key("stack", "", name), "Updated")


def _type_flags(function: Any) -> Any:
    for type_ in reversed(COMPONENT_TYPES):
        function = click.option(*_flags(type_), is_flag=True, help=f"Its {type_.replace('_', ' ')}.")(function)
    return function


@stack.command(
    "remove-component", output_flags=_OUTPUT, examples=["zenprofile stack remove-component prod -c --alerter"]
)
@subjects.name_argument(_SUBJECT, optional=True)
@_type_flags
@click.option("--message", default="", metavar="TEXT", help="Why; kept in the history.")
@click.pass_obj
def remove_component(session: Session, /, name: str, message: str, **values: bool) -> None:
    """Take components of some types out of a stack; without NAME, out of the active one."""
    types = tuple(type_ for type_ in COMPONENT_TYPES if values[type_])
    if not types:
        raise UsageError("no type is named", hint="for example --container-registry")
    _update(session, name, [], types, {"message": message})


@stack.command(
    "list",
    examples=[
        "zenprofile stack list",
        "zenprofile stack list 'prod-*' -l team=ml -o wide",
        "zenprofile stack list -o name",
    ],
    formats=output.LIST_FORMATS,
)
@subjects.selection_options(_SUBJECT)
@at_option
@click.pass_obj
def list_(session: Session, /, at: str | None, **values: Any) -> None:
    """List the stacks, or those that a glob or a label selects.

    -o name prints names that other commands take, -o wide also labels and description.
    """
    reading.list_stacks(session, at, subjects.selection(values))


@stack.command(examples=["zenprofile stack describe", "zenprofile stack describe prod -o json --at HEAD~1"])
@subjects.names_argument(_SUBJECT, optional=True)
@at_option
@click.pass_obj
def describe(session: Session, names: tuple[str, ...], at: str | None) -> None:
    """Show stacks with each component's flavor, configuration and overrides; without NAME the active one."""
    reading.describe_stacks(session, names, at)


@stack.command(examples=["zenprofile stack tree", "zenprofile stack tree 'prod-*'"])
@subjects.selection_options(_SUBJECT)
@at_option
@click.pass_obj
def tree(session: Session, /, at: str | None, **values: Any) -> None:
    """Draw stacks with their components and flavors."""
    snapshot = session.store().snapshot(at)
    wanted = showing.follow_selection(session, _SUBJECT, snapshot, at, subjects.selection(values))
    loaded = snapshot.load("stack")
    stacks = [lookup.as_json(entity) for entity in loaded.entities if wanted.matches(entity)]
    snapshot.prefetch(key for data in stacks for key in component_keys(data))
    session.show(stacks, lambda: "\n".join(line for data in stacks for line in _drawn(session, snapshot, data, at)))
    showing.fail_with_problems(session, loaded.problems)


def _drawn(session: Session, snapshot: Snapshot, data: Data, at: str | None) -> list[str]:
    keys = component_keys(data)
    lines = [data["name"] + (" (active)" if data["name"] == session.active_stack else "")]
    for number, key in enumerate(keys, 1):
        flavor, settings = reading.settings(session, snapshot, key, at)
        branch, told = output.branch(last=number == len(keys)), f"({flavor})" if flavor else settings
        lines.append(f"{branch} {key.type}: {key.name} {told}")
    return [output.safe_text(line) for line in lines]


@stack.command("set", examples=["zenprofile stack set prod", "zenprofile stack set prod --global"])
@subjects.name_argument(_SUBJECT)
@click.option("-g", "--global", "everywhere", is_flag=True, help="Of the profile, also inside a repository.")
@click.pass_obj
def set_(session: Session, name: str, everywhere: bool) -> None:
    """Make a stack the active one: of the repository that names the profile, else of the profile."""
    scope = _activate(session, name, everywhere)
    if session.format != "table":
        session.show({"name": name, "scope": scope}, str)


def _activate(session: Session, name: str, everywhere: bool) -> str:
    from zenprofile.usecases import current

    scope = current.set_stack(session.profiles, session.active, session.store(), name, everywhere=everywhere)
    session.echo(output.safe_text(f"Active stack set to: '{name}' ({scope})"))
    return scope


@stack.command(examples=["zenprofile stack get", "zenprofile stack get -o json"])
@click.pass_obj
def get(session: Session) -> None:
    """Print the name of the active stack."""
    reading.warn_if_gone(session)
    data = {"name": session.active_stack, "scope": session.scope}
    session.show(data, lambda: output.safe_text(f"The {data['scope']} active stack is: '{data['name']}'"))


def _may_go(session: Session, keys: list[Key]) -> None:
    from zenprofile.usecases import stacks

    stacks.check_not_active(keys, {session.active_stack, session.profile.active_stack})


v.add(
    stack,
    v.rename_command(_SUBJECT),
    v.copy_command(_SUBJECT),
    v.delete_command(_SUBJECT, _may_go),
    stack_files.export_command(_SUBJECT),
    stack_files.import_command(),
)
