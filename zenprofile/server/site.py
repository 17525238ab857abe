"""What one application serves: a profile's store, opened once a thread, and who may use it."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from zenprofile.core.change import Change
from zenprofile.server.cache import ResponseCache
from zenprofile.server.exchange import Principal
from zenprofile.server.rate_limit import RateLimiter
from zenprofile.store.base import Store
from zenprofile.store.capabilities import ActsForUsers, ChangeCounter, CountsChanges
from zenprofile.store.tokens import Tokens
from zenprofile.usecases import own_flavors

_Result = TypeVar("_Result")
THREADS = 8


class Settings(NamedTuple):
    """How a profile is served.

    Attributes:
        profile: its name.
        open: opens the store; called once a thread.
        tokens: returns where tokens are kept; given the site, of whose thread it may take the store.
        wrong_tokens: folder in which servers of this machine count them together.
        hosts: names that Host may be, beside those of loopback.
        secure: whether people reach it by https: of TLS here, or of the proxy in front.
        proxied: whether a proxy stands in front, whose X-Forwarded-For counts.
        holds: says whether there is a profile in the place yet.
        begin: makes one of what a change brings, for a user.
        wrote: called after each write.
        link: returns the token that a one-time link's code signs in with; "" where it is none, or was followed.
    """

    profile: str
    open: Callable[[], Store]
    tokens: "Callable[[Site], Tokens]"
    wrong_tokens: str
    hosts: frozenset[str] = frozenset()
    secure: bool = False
    proxied: bool = False
    holds: Callable[[], bool] = lambda: True
    begin: Callable[[Change, str], None] = lambda _change, _user: None
    wrote: Callable[[], None] = lambda: None
    link: Callable[[str], str] = lambda _code: ""


class Site:
    """The threads of an application, each with a store of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.rate_limiter = RateLimiter(settings.wrong_tokens)
        self.cache = ResponseCache()
        self._counter: ChangeCounter | None = None
        self._counting = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, "zenprofile-store")
        self._local = threading.local()
        self._open: list[Store] = []

    async def run(self, work: Callable[..., _Result], *arguments: Any) -> _Result:
        """Run in a thread that has a store."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    @property
    def store(self) -> Store:
        """The store of this thread, opened where it has none."""
        store: Store | None = getattr(self._local, "store", None)
        if store is None:
            store = self.settings.open()
            self._open.append(store)
            self._local.store = store
            self._count(store)
        return store

    def _count(self, store: Store) -> None:
        with self._counting:
            if self._counter is None and isinstance(store, CountsChanges):
                self._counter = store.change_counter()

    def change_count(self) -> str:
        """Return what differs once anything was written to the store, tokens included; "" where that is not told."""
        return self._counter.value() if self._counter is not None else ""

    @property
    def tokens(self) -> Tokens:
        """Where tokens are kept, for this thread."""
        return self.settings.tokens(self)

    def store_for(self, principal: Principal | None, machine: str) -> Store:
        """Return the store of this thread; what it writes from now on is this user's, marked as of a machine."""
        store = self.store
        if principal is not None and isinstance(store, ActsForUsers):
            store.act_for(principal.user, machine)
        own_flavors.use(store, past=True)
        return store

    def close(self, seconds: float = 10.0) -> bool:
        """Close every store, and return whether all threads had ended in time; where not, theirs stay open."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + seconds
        for thread in self._threads._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads._threads):
            return False
        if self._counter is not None:
            self._counter.close()
        while self._open:
            self._open.pop().close()
        return True
