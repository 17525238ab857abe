#!/bin/sh
# uvicorn with --workers leaves Nagle's algorithm on: on a kept connection each answer waits for the client's delayed
# acknowledgement, some 40 ms on Linux. One process without --workers does not.
# Why: asyncio sets TCP_NODELAY only on sockets whose protocol is IPPROTO_TCP, and Config.bind_socket makes one of protocol 0.
# Found with uvicorn 0.54.0; fails once that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q uvicorn==0.54.0
cat >"$folder/show.py" <<'PYTHON'
import asyncio
import socket

import uvicorn


async def nodelay(**where):
    """Return TCP_NODELAY of a connection that asyncio accepts, as uvicorn listens with and without workers."""
    seen = asyncio.get_running_loop().create_future()

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport):
            accepted = transport.get_extra_info("socket")
            seen.set_result(bool(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))

    server = await asyncio.get_running_loop().create_server(Protocol, **where)
    address = server.sockets[0].getsockname()
    _, writer = await asyncio.open_connection(*address)
    found = await seen
    writer.close()
    server.close()
    return found


async def main():
    """Compare the two ways."""
    print("uvicorn", uvicorn.__version__)
    alone = await nodelay(host="127.0.0.1", port=0)
    config = uvicorn.Config("x:app", host="127.0.0.1", port=0, log_level="critical")
    shared = await nodelay(sock=config.bind_socket())
    print("TCP_NODELAY where one process listens by host and port:", alone)
    print("TCP_NODELAY on the socket of --workers (bind_socket):", shared)
    assert (alone, shared) == (True, False)


asyncio.run(main())
PYTHON
"$folder/venv/bin/python" "$folder/show.py"
