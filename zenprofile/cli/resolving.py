"""What `resolve` does with a choice, however it was made: takes a document from the editor, says what is left."""

from typing import TYPE_CHECKING, Any

import click

from zenprofile.cli import output
from zenprofile.cli.remote_commands import report_merged
from zenprofile.cli.session import Session
from zenprofile.store.sharing import Sharing, Typed

if TYPE_CHECKING:
    from zenprofile.core.entity import Key


def report_resolved(session: Session, left: int, result: Any) -> None:
    """Say how many conflicts are left, or what arrived with the last one settled."""
    from zenprofile.usecases import sharing

    if left:
        session.echo(f"Settled; {left} more to settle: see 'zenprofile conflicts'.")
    elif not result.moved:  # a merge of the user's own
        session.echo("\n".join(map(output.safe_text, result.notes)).capitalize())
    else:
        session.echo("Settled; merged. Share it with: zenprofile sync")
        report_merged(session, result.changes, result.notes)
    if session.format != "table":
        session.show({"left": left, "changes": sharing.changes_json(result.changes)}, str)


def edit_document(side: Sharing, key: "Key") -> Typed:
    """Return an entity's document as a person has left it in the editor."""
    try:
        text = click.edit(side.with_markers(key), extension=".yaml", require_save=True)
    except FileNotFoundError:  # the editor took the file away
        text = None
    if text is None:
        raise click.UsageError("The document was not saved; nothing is settled.")
    return Typed(text)
