"""What `resolve` does with a choice, however it was made: takes a document from the editor, says what is left."""

from typing import TYPE_CHECKING, Any

import click

from zenprofile.cli import output
from zenprofile.cli.session import Session
from zenprofile.cli.standing import arrived
from zenprofile.store.sharing import Sharing, Typed

if TYPE_CHECKING:
    from zenprofile.core.entity import Key


def told(session: Session, left: int, done: Any) -> None:
    """Say how many conflicts are left, or what arrived with the last one settled."""
    from zenprofile.usecases import sharing

    if left:
        session.say(f"Settled; {left} more to settle: see 'zenprofile conflicts'.")
    elif not done.moved:  # a merge of the user's own
        session.say("\n".join(map(output.safe_text, done.notes)).capitalize())
    else:
        session.say("Settled; merged. Share it with: zenprofile sync")
        arrived(session, done.changes, done.notes)
    if session.format != "table":
        session.show({"left": left, "changes": sharing.changes_json(done.changes)}, str)


def edited(side: Sharing, key: "Key") -> Typed:
    """Return an entity's document as a person has left it in the editor."""
    try:
        text = click.edit(side.marked(key), extension=".yaml", require_save=True)
    except FileNotFoundError:  # the editor took the file away
        text = None
    if text is None:
        raise click.UsageError("The document was not saved; nothing is settled.")
    return Typed(text)
