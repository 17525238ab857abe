"""Starts the child process of the interpreter that has ZenML, and talks to it. No other module does."""

import contextlib
import importlib.util
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zenprofile.core.secrets.detector import hidden
from zenprofile.errors import AccessDenied, NotFound, Unreachable, Unsupported, ZenprofileError
from zenprofile.fs import lock

VARIABLE = "ZENPROFILE_ZENML_PYTHON"
WANTED = "0.98"
_HINT = f"name an interpreter that has it: --python PATH, or {VARIABLE} (python -m venv v; v/bin/pip install zenml)"
# An import of ZenML takes seconds, and a new configuration folder a few more; a server may be far.
PATIENCE = 300.0


class ZenmlRefused(ZenprofileError):
    """ZenML did not do what it was asked to."""

    code = "zenml-refused"


def interpreter(named: str = "") -> str:
    """Return the interpreter that has ZenML: the one named, a variable's, our own, or that of ``zenml`` on PATH.

    Raises:
        NotFound: the one named is no program.
        Unsupported: none was found.
    """
    named = named or os.environ.get(VARIABLE, "")
    if named:
        found = shutil.which(os.path.expanduser(named))
        if not found:
            raise NotFound(f"there is no program {named}", hint="name a Python that has ZenML: .../bin/python")
        return found
    spec = importlib.util.find_spec("zenml")
    if spec is not None and spec.origin:  # a folder of that name is none
        return sys.executable
    script = shutil.which("zenml")
    if script:
        with open(script, "rb") as file:
            first = file.readline(4096).decode(errors="replace")
        if first.startswith("#!/") and os.access(first[2:].strip(), os.X_OK):
            return first[2:].strip()
    raise Unsupported("ZenML is not found on this machine", hint=_HINT)


class ZenML:
    """A connection to the ZenML of an interpreter.

    Args:
        python: the interpreter.
        folder: of this machine's settings; its lock keeps two first commands of ZenML apart.
        timeout: seconds to wait for that lock.
    """

    def __init__(self, python: str, folder: str, timeout: float) -> None:
        self._python = python
        self._lock = os.path.join(folder, "zenml.lock")
        self._timeout = timeout
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._process: subprocess.Popen[bytes] | None = None
        self._alone = contextlib.ExitStack()
        self.version = ""
        self.url = ""

    def start(self) -> None:
        """Start the process; ZenML loads while the caller goes on. `connect` waits for it."""
        # Two first commands on a new configuration folder of ZenML spoil each other.
        os.makedirs(os.path.dirname(self._lock), mode=0o700, exist_ok=True)
        self._alone.enter_context(lock.exclusive(self._lock, max(self._timeout, 60.0), mode=0o600))
        child = Path(__file__).with_name("child.py")
        self._process = subprocess.Popen(  # noqa: S603 - the interpreter that the user chose
            [self._python, str(child)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "ZENML_LOGGING_COLORS_DISABLED": "true", "AUTO_OPEN_DASHBOARD": "false"},
        )
        self._send("hello")

    def connect(self) -> None:
        """Wait until ZenML is loaded and connected.

        Raises:
            Unsupported: there is no ZenML, or another release of it.
            Unreachable, AccessDenied: its server.
        """
        if self.url:
            return
        with self._alone:
            answer = self._receive()
        self.version = str(answer["version"])
        if "url" not in answer:
            older = [int(part) for part in self.version.split(".")[:2]] < [int(part) for part in WANTED.split(".")]
            advice = f"install zenml {WANTED}" if older else "upgrade zenprofile, or install an older ZenML"
            message = f"{self._python} has ZenML {self.version}; zenprofile works with {WANTED}"
            raise Unsupported(message, hint=f"{advice}; --python names another interpreter")
        self.url = str(answer["url"])

    def ask(self, request: str, **more: Any) -> Any:
        """Send a request and return its answer.

        Raises:
            ZenmlRefused: ZenML did not do it; the message is ZenML's.
            Unreachable, AccessDenied: its server.
            Unsupported: the interpreter has no ZenML.
        """
        self._send(request, **more)
        return self._receive()

    def _send(self, request: str, **more: Any) -> None:
        assert self._process is not None  # noqa: S101 - `start` came first
        assert self._process.stdin is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):  # the answer that does not come says so
            self._process.stdin.write(json.dumps({"ask": request, **more}).encode() + b"\n")
            self._process.stdin.flush()

    def _receive(self) -> Any:
        line = self._read_line()
        if not line:
            raise ZenmlRefused(
                f"the process of ZenML ended: {self._stderr_end()}", hint="run it again; what is done is done"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise _error(self._python, answer["error"])
        return answer["answer"]

    def _read_line(self) -> bytes:
        assert self._process is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            raise Unreachable("ZenML does not answer", hint="is its server up? run it again; what is done is done")
        return self._process.stdout.readline()

    def _stderr_end(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "without a word")

    def close(self) -> None:
        """End the process. A second call does nothing."""
        self._alone.close()
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._errors.close()


def _error(python: str, error: dict[str, str]) -> ZenprofileError:
    message = str(hidden(" ".join(error["message"].split())[:500]))
    if error["why"] == "missing":
        return Unsupported(f"{python} has no ZenML", hint=_HINT)
    if error["why"] == "unreachable":
        return Unreachable(f"ZenML's server does not answer: {message}", hint="is it up? 'zenml status' shows it")
    if error["why"] == "denied":
        return AccessDenied(f"ZenML did not let us in: {message}", hint="zenml login SERVER")
    return ZenmlRefused(f"ZenML refused: {message}", hint="correct that; running it again goes on from there")


@contextlib.contextmanager
def connection(python: str, folder: str, timeout: float) -> Iterator[ZenML]:
    """Start ZenML's process, and end it afterwards; `ZenML.connect` is the caller's."""
    zenml = ZenML(interpreter(python), folder, timeout)
    try:
        zenml.start()
        yield zenml
    finally:
        zenml.close()
