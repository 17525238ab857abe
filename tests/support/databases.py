"""Real database servers for tests, on the loopback alone: PostgreSQL, MariaDB, and a Galera cluster of three nodes.

One server an engine serves a whole run of pytest, its workers included: the first that needs it starts it, the last
one ends it. Each test gets a database of its own.

PYTEST_DONT_REWRITE: `tests/conftest.py` names this module as a plugin; suites import it as well.
"""

import contextlib
import fcntl
import itertools
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pymysql
import pytest
from ports import free_port, free_ports

_READY = 90.0  # seconds
_BEAT = 0.05
_PORTS = 4  # that a node of a cluster listens at
_BIN = ("/usr/sbin", "/usr/local/sbin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"))))


class Server(NamedTuple):
    """A running server.

    Attributes:
        engine: ``postgresql``, ``mysql`` or ``galera``.
        folder: with its data, configuration and log.
        ports: one a node, and for a cluster those at which nodes talk to each other.
        pids: of the processes, one a node.
    """

    engine: str
    folder: str
    ports: list[int]
    pids: list[int]

    @property
    def ports_of_clients(self) -> list[int]:
        """The ports that clients connect to, one a node."""
        return self.ports[: len(self.pids)]

    def url(self, database: str, node: int = 0) -> str:
        """Return the URL of a database."""
        if self.engine == "postgresql":
            return f"postgresql://postgres@127.0.0.1:{self.ports[0]}/{database}"
        return f"mysql://root@127.0.0.1:{self.ports[node]}/{database}"


def program(name: str) -> str:
    """Return where a program is."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_BIN]))
    if found is None:
        raise FileNotFoundError(f"{name}: tests/setup.sh installs it")
    return found


def until(met: Callable[[], bool], what: str) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it is not met in time.
    """
    end = time.monotonic() + _READY
    while not met():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(_BEAT)


def _as(user: str) -> dict[str, Any]:
    """Return the arguments of a process that is another user's, where this one is root: servers refuse to be root's."""
    if os.geteuid() != 0:
        return {}
    found = pwd.getpwnam(user)
    return {"user": found.pw_uid, "group": found.pw_gid}


