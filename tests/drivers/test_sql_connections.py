"""Ways to a database on real servers: TLS, sockets, the clients' own files, a pooler in between."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import databases
import pytest
from ports import free_port
from servers import Certificate, certificate  # noqa: F401 - a fixture
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.contract.kit import apply, bucket, document, new, put
from zenprofile.drivers.sql.engine import engine
from zenprofile.errors import AccessDenied, StoreBroken, Unreachable, UsageError, ZenprofileError
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store, open_store

# As test_sql_servers.py, which makes a server read-only for a moment.
pytestmark = pytest.mark.xdist_group("sql-servers")

OPTIONS = Options(user="ada")


def told(url: str, kind: type[ZenprofileError]) -> str:
    """Open a store, which is refused in one line; return that."""
    with pytest.raises(kind) as caught:
        open_store(url, OPTIONS)
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value.message


def asked(url: str, question: str) -> object:
    """Return the last column of the first row that the driver's own connection gets."""
    made = engine(url, OPTIONS)
    with made.connect() as connection:
        row = connection.execute(text(question)).first()
    made.dispose()
    return None if row is None else row[-1]


def works(url: str) -> None:
    store = create_store(url, OPTIONS)
    put(store, bucket())
    assert len(store.snapshot().load().entities) == 6
    store.close()


@pytest.fixture
def postgresql(servers: databases.Servers) -> databases.Server:
    return servers.get("postgresql")


@pytest.fixture
def other_authority(tmp_path: Path) -> Path:
    made = tmp_path / "other.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout"
    subprocess.run([*words.split(), str(tmp_path / "key"), "-out", str(made)], check=True, capture_output=True)
    return made


@contextlib.contextmanager
def with_settings(server: databases.Server, **settings: str) -> Iterator[None]:
    """Let a PostgreSQL have settings that it reads while it runs."""

    def reload() -> None:
        databases.execute(server, "SELECT pg_reload_conf()")

    def is_set(setting: tuple[str, str]) -> bool:
        return databases.execute(server, f"SHOW {setting[0]}") == [(setting[1],)]

    for name, value in settings.items():
        databases.execute(server, f"ALTER SYSTEM SET {name} = '{value}'")
    try:
        reload()
        databases.until(lambda: all(map(is_set, settings.items())), f"{settings} are not read")
        yield
    finally:
        for name in settings:
            databases.execute(server, f"ALTER SYSTEM RESET {name}")
        reload()


def given_to(server: databases.Server, user: str, made: Certificate) -> tuple[Path, Path]:
    """Copy a certificate and its key to where a server may read them."""
    paths = tuple(Path(server.folder, path.name) for path in made)
    for source, target in zip(made, paths, strict=True):
        shutil.copyfile(source, target)
        target.chmod(0o600)
        databases.give(target, user)
    return paths[0], paths[1]


