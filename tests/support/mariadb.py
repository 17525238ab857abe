"""A MariaDB server of a test's own, on a socket in its folder."""

import contextlib
import os
import shutil
import socket as socketlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start a server, give the path of its socket, and end it."""
    base = Path(tempfile.mkdtemp(prefix="db", dir="/tmp"))  # a socket's path has 107 characters at most
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "mariadbd is missing: sh tests/setup.sh .venv/left-out"
    data = base / "data"
    common = ["--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(["mariadb-install-db", *common], check=True, capture_output=True)
    socket = base / "s"
    process = subprocess.Popen(
        [program, "--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking", "--user=root"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, socket)
        yield str(socket)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(base, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], socket: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "MariaDB did not start"
        with contextlib.suppress(OSError), socketlib.socket(socketlib.AF_UNIX) as client:
            client.connect(str(socket))
            return
        time.sleep(0.05)
    raise AssertionError("MariaDB does not answer")
