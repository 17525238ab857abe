"""A rate limit on wrong tokens, shared by all servers of a profile on this machine: one small file per address."""

import contextlib
import hashlib
import os
import time

TRIES = 10
SECONDS = 60.0
_ADDRESSES = 10_000
_LINE = "{:.3f}\n"
_MOST = 4096  # bytes at a file's end that are looked at


class RateLimiter:
    """Counts wrong tokens by address: after ten within a minute, an address is told to wait a minute.

    What cannot be read or written counts as nothing: a right token works in any case, and none can be guessed.

    Args:
        folder: for the files, which hold times alone; made with the first.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def wait(self, address: str) -> int:
        """Return for how many seconds more an address has to wait; 0 for none."""
        times = self._times(self._file(address))
        if len(times) < TRIES:
            return 0
        left = times[-1] + SECONDS - time.time()
        return min(int(left) + 1, int(SECONDS)) if left > 0 else 0

    def note_wrong_token(self, address: str) -> None:
        """Note a wrong token."""
        file, now = self._file(address), time.time()
        with contextlib.suppress(OSError):
            begins = not self._times(file)
            if begins:
                os.makedirs(self._folder, mode=0o700, exist_ok=True)
                self._bound(now)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | (os.O_TRUNC if begins else 0)
            made = os.open(file, flags, 0o600)
            try:
                os.write(made, _LINE.format(now).encode())  # one write at the end: nothing to be locked
            finally:
                os.close(made)

    def _times(self, file: str) -> list[float]:
        """Return the last times within a minute, the youngest last."""
        since = time.time() - SECONDS
        try:
            with open(file, "rb") as opened:
                opened.seek(max(0, os.fstat(opened.fileno()).st_size - _MOST))
                lines = opened.read(_MOST).splitlines()[-TRIES:]
            return [found for found in map(float, lines) if found > since]
        except (OSError, ValueError):
            return []

    def _bound(self, now: float) -> None:
        """Remove old files where there are many; any where none is old."""
        names = os.listdir(self._folder)
        if len(names) < _ADDRESSES:
            return
        for name in names:
            path = os.path.join(self._folder, name)
            with contextlib.suppress(FileNotFoundError):
                if os.stat(path).st_mtime < now - SECONDS:
                    os.unlink(path)
        if len(os.listdir(self._folder)) >= _ADDRESSES:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self._folder, names[0]))

    def _file(self, address: str) -> str:
        return os.path.join(self._folder, hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:32])