def give(path: Path, user: str) -> None:
    """Make a file or folder a server's user's."""
    if os.geteuid() == 0:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def _run(command: list[str], user: str, folder: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **_as(user),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def spawn(command: list[str], user: str, folder: Path, log: str) -> subprocess.Popen[bytes]:
    """Start a program as a server's user; what it says goes to a file of the folder."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    with (folder / log).open("ab") as out:
        return subprocess.Popen[bytes](
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            **_as(user),
        )


def _postgresql(folder: Path) -> Server:
    """Start a PostgreSQL of its own; everybody on the loopback is its superuser ``postgres``."""
    give(folder, "postgres")
    data = folder / "data"
    _run(
        [program("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        "postgres",
        folder,
    )
    server = Server("postgresql", str(folder), [free_port()], [0])
    return start(server, 0)


def _postgres_command(server: Server) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": server.folder,
        "max_connections": "200",
        "fsync": "off",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [program("postgres"), "-D", f"{server.folder}/data", "-p", str(server.ports[0]), *options]


def _mariadb_data(folder: Path, node: int) -> None:
    (folder / "extra.cnf").touch()  # a test may write settings of its own there, and start the node anew
    temporary = folder / f"n{node}.tmp"
    temporary.mkdir()
    give(temporary, "mysql")
    command = [program("mariadb-install-db"), "--no-defaults", "--skip-test-db", *_mariadb_folders(folder, node)]
    _run([*command, "--auth-root-authentication-method=normal"], "mysql", folder)


def _mariadb_folders(folder: Path, node: int) -> list[str]:
    # A server that starts deletes the temporary tables that lie in its tmpdir, those of other servers too.
    return [f"--datadir={folder}/n{node}", f"--tmpdir={folder}/n{node}.tmp"]


def _mariadb_command(server: Server, node: int) -> list[str]:
    place = f"{server.folder}/n{node}"
    return [
        program("mariadbd"),
        f"--defaults-file={server.folder}/extra.cnf",
        *_mariadb_folders(Path(server.folder), node),
        f"--port={server.ports[node]}",
        f"--socket={place}.sock",
        f"--pid-file={place}.pid",
        "--bind-address=127.0.0.1",
        "--innodb-buffer-pool-size=64M",
        "--innodb-flush-log-at-trx-commit=2",  # what is committed outlives the process, if not the machine
        "--skip-name-resolve",
    ]


def _mysql(folder: Path) -> Server:
    give(folder, "mysql")
    _mariadb_data(folder, 0)
    return start(Server("mysql", str(folder), [free_port()], [0]), 0)


def _galera(folder: Path) -> Server:
    """Start three nodes that replicate to each other: the first begins the cluster, the others take its state."""
    give(folder, "mysql")
    server = Server("galera", str(folder), free_ports(3 * _PORTS), [0, 0, 0])
    for node in range(3):
        _mariadb_data(folder, node)
    for node in range(3):
        start(server, node, new_cluster=node == 0)
    return server


def _wsrep(server: Server, node: int) -> list[str]:
    group, state, log = (server.ports[3 * kind + node] for kind in (1, 2, 3))
    others = ",".join(f"127.0.0.1:{port}" for port in server.ports[3:6])
    provider = {
        "base_host": "127.0.0.1",
        "base_port": str(group),
        "gmcast.listen_addr": f"tcp://127.0.0.1:{group}",
        "ist.recv_addr": f"127.0.0.1:{log}",
        "gcache.size": "16M",
        "evs.keepalive_period": "PT0.5S",
        "evs.suspect_timeout": "PT2S",
        "evs.inactive_timeout": "PT4S",
    }
    settings = {
        "binlog-format": "ROW",
        "innodb-autoinc-lock-mode": "2",
        "wsrep-on": "ON",
        "wsrep-provider": next(map(str, Path("/usr/lib").glob("**/libgalera_smm.so"))),
        "wsrep-cluster-name": "zenprofile-tests",
        "wsrep-cluster-address": f"gcomm://{others}",
        "wsrep-node-name": f"n{node}",
        "wsrep-node-address": f"127.0.0.1:{group}",
        "wsrep-provider-options": ";".join(f"{name}={value}" for name, value in provider.items()),
        "wsrep-sst-method": "rsync",
        "wsrep-sst-receive-address": f"127.0.0.1:{state}",
    }
    return [f"--{name}={value}" for name, value in settings.items()]


def start(server: Server, node: int, *, new_cluster: bool = False) -> Server:
    """Start a node that is not running, and wait until it answers."""
    folder = Path(server.folder)
    if server.engine == "postgresql":
        process = spawn(_postgres_command(server), "postgres", folder, "log")
    else:
        extra = _wsrep(server, node) if server.engine == "galera" else []
        extra += ["--wsrep-new-cluster"] if new_cluster else []
        process = spawn([*_mariadb_command(server, node), *extra], "mysql", folder, f"n{node}.log")
    server.pids[node] = process.pid

    def answers() -> bool:
        assert process.poll() is None, (
            folder / ("log" if server.engine == "postgresql" else f"n{node}.log")
        ).read_text()[-3000:]
        return is_ready(server, node)

    until(answers, f"{server.engine} in {folder} does not answer")
    process.returncode = 0  # nobody waits for it: another worker may be the one that ends it
    return server


def is_ready(server: Server, node: int = 0) -> bool:
    """Say whether a node answers queries; of a cluster, whether it has the cluster's state."""
    import psycopg

    try:
        if server.engine == "postgresql":
            psycopg.connect(server.url("postgres"), connect_timeout=5).close()
            return True
        rows = execute(server, "SHOW STATUS LIKE 'wsrep_local_state_comment'", node=node)
        return server.engine != "galera" or (bool(rows) and rows[0][1] == "Synced")
    except Exception:  # not yet, in any of many ways
        return False


def execute(server: Server, statement: str, database: str = "", node: int = 0) -> "list[tuple[object, ...]]":
    """Run a statement as the server's administrator, committed at once; return its rows."""
    if server.engine == "postgresql":
        import psycopg

        where = {"host": "127.0.0.1", "port": server.ports[0], "user": "postgres", "dbname": database or "postgres"}
        with psycopg.connect(**where, autocommit=True) as connection:  # type: ignore[arg-type] # of one type a name
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []
    mysql = pymysql.connect(
        host="127.0.0.1", port=server.ports[node], user="root", database=database or None, autocommit=True
    )
    try:
        with mysql.cursor() as rows:
            rows.execute(statement)
            return list(rows.fetchall())
    finally:
        mysql.close()


def kill(server: Server, node: int = 0) -> None:
    """Kill a node at once, and wait until it is gone."""
    pid = server.pids[node]
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not _is_running(pid), f"process {pid} is still there")