def test_postgresql_over_tls(
    postgresql: databases.Server,
    certificate: Certificate,  # noqa: F811
    other_authority: Path,
) -> None:
    file, key = given_to(postgresql, "postgres", certificate)
    plain = postgresql.url(databases.new_database(postgresql))
    assert "SSL" in told(f"{plain}?sslmode=require", Unreachable)

    with with_settings(postgresql, ssl_cert_file=str(file), ssl_key_file=str(key), ssl="on"):
        trusted = f"{plain}?sslmode=verify-full&sslrootcert={certificate.file}"
        works(trusted)
        assert asked(trusted, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") is True
        assert "certificate" in told(f"{plain}?sslmode=verify-full&sslrootcert={other_authority}", Unreachable)
        assert "/no/file" in told(f"{plain}?sslmode=verify-full&sslrootcert=/no/file", Unreachable)
        elsewhere = trusted.replace("127.0.0.1", "localhost")
        assert "localhost" in told(elsewhere, Unreachable)


@pytest.mark.slow
def test_mysql_over_tls(certificate: Certificate, other_authority: Path) -> None:  # noqa: F811
    with databases.alone("mysql") as server:
        name = databases.new_database(server)
        plain = server.url(name)
        assert "SSL" in told(f"{plain}?ssl_ca={certificate.file}", Unreachable)
        file, key = given_to(server, "mysql", certificate)
        Path(server.folder, "extra.cnf").write_text(f"[mysqld]\nssl-cert={file}\nssl-key={key}\n")
        databases.kill(server)
        databases.start(server, 0)

        trusted = f"{plain}?ssl_ca={certificate.file}"
        cipher = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
        works(trusted)
        assert asked(trusted, cipher)
        assert asked(f"{trusted}&ssl_verify_cert=true&ssl_verify_identity=true", cipher)
        wrong = f"{plain}?ssl_ca={other_authority}"
        for refused in (wrong, f"{wrong}&ssl_verify_identity=false", f"{plain}?ssl_verify_identity=true"):
            assert "certificate" in told(refused, Unreachable).lower()
        elsewhere = trusted.replace("127.0.0.1", "localhost")
        assert "localhost" in told(elsewhere, Unreachable)
        assert asked(f"{elsewhere}&ssl_verify_identity=false", cipher)
        assert asked(f"{wrong}&ssl_verify_cert=false", cipher)
        assert "ssl_ca=/no/file" in told(f"{plain}?ssl_ca=/no/file", StoreBroken)
        told(f"{trusted}&ssl_verify_cert=maybe", UsageError)


def test_sockets(servers: databases.Servers) -> None:
    found = servers.get("postgresql")
    name = databases.new_database(found)
    works(f"postgresql://postgres@/{name}?host={found.folder}&port={found.ports[0]}")
    found = servers.get("mysql")
    name = databases.new_database(found)
    url = f"mysql://root@localhost/{name}?unix_socket={found.folder}/n0.sock"
    works(url)
    assert str(asked(url, "SELECT USER()")).endswith("@localhost")


def test_the_password_file_of_postgresql(postgresql: databases.Server, machine: Path) -> None:
    name = databases.new_database(postgresql)
    user = f"u_{name}"
    databases.execute(postgresql, f"CREATE ROLE {user} LOGIN PASSWORD 'right one'")
    databases.execute(postgresql, f"ALTER DATABASE {name} OWNER TO {user}")
    rules = Path(postgresql.folder, "data", "pg_hba.conf")
    rules.write_text(f"host all {user} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
    databases.execute(postgresql, "SELECT pg_reload_conf()")
    url = postgresql.url(name).replace("postgres@", f"{user}@")
    databases.until(lambda: refused(url), "the new rule is not read")

    (machine / ".pgpass").write_text(f"127.0.0.1:*:{name}:{user}:right one\n")
    (machine / ".pgpass").chmod(0o600)
    works(url)
    (machine / ".pgpass").write_text(f"127.0.0.1:*:{name}:{user}:canary\n")
    assert "canary" not in told(url, AccessDenied)


def refused(url: str) -> bool:
    try:
        open_store(url, OPTIONS)
    except AccessDenied:
        return True
    except StoreBroken:  # let in, and nothing is there yet
        return False
    return False


def test_the_option_file_of_mysql(servers: databases.Servers, machine: Path) -> None:
    server = servers.get("mysql")
    name = databases.new_database(server)
    user = f"u_{name}"
    databases.execute(server, f"CREATE USER {user}@'127.0.0.1' IDENTIFIED BY 'right # one'")
    databases.execute(server, f"GRANT ALL ON {name}.* TO {user}@'127.0.0.1'")
    told(server.url(name).replace("root@", f"{user}@"), AccessDenied)
    url = server.url(name).replace("root@", "")

    (machine / ".my.cnf").write_text(f'[client]\nuser={user}\npassword="right # one"\n')
    works(url)
    (machine / ".my.cnf").write_text(f"[client]\nuser={user}\npassword=canary\n")
    assert "canary" not in told(url, AccessDenied)


@pytest.fixture
def pooler(postgresql: databases.Server) -> Iterator[int]:
    """Start a pgbouncer that gives two connections to all clients, anew for each transaction; yield its port."""
    port = free_port()
    with tempfile.TemporaryDirectory(dir=postgresql.folder) as folder:
        place = Path(folder)
        databases.give(place, "postgres")
        (place / "users").write_text('"postgres" ""\n')
        (place / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={postgresql.ports[0]}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {place}/users\n"
            "pool_mode = transaction\ndefault_pool_size = 2\n"
        )
        process = databases.spawn(
            [databases.program("pgbouncer"), str(place / "pgbouncer.ini")], "postgres", place, "log"
        )
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        try:
            databases.until(lambda: answers(url), "pgbouncer does not answer")
            yield port
        finally:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    with contextlib.suppress(OperationalError):
        return asked(url, "SELECT 1") == 1
    return False


def test_a_pooler_that_gives_each_transaction_another_connection(postgresql: databases.Server, pooler: int) -> None:
    url = postgresql.url(databases.new_database(postgresql)).replace(f":{postgresql.ports[0]}/", f":{pooler}/")
    stores = [create_store(url, OPTIONS), *(open_store(url, OPTIONS) for _ in range(3))]
    for number in range(8):  # psycopg would prepare a statement that it has seen five times
        for store in stores:
            apply(store, new(document("user", f"u{number}-{stores.index(store)}")))
            assert store.snapshot().get(document("user", f"u{number}-0").key) is not None
    assert len(list(stores[0].history())) == 33
    for store in stores:
        store.close()
