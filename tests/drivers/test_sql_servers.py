"""Stores on real servers: what these can do to a command that a file cannot."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import databases
import pytest
from sqlalchemy import text

from tests.contract import kit, worker
from tests.contract.kit import apply, bucket, changed, document, everything, new, now, put, stack
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.drivers.sql import migrations, tables
from zenprofile.drivers.sql.engine import engine
from zenprofile.errors import AccessDenied, Exists, Locked, StoreBroken, Unreachable, ZenprofileError
from zenprofile.store.base import Options, Store
from zenprofile.store.capabilities import KeepsTokens
from zenprofile.store.registry import create_store, is_profile, normal_url, open_store
from zenprofile.store.tokens import Tokens, make

pytestmark = pytest.mark.xdist_group("sql-servers")  # one of these makes a whole server read-only for a moment

ROOT = Path(__file__).parents[2]
OPTIONS = Options(user="ada")
HASTY = OPTIONS._replace(timeout=2)  # for what is waited for in vain
ENGINES = ("postgresql", "mysql")


@pytest.fixture(params=ENGINES)
def server(request: pytest.FixtureRequest, servers: databases.Servers) -> databases.Server:
    return servers.get(request.param)


@pytest.fixture
def database(server: databases.Server) -> str:
    return databases.new_database(server)


@pytest.fixture
def url(server: databases.Server, database: str) -> str:
    return server.url(database)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = create_store(url, OPTIONS)
    yield made
    made.close()


def one_line(error: ZenprofileError) -> bool:
    return "\n" not in error.message and bool(error.hint)


class Proxy:
    """A way to a server that can end between its answer and the client, or fall silent."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = [self._listener]
        self.armed = ""  # what of a client's words springs it
        self.silent = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self._to))
                self._open += [client, server]
                sprung = threading.Event()
                for ends in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pass, args=(*ends, sprung), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, asks: bool, sprung: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if asks and self.armed and self.armed.encode() in data.upper():
                    self.armed = ""
                    sprung.set()
                if not asks and sprung.is_set():
                    # The server has answered: what was asked is done.
                    if not self.silent:
                        target.shutdown(socket.SHUT_RDWR)
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def proxy(server: databases.Server) -> Iterator[Proxy]:
    made = Proxy(server.ports[0])
    yield made
    made.close()


@pytest.mark.parametrize("silent", [False, True], ids=["cut", "silent"])
def test_a_lost_reply_to_commit_is_looked_up(
    url: str, store: Store, proxy: Proxy, server: databases.Server, silent: bool
) -> None:
    # The reply is waited for half of the time; the other half is for the look.
    far = open_store(url.replace(f":{server.ports[0]}/", f":{proxy.port}/"), OPTIONS._replace(timeout=10))
    far.snapshot().keys()
    before = len(list(store.history()))
    proxy.silent, proxy.armed = silent, "COMMIT"

    recorded = apply(far, new(bucket()))

    assert proxy.armed == ""
    assert [c.action for c in recorded.changes] == ["added"]
    assert len(list(store.history())) == before + 1
    assert next(store.history()) == recorded
    far.close()


def test_a_connection_that_ends_before_the_commit_is_tried_again(
    store: Store, server: databases.Server, url: str, proxy: Proxy
) -> None:
    far = open_store(url.replace(f":{server.ports[0]}/", f":{proxy.port}/"), OPTIONS)
    far.snapshot().keys()
    proxy.armed = "ZENPROFILE_CHANGE_ENTITIES"

    recorded = apply(far, new(bucket()))

    assert len(list(store.history())) == 2
    assert next(store.history()) == recorded
    far.close()


