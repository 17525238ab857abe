"""ZenML 0.98.0 itself, in the virtual environment that the set-up of the tests made, on a folder of a test's own."""

import contextlib
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from ports import free_port

from zenprofile.zenml import process

ROOT = Path(__file__).resolve().parents[2]
FLAVORS = ROOT / "tests" / "data" / "zenml-0.98.0"  # holds a custom flavor, as a user would write it
OWN = ROOT / ".venv" / "zenml" / "bin" / "python"


def python() -> str:
    """Return the interpreter that has ZenML."""
    return str(OWN) if OWN.exists() else process.interpreter()


def environment(folder: Path) -> dict[str, str]:
    """Return what a process of ZenML needs to keep to a folder, and to tell nobody."""
    return {
        "ZENML_CONFIG_PATH": str(folder),
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_LOGGING_VERBOSITY": "ERROR",
        "ZENPROFILE_ZENML_PYTHON": python(),
        "PYTHONPATH": str(FLAVORS),
    }


def command(folder: Path, *arguments: str) -> str:
    """Run ZenML's own command on a folder and return what it prints."""
    program = Path(python()).with_name("zenml")
    done = subprocess.run(
        [program, *arguments],
        env={**os.environ, **environment(folder), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder.parent,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def script(folder: Path, text: str) -> None:
    """Run a piece of Python that uses ZenML's Client on a folder."""
    done = subprocess.run(
        [python(), "-c", text], env={**os.environ, **environment(folder)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Server:
    """ZenML's own server on the loopback, with a database in a folder."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        # The key signs tokens: with one of its own, they would end with the process.
        own = {"ZENML_SERVER_AUTO_ACTIVATE": "1", "ZENML_SERVER_JWT_SECRET_KEY": "0" * 64}
        others = {name: value for name, value in os.environ.items() if not name.startswith("ZENML_STORE")}  # a client's
        log = self._folder.with_suffix(".log")
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [python(), "-m", "uvicorn", "zenml.zen_server.zen_server_api:app", "--port", str(self.port)],
                env={**others, **environment(self._folder), **own},
                stdout=file,
                stderr=file,
            )
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            assert self._process.poll() is None, log.read_text()
            with (
                contextlib.suppress(urllib.error.URLError, ConnectionError),
                urllib.request.urlopen(self.url + "/health"),
            ):
                return
            time.sleep(0.2)
        raise AssertionError("ZenML's server does not answer")

    def token(self) -> str:
        """Sign in as the default user."""
        form = b"username=default&password=&grant_type=password"
        with urllib.request.urlopen(self.url + "/api/v1/login", form) as answer:
            return str(json.load(answer)["access_token"])

    def kill(self) -> None:
        """Kill it; a second call does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def copy(source: Path, target: Path) -> Path:
    """Copy a folder of ZenML; to begin one takes seconds. Its settings hold its own path."""
    shutil.copytree(source, target)
    settings = target / "config.yaml"
    settings.write_text(settings.read_text().replace(str(source), str(target)))
    return target
