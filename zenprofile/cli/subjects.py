"""The arguments and options that follow from what a group of commands is about."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from zenprofile.cli.subject import Subject
from zenprofile.core.entity import KINDS
from zenprofile.errors import UsageError
from zenprofile.usecases import lookup

if TYPE_CHECKING:
    from zenprofile.usecases.entities import Details
    from zenprofile.usecases.selection import Selection

Decorator = Callable[[Any], Any]


def names_of(subject: Subject) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return what completes the names of a group's entities."""

    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        from zenprofile.cli.completers import entity_names

        folder = KINDS[subject.kind].folder
        return entity_names(context, f"{folder}/{subject.type}" if subject.type else folder, incomplete)

    return complete


def name_argument(subject: Subject, *, optional: bool = False) -> Decorator:
    """Return the argument NAME of an existing entity; optional, it is "" where it is left out."""
    extra: dict[str, Any] = {"required": False, "default": ""} if optional else {}
    return click.argument("name", shell_complete=names_of(subject), callback=_strip_kind(subject), **extra)


def names_argument(subject: Subject, *, optional: bool = False) -> Decorator:
    """Return the argument of one or more existing entities, a tuple."""
    return click.argument(
        "names",
        nargs=-1,
        required=not optional,
        metavar="[NAME]..." if optional else "NAME...",
        shell_complete=names_of(subject),
        callback=_strip_kind(subject),
    )


def _strip_kind(subject: Subject) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return what makes NAME of ``stack/NAME``; of kinds with types `Subject.find` reads the whole."""

    def one(value: str) -> str:
        kind, slash, name = value.partition("/")
        if not slash or KINDS[subject.kind].typed:
            return value
        if kind != subject.kind:
            raise UsageError(
                f"{value[:140]!r} is no {subject.noun}", hint=f"see: zenprofile {subject.command} list -o name"
            )
        return name

    def bare(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        return tuple(map(one, value)) if isinstance(value, tuple) else one(value)

    return bare


def any_entity(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete an ENTITY: ``stack/NAME``, ``component/TYPE/NAME``."""
    from zenprofile.cli.completers import entities

    return entities(context, incomplete)


def component_type(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Check a component type given as an option, and spell it as documents do."""
    return lookup.component_type(value) if value else ""


def complete_type(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a component type."""
    from zenprofile.core.entity import COMPONENT_TYPES

    return [type_ for type_ in COMPONENT_TYPES if type_.startswith(incomplete)]


def type_option(subject: Subject, *, required: bool = False) -> Decorator:
    """Return the option ``--type``, or nothing where the group is about one type."""
    if not subject.asks_type:
        return lambda function: function
    return click.option(
        "-t",
        "--type",
        "type_",
        **({"required": True} if required else {"default": ""}),
        metavar="TYPE",
        callback=component_type,
        shell_complete=complete_type,
        help="Component type, such as artifact_store.",
    )


def later(name: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return a completer of `zenprofile.cli.completers`, imported when a person presses the tab key."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from zenprofile.cli import completers

        found: list[str] = getattr(completers, name)(context, parameter, incomplete)
        return found

    return complete


def selection_options(subject: Subject) -> Decorator:
    """Add PATTERN..., ``--label`` and (of components) ``--flavor``, which filter a list; `selection` reads them."""

    def add(function: Any) -> Any:
        if subject.kind == "component":
            flavor = click.option(
                "-f",
                "--flavor",
                default="",
                metavar="FLAVOR",
                shell_complete=later("flavors"),
                help="Only of this flavor.",
            )
            function = flavor(function)
        label = click.option(
            "-l",
            "--label",
            "labels",
            multiple=True,
            metavar="KEY[=VALUE]",
            shell_complete=later("label_keys"),
            help="Only with this label; several: all.",
        )
        patterns = click.argument("patterns", nargs=-1, metavar="[PATTERN]...", shell_complete=names_of(subject))
        return patterns(label(function))

    return add


def selection(values: dict[str, Any]) -> "Selection":
    """Return what the values of `selection_options` select."""
    from zenprofile.usecases.selection import Selection

    return Selection(**values)


def labels(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Read labels given as KEY=VALUE."""
    pairs = [value.partition("=") for value in values]
    if not all(name and equals for name, equals, _ in pairs):
        raise click.UsageError("a label is KEY=VALUE")
    return tuple((name, value) for name, _, value in pairs)


def details_options(function: Any) -> Any:
    """Add the options for description, labels and message; `details` reads them."""
    for option in (
        click.option("-m", "--message", default="", metavar="TEXT", help="Why; kept in the history."),
        click.option("--label", "labels", multiple=True, callback=labels, metavar="KEY=VALUE", help="Set a label."),
        click.option("-d", "--description", metavar="TEXT", help='What it is for; "" takes it away.'),
    ):
        function = option(function)
    return function


def unset_label_option(function: Any) -> Any:
    """Add the option that takes labels away."""
    option = click.option("--unset-label", "unset_labels", multiple=True, metavar="KEY", help="Take a label away.")
    return option(function)


def details(values: dict[str, Any]) -> "Details":
    """Take the values of `details_options` out of a command's arguments."""
    from zenprofile.usecases.entities import Details

    return Details(**{field: values.pop(field) for field in Details._fields if field in values})
