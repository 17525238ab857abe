"""Commands on what was changed: commit, log, show, diff, blame, restore, revert, undo, redo."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from zenprofile.cli import output, reading, showing
from zenprofile.cli.completers import profile_names
from zenprofile.cli.options import command, message_option
from zenprofile.cli.session import Session
from zenprofile.core.change import Recorded

if TYPE_CHECKING:
    from zenprofile.core.change import Changed
    from zenprofile.usecases.blame import Line

_SHORT = 10  # characters of a commit's id


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
        line = f"[{recorded.rev[:_SHORT]}] {_first_line(recorded)}"
    data = history.as_json(recorded) if recorded is not None and recorded.rev else {}
    session.show(data, lambda: output.safe_text(line))


@command(
    examples=["zenprofile log", "zenprofile log stack/prod -n 5", "zenprofile log component/artifact_store/s3 -o json"]
)
@click.argument("entity", default="", metavar="[ENTITY]")
@click.option("-n", "--max-count", "most", type=click.IntRange(min=0), metavar="N", help="At most so many.")
@click.option("--since", default="", metavar="DATE", help="Only from then on: 2026-11-28, yesterday, '2 hours ago'.")
@click.option("--until", default="", metavar="DATE", help="Only until then.")
@click.option("--author", default="", metavar="NAME", help="Only by those whose name has this in it.")
@click.pass_obj
def log(session: Session, /, entity: str, **values: Any) -> None:
    """Show what was changed, newest first: in all, or of an entity, its earlier names included."""
    from zenprofile.usecases import history

    reading.log(session, entity, history.LogFilter(**values))


@command(examples=["zenprofile show", "zenprofile show HEAD~1", "zenprofile show 2026-11-24 -o json"])
@click.argument("rev", default="HEAD", metavar="[REV]")
@click.pass_obj
def show(session: Session, rev: str) -> None:
    """Show one change with its fields: of a commit, tag, branch or date, or of a change's number; without REV the last.

    A date means the last change made until then, until the end of that day where it has no time.
    """
    from zenprofile.usecases import history

    recorded = history.show(session.store(), rev)
    session.show(history.as_json(recorded), lambda: _format_change(recorded), paged=True)


@command(
    examples=[
        "zenprofile diff",
        "zenprofile diff HEAD~3",
        "zenprofile diff v1.0..main -o json",
        "zenprofile diff HEAD~3 -- stack/prod",
        "zenprofile diff stack/dev stack/prod",
        "zenprofile diff --profile-to team-eu --exit-code",
    ]
)
@click.argument("words", nargs=-1, metavar="[REV[..REV] | REV REV] [ENTITY]... | ENTITY ENTITY")
@click.option(
    "--profile-to", default="", metavar="NAME", shell_complete=profile_names, help="Compare with this profile."
)
@click.option("--exit-code", is_flag=True, help="End with status 1 where there is a difference.")
@click.pass_obj
def diff(session: Session, words: tuple[str, ...], profile_to: str, exit_code: bool) -> int:
    """Show by field what differs.

    Without arguments edits that are not committed; with REV what changed since then, with REV..REV between the two, of
    all or of some entities. Two entities are compared with each other, and --profile-to compares two profiles.
    """
    from zenprofile.core.change import as_json

    changes = _compared(session, words, profile_to)
    if changes or session.format != "table":
        session.show([as_json(changed) for changed in changes], lambda: showing.differences(changes), paged=True)
    return 1 if exit_code and changes else 0


def _compared(session: Session, words: tuple[str, ...], profile_to: str) -> "list[Changed]":
    from zenprofile.usecases import earlier_names, history

    store = session.store()
    if profile_to:
        there = session.open(session.find_profile(profile_to)).snapshot()
        wanted = {history.find(store, word, there) for word in words}
        changes = history.diff_snapshots(store.snapshot(), there)
        return [changed for changed in changes if not wanted or changed.key in wanted]
    between = history.compare_entities(store, words)
    if between is not None:
        return between
    span, keys = history.split_span(store, words)
    return earlier_names.diff(store, span, keys) if keys else history.diff(store, span)


@command(examples=["zenprofile blame stack/prod", "zenprofile blame component/artifact_store/s3-prod -o json"])
@click.argument("entity")
@click.pass_obj
def blame(session: Session, entity: str) -> None:
    """Show for each field of an entity the change that gave it its value, earlier names of the entity included."""
    from zenprofile.usecases import blame as blames
    from zenprofile.usecases import lookup

    store = session.store()
    lines = blames.blame(store, lookup.resolve(store.snapshot(), entity))
    session.show([line.as_json() for line in lines], lambda: _format_blame(lines))


@command(
    examples=[
        "zenprofile restore stack/prod --to HEAD~2",
        "zenprofile restore component/artifact_store/s3-prod --to 2026-11-23",
    ]
)
@click.argument("entity")
@click.option("--to", "rev", required=True, metavar="REV", help="The commit, tag, branch, change or date.")
@message_option
@click.pass_obj
def restore(session: Session, entity: str, rev: str, message: str) -> None:
    """Give an entity the document that it had at REV, byte for byte; a deleted one comes back.

    An entity that was renamed since keeps its present name.
    """
    from zenprofile.usecases import undo as taking_back

    key, recorded = taking_back.restore(session.store(), entity, rev, message)
    _report_written(session, recorded, f"Nothing to restore: {key} is as it was then.")


@command(examples=["zenprofile revert HEAD", "zenprofile revert 3f2a91c04b", 'zenprofile revert 12 -m "Too early"'])
@click.argument("rev")
@message_option
@click.pass_obj
def revert(session: Session, rev: str, message: str) -> None:
    """Take one change back by a new one, and keep what came after it.

    Where the same field was changed since, nothing is written, and the status is 3.
    """
    from zenprofile.usecases import undo as taking_back

    recorded = taking_back.revert(session.store(), rev, _active(session), message)
    _report_written(session, recorded, "Nothing to revert: all is as it was before that change.")


@command(examples=["zenprofile undo", "zenprofile undo && zenprofile undo"])
@message_option
@click.pass_obj
def undo(session: Session, message: str) -> None:
    """Take back the last change that a command made on this machine; once more, the one before it.

    It is a new change; merges are left alone. Where writes are not committed, the files are edited back. 'zenprofile
    redo' does it again.
    """
    from zenprofile.usecases import undo as taking_back

    _report_written(session, taking_back.undo(session.store(), _active(session), message), "Nothing to undo.")


@command(examples=["zenprofile redo", "zenprofile undo && zenprofile redo"])
@message_option
@click.pass_obj
def redo(session: Session, message: str) -> None:
    """Do again what the last undo on this machine took back; once more, what the undo before it did.

    It is a new change. Any other change by a command of this machine ends what can be done again.
    """
    from zenprofile.usecases import undo as taking_back

    _report_written(session, taking_back.redo(session.store(), _active(session), message), "Nothing to redo.")


def _active(session: Session) -> set[str]:
    return {session.active_stack, session.profile.active_stack}


def _report_written(session: Session, recorded: Recorded, nothing: str) -> None:
    """Tell what a command that takes back wrote, and let this machine's settings follow names that changed."""
    from zenprofile.core.change import summary
    from zenprofile.usecases import current, history
    from zenprofile.usecases.undo import renames

    for old, new in renames(recorded.changes).items():
        current.follow_rename(session.profiles, session.active, old, new)
    if not recorded.changes:
        session.show({}, lambda: output.safe_text(nothing))
        return
    rev = f"[{recorded.rev[:_SHORT]}] " if recorded.rev else ""
    lines = [f"{rev}{_first_line(recorded)}", *(f"  {summary([changed])}" for changed in recorded.changes)]
    session.show(history.as_json(recorded), lambda: "\n".join(map(output.safe_text, lines)))


def _format_change(recorded: Recorded) -> str:
    head = [("who", recorded.who), ("when", output.local_time(recorded.when))]
    lines = [output.coloured(output.safe_text(f"change {recorded.rev}"), output.YELLOW, sys.stdout)]
    lines += [output.safe_text(f"{name:<7}{value}") for name, value in head]
    lines += ["", *(output.safe_text(f"    {line}".rstrip()) for line in recorded.message.splitlines())]
    return "\n".join([*lines, *(["", showing.differences(recorded.changes)] if recorded.changes else [])])


def _format_blame(lines: "Iterable[Line]") -> str:
    from zenprofile.core.paths import show as shown

    rows = [
        (
            shown(line.path),
            showing.cell(line.value),
            line.rev[:_SHORT] or "(uncommitted)",
            line.who,
            output.local_time(line.when),
        )
        for line in lines
    ]
    return output.table(("FIELD", "VALUE", "REV", "WHO", "WHEN"), rows)


def _first_line(recorded: Recorded) -> str:
    return recorded.message.partition("\n")[0]