def test_a_server_that_accepts_and_is_silent_is_given_up(server: databases.Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = server.url("x").replace(f":{server.ports[0]}/", f":{silent.getsockname()[1]}/")
        with pytest.raises(Unreachable) as caught:
            open_store(url, HASTY)
    assert one_line(caught.value)


def test_anothers_open_transaction_is_waited_for_and_told(store: Store, url: str) -> None:
    other, hasty = engine(url, OPTIONS), open_store(url, HASTY)
    with other.connect() as connection:
        connection.execute(tables.LOCK)
        assert len(store.snapshot().keys()) == 5  # readers go on
        with pytest.raises(Locked) as caught:
            put(hasty, bucket())
        connection.rollback()
    other.dispose()
    hasty.close()
    assert one_line(caught.value)
    put(store, bucket())


def user_with(server: databases.Server, database: str, rights: str) -> str:
    """Make a user that has rights on a database, and return the URL for it."""
    name = f"u_{database}"
    if server.engine == "postgresql":
        databases.execute(server, f"CREATE USER {name}")
        databases.execute(server, f"GRANT USAGE ON SCHEMA public TO {name}", database)
        for right in filter(None, [rights]):
            databases.execute(server, f"GRANT {right} ON ALL TABLES IN SCHEMA public TO {name}", database)
        return server.url(database).replace("postgres@", f"{name}@")
    databases.execute(server, f"CREATE USER {name}@localhost IDENTIFIED BY 'right'")
    databases.execute(server, f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY 'right'")
    if rights:
        databases.execute(server, f"GRANT {rights} ON {database}.* TO {name}@'127.0.0.1'")
    return server.url(database).replace("root@", f"{name}@")


RIGHT = OPTIONS._replace(password="right")


def test_a_user_that_may_only_read_is_told_so(store: Store, server: databases.Server, database: str) -> None:
    reader = open_store(user_with(server, database, "SELECT"), RIGHT)
    assert len(reader.snapshot().keys()) == 5
    with pytest.raises(AccessDenied, match="right") as caught:
        put(reader, bucket())
    assert one_line(caught.value)
    reader.close()


def test_the_rights_that_docs_name_are_enough(server: databases.Server, database: str) -> None:
    if server.engine == "postgresql":
        url = user_with(server, database, "")
        databases.execute(server, f"GRANT CREATE ON SCHEMA public TO u_{database}", database)
    else:
        url = user_with(server, database, "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES")
    store = create_store(url, RIGHT)
    apply(store, new(bucket()))
    apply(store, changed(store, bucket(path="s3://b")))
    apply(store, kit.gone(store, bucket().key))
    store.close()


def test_no_rights_no_database_and_a_wrong_password_are_three_things(server: databases.Server, database: str) -> None:
    with pytest.raises(StoreBroken, match="no such database") as caught:
        open_store(server.url("no_such_database"), OPTIONS)
    assert one_line(caught.value)
    url = user_with(server, database, "")
    with pytest.raises(AccessDenied, match="right"):
        create_store(url, RIGHT)
    if server.engine == "mysql":
        with pytest.raises(AccessDenied, match="did not let us in") as denied:
            open_store(url, OPTIONS._replace(password="c4n4ry"))
        assert "c4n4ry" not in denied.value.message
    else:
        with pytest.raises(AccessDenied, match=r'did not let us in: .*role "nobody" does not exist'):
            open_store(url.replace(f"u_{database}@", "nobody@"), OPTIONS)


def test_a_server_that_only_reads_is_told(store: Store, server: databases.Server, url: str, database: str) -> None:
    if server.engine == "postgresql":
        databases.execute(server, f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    else:
        databases.execute(server, "SET GLOBAL read_only = 1")
        user_with(server, database, "SELECT, INSERT, UPDATE, DELETE")
        url = url.replace("root@", f"u_{database}@")
    try:
        reader = open_store(url, RIGHT)
        with pytest.raises(StoreBroken, match="can only be read"):
            put(reader, bucket())
        reader.close()
    finally:
        if server.engine == "mysql":
            databases.execute(server, "SET GLOBAL read_only = 0")


def test_a_broken_constraint_is_told_as_what_it_is(
    store: Store, url: str, server: databases.Server, database: str
) -> None:
    databases.execute(server, "ALTER TABLE zenprofile_changes ADD CONSTRAINT theirs CHECK (number < 3)", database)
    put(store, bucket())
    before = everything(store)
    with pytest.raises(StoreBroken, match="constraint") as caught:
        put(store, stack("prod"))
    assert "theirs" in caught.value.message
    assert everything(store) == before


def test_a_name_with_escapes_is_the_databases_own(server: databases.Server) -> None:
    databases.execute(
        server, 'CREATE DATABASE "a b%20c"' if server.engine == "postgresql" else "CREATE DATABASE `a b%20c`"
    )
    url = normal_url(server.url("a%20b%2520c"), "", "/")
    store = create_store(url, OPTIONS)
    put(store, bucket())
    store.close()
    rows = databases.execute(server, "SELECT COUNT(*) FROM zenprofile_changes", "a b%20c")
    assert rows[0][0] == 2


def test_names_keep_their_case_rule_in_a_turkish_locale(servers: databases.Servers) -> None:
    server, name = servers.get("postgresql"), f"tr{os.getpid()}"
    options = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
    databases.execute(server, f"CREATE DATABASE {name} {options}")
    assert databases.execute(server, "SELECT lower('I')", name) == [("ı",)]
    store = create_store(server.url(name), OPTIONS)

    put(store, document("user", "INGRID"))

    assert store.snapshot().spelling(Key("user", "", "ingrid")) == Key("user", "", "INGRID")
    with pytest.raises(Exists):
        put(store, document("user", "Ingrid"))
    store.close()


def test_variables_in_the_url_are_read_here_and_are_no_secret(
    url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = url.partition("//")[2].partition("@")[0]
    referring = normal_url(url.replace(f"{person}@", "${env:DB_USER}@"), "", "/")
    with pytest.raises(ZenprofileError, match="DB_USER"):
        open_store(referring, OPTIONS)
    monkeypatch.setenv("DB_USER", person)
    other = open_store(referring, OPTIONS)
    assert "${env:DB_USER}" in other.url
    assert len(other.snapshot().keys()) == 5
    other.close()


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_tables_of_an_earlier_version_are_brought_on(
    server: databases.Server, url: str, database: str, version: str
) -> None:
    old = (ROOT / f"tests/data/sql/{version}.{server.engine}.sql").read_text("utf-8")
    made = engine(url, OPTIONS)
    with made.begin() as connection:
        for statement in filter(str.strip, old.split(";\n")):
            connection.execute(text(statement))
        connection.execute(text(f"INSERT INTO zenprofile_alembic_version VALUES ('{version}')"))
        columns, values = "number, who, made_at, message, mark", "1, 'ada', '2026-01-01T00:00:00Z', 'm', ''"
        connection.execute(text(f"INSERT INTO zenprofile_changes ({columns}) VALUES ({values})"))
    if version == "0001":
        # As far as a killed process came on a database without transactions for this.
        databases.execute(server, "ALTER TABLE zenprofile_changes ADD idempotency_key VARCHAR(64)", database)

    store = open_store(url, OPTIONS)

    put(store, document("user", "ada"))
    assert [record.rev for record in store.history()] == ["2", "1"]
    with made.connect() as connection:
        assert migrations.version_in(connection) == tables.VERSION
        assert migrations.differences(connection) == []
    made.dispose()
    store.close()


def test_new_tables_are_as_they_should_be(store: Store, url: str, server: databases.Server, database: str) -> None:
    made = engine(url, OPTIONS)
    with made.connect() as connection:
        assert migrations.differences(connection) == []
        databases.execute(server, "ALTER TABLE zenprofile_changes DROP COLUMN mark", database)
    with made.connect() as connection:
        assert "mark" in str(migrations.differences(connection))
    made.dispose()


CREATOR = """
import sys
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store, driver_of, default_change
driver_of(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(len(list(driver_of(sys.argv[1]).create(sys.argv[1], Options(), default_change()).history())))
"""


def together(script: str, urls: list[str]) -> list[tuple[str, str]]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen([sys.executable, "-c", script, url], text=True, cwd=ROOT, **pipes) for url in urls]  # type: ignore[call-overload]
    for process in running:
        process.stdout.readline()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=120) for process in running]


@pytest.mark.slow
def test_several_can_make_the_same_store_at_once(url: str) -> None:
    assert together(CREATOR, [url] * 6) == [("1\n", "")] * 6


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_a_server_that_is_killed_in_the_middle_loses_nothing_acknowledged(name: str) -> None:
    with databases.alone(name) as server:
        url = server.url(databases.new_database(server))
        options = Options(user="ada", timeout=30)
        store = create_store(url, options)
        apply(store, new(document("user", "counter", description="0")))
        acknowledged: list[str] = []

        def count() -> None:
            while len(acknowledged) < 60:
                # A write that has begun is seen through; what finds no server is told, and repeated here.
                with contextlib.suppress(Unreachable):
                    revision, said = worker._said(store, "counter")
                    edit = changed_to("counter", said + 1, revision)
                    acknowledged.append(store.apply(Change((edit,))).rev)

        thread = threading.Thread(target=count)
        thread.start()
        databases.until(lambda: len(acknowledged) > 15, "nothing is written")
        databases.kill(server)
        databases.start(server, 0)
        thread.join()

        told = [record.rev for record in store.history()]
        assert set(acknowledged) <= set(told)
        found = store.snapshot().get(Key("user", "", "counter"))
        assert found is not None
        assert (found.data["description"], len(told)) == ("60", 62)
        store.close()


@pytest.mark.slow
def test_a_server_without_space_keeps_what_it_has() -> None:
    with databases.alone("mysql") as server:
        databases.kill(server)
        settings = "innodb_file_per_table=OFF\ninnodb_data_file_path=ibdata1:12M:autoextend:max:20M\n"
        Path(server.folder, "extra.cnf").write_text(f"[mysqld]\n{settings}")
        databases.start(server, 0)
        store = create_store(server.url(databases.new_database(server)), OPTIONS)

        before, told = filled(store)

        assert "no space is left" in told.message
        assert one_line(told)
        assert everything(store) == before
        assert len(list(store.history())) == len(before) - 4
        store.close()


def filled(store: Store) -> tuple[dict[Key, str | None], StoreBroken]:
    """Write until that fails; return what was there before, and why it failed."""
    for number in range(100):
        before = everything(store)
        try:
            put(store, document("user", f"u{number}", description="x" * 500_000))
        except StoreBroken as error:
            return before, error
    raise AssertionError("there is space without end")


def test_tokens_of_several_servers(store: Store, url: str) -> None:
    stores = [open_store(url, OPTIONS) for _ in range(4)]
    made = [[make("ada", "editor", "2026-01-01T00:00:00Z")[1] for _ in range(6)] for _ in stores]

    def keep(number: int) -> list[bool]:
        tokens = tokens_of(stores[number])
        for token in made[number]:
            tokens.add(token)
        return [tokens.remove(made[number][0].id), tokens.remove(made[number][0].id)]

    with ThreadPoolExecutor(len(stores)) as pool:
        assert list(pool.map(keep, range(len(stores)))) == [[True, False]] * len(stores)

    assert set(tokens_of(store).find()) == {token for some in made for token in some[1:]}
    assert tokens_of(store).get(made[3][1].id) == made[3][1]
    for each in stores:
        each.close()


def tokens_of(store: Store) -> Tokens:
    assert isinstance(store, KeepsTokens)
    return store.tokens()


def changed_to(name: str, number: int, revision: str) -> Edit:
    """Return the edit that gives a user a number."""
    made = document("user", name, description=str(number))
    return Edit(made.key, revision, made.text)


@pytest.mark.slow
def test_a_cluster_goes_on_without_one_of_its_nodes() -> None:
    with databases.alone("galera") as cluster:
        name = databases.new_database(cluster)
        ports = [str(port) for port in cluster.ports_of_clients]
        orders = [",".join(f"127.0.0.1:{port}" for port in ports[n:] + ports[:n]) for n in range(3)]
        urls = [f"mysql://root@{hosts}/{name}" for hosts in orders]
        options = Options(user="ada", timeout=30)
        # Two that begin at once on different nodes.
        assert together(CREATOR, urls) == [("1\n", "")] * 3
        store = open_store(urls[0], options)
        apply(store, new(document("user", "counter", description="0")))
        command = [sys.executable, worker.__file__, "count"]
        running = [
            subprocess.Popen(
                [*command, url, "", "counter", "20"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for url in urls
        ]
        worker.begin(running)
        databases.until(lambda: len(list(store.history())) > 12, "nothing is written")
        databases.kill(cluster, 2)

        said = [process.communicate(timeout=120) for process in running]

        assert Counter(said) == {("done\n", ""): 3}
        for url in urls:  # the node that is gone is passed over
            other = open_store(url, options)
            found = other.snapshot().get(Key("user", "", "counter"))
            assert found is not None
            assert found.data["description"] == "60"
            other.close()
        # What one node has acknowledged, another one reads.
        near, far = (open_store(url, OPTIONS) for url in urls[:2])
        for number in range(20):
            put(
                near,
                document("user", "counter", description=f"n{number}"),
                replaces=now(near, Key("user", "", "counter")),
            )
            seen = far.snapshot().get(Key("user", "", "counter"))
            assert seen is not None
            assert seen.data["description"] == f"n{number}"
        # A node that has lost the others refuses: told, nothing printed.
        hasty = open_store(urls[0], OPTIONS._replace(timeout=5))
        databases.kill(cluster, 1)
        databases.until(lambda: not databases.is_ready(cluster, 0), "the last node still answers")
        with pytest.raises(Unreachable) as caught:
            put(hasty, document("user", "more"))
        assert one_line(caught.value)
        for each in (store, near, far, hasty):
            each.close()


def test_a_change_is_found_by_its_key_by_another_process(store: Store, url: str) -> None:
    change = Change((new(bucket()),), "", "one-attempt")
    first = store.apply(change)
    other = open_store(url, OPTIONS)
    assert other.apply(change) == first
    assert is_profile(url, OPTIONS)
    other.close()
