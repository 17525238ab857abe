"""Commands on components: the group ``component``, and one a component type in ZenML's own spelling."""

from collections.abc import Iterable
from typing import Any

import click
from click.core import ParameterSource

from zenprofile.cli import output, reading, showing, subjects
from zenprofile.cli import verbs as v
from zenprofile.cli.options import Command, Group, at_option, command
from zenprofile.cli.session import Session
from zenprofile.cli.subject import Subject
from zenprofile.core.entity import Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import UsageError
from zenprofile.usecases import lookup

_SUBJECT = reading.COMPONENT
_SET = "zenprofile component register s3-prod --type artifact_store --flavor s3 --set path=s3://bucket"
# A name and a line of settings for the examples of the types that everybody has; of the others, made up.
_TYPED_EXAMPLES = {
    "artifact_store": ("s3-prod", "--flavor s3 --path=s3://bucket"),
    "orchestrator": ("kubeflow-prod", "--flavor kubeflow --kubernetes_context=prod"),
    "container_registry": ("ecr", "--flavor aws --uri=123456789012.dkr.ecr.eu-central-1.amazonaws.com"),
}


def _setting_options(function: Any) -> Any:
    for option in (
        click.option("--unset", multiple=True, metavar="KEY", help="Remove a setting."),
        click.option(
            "--set",
            "set_",
            multiple=True,
            metavar="KEY=VALUE",
            shell_complete=subjects.later("settings"),
            help="Set it; KEY:=JSON for lists, objects and null.",
        ),
    ):
        function = option(function)
    return function


def _register(session: Session, key: Key, flavor: str, set_: Iterable[str], values: dict[str, Any]) -> None:
    from zenprofile.cli import writing

    writing.register(session, key, flavor, set_, subjects.details(values))


def _update(session: Session, key: Key, flavor: str, set_: Iterable[str], values: dict[str, Any]) -> None:
    from zenprofile.cli import writing

    writing.update(session, key, flavor, set_, values.pop("unset"), subjects.details(values))


def _flavor_option(*more: str, **settings: Any) -> subjects.Decorator:
    """Return the option that names a flavor, with more names for it and further settings of `click.option`."""
    completes = subjects.later("flavors")
    return click.option("-f", "--flavor", *more, metavar="FLAVOR", shell_complete=completes, **settings)


@click.group("component", cls=Group, examples=[_SET, "zenprofile component list --type artifact_store"])
def component() -> None:
    """Components of stacks: one of a type, of a flavor, with its configuration."""


@component.command(
    examples=[
        _SET,
        "zenprofile component register gpu --type step_operator --flavor sagemaker --set role=arn:aws:iam::1:role/ml",
        "zenprofile component register s3 --type artifact_store --flavor s3 --set path=s3://b --set 'key={{aws.key}}'",
    ]
)
@click.argument("name")
@subjects.type_option(_SUBJECT, required=True)
@_flavor_option(required=True, help="See 'zenprofile flavor list'.")
@_setting_options
@subjects.details_options
@click.pass_obj
def register(session: Session, /, name: str, type_: str, flavor: str, set_: tuple[str, ...], **values: Any) -> None:
    """Register a component.

    A value takes the type that the flavor's schema gives the field; a.b=1 reaches into an object. A field that holds a
    secret takes a reference: {{secret.key}} or ${env:NAME}.
    """
    values.pop("unset")
    _register(session, Key("component", type_, name), flavor, set_, values)


@component.command(examples=["zenprofile component update s3-prod --set path=s3://other --unset client_kwargs"])
@subjects.name_argument(_SUBJECT)
@subjects.type_option(_SUBJECT)
@_flavor_option(default="", help="Change the flavor.")
@_setting_options
@subjects.details_options
@subjects.unset_label_option
@click.pass_obj
def update(session: Session, /, name: str, type_: str, flavor: str, set_: tuple[str, ...], **values: Any) -> None:
    """Change a component; what is not named stays, comments in its file included."""
    _update(session, _SUBJECT.find(session.store().snapshot(), name, type_), flavor, set_, values)


