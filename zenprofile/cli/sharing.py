"""Commands on a profile's remote: status, remote, pull, push, sync."""

import sys
from collections.abc import Sequence

import click

from zenprofile.cli import output, remote_commands
from zenprofile.cli.options import command, group
from zenprofile.cli.remote_commands import commits_in_words, report_merged, side_of
from zenprofile.cli.session import Session
from zenprofile.store.capabilities import InWorkTree
from zenprofile.store.sharing import Proposed, Relation

strict_option = click.option("--strict", is_flag=True, help="Refuse what is bound to this machine instead of warning.")
others_option = click.option(
    "--with-others", is_flag=True, help="Send commits that touch files outside the profile too, hooks included."
)


@command(examples=["zenprofile status", "zenprofile status -o json"])
@click.pass_obj
def status(session: Session) -> int:
    """Say how the profile is: edits, problems, conflicts, and where it stands against its remote.

    In a repository every profile of it is told of; stderr says which, and how many documents each has.
    """
    return remote_commands.status(session)


@group(
    invoke_without_command=True, examples=["zenprofile remote", "zenprofile remote set git@github.com:org/stacks.git"]
)
@click.pass_context
def remote(context: click.Context) -> None:
    """Show the profile's remote, or name it."""
    if context.invoked_subcommand is None:
        session = context.ensure_object(Session)
        side = side_of(session, **_NO_REMOTE)
        if side is not None:
            relation = side.relation()
            session.show(_as_json(relation), lambda: output.safe_text(relation.remote or "There is no remote."))


_NO_REMOTE = {"remote": "", "branch": ""}


def _as_json(relation: Relation) -> dict[str, str]:
    return {"remote": relation.remote, "branch": relation.branch}


@remote.command("set", examples=["zenprofile remote set git@github.com:org/stacks.git"])
@click.argument("url", metavar="URL")
@click.pass_obj
def set_(session: Session, url: str) -> None:
    """Name the repository that the profile is shared through."""
    side = side_of(session, **_NO_REMOTE)
    if side is not None:
        side.set_remote(url)
        relation = side.relation()
        session.show(_as_json(relation), lambda: f"The remote is now {output.safe_text(relation.remote)}.")


@command(examples=["zenprofile pull", "zenprofile pull --take-theirs"])
@click.option("--accept-invalid", is_flag=True, help="Take entities that are invalid; they spoil only themselves.")
@click.option(
    "--take-theirs", is_flag=True, help="Make this branch as the remote has it; what was here is kept under a ref."
)
@click.pass_obj
def pull(session: Session, accept_invalid: bool, take_theirs: bool) -> None:
    """Fetch what others have changed, and merge it by meaning."""
    remote_commands.pull(session, accept_invalid=accept_invalid, take_theirs=take_theirs)


@command(examples=["zenprofile push", "zenprofile push --strict"])
@strict_option
@others_option
@click.pass_obj
def push(session: Session, strict: bool, with_others: bool) -> None:
    """Send the commits that are only here; what is invalid is never sent."""
    remote_commands.push(session, strict=strict, with_others=with_others)


@command(examples=["zenprofile propose", "zenprofile propose -m 'Move artifacts to the new bucket' --branch buckets"])
@click.option("-m", "--message", default="", metavar="MSG", help="Commit edits by hand first, with this message.")
@click.option("--branch", default="", metavar="NAME", help="The branch for the commits (default: one is named).")
@others_option
@click.pass_obj
def propose(session: Session, message: str, branch: str, with_others: bool) -> None:
    """Offer the commits that are only here for review, on a branch of their own.

    Prints the address that the host gives for a merge request. The branch that is followed stays as it is; once the
    request is merged, the next sync takes it.
    """
    from zenprofile.usecases import sharing

    side = side_of(session, branch="", url="", commits=0)
    if side is None:
        return
    store = session.store()
    result = sharing.propose(
        store,
        side,
        lambda line: session.warn_all([line]),
        message=message,
        branch=branch,
        commits=isinstance(store, InWorkTree) and store.commits,
        with_others=with_others,
    )
    if result.host_message:
        session.hint("\n".join(map(output.safe_text, result.host_message.splitlines())))
    data = {"branch": result.branch, "url": result.url, "commits": result.commits}
    line = f"Proposed {commits_in_words(result.commits)} on branch {result.branch}." + (
        f" Review: {result.url}" if result.url else ""
    )
    session.show(data, lambda: output.safe_text(line))


def _confirm(question: str) -> bool:
    output.end_progress()
    return click.confirm(output.safe_text(question), err=True)


@command(examples=["zenprofile sync"])
@strict_option
@others_option
@click.pass_obj
def sync(session: Session, strict: bool, with_others: bool) -> None:
    """Pull and push until the remote has what is here; valid edits are committed first (not in `manual`)."""
    from zenprofile.usecases import incoming_renames, sharing

    side = side_of(session, proposed=[], push_to="", committed="", changes=[], notes=[], sent=0)
    if side is None:
        return
    store = session.store()
    result = sharing.sync(
        store,
        side,
        lambda line: session.warn_all([line]),
        commits=isinstance(store, InWorkTree) and store.commits,
        strict=strict,
        with_others=with_others,
        timeout=session.timeout,
        confirm=_confirm if sys.stdin.isatty() and session.format == "table" else None,
    )
    if session.format == "table":
        if result.committed is not None:
            session.echo(output.safe_text(f"Committed: {result.committed.message.partition(chr(10))[0]}"))
        if result.pulled:
            session.echo("Pulled:")
        report_merged(session, result.pulled, result.notes)
        if result.waiting:
            session.echo(output.safe_text(_waiting(result.waiting)))
            return
        session.echo(
            output.safe_text(f"Pushed {commits_in_words(result.sent)} to {result.to}.")
            if result.sent
            else "Nothing to push."
        )
        session.echo("synced")
        return
    data = {
        "state": "ahead" if result.waiting else "synced",
        "proposed": [{"branch": p.branch, "url": p.url, "commits": p.commits} for p in result.waiting],
        "push_to": result.to,
        "committed": result.committed.rev if result.committed is not None else "",
        "changes": sharing.changes_json(result.pulled),
        "notes": [*result.notes, *incoming_renames.follow_renames(session.profiles, session.active, result.pulled)],
        "sent": result.sent,
    }
    session.show(data, str)


def _waiting(proposed: Sequence[Proposed]) -> str:
    closed = any(p.closed for p in proposed)
    what = "not merged, and its branch is gone" if closed else "waiting for review, not pushed"
    return f"{what}: " + "; ".join(
        f"{commits_in_words(p.commits)} on {p.branch}" + (f" ({p.url})" if p.url else "") for p in proposed
    )
