"""Commands on flavors: those that ship and those that a profile registers."""

from typing import Any

import click

from zenprofile.cli import output, showing, subjects
from zenprofile.cli import verbs as v
from zenprofile.cli.options import Command, Group, at_option, command, message_option
from zenprofile.cli.session import Session
from zenprofile.cli.subject import Subject
from zenprofile.cli.zenml import python_option, zenml_connection
from zenprofile.core.entity import Data, Key

_SUBJECT = Subject("flavor", "flavor", "lakefs --type artifact_store")
_SCHEMA = click.option(
    "--schema", "schema_file", type=click.Path(), metavar="FILE", help="JSON Schema of the configuration; - is stdin."
)
_SOURCE = click.option("--source", default="", metavar="TEXT", help="Where ZenML finds its class; never imported.")


@click.group("flavor", cls=Group, examples=["zenprofile flavor list --type artifact_store"])
def flavor() -> None:
    """Flavors: they give the configuration of components its schema."""


def _register(session: Session, key: Key, schema_file: str | None, source: str, values: dict[str, Any]) -> None:
    from zenprofile.usecases import flavors

    schema = None if schema_file is None else flavors.read_schema(schema_file)
    recorded = flavors.register(session.store(), key, schema, source, subjects.details(values))
    if schema is None:
        session.warn("without a schema nothing in the configuration of its components is checked")
    showing.report_written(session, recorded, key, "Registered")


@flavor.command(examples=["zenprofile flavor register lakefs --type artifact_store --schema lakefs.json"])
@click.argument("name")
@subjects.type_option(_SUBJECT, required=True)
@_SCHEMA
@_SOURCE
@subjects.details_options
@click.pass_obj
def register(session: Session, /, name: str, type_: str, schema_file: str | None, source: str, **values: Any) -> None:
    """Register a flavor with the JSON Schema of its components' configuration."""
    _register(session, Key("flavor", type_, name), schema_file, source, values)


def _list(session: Session, subject: Subject, type_: str, at: str | None, values: dict[str, Any]) -> None:
    """Print the flavors that the profile registers, and those that ship; then what is invalid."""
    from zenprofile.usecases import flavors

    snapshot = session.store().snapshot(at)
    wanted = showing.follow_selection(session, subject, snapshot, at, subjects.selection(values))
    loaded = snapshot.load("flavor", type_)
    registered = [entity for entity in loaded.entities if wanted.matches(entity)]
    ships = [entity for entity in flavors.shipped(type_) if wanted.matches(entity)]

    def rows() -> list[Data]:
        own = [{**showing.as_json(session, entity, at), "registered": True} for entity in registered]
        return own + [{"kind": "flavor", **entity.data, "revision": "", "registered": False} for entity in ships]

    showing.show_list(session, snapshot, [*registered, *ships], rows, _table)
    showing.fail_with_problems(session, loaded.problems)


def _table(rows: list[Data]) -> str:
    cells = [(row["name"], row["type"], "this profile" if row["registered"] else "zenprofile") for row in rows]
    return output.table(("NAME", "TYPE", "REGISTERED BY"), cells)


@flavor.command(
    "list",
    examples=["zenprofile flavor list --type artifact_store", "zenprofile flavor list 's3*' -o wide"],
    formats=output.LIST_FORMATS,
)
@subjects.selection_options(_SUBJECT)
@subjects.type_option(_SUBJECT)
@at_option
@click.pass_obj
def list_(session: Session, /, type_: str, at: str | None, **values: Any) -> None:
    """List the flavors that the profile registers and those that ship, or those that a glob or a label selects.

    -o name prints names that other commands take, -o wide also labels, description and what uses each.
    """
    _list(session, _SUBJECT, type_, at, values)


