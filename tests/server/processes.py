"""Servers as processes, and command lines beside them."""

import os
import signal
import subprocess
import sys

ZENPROFILE = [sys.executable, "-m", "zenprofile"]


def command(*arguments: str, fails: int = 0, **variables: str) -> str:
    """Run a command line; return what it printed on both streams."""
    done = subprocess.run(
        [*ZENPROFILE, *arguments],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == fails, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


class Running:
    """A server, its address and its process."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*ZENPROFILE, "server", "start", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[-1]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        status = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def made(kind: str, *url: str) -> str:
    """Make a profile of a kind (or at a URL) the active one; return an admin's token for it."""
    command("create", "p", *(["-t", kind] if kind == "sql" else []), *url)
    command("set", "p", "--global")
    return command("server", "token", "create", "default", "--role", "admin", "-o", "json").split('"')[3]