v.add(
    component,
    v.list_command(_SUBJECT, reading.component_table),
    v.describe_command(_SUBJECT),
    v.rename_command(_SUBJECT),
    v.copy_command(_SUBJECT),
    v.delete_command(_SUBJECT),
)


def typed(type_: str) -> Group:
    """Make the group of a component type, as ZenML spells it (``zenprofile artifact-store register ...``)."""
    from zenprofile.cli.flavors import typed_flavors

    name, settings = _TYPED_EXAMPLES.get(type_, (f"my-{type_.replace('_', '-')}", "--flavor FLAVOR --KEY=VALUE"))
    subject = Subject(type_.replace("_", "-"), "component", name, type_)
    made = Group(
        subject.command,
        help=f"Components of type {type_}, as ZenML spells it.",
        examples=[subject(f"register {name} {settings}")],
    )
    return v.add(
        made,
        _typed_register(subject, settings),
        v.list_command(subject, reading.component_table),
        _typed_describe(subject),
        _typed_update(subject, settings),
        v.rename_command(subject),
        v.copy_command(subject),
        v.delete_command(subject),
        _typed_get(subject),
        _remove_attribute(subject),
        typed_flavors(subject),
    )


# What follows takes ZenML's `--key=value`: options that it does not know are settings.
_LOOSE = {"ignore_unknown_options": True}
_words = click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="NAME [--KEY=VALUE]...")
_bare_words = click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="NAME --KEY...")


def _split(words: Iterable[str], *, values: bool = True) -> tuple[list[str], list[str]]:
    """Return names, and what follows the dashes of ``--key=value``, ``--key value`` or (no values) ``--key``."""
    names: list[str] = []
    options: list[str] = []
    waiting = ""
    for word in words:
        if waiting and not word.startswith("--"):
            options.append(f"{waiting}={word}")
            waiting = ""
        elif waiting:
            break
        elif not word.startswith("--"):
            names.append(word)
        elif not values or "=" in word:
            key, equals, value = word[2:].partition("=")
            options.append(f"{key.replace('-', '_')}{equals}{value}")
        else:
            waiting = word[2:].replace("-", "_")
    if waiting:
        raise UsageError(f"--{waiting} needs a value", hint=f"write --{waiting}=VALUE")
    return names, options


def _single_name(names: list[str], *, optional: bool = False) -> str:
    if len(names) > 1 or (not names and not optional):
        raise UsageError("one NAME is expected", hint="settings are given as --KEY=VALUE")
    return names[0] if names else ""


def _refuse_shadowed(session: Session, context: click.Context, key: Key, flavor: str) -> None:
    """Refuse an option of ours that the flavor has as a setting too: which one is meant nobody knows."""
    from zenprofile.usecases import components

    values = _given_options(context)
    if not values:
        return
    field = components.fields(session.store().snapshot(), key.type, flavor)
    for name in values:
        if field((name,)) is not None:
            message = f"--{name} is an option of zenprofile, and a setting of {key.type} flavor '{flavor}'"
            raise UsageError(
                message, hint=f"set it with --set {name}=VALUE; other uses of --{name} go before the command"
            )


def _given_options(context: click.Context) -> list[str]:
    """List the options of a command that were given on its part of the command line, as they are spelt in full."""
    line = ParameterSource.COMMANDLINE
    values = [p for p in context.command.params if p.name and context.get_parameter_source(p.name) == line]
    return [flag[2:] for p in values if p.name != "flavor" for flag in p.opts if flag.startswith("--")]