@flavor.command(examples=["zenprofile flavor describe s3 --type artifact_store -o json"])
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=subjects.later("flavors"))
@subjects.type_option(_SUBJECT)
@at_option
@click.pass_obj
def describe(session: Session, names: tuple[str, ...], type_: str, at: str | None) -> None:
    """Show one or more flavors: what their components' configuration may hold."""
    from zenprofile.usecases import flavors

    snapshot = session.store().snapshot(at)

    def key_of(name: str) -> Key:
        return showing.find_at(session, snapshot, at, lambda each: flavors.find(each, name, type_))

    data = [flavors.describe(snapshot, key_of(name)) for name in names]
    session.show(data[0] if len(data) == 1 else data, lambda: "\n".join(map(_described, data)))


def _described(data: Data) -> str:
    schema = data.get("schema") or {}
    required = schema.get("required", ())
    rows = [("TYPE", data["type"]), ("SOURCE", data.get("source", ""))]
    for name, field in schema.get("properties", {}).items():
        types = showing.text_of(field.get("type")) if isinstance(field, dict) else ""
        marks = [types, *(["required"] if name in required else []), *(["a reference"] if _sensitive(field) else [])]
        rows.append((name, ", ".join(mark for mark in marks if mark)))
    return output.properties(f"'{data['name']}' Flavor", rows)


def _sensitive(field: Any) -> bool:
    from zenprofile.core.secrets.references import is_sensitive

    return is_sensitive(field)


@flavor.command(
    "import",
    examples=[
        "zenprofile flavor import --from-zenml                        # every custom flavor that ZenML has",
        "zenprofile flavor import lakefs --type artifact_store --from-zenml --python ~/zenml/bin/python",
    ],
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@subjects.type_option(_SUBJECT)
@click.option("--from-zenml", is_flag=True, required=True, help="From the ZenML of this machine.")
@python_option
@message_option
@click.pass_obj
def import_(session: Session, names: tuple[str, ...], type_: str, from_zenml: bool, python: str, message: str) -> None:
    """Register flavors with the schemas that ZenML has for them; so a profile validates where there is no ZenML."""
    from zenprofile.usecases import history, zenml

    chosen = tuple((type_, name) for name in names)
    recorded = zenml.import_flavors(zenml_connection(session, python), session.store(), chosen, message)
    lines = [f"{showing.DONE[changed.action]} {showing.display_name(changed.key)}." for changed in recorded.changes]
    data = history.as_json(recorded) if recorded.changes else {}
    session.show(data, lambda: "\n".join(map(output.safe_text, lines or ["Nothing to register."])))


v.add(
    flavor,
    v.update_command(_SUBJECT),
    v.rename_command(_SUBJECT),
    v.delete_command(_SUBJECT),
)


def typed_flavors(subject: Subject) -> Group:
    """Make the group ``flavor`` of a component type, as ZenML has it."""
    made = Group("flavor", help=f"Flavors of the {subject.noun}.", examples=[subject("flavor list")])
    return v.add(made, _typed_list(subject), _typed_register(subject))


def _typed_list(subject: Subject) -> Command:
    of_type = _SUBJECT._replace(type=subject.type)

    @command("list", examples=[subject("flavor list")], formats=output.LIST_FORMATS)
    @subjects.selection_options(of_type)
    @at_option
    @click.pass_obj
    def list_flavors(session: Session, /, at: str | None, **values: Any) -> None:
        _list(session, of_type, subject.type, at, values)

    list_flavors.help = f"List the flavors of the {subject.noun}, or those that a glob or a label selects."
    return list_flavors


def _typed_register(subject: Subject) -> Command:
    @command("register", examples=[subject("flavor register mine --schema mine.json --source my.module.Class")])
    @click.argument("name")
    @_SCHEMA
    @_SOURCE
    @subjects.details_options
    @click.pass_obj
    def register_flavor(session: Session, /, name: str, schema_file: str | None, source: str, **values: Any) -> None:
        _register(session, Key("flavor", subject.type, name), schema_file, source, values)

    register_flavor.help = f"Register a flavor of the {subject.noun}."
    return register_flavor
