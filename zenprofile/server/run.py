"""The process that serves: uvicorn on an application, in the foreground, ended within five seconds of SIGTERM."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import uvicorn

from zenprofile.errors import StoreBroken
from zenprofile.server.app import application
from zenprofile.server.connections import IDLE_SECONDS, MOST, Connection
from zenprofile.server.site import Settings, Site
from zenprofile.server.syncing import Syncing
from zenprofile.usecases.serving import Served, check_safe_to_listen

GRACE = 4  # seconds for what is under way when the server is told to end
_CLOSING = 0.5
_BACKLOG = 2048
_CONNECTIONS = 1000


class Listening(NamedTuple):
    """Where a server listens.

    Attributes:
        host: name or address.
        port: 0 for any that is free.
        certificate: file of the TLS certificate with its chain; "" for none.
        key: file of its key.
        verbose: whether each request is logged to stderr.
        proxied: whether a proxy that has TLS stands in front.
        names: by which clients call the server, beside the host and those of loopback.
    """

    host: str
    port: int
    certificate: str = ""
    key: str = ""
    verbose: bool = False
    proxied: bool = False
    names: tuple[str, ...] = ()


def serve_profile(
    served: Served, listening: Listening, echo: Callable[[str], None], warn: Callable[[str], None]
) -> None:
    """Serve a profile until SIGTERM or SIGINT.

    Args:
        served: the profile.
        listening: where.
        echo: gets the address once it answers.
        warn: gets what fails meanwhile, a line each.

    Raises:
        Unsafe: others could reach it unprotected.
        StoreBroken: the address cannot be used, or there is no store.
    """
    store = served.open()
    try:
        token = bool(served.tokens(store).find())
    finally:
        store.close()
    _must_be_usable(listening)
    protected = bool(listening.certificate) or listening.proxied
    check_safe_to_listen(listening.host, protected=protected, token=token)
    at = bind(listening)
    syncing = Syncing(served.open, warn)
    settings = Settings(
        profile=served.profile.name,
        open=served.open,
        tokens=lambda site: served.tokens(site.store),
        wrong_tokens=served.wrong_tokens,
        hosts=frozenset(name.lower() for name in (listening.host, *listening.names)),
        secure=protected,
        proxied=listening.proxied,
        holds=served.holds,
        begin=served.begin,
        wrote=syncing.wrote if served.syncs else lambda: None,
    )
    scheme = "https" if listening.certificate else "http"
    host = f"[{listening.host}]" if ":" in listening.host else listening.host
    address = f"{scheme}://{host}:{at.getsockname()[1]}"
    if served.syncs:
        syncing.start()
    try:
        serve(settings, listening, at, lambda: echo(f"Serving profile '{served.profile.name}' at {address}"))
    finally:
        if served.syncs:
            syncing.stop(_CLOSING)


def _must_be_usable(listening: Listening) -> None:
    """Refuse files of TLS that cannot be used, in words of their own.

    Raises:
        StoreBroken: they cannot be read, are no PEM, do not fit together, or the key has a password.
    """
    import ssl

    if not listening.certificate:
        return
    hint = "give a certificate with its chain and its key, as PEM, the key without a password"
    try:
        for file in (listening.certificate, listening.key):
            with open(file, "rb"):
                continue
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            listening.certificate,
            listening.key,
            password=lambda: b"",  # else it is asked for on the terminal
        )
    except ssl.SSLError as error:
        what = f"the certificate {listening.certificate} and the key {listening.key} cannot be used"
        raise StoreBroken(f"{what}: {(error.reason or 'no PEM').replace('_', ' ').lower()}", hint=hint) from None
    except OSError as error:
        raise StoreBroken(f"{error.filename or file} cannot be read: {error.strerror}", hint=hint) from None


def bind(listening: Listening) -> socket.socket:
    """Return the socket of a server.

    Raises:
        StoreBroken: the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on: 40 ms for each answer on a connection that is kept.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((listening.host, listening.port))
    except (OSError, OverflowError) as error:
        made.close()
        reason = getattr(error, "strerror", None) or str(error)
        message = f"{listening.host} port {listening.port} cannot be listened on: {reason}"
        raise StoreBroken(message, hint="choose another with --host and --port") from None
    return made


def serve(settings: Settings, listening: Listening, at: socket.socket, ready: Callable[[], None]) -> None:
    """Serve a profile until SIGTERM or SIGINT.

    Args:
        settings: of the profile.
        listening: as `bind` took it.
        at: the socket.
        ready: called once it answers.
    """
    _allow_files(2 * MOST)
    site = Site(settings)
    config = uvicorn.Config(
        application(site),
        lifespan="off",
        http=Connection,  # with h11: one parser everywhere, its limits are measured, and it is pure Python
        ws="none",
        log_config=None,
        access_log=listening.verbose,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=listening.certificate or None,
        ssl_keyfile=listening.key or None,
    )
    logging.basicConfig(level=logging.INFO if listening.verbose else logging.WARNING, format="%(message)s")
    server = _Server(config, ready)
    try:
        asyncio.run(server.serve(sockets=[at]))
    finally:
        at.close()
    if not site.close(_CLOSING):
        # A thread that waits for a database would hold the process; what it writes is there as a whole or not at all.
        os._exit(0)


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files as far as the system allows: each connection is one."""
    import resource

    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now != resource.RLIM_INFINITY and now < wanted:
        more = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, more), most))


class _Server(uvicorn.Server):
    """Says when it answers; a signal ends it as one that did what it was told, with status 0."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
