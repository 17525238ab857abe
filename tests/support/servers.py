"""Real remotes for tests, on the loopback alone: bare repositories by path, sshd, http-backend; servers gone bad.

A test module names this one in ``pytest_plugins``. Servers start with an environment of their own, so that a mark in a
test's environment tells the processes that the tested code has started.

PYTEST_DONT_REWRITE: a module that names this one as a plugin has imported it before.
"""

import base64
import contextlib
import getpass
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from ports import free_port

USER, PASSWORD = "ada", "c4n4ry-pa55word"
_SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or "sshd"
_READY = 20.0


class Served(NamedTuple):
    """A bare repository that one kind of server gives.

    Attributes:
        kind: ``file``, ``ssh`` or ``https``.
        bare: the repository's folder.
        url: as git takes it.
    """

    kind: str
    bare: Path
    url: str

    @property
    def clone_url(self) -> str:
        """Return the URL in the form that has zenprofile clone it."""
        return f"git+{self.url}"


def git(folder: Path, *words: str) -> str:
    """Run git by hand, as a person does; return what it prints."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def bare_repository(folder: Path) -> Path:
    """Make an empty bare repository whose HEAD is ``main``."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "--bare", "-b", "main")
    return folder


def clean_environment() -> dict[str, str]:
    """Return the environment of a server: nothing of the test's but where programs are."""
    return {
        "PATH": os.environ["PATH"], "HOME": "/", "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
    }  # fmt: skip


def started_here(mark: str) -> list[str]:
    """Return the command lines of living processes that have a mark in their environment, this one aside."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return [line for line in found if line]


# --- ssh


class Sshd(NamedTuple):
    """A running sshd.

    Attributes:
        port: on the loopback.
        config: what ``ssh -F`` takes to get in.
        stranger: the same without a key that it knows.
        unknown: the same without its host key.
    """

    port: int
    config: Path
    stranger: Path
    unknown: Path


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """Start sshd as the current user, with keys of its own."""
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "key", "other"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(words, check=True, env=clean_environment())
    port = free_port()
    shutil.copy(folder / "key.pub", folder / "authorized_keys")
    host_key = " ".join((folder / "host.pub").read_text().split()[:2])
    (folder / "known").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    (folder / "none").write_text("")
    settings = f"""\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AcceptEnv GIT_PROTOCOL
"""
    (folder / "sshd_config").write_text(settings)
    ways = [
        _ssh_config(folder / name, key=folder / key, known=folder / known)
        for name, key, known in (("in", "key", "known"), ("stranger", "other", "known"), ("unknown", "key", "none"))
    ]
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    log = folder / "log"
    words = [_SSHD, "-D", "-e", "-f", str(folder / "sshd_config")]
    with log.open("wb") as out, subprocess.Popen(words, stderr=out, env=clean_environment()) as process:
        _wait_for(port, process, log)
        yield Sshd(port, *ways)
        process.terminate()


def _ssh_config(file: Path, key: Path, known: Path) -> Path:
    file.write_text(f"""\
Host *
IdentityFile {key}
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {known}
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
""")
    return file


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, f"sshd is not ready: {log.read_text()}"
        time.sleep(0.01)


@pytest.fixture
def ssh(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> Sshd:
    """Let git get in to sshd, as a person's ssh configuration would."""
    monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F {sshd.config}")
    return sshd


def ssh_url(sshd: Sshd, path: Path) -> str:
    """Return the URL of a folder on this machine by way of sshd."""
    return f"ssh://{getpass.getuser()}@127.0.0.1:{sshd.port}{path}"


# --- http and https


class Certificate(NamedTuple):
    """A certificate that signs itself, for 127.0.0.1, and its key."""

    file: Path
    key: Path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate for the loopback."""
    folder = tmp_path_factory.mktemp("tls")
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(made.key), "-out", str(made.file)]
    subprocess.run(words, check=True, capture_output=True)
    return made


class GitServer(ThreadingHTTPServer):
    """Gives the bare repositories of a folder by ``git http-backend``, to the one user that there is.

    Attributes:
        on_request: called at each request, while the client waits.
        lose_answers: cut the line instead of sending the answer to a push that was carried out.
    """

    daemon_threads = True

    def __init__(self, folder: Path, certificate: Certificate | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Backend)
        self.folder = folder
        self.on_request: Callable[[], None] = lambda: None
        self.lose_answers = False
        self.scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.file, certificate.key)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"

    @property
    def url(self) -> str:
        """Return the address of the folder."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that go away are what the tests are about."""


class _Backend(BaseHTTPRequestHandler):
    server: GitServer
    timeout = 30

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET  # noqa: N815

    def _answer(self) -> None:
        self.server.on_request()
        body = self._body()
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="test"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        environment = {
            **clean_environment(),
            "GIT_PROJECT_ROOT": str(self.server.folder), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
            "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": USER, "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        if self.server.lose_answers and path.endswith("git-receive-pack") and self.command == "POST":
            self.close_connection = True
            return
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.partition(": ") for line in head.decode().split("\r\n") if line]
        status = next((value for name, _, value in fields if name == "Status"), "200 OK")
        self.send_response(int(status.split()[0]))
        for name, _, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: object) -> None:
        return


@contextlib.contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[ThreadingHTTPServer]:
    """Run a server in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def remember_password(home: Path, url: str, password: str = PASSWORD) -> None:
    """Give git the user and password of a server by its own credential helper, from a file that nobody else reads."""
    scheme, _, host = url.partition("://")
    file = home / "credentials"
    file.write_text(f"{scheme}://{USER}:{password}@{host.partition('/')[0]}\n")
    file.chmod(0o600)
    git(home, "config", "--global", "credential.helper", f"store --file {file}")


@pytest.fixture
def https(
    tmp_path: Path, machine: Path, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GitServer]:
    """Start a server with TLS over ``tmp_path/served``; git knows its certificate and its password."""
    git(machine, "config", "--global", "http.sslCAInfo", str(certificate.file))
    (tmp_path / "served").mkdir(exist_ok=True)
    server = GitServer(tmp_path / "served", certificate)
    with serving(server):
        remember_password(machine, server.url)
        yield server


# --- each of them


@pytest.fixture(params=["file", "ssh", "https"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Served:
    """Give an empty bare repository by each kind of server in turn."""
    bare = bare_repository(tmp_path / "served" / "team.git")
    if request.param == "ssh":
        return Served("ssh", bare, ssh_url(request.getfixturevalue("ssh"), bare))
    if request.param == "https":
        return Served("https", bare, f"{request.getfixturevalue('https').url}/team.git")
    return Served("file", bare, f"file://{bare}")


# --- servers gone bad


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """Accept connections and never answer; gives the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


class _Bad(BaseHTTPRequestHandler):
    server: "BadServer"

    def do_GET(self) -> None:
        if not self.server.status:
            self.wfile.write(self.server.body)
            self.close_connection = True
            return
        self.send_response(self.server.status)
        for name, value in self.server.fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        return


class BadServer(ThreadingHTTPServer):
    """Answers everything with one status; with status 0, with bytes that are no HTTP."""

    daemon_threads = True

    def __init__(self, status: int, body: bytes = b"", fields: dict[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Bad)
        self.status, self.body, self.fields = status, body, fields or {}

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go away."""
