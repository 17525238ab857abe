"""The command ``copy``."""

from typing import TYPE_CHECKING

import click

from zenprofile.cli import output, showing
from zenprofile.cli.completers import profile_names
from zenprofile.cli.options import command, message_option
from zenprofile.cli.session import Session
from zenprofile.errors import UsageError

if TYPE_CHECKING:
    from zenprofile.usecases.copying import Copied


@command(
    examples=[
        "zenprofile copy team team-sql --dry-run",
        "zenprofile copy team postgresql://zenprofile@db.example.com/stacks",
        "zenprofile copy team-sql ./stacks --mirror",
    ]
)
@click.argument("source", shell_complete=profile_names)
@click.argument("destination", shell_complete=profile_names)
@click.option("--dry-run", "dry", is_flag=True, help="Only check, and print what would change.")
@click.option("--merge", is_flag=True, help="Into other content: add what is missing, update what differs.")
@click.option("--mirror", is_flag=True, help="Into other content: delete as well what the source does not have.")
@message_option
@click.pass_obj
def copy(session: Session, source: str, destination: str, dry: bool, merge: bool, mirror: bool, message: str) -> None:
    """Copy every document of a store to another, with its comments, in one change: all of them or none.

    SOURCE and DESTINATION are names of profiles, paths or URLs. A second copy changes nothing. What this machine lays
    over its own profile (override) is left out. A destination that has other content needs --merge or --mirror.
    """
    from zenprofile.core.change import as_json
    from zenprofile.store.capabilities import Foreign
    from zenprofile.usecases import copying

    if merge and mirror:
        raise UsageError("--merge and --mirror exclude each other", hint="choose one")
    choice = copying.MERGE if merge else copying.MIRROR if mirror else ""
    places = [copying.find_address(session.profiles, text, session.timeout) for text in (source, destination)]
    start, target = (place.warning(lambda line: session.warn_all([line])) for place in places)
    store = start.open()
    try:
        session.hint(f"Copying from {output.safe_text(store.url)}...")
        result = copying.copy(store, target, choice, dry=dry, message=message, progress=session.progress)
        if result.changes and isinstance(store, Foreign):
            session.warn_all(store.notes())
    finally:
        store.close()
    data = [as_json(changed) for changed in result.changes]
    if dry:
        session.show(data, lambda: showing.differences(result.changes))
        return
    session.show(data, lambda: _summary(result))


def _summary(result: "Copied") -> str:
    if result.begun:
        return f"Copied {result.documents} documents to a new profile."
    if not result.changes:
        return "Nothing to change."
    gone = sum(changed.action == "removed" for changed in result.changes)
    deleted = f", deleted {gone}" if gone else ""
    return f"Copied {len(result.changes) - gone} of {result.documents} documents{deleted}; the others were there."
