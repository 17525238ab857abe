"""A server for one person on this machine: loopback, a free port, a link that signs one browser in, once."""

import secrets
from collections.abc import Callable

from zenprofile.server.run import Listening, bind, serve
from zenprofile.server.site import Settings
from zenprofile.store import changelog, tokens
from zenprofile.store.tokens import Token
from zenprofile.usecases.serving import Served


class _One:
    """The one token of this process; nothing is kept of it."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def find(self) -> list[Token]:
        return [self._token]

    def get(self, id_: str) -> Token | None:
        return self._token if id_ == self._token.id else None

    def add(self, token: Token) -> None:
        self._token = token

    def remove(self, id_: str) -> bool:
        return False


def browse(served: Served, user: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve a profile's page to one browser until SIGINT or SIGTERM.

    Args:
        served: the profile.
        user: whose name the page shows.
        port: 0 for any that is free.
        ready: gets the link once the server answers.

    Raises:
        StoreBroken: the port cannot be used.
    """
    text, token = tokens.make(user, "viewer", changelog.timestamp())
    codes = {secrets.token_urlsafe(32): text}
    listening = Listening("127.0.0.1", port)
    at = bind(listening)
    link = f"http://127.0.0.1:{at.getsockname()[1]}/open/{next(iter(codes))}"
    settings = Settings(
        profile=served.profile.name,
        open=served.open,
        tokens=lambda _site: _One(token),
        wrong_tokens=served.wrong_tokens,
        hosts=frozenset({"127.0.0.1"}),
        link=lambda code: codes.pop(code, ""),
    )
    serve(settings, listening, at, lambda: ready(link))
