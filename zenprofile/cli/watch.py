"""The command ``watch`` and its verbs."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from zenprofile.cli import output
from zenprofile.cli.options import group
from zenprofile.cli.session import Session

if TYPE_CHECKING:
    from zenprofile.git.repository import Repository


@group(
    invoke_without_command=True,
    examples=["zenprofile watch", "zenprofile watch --once", "zenprofile watch pause 30m", "zenprofile watch status"],
)
@click.option("--once", is_flag=True, help="Do one round and end: for cron and CI.")
@click.option("--all", "everything", is_flag=True, help="Watch every profile in Git on this machine.")
@click.option("--no-push", is_flag=True, help="Commit and pull, and hold back what would be pushed.")
@click.pass_context
def watch(context: click.Context, once: bool, everything: bool, no_push: bool) -> int | None:
    """Commit, pull and push by itself whatever an editor or a script changes; Ctrl-C ends it.

    Only what is valid, quiet and free of secrets is committed; the rest is held, and `status` says why.
    """
    session = context.ensure_object(Session)
    if context.invoked_subcommand is not None:
        if once or everything or no_push:
            raise click.UsageError(f"--once, --all and --no-push are not for 'watch {context.invoked_subcommand}'.")
        return None
    if everything:
        return _watch_all(session, once=once, no_push=no_push)
    from zenprofile.watch import run

    profile = session.profile

    def begun() -> None:
        if not once:
            session.note(f"Watching '{output.safe_text(profile.name)}'; Ctrl-C ends it.")

    def opened(warn: Any) -> Any:
        from zenprofile.usecases.profiles import open_profile

        return open_profile(session.profiles, profile, session.timeout, warn)

    view, interrupted = run.watch(profile, opened, _show(session), push=not no_push, once=once, begun=begun)
    if once:
        return run.STATUS.get(view.state, 0)
    return 130 if interrupted else 0


def _show(session: Session) -> Any:
    def show(data: Mapping[str, Any], line: str) -> None:
        text = output.as_json(data, indent=None) if session.format == "json" else output.safe_text(line)
        output.print_result(text)
        sys.stdout.flush()

    return show


def _watch_all(session: Session, *, once: bool, no_push: bool) -> int:
    from zenprofile.errors import NotFound
    from zenprofile.watch import supervisor

    if session.chosen:
        raise click.UsageError("--all watches every profile, --profile one: give one of them.")
    profiles = [p for p in session.profiles.state().profiles.values() if not p.problem and p.store_type == "local"]
    if not profiles:
        raise NotFound("this machine has no profile in Git", hint="make one: zenprofile create NAME")
    options = ["-o", session.format, "--timeout", f"{session.timeout:g}", *["-v"] * session.verbose]
    options += [flag for flag, given in (("--once", once), ("--no-push", no_push), ("-q", session.quiet)) if given]
    commands = {p.name: [sys.executable, "-m", "zenprofile", "watch", "--profile", p.name, *options] for p in profiles}
    return supervisor.watch(commands, lambda name, line: session.warn_all([f"{name}: {line}"]), once=once)


def _repository(session: Session) -> "Repository":
    from zenprofile.watch import run

    return run.repository_of(session.store())


@watch.command(examples=["zenprofile watch pause", "zenprofile watch pause 30m"])
@click.argument("span", metavar="[TIME]", default="")
@click.pass_obj
def pause(session: Session, span: str) -> None:
    """Let the watcher do nothing, for a TIME (`30m`, `2h`) or until `resume`."""
    from zenprofile.watch import run, settings

    run.pause(_repository(session), settings.seconds(span) if span else None)
    session.echo(f"Paused for {span}." if span else "Paused until: zenprofile watch resume")


@watch.command(examples=["zenprofile watch resume"])
@click.pass_obj
def resume(session: Session) -> None:
    """Let the watcher go on, on the branch that is checked out, and try at once whatever waits."""
    from zenprofile.watch import run

    run.resume(_repository(session))
    session.echo("Resumed.")


@watch.command(examples=["zenprofile watch confirm"])
@click.pass_obj
def confirm(session: Session) -> None:
    """Say that a mass deletion, which the watcher holds, is meant."""
    from zenprofile.watch import run

    session.echo(f"Confirmed: {output.safe_text(run.confirm(_repository(session)))}.")


@watch.command(examples=["zenprofile watch status", "zenprofile watch status -o json"])
@click.pass_obj
def status(session: Session) -> None:
    """Say what the watcher does, since when, why, and what it does next."""
    from zenprofile.watch import run

    data = run.status(_repository(session), session.profile.name)
    rows = [(key.upper(), value) for key, value in data.items() if key != "mark"]
    session.show(dict(data), lambda: output.properties(f"'{session.profile.name}' Watcher", rows))


@watch.group(examples=["zenprofile watch service install", "zenprofile watch service status"])
def service() -> None:
    """Run the watcher as a service of your own account, started at login."""


def _command(session: Session, *, registered: bool) -> list[str]:
    """Return the command of a service; a checkout's own profile is found by the folder that it runs in."""
    named = ["--profile", session.profile.name] if registered else []
    return [sys.executable, "-m", "zenprofile", "watch", *named]


def _show_service(session: Session, text: str = "") -> None:
    from zenprofile.watch import service as services

    found = services.status(session.profile.name)
    lines = [f"{found.name}: {'installed' if found.installed else 'not installed'}"]
    lines[0] += f", {found.active}" if found.active else ""
    lines += [text.rstrip("\n")] if text else []
    lines += [f"Next: {line}" for line in found.advice]
    session.show(found._asdict(), lambda: "\n".join(map(output.safe_text, "\n".join(lines).split("\n"))))


@service.command(examples=["zenprofile watch service install --profile team"])
@click.pass_obj
def install(session: Session) -> None:
    """Install and start the service (systemd); elsewhere print what to install."""
    from zenprofile.watch import service as services

    name, repository = session.profile.name, _repository(session)
    registered = name in session.profiles.state().profiles
    folder = "" if registered else os.path.join(repository.folder, repository.prefix)
    found, text = services.install(name, _command(session, registered=registered), folder)
    _show_service(session, "" if found.path else text)


@service.command(examples=["zenprofile watch service uninstall --profile team"])
@click.pass_obj
def uninstall(session: Session) -> None:
    """Stop and remove the service."""
    from zenprofile.watch import service as services

    removed = services.uninstall(session.profile.name)
    session.echo("Removed." if removed else "There was no service.")


@service.command("status", examples=["zenprofile watch service status"])
@click.pass_obj
def service_status(session: Session) -> None:
    """Say whether the service is installed and runs."""
    _show_service(session)
