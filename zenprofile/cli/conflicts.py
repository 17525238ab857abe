"""Commands on conflicts: conflicts, resolve."""

import sys
from typing import TYPE_CHECKING

import click

from zenprofile.cli.conflict_words import format_conflict
from zenprofile.cli.interactive_resolve import resolve_interactively
from zenprofile.cli.options import command
from zenprofile.cli.remote_commands import side_of
from zenprofile.cli.resolving import edit_document, report_resolved
from zenprofile.cli.session import Session
from zenprofile.store.sharing import Sharing, Typed

if TYPE_CHECKING:
    from zenprofile.core.merge.data import Choice


@command(examples=["zenprofile conflicts", "zenprofile conflicts -o json"])
@click.pass_obj
def conflicts(session: Session) -> None:
    """List what only a person can decide, with both values."""
    from zenprofile.usecases import sharing

    side = side_of(session, [])
    if side is None:
        return
    rows = sharing.conflicts(side, who=True)
    session.show(rows, lambda: "\n".join(map(format_conflict, rows)) or "There are no conflicts.")


@command(
    examples=[
        "zenprofile resolve",
        "zenprofile resolve stack/prod --theirs",
        "zenprofile resolve component/artifact_store/s3 --ours --field configuration.path",
        "zenprofile resolve stack/prod --edit",
        "zenprofile resolve --all --ours",
    ]
)
@click.argument("entity", metavar="[ENTITY]", required=False, default="")
@click.option("--ours", is_flag=True, help="Take this machine's value.")
@click.option("--theirs", is_flag=True, help="Take the remote's value.")
@click.option("--edit", is_flag=True, help="Open an editor on both.")
@click.option("--reopen", is_flag=True, help="Take back what was settled; possible until the merge is made.")
@click.option("--all", "all_", is_flag=True, help="Settle every conflict.")
@click.option("--field", default="", metavar="PATH", help="One field's conflict; without it all of the entity's.")
@click.pass_obj
def resolve(
    session: Session, entity: str, ours: bool, theirs: bool, edit: bool, reopen: bool, all_: bool, field: str
) -> None:
    """Settle conflicts; with the last one settled, the merge is made.

    On a terminal, without a choice, each conflict is asked about. A `git merge` of your own that stopped is settled
    by the same command, and stays yours to commit.
    """
    choices = {"ours": ours, "theirs": theirs, "edit": edit, "reopen": reopen}
    choice = _one_of([name for name, given in choices.items() if given])
    _check_arguments(entity, choice, field, all_=all_)
    side = side_of(session)
    if side is None:
        return
    if not choice:
        resolve_interactively(session, side, entity, field)
    elif all_:
        from zenprofile.usecases import sharing

        report_resolved(session, *sharing.resolve_all(side, "ours" if ours else "theirs"))
    else:
        _resolve(session, side, entity, field, choice)


def _one_of(given: list[str]) -> str:
    if len(given) > 1:
        raise click.UsageError(f"--{given[0]} and --{given[1]} cannot both be.")
    return given[0] if given else ""


def _check_arguments(entity: str, choice: str, field: str, *, all_: bool) -> None:
    if all_ and (choice not in ("ours", "theirs") or entity or field):
        raise click.UsageError("--all takes one of --ours and --theirs, and neither ENTITY nor --field.")
    if choice and not all_ and not entity:
        raise click.UsageError("Name an ENTITY, or give --all.")
    if not choice and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("Choose one of --ours, --theirs and --edit.")


def _resolve(session: Session, side: Sharing, entity: str, field: str, choice: str) -> None:
    from zenprofile.usecases import lookup, sharing

    open_ = side.open_conflicts()
    open_keys = [c.key for c in (*open_.conflicts, *open_.elsewhere)]
    key = lookup.find_conflict([*open_keys, *(key for key, _ in open_.settled)], entity)
    if choice == "reopen":
        left, _ = sharing.resolve(side, key, field, None)
        session.echo(f"Open again; {left} to settle: see 'zenprofile conflicts'.")
        if session.format != "table":
            session.show({"left": left, "changes": []}, str)
        return
    resolution: Choice | Typed = (
        edit_document(side, key) if choice == "edit" else "ours" if choice == "ours" else "theirs"
    )
    report_resolved(session, *sharing.resolve(side, key, field, resolution))
