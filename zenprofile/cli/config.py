"""Settings of a profile on this machine."""

import contextlib

import click

from zenprofile.cli import output
from zenprofile.cli.options import group
from zenprofile.cli.session import Session
from zenprofile.machine.profiles import SYNC_MODES, Profile


@group(invoke_without_command=True, examples=["zenprofile config", "zenprofile config sync manual --profile team"])
@click.pass_context
def config(context: click.Context) -> None:
    """Show the settings of the active profile, or change one."""
    if context.invoked_subcommand is None:
        session = context.ensure_object(Session)
        _show(session, session.profile)


@config.command(examples=["zenprofile config sync manual", "zenprofile config sync push"])
@click.argument("mode", metavar="MODE", type=click.Choice(SYNC_MODES))
@click.pass_obj
def sync(session: Session, mode: str) -> None:
    """Say what a write does in a Git store: stay an edit, be one commit, or be pushed as well."""
    from zenprofile.usecases import profiles as usecase

    _show(session, usecase.settings(session.profiles, session.profile, sync=mode))


@config.command("run-hooks", examples=["zenprofile config run-hooks on"])
@click.argument("switch", metavar="on|off", type=click.Choice(["on", "off"]))
@click.pass_obj
def run_hooks(session: Session, switch: str) -> None:
    """Say whether a commit runs the repository's own hooks."""
    from zenprofile.usecases import profiles as usecase

    _show(session, usecase.settings(session.profiles, session.profile, run_hooks=switch == "on"))


@config.command(examples=["zenprofile config message '[ml] {changes}'", "zenprofile config message ''"])
@click.argument("template", metavar="TEMPLATE")
@click.pass_obj
def message(session: Session, template: str) -> None:
    """Word the messages of commits: TEMPLATE with {changes} where what changed is told; "" for the words alone."""
    from zenprofile.usecases import profiles as usecase

    _show(session, usecase.settings(session.profiles, session.profile, message=template))


@config.command(examples=["zenprofile config watch poll=30s", "zenprofile config watch policy=commit on_problem="])
@click.argument("settings", metavar="[KEY=VALUE...]", nargs=-1)
@click.pass_obj
def watch(session: Session, settings: tuple[str, ...]) -> None:
    """Set what the watcher may do (policy), when (quiet, longest, poll, push_every), and hooks (on_change, on_problem).

    Nothing behind the equals sign takes a setting back to its default; without a setting, they are shown.
    """
    if not settings:
        _show(session, session.profile)
        return
    from zenprofile.usecases import profiles as usecase
    from zenprofile.watch import settings as watching

    pairs = {}
    for pair in settings:
        key, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"'{pair}' is not KEY=VALUE.")
        pairs[key] = value
    changed = watching.changed(session.profile.watch, pairs)
    _show(session, usecase.settings(session.profiles, session.profile, watch=changed))
    if session.profile.store_type == "local" and _is_watched(session):
        session.hint("The watcher that runs takes this up when it is started again.")


def _is_watched(session: Session) -> bool:
    from zenprofile.errors import ZenprofileError
    from zenprofile.watch import run

    with contextlib.suppress(ZenprofileError):
        return run.is_running(run.repository_of(session.store()))
    return False


def _show(session: Session, profile: Profile) -> None:
    data = {
        "name": profile.name,
        "sync": profile.sync or "default",
        "run_hooks": profile.run_hooks,
        "message": profile.message,
        "watch": dict(profile.watch),
    }
    rows = [
        ("NAME", profile.name),
        ("SYNC", profile.sync or "default (commit where zenprofile made the repository, else manual)"),
        ("RUN_HOOKS", "on" if profile.run_hooks else "off"),
        ("MESSAGE", output.safe_text(profile.message) or "{changes}"),
        *((f"WATCH_{key.upper()}", value) for key, value in profile.watch.items()),
    ]
    session.show(data, lambda: output.properties(f"'{profile.name}' Settings", rows))
