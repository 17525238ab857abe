"""The commands ``server start`` and ``server token create | list | revoke``."""

import re
import sys
from typing import TYPE_CHECKING

import click

from zenprofile.cli import output
from zenprofile.cli.options import Group
from zenprofile.cli.session import Session
from zenprofile.errors import NotFound, Unsupported, UsageError
from zenprofile.store.tokens import ROLES

if TYPE_CHECKING:
    from zenprofile.store.base import Store
    from zenprofile.store.tokens import Tokens

_NAME = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9._-]+")


@click.group(
    "server", cls=Group, examples=["zenprofile server start", "zenprofile server token create ada --role editor"]
)
def server() -> None:
    """Serve a profile over HTTP."""


@server.command(
    examples=[
        "zenprofile server start",
        "zenprofile server start --profile team --host 0.0.0.0 --behind-proxy --allow-host stacks.example.com",
        "zenprofile server start --host 0.0.0.0 --tls-cert server.pem --tls-key server.key",
    ]
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Name or address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8237, show_default=True, help="0 takes a free one.")
@click.option("--tls-cert", default="", metavar="FILE", help="Certificate with its chain, as PEM.")
@click.option("--tls-key", default="", metavar="FILE", help="Key of the certificate.")
@click.option("--behind-proxy", is_flag=True, help="A proxy stands in front and has TLS.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="A name by which clients call this server.")
@click.pass_obj
def start(
    session: Session,
    host: str,
    port: int,
    tls_cert: str,
    tls_key: str,
    behind_proxy: bool,
    allow_host: tuple[str, ...],
) -> None:
    """Serve a profile until it is interrupted.

    On loopback it starts as it is. Where others reach it, a token has to exist, and TLS or a proxy in front.
    """
    for name in allow_host:
        if not _NAME.fullmatch(name.lower()):
            hint = "write it without https:// and port, such as --allow-host stacks.example.com"
            raise UsageError(f"{name[:140]!r} is no name of a host", hint=hint)
    if bool(tls_cert) != bool(tls_key):
        raise UsageError("--tls-cert and --tls-key go together", hint="give both, or --behind-proxy")
    try:
        from zenprofile.server.run import Listening, serve_profile
    except ModuleNotFoundError as error:
        hint = "install them: pip install 'zenprofile[server]'"
        raise Unsupported(f"a server needs '{error.name}', which is not installed", hint=hint) from None
    from zenprofile.usecases import serving

    found = serving.served(session.profiles, session.profile, session.timeout)
    listening = Listening(host, port, tls_cert, tls_key, bool(session.verbose), behind_proxy, allow_host)
    serve_profile(found, listening, _echo, lambda line: session.warn_all([line]))


def _echo(line: str) -> None:
    output.print_result(output.safe_text(line))
    sys.stdout.flush()  # whoever started it waits for this line


@server.group(examples=["zenprofile server token create ada --role editor", "zenprofile server token list"])
def token() -> None:
    """Tokens with which people and programs use a server."""


@token.command("create", examples=["zenprofile server token create ada --role editor"])
@click.argument("user")
@click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True, help="What it may do.")
@click.pass_obj
def create(session: Session, user: str, role: str) -> None:
    """Make a token for a user of the store and print it; it is shown this once.

    A viewer reads; an editor writes components, stacks and flavors; an admin writes users, teams, roles and projects
    too.
    """
    from zenprofile.usecases import serving

    store, kept = _open_with_tokens(session)
    text = serving.add_token(kept, store, user, role)
    session.show({"token": text, "user": user, "role": role}, lambda: text)
    session.note(output.safe_text(f"A token of '{user}' as {role}; it is not shown again."))


@token.command("list", examples=["zenprofile server token list -o json"])
@click.pass_obj
def list_(session: Session) -> None:
    """List tokens; what they are is kept nowhere."""
    found = _open_with_tokens(session)[1].find()
    rows = [{"id": t.id, "user": t.user, "role": t.role, "created": t.created} for t in found]
    columns = ("id", "user", "role", "created")
    cells = [(t.id, t.user, t.role, output.local_time(t.created)) for t in found]
    session.show(rows, lambda: output.table([c.upper() for c in columns], cells))


@token.command("revoke", examples=["zenprofile server token revoke 1f0c9a3e"])
@click.argument("id_", metavar="ID")
@click.pass_obj
def revoke(session: Session, id_: str) -> None:
    """Make a token worthless, at once and on every server of the store."""
    if not _open_with_tokens(session)[1].remove(id_):
        raise NotFound(f"there is no token {id_[:40]!r}", hint="see: zenprofile server token list")
    session.show({"revoked": id_}, lambda: output.safe_text(f"Token {id_} revoked."))


def _open_with_tokens(session: Session) -> "tuple[Store, Tokens]":
    from zenprofile.usecases import serving

    found = serving.served(session.profiles, session.profile, session.timeout)
    store = session.store()
    return store, found.tokens(store)
