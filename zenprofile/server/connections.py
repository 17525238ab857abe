"""Connections with an end: uvicorn bounds how long an idle one is kept, and not how long a client may take.

So one that sends its headers a byte a minute, or never takes its answer, would hold its place for ever.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 1200  # open ones; requests beyond the number that uvicorn serves at a time get 503 on the rest
IDLE_SECONDS = 20


class Connection(H11Protocol):
    """A connection that ends where its client is too slow.

    Attributes:
        head_seconds: for all headers of a request, from its first byte (of the first one, from the connection).
        taking_seconds: for as much of an answer as the transport holds back.
        most: open connections; one more is ended at once.
    """

    head_seconds = 10.0
    taking_seconds = 30.0
    most = MOST

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
        else:
            self._head = self._begun(self._head, self.head_seconds)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look_at_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.trailing_data[0]:  # a part of the next request came with this one
            self._look_at_head()

    def _look_at_head(self) -> None:
        """Keep the deadline for headers running until they are complete."""
        if self.conn.their_state is h11.IDLE:
            self._head = self._head or self._begun(None, self.head_seconds)
        else:
            _cancel(self._head)
            self._head = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking = self._begun(self._taking, self.taking_seconds)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._taking)
        self._taking = None

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # to close it would wait for the client to take the rest
        super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._head)
        _cancel(self._taking)
        super().connection_lost(exc)

    def _begun(self, before: asyncio.TimerHandle | None, seconds: float) -> asyncio.TimerHandle:
        _cancel(before)
        return self.loop.call_later(seconds, self.transport.abort)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
