"""What marks a change in a database as this machine's own, without saying to anybody else which machine it is."""

import contextlib
import os

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

    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{os.getpid()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was faster: its secret counts
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