def _typed_register(subject: Subject, settings: str) -> Command:
    @command("register", examples=[subject(f"register {subject.example} {settings}")], context_settings=_LOOSE)
    @_words
    @_flavor_option("-t", "--type", required=True, help="See 'flavor list'.")
    @_setting_options
    @subjects.details_options
    @click.pass_context
    def register_(
        context: click.Context, /, words: tuple[str, ...], flavor: str, set_: tuple[str, ...], **values: Any
    ) -> None:
        session = context.ensure_object(Session)
        names, options = _split(words)
        key = Key("component", subject.type, _single_name(names))
        _refuse_shadowed(session, context, key, flavor)
        values.pop("unset")
        _register(session, key, flavor, (*options, *set_), values)

    register_.help = f"Register a {subject.noun}; every other --KEY=VALUE is a setting."
    return register_


def _typed_update(subject: Subject, settings: str) -> Command:
    shown = " ".join(word for word in settings.split() if "=" in word)

    @command("update", examples=[subject(f"update {subject.example} {shown}")], context_settings=_LOOSE)
    @_words
    @_setting_options
    @subjects.details_options
    @subjects.unset_label_option
    @click.pass_context
    def update_(context: click.Context, /, words: tuple[str, ...], set_: tuple[str, ...], **values: Any) -> None:
        session = context.ensure_object(Session)
        names, options = _split(words)
        snapshot = session.store().snapshot()
        key = _key(session, snapshot, subject, _single_name(names, optional=True))
        _refuse_shadowed(session, context, key, str(lookup.read(snapshot, key).data.get("flavor", "")))
        _update(session, key, "", (*options, *set_), values)

    update_.help = f"Change a {subject.noun}, without NAME the active stack's; every other --KEY=VALUE is a setting."
    return update_


def _remove_attribute(subject: Subject) -> Command:
    @command(
        "remove-attribute", examples=[subject(f"remove-attribute {subject.example} --KEY")], context_settings=_LOOSE
    )
    @_bare_words
    @click.option("-m", "--message", default="", metavar="TEXT", help="Why; kept in the history.")
    @click.pass_obj
    def remove_attribute(session: Session, words: tuple[str, ...], message: str) -> None:
        names, options = _split(words, values=False)
        key = subject.find(session.store().snapshot(), _single_name(names))
        if not options:
            raise UsageError("no attribute is named", hint="name it as --KEY")
        _update(session, key, "", (), {"unset": options, "message": message})

    remove_attribute.help = f"Remove settings of a {subject.noun}."
    return remove_attribute


def _typed_describe(subject: Subject) -> Command:
    @command("describe", examples=[subject(f"describe {subject.example}"), subject("describe -o json")])
    @subjects.names_argument(subject, optional=True)
    @at_option
    @click.pass_obj
    def describe(session: Session, names: tuple[str, ...], at: str | None) -> None:
        snapshot = session.store().snapshot(at)
        keys = [_key_at(session, snapshot, at, subject, name) for name in names or ("",)]
        showing.describe_entities(
            session, snapshot, keys, at, lambda key, data: showing.format_entity(snapshot, key, data, subject.noun)
        )

    describe.help = f"Show a {subject.noun}; without NAME the active stack's."
    return describe


def _typed_get(subject: Subject) -> Command:
    @command("get", examples=[subject("get")])
    @at_option
    @click.pass_obj
    def get(session: Session, at: str | None) -> None:
        name = _key_at(session, session.store().snapshot(at), at, subject).name
        data = {"type": subject.type, "name": name}
        session.show(data, lambda: output.safe_text(f"Active {subject.noun}: '{name}'"))

    get.help = f"Print the name of the active stack's {subject.noun}."
    return get


def _key_at(session: Session, snapshot: Snapshot, at: str | None, subject: Subject, name: str = "") -> Key:
    return showing.find_at(session, snapshot, at, lambda each: _key(session, each, subject, name))


def _key(session: Session, snapshot: Snapshot, subject: Subject, name: str) -> Key:
    """Return the key of a named component, or of the active stack's."""
    if name:
        return subject.find(snapshot, name)
    from zenprofile.usecases import components

    stack = reading.active_stack(session, snapshot)
    return Key("component", subject.type, components.component_of_stack(stack, subject.type))