def stop(server: Server, node: int = 0) -> None:
    """End a PostgreSQL in order, with its connections, and wait until it is gone."""
    os.kill(server.pids[node], signal.SIGINT)
    until(lambda: not _is_running(server.pids[node]), f"process {server.pids[node]} is still there")


def _is_running(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


_STARTS: dict[str, Callable[[Path], Server]] = {"postgresql": _postgresql, "mysql": _mysql, "galera": _galera}
_NUMBERS = itertools.count()

# Waits until nobody holds the file any more, killed users among them, and ends the servers of a folder.
_KEEPER = """
import fcntl, os, shutil, signal, sys, time
from pathlib import Path
file, folder = sys.argv[1:]
fcntl.flock(os.open(file, os.O_RDWR), fcntl.LOCK_EX)
def ours():
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if folder.encode() in (process / "cmdline").read_bytes() and int(process.name) != os.getpid():
                yield int(process.name)
        except OSError:
            pass
while found := list(ours()):
    for process in found:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
    time.sleep(0.05)
shutil.rmtree(folder, ignore_errors=True)
"""


def _hold(users: Path) -> int:
    """Be a user of a server until the returned file is closed, or this process ends in whatever way."""
    held = os.open(users, os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_SH)
    return held


def _start(engine: str, users: Path) -> Server:
    """Start a server that ends with the last of its users; one of them is held already."""
    # Not below pytest's own folders: they are long for the path of a socket, and closed to a server's user.
    folder = Path(tempfile.mkdtemp(prefix=f"zp-{engine}-"))
    folder.chmod(0o755)
    keeper = [sys.executable, "-c", _KEEPER, str(users), str(folder)]
    subprocess.Popen(keeper, cwd="/", stdin=subprocess.DEVNULL, start_new_session=True).returncode = 0
    return _STARTS[engine](folder)


@contextlib.contextmanager
def alone(engine: str) -> Iterator[Server]:
    """Start a server that nobody else uses, and let it end."""
    with tempfile.TemporaryDirectory() as folder:
        held = _hold(Path(folder, "users"))
        try:
            yield _start(engine, Path(folder, "users"))
        finally:
            os.close(held)


class Servers:
    """The servers that the workers of a run share: the first that needs one starts it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: dict[str, tuple[Server, int]] = {}

    def get(self, engine: str) -> Server:
        """Return the server of an engine, started where it is not."""
        if engine not in self._used:
            users = self._folder / f"{engine}.users"
            with (self._folder / f"{engine}.json").open("a+", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                said = json.loads(file.read() or "null")
                held = _hold(users)
                # The one that was started here may have ended with its users.
                server = Server(**said) if said and is_ready(Server(**said)) else _start(engine, users)
                file.seek(0)
                file.truncate()
                json.dump(server._asdict(), file)
            self._used[engine] = server, held
        return self._used[engine][0]

    def close(self) -> None:
        """Let the servers end that no other worker uses."""
        for _, held in self._used.values():
            os.close(held)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Return the servers of this run."""
    base = tmp_path_factory.getbasetemp()
    shared = Servers(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)
    yield shared
    shared.close()


def new_database(server: Server) -> str:
    """Make an empty database, and return its name."""
    name = f"t{os.getpid()}_{next(_NUMBERS)}"
    execute(server, f"CREATE DATABASE {name}")
    return name
