"""The secret that marks changes in a shared database as this machine's own, without revealing the machine."""

import contextlib
import os

from zenprofile.fs import atomic

_FILE = "machine"


def secret(folder: str) -> str:
    """Return this machine's secret, kept in its configuration folder and made where there is none.

    Where the folder cannot be written, it is "": changes are recorded then as nobody's own, and `undo` leaves them.
    """
    path = os.path.join(folder, _FILE)
    with contextlib.suppress(OSError):
        if not os.path.exists(path):
            _make(path)
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    return ""


def _make(path: str) -> None:
    import secrets

    # Where another process was faster, its secret counts.
    atomic.replace(path, secrets.token_hex(32).encode(), 0o600, exclusive=True)
