"""Ports of the loopback for servers that a test starts."""

import contextlib
import random
import socket
from pathlib import Path

_CHOICE = random.SystemRandom()  # the workers of a run must not choose alike
_LOWEST = 15000


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at.

    They lie below those that the kernel gives to outgoing connections: the connection of another test cannot take one
    before the server has it.
    """
    first_given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    with contextlib.ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            port, one = _CHOICE.randrange(_LOWEST, first_given), held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", port))
                found.append(port)
        return found


def free_port() -> int:
    """Return a port that nobody listens at."""
    return free_ports(1)[0]
