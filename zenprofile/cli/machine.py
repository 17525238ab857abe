"""Commands on what is this machine's own: overrides, and secrets that references are resolved to."""

import os

import click

from zenprofile.cli import output, showing
from zenprofile.cli.options import Group, at_option
from zenprofile.cli.session import Session
from zenprofile.core.entity import Data

_ENTITY = click.argument("entity", metavar="KIND/NAME")


@click.group(
    "override", cls=Group, examples=["zenprofile override set component/orchestrator/kubeflow kubernetes_context=mine"]
)
def override() -> None:
    """Values of fields on this machine alone, laid over what the store says when it is read."""


@override.command(
    "set",
    examples=[
        "zenprofile override set component/s3-prod path=s3://my-test-bucket",
        "zenprofile override set component/orchestrator/kubeflow kubernetes_context=mine",
        "zenprofile override set stack/prod components.orchestrator=default",
    ],
)
@_ENTITY
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.pass_obj
def set_(session: Session, entity: str, settings: tuple[str, ...]) -> None:
    """Override fields of an entity on this machine.

    KIND/NAME is component/TYPE/NAME, component/NAME where only one has it, stack/NAME, ...; of a component, KEY is a
    setting. Values take their types as for --set.
    """
    from zenprofile.usecases import lookup, overrides
    from zenprofile.usecases.assignments import parse

    snapshot = session.store().snapshot()
    key = lookup.resolve(snapshot, entity)
    wanted = [parse(text) for text in settings]
    made = overrides.set_(session.profiles, session.profile, snapshot, key, wanted)
    _show(session, [row for row in overrides.rows(made) if (row["kind"], row["type"], row["name"]) == key])


@override.command("list", examples=["zenprofile override list", "zenprofile override list -o json"])
@click.pass_obj
def list_(session: Session) -> None:
    """List what is overridden on this machine."""
    from zenprofile.usecases import overrides

    _show(session, overrides.rows(session.profile.overrides))


def _show(session: Session, rows: list[Data]) -> None:
    def table() -> str:
        cells = [
            ("/".join(filter(None, (r["kind"], r["type"], r["name"]))), r["path"], showing.text_of(r["value"]))
            for r in rows
        ]
        return output.table(("ENTITY", "KEY", "VALUE HERE"), cells)

    session.show(rows, table if rows else lambda: "Nothing is overridden on this machine.")


@override.command(
    examples=["zenprofile override unset component/s3-prod path", "zenprofile override unset component/s3-prod"]
)
@_ENTITY
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.pass_obj
def unset(session: Session, entity: str, keys: tuple[str, ...]) -> None:
    """Take overrides of an entity away; without KEY all of them."""
    from zenprofile.usecases import overrides
    from zenprofile.usecases.assignments import parse_key

    held = overrides.find_key(session.profile.overrides, entity)
    wanted = [parse_key(key) for key in keys]
    _show(session, overrides.rows(overrides.unset(session.profiles, session.profile, held, wanted)))


@click.group("secrets", cls=Group, examples=["zenprofile secrets check"])
def secrets() -> None:
    """References that stand in place of secrets."""


@secrets.command(examples=["zenprofile secrets check", "zenprofile secrets check -o json"])
@at_option
@click.pass_obj
def check(session: Session, at: str | None) -> int:
    """List the references that this machine cannot resolve, and how to supply each.

    ${env:NAME} is resolved by an environment variable; where one is missing, this ends with status 1. {{secret.key}} is
    resolved by ZenML's secret store when a pipeline runs; zenprofile never reads that store, so these are listed, and
    fail nothing.
    """
    from zenprofile.core.entity import Entity
    from zenprofile.usecases import overrides
    from zenprofile.usecases import secrets as usecase

    own = {} if at else session.profile.overrides
    loaded = session.store().snapshot(at).load()
    read_here = [Entity(e.key, overrides.with_overrides(e, own)) for e in loaded.entities]
    found = usecase.unresolved(read_here, os.environ)
    rows = [usecase.as_json(each) for each in found]
    if rows or session.format != "table":
        session.show(rows, lambda: _secrets(rows))
    showing.fail_with_problems(session, loaded.problems)
    return 1 if any(each.here for each in found) else 0


@secrets.command(examples=[f"zenprofile secrets allow component/artifact_store/s3-prod {'0123456789abcdef' * 4}"])
@_ENTITY
@click.argument("fingerprints", nargs=-1, required=True, metavar="FINGERPRINT...")
@click.pass_obj
def allow(session: Session, entity: str, fingerprints: tuple[str, ...]) -> None:
    """Say that what looks like a secret in an entity is none.

    The message that refuses it names its fingerprint. It is written into the document, as a comment, and holds for
    that document alone; the value may come later.
    """
    from zenprofile.usecases import lookup
    from zenprofile.usecases import secrets as usecase

    store = session.store()
    key = lookup.resolve(store.snapshot(), entity)
    showing.report_written(session, usecase.allow(store, key, fingerprints), key, "Updated")


def _secrets(rows: list[dict[str, str]]) -> str:
    cells = [
        ("/".join(filter(None, (row["kind"], row["type"], row["name"]))), row["path"], row["reference"], row["remedy"])
        for row in rows
    ]
    return output.table(("ENTITY", "FIELD", "REFERENCE", "SUPPLY IT BY"), cells)
