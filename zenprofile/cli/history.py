"""Commands on what was changed: commit, log."""

import click

from zenprofile.cli import output
from zenprofile.cli.options import command
from zenprofile.cli.session import Session
from zenprofile.core.change import Recorded


@command(examples=["zenprofile commit", 'zenprofile commit -m "Artifacts move to the EU"'])
@click.option("-m", "--message", default="", metavar="TEXT", help="Why; without it, what changed.")
@click.pass_obj
def commit(session: Session, message: str) -> None:
    """Commit the profile's edits made by hand, when the whole is valid; files outside the profile stay as they are."""
    from zenprofile.usecases import history

    recorded = history.commit(session.store(), message)
    if recorded is None:
        line = f"Nothing to commit: a profile of type '{session.store().driver}' is shared already."
    elif not recorded.rev:
        line = "Nothing to commit: there are no edits."
    else:
        line = f"[{recorded.rev[:10]}] {_first_line(recorded)}"
    data = history.as_json(recorded) if recorded is not None and recorded.rev else {}
    session.show(data, lambda: output.safe_text(line))


@command(
    examples=["zenprofile log", "zenprofile log stack/prod -n 5", "zenprofile log component/artifact_store/s3 -o json"]
)
@click.argument("entity", default="", metavar="[ENTITY]")
@click.option("-n", "--max-count", type=click.IntRange(min=0), metavar="N", help="At most so many.")
@click.pass_obj
def log(session: Session, entity: str, max_count: int | None) -> None:
    """Show what was changed, newest first: in all, or of an entity, its earlier names included."""
    from zenprofile.usecases import history

    store = session.store()
    key = history.find(store, entity) if entity else None
    records = history.log(store, key, max_count)
    if records or session.format != "table":
        session.show([history.as_json(recorded) for recorded in records], lambda: "\n".join(map(_row, records)))


def _row(recorded: Recorded) -> str:
    return output.safe_text(f"{recorded.rev[:10]} {recorded.when} {recorded.who}: {_first_line(recorded)}")


def _first_line(recorded: Recorded) -> str:
    return recorded.message.partition("\n")[0]
