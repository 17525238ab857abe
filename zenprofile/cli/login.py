"""The commands ``login`` and ``logout``, for profiles on a server."""

import sys

import click

from zenprofile.cli import output
from zenprofile.cli.options import command
from zenprofile.cli.session import Session
from zenprofile.errors import UsageError


@command(examples=["zenprofile login", "zenprofile login --profile team < token.txt"])
@click.pass_obj
def login(session: Session) -> None:
    """Keep the token of a profile on a server in the system's keyring, once the server has taken it.

    The token is asked for, or read from stdin; ZENPROFILE_TOKEN is tried before that.
    """
    from zenprofile.usecases import logins

    profile = session.profile
    result = logins.login(session.profiles, profile, session.timeout, _token)
    line = f"Logged in to {profile.store_url} as '{result.user}' ({result.role})."
    session.show({"profile": profile.name, **result._asdict()}, lambda: output.safe_text(line))


def _token() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Token", hide_input=True, err=True))
    line = sys.stdin.readline()
    if not line.strip():
        raise UsageError("no token was given", hint="write it to stdin, or set ZENPROFILE_TOKEN")
    return line


@command(examples=["zenprofile logout"])
@click.pass_obj
def logout(session: Session) -> None:
    """Forget the token of a profile on a server; the server still takes it until it is revoked."""
    from zenprofile.usecases import logins

    profile = session.profile
    logins.logout(session.profiles, profile)
    session.show({"profile": profile.name}, lambda: output.safe_text(f"Logged out of {profile.store_url}."))
