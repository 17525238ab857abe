"""The SQL driver on SQLite: what a file can do to it, and what the contract does not ask of every store."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from permissions import as_somebody_else
from ports import free_port
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from tests.contract.kit import (
    Document,
    apply,
    bucket,
    changed,
    document,
    everything,
    gone,
    new,
    now,
    put,
    renamed,
    stack,
    user,
)
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.drivers.sql import migrations
from zenprofile.drivers.sql.address import address
from zenprofile.drivers.sql.engine import engine
from zenprofile.drivers.sql.failures import translating_errors
from zenprofile.errors import (
    AccessDenied,
    Invalid,
    Locked,
    NewerFormat,
    StoreBroken,
    Unreachable,
    Unsafe,
    Unsupported,
    UsageError,
    ZenprofileError,
)
from zenprofile.store.base import Options, Store
from zenprofile.store.registry import create_store, is_profile, normal_url, open_store
from zenprofile.usecases import entities

OPTIONS = Options(user="ada")
S3 = bucket().key


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = create_store(url, OPTIONS)
    yield made
    made.close()


@contextlib.contextmanager
def raw(file: Path) -> Iterator[sqlite3.Connection]:
    """Open the file behind the driver's back, and commit."""
    connection = sqlite3.connect(file)
    with connection:
        yield connection
    connection.close()


def one_line(error: ZenprofileError) -> bool:
    return "\n" not in error.message and bool(error.hint)


def not_a_database(file: Path) -> None:
    file.write_text("name: x\n" * 1000)


def cut_off(file: Path) -> None:
    create_store(f"sqlite:///{file}", OPTIONS).close()
    content = file.read_bytes()
    file.write_bytes(content[:4096] + os.urandom(len(content) // 2))


def head_alone(file: Path) -> None:
    file.write_bytes(b"SQLite format 3\0" + bytes(84))


@pytest.mark.parametrize("spoil", [not_a_database, cut_off, head_alone])
def test_a_file_that_is_no_database_is_told_and_left_as_it_is(file: Path, url: str, spoil: object) -> None:
    spoil(file)  # type: ignore[operator]
    content = file.read_bytes()

    for act in (open_store, create_store):
        with pytest.raises(StoreBroken) as caught:
            everything(act(url, OPTIONS))
        assert one_line(caught.value)

    assert file.read_bytes() == content


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    for act in (is_profile, open_store, create_store):
        with pytest.raises(StoreBroken, match="is a folder"):
            act(f"sqlite:///{tmp_path}", OPTIONS)


def test_the_folder_of_the_file_must_exist(tmp_path: Path) -> None:
    for act in (is_profile, open_store, create_store):
        with pytest.raises(StoreBroken, match="does not exist"):
            act(f"sqlite:///{tmp_path}/missing/store.db", OPTIONS)
    assert list(tmp_path.iterdir()) == []


def test_opening_makes_no_file(file: Path, url: str) -> None:
    assert not is_profile(url, OPTIONS)
    with pytest.raises(StoreBroken, match="no profile"):
        open_store(url, OPTIONS)
    assert not file.exists()


def test_an_empty_file_is_an_empty_place(file: Path, url: str) -> None:
    file.touch()

    assert not is_profile(url, OPTIONS)
    create_store(url, OPTIONS).close()

    assert is_profile(url, OPTIONS)


def test_a_newer_schema_is_refused_and_left_as_it_is(store: Store, file: Path, url: str) -> None:
    store.close()
    with raw(file) as connection:
        connection.execute("UPDATE zenprofile_alembic_version SET version_num = '9999'")
    content = file.read_bytes()

    for act in (open_store, create_store):
        with pytest.raises(NewerFormat) as caught:
            act(url, OPTIONS)
        assert "upgrade" in caught.value.hint

    assert file.read_bytes() == content


def test_other_tables_are_left_alone(file: Path, url: str) -> None:
    with raw(file) as connection:
        connection.execute("CREATE TABLE stack (name TEXT)")
        connection.execute("INSERT INTO stack VALUES ('theirs')")

    assert not is_profile(url, OPTIONS)
    store = create_store(url, OPTIONS)
    put(store, bucket())
    store.close()

    with raw(file) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert connection.execute("SELECT * FROM stack").fetchall() == [("theirs",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert {name for name in tables if not name.startswith("zenprofile_")} == {"stack"}


def test_a_new_file_is_written_ahead(store: Store, file: Path) -> None:
    with raw(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    "name", ["it's.db", "a b%20c.db", "100%.db", "a?b#c.db", "größe-日本.db", '"; DROP TABLE x.db']
)
def test_any_name_of_a_file_will_do(tmp_path: Path, name: str) -> None:
    from urllib.parse import quote

    url = normal_url(f"sqlite:///{quote(name)}", "", str(tmp_path))
    store = create_store(url, OPTIONS)
    put(store, bucket())
    store.close()

    assert (tmp_path / name).is_file()
    again = open_store(url, OPTIONS)
    assert again.snapshot().get(S3) is not None
    again.close()


NASTY = "'; DROP TABLE zenprofile_entities; -- \" % %s :name ? ${x} \\ 🚲"


def test_text_is_never_read_as_sql(url: str) -> None:
    store = create_store(url, OPTIONS._replace(user=NASTY))
    made = bucket(description=NASTY)
    apply(store, new(made), message=NASTY)

    told = next(store.history())

    assert (told.who, told.message) == (NASTY, NASTY)
    assert store.snapshot().text(S3) == made.text
    assert store.snapshot().get(Key("component", "artifact_store", NASTY)) is None
    assert store.snapshot().keys(NASTY, NASTY) == []
    assert list(store.history(Key("component", NASTY, NASTY))) == []
    store.close()


def test_a_file_that_can_only_be_read_is_read_and_not_written(open_folder: Path) -> None:
    file = open_folder / "store.db"
    create_store(f"sqlite:///{file}", OPTIONS).close()
    file.chmod(0o444)
    content = file.read_bytes()

    with as_somebody_else():
        store = open_store(f"sqlite:///{file}", OPTIONS)
        assert len(store.snapshot().keys()) == 5
        with pytest.raises(StoreBroken, match="can only be read") as caught:
            put(store, bucket())
        store.close()

    assert one_line(caught.value)
    assert file.read_bytes() == content


def test_a_file_that_cannot_be_read_is_told(open_folder: Path) -> None:
    file = open_folder / "store.db"
    create_store(f"sqlite:///{file}", OPTIONS).close()
    file.chmod(0)

    with as_somebody_else(), pytest.raises(StoreBroken, match="cannot be read"):
        open_store(f"sqlite:///{file}", OPTIONS)


def test_a_folder_that_cannot_be_written_is_told(open_folder: Path) -> None:
    open_folder.chmod(0o555)

    with as_somebody_else(), pytest.raises(StoreBroken) as caught:
        create_store(f"sqlite:///{open_folder}/store.db", OPTIONS)

    assert one_line(caught.value)
    assert list(open_folder.iterdir()) == []


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_file_that_another_process_writes_is_read_and_waited_for(store: Store, file: Path, url: str) -> None:
    hasty = open_store(url, OPTIONS._replace(timeout=0.2))
    command = [sys.executable, "-c", HOLDER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert len(store.snapshot().keys()) == 5

        with pytest.raises(Locked) as caught:
            put(hasty, bucket())

        assert one_line(caught.value)
        holder.communicate("done\n")
    put(store, bucket())
    hasty.close()


def test_a_full_disk_leaves_the_store_as_it_was(file: Path, url: str) -> None:
    script = (
        "import resource, signal, sys; from tests.contract.kit import *\n"
        "from zenprofile.store.registry import open_store\n"
        "from zenprofile.errors import StoreBroken\n"
        "store = open_store(sys.argv[1], Options()); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "try: put(store, bucket(description='x' * 500_000))\n"
        "except StoreBroken as error: print(error.message, len(everything(store)))\n"
    )
    create_store(url, OPTIONS).close()

    done = subprocess.run(
        [sys.executable, "-c", script, url], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )

    assert done.stdout.endswith(" 5\n"), done.stderr
    again = open_store(url, OPTIONS)
    assert len(again.snapshot().keys()) == 5
    put(again, bucket())
    again.close()


def test_a_snapshot_stays_at_its_moment(store: Store) -> None:
    apply(store, new(bucket(path="s3://a")), new(user("ada")))
    snapshot, fresh = store.snapshot(), store.snapshot()
    before = everything(store)
    assert snapshot.get(S3) is not None
    assert fresh.keys("user") != []

    apply(store, changed(store, bucket(path="s3://b")), gone(store, user("ada").key), new(stack("prod")))

    for seen in (snapshot, fresh):
        keys = seen.keys()
        assert {key: seen.text(key) for key in keys} == before
        found = seen.get(S3)
        assert found is not None
        assert found.data["configuration"] == {"path": "s3://a"}
        assert seen.spelling(user("ADA").key) == user("ada").key
        assert [e.key for e in seen.load().entities] == sorted(before)
    assert store.snapshot().get(user("ada").key) is None


def test_a_list_needs_no_yaml(store: Store, url: str) -> None:
    apply(store, new(bucket()), new(stack("prod")))
    script = (
        "import sys; from zenprofile.store.registry import open_store; from zenprofile.store.base import Options\n"
        "store = open_store(sys.argv[1], Options()); snapshot = store.snapshot()\n"
        "print(len(snapshot.load().entities), len([snapshot.get(k) for k in snapshot.keys()]))\n"
        "print(*sorted({'yaml', 'jsonschema', 'git', 'alembic', 'sqlalchemy.orm'} & set(sys.modules)))\n"
    )

    done = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, check=True)

    assert done.stdout == "7 7\n\n"


TAMPERED = {
    "document": bucket(path="s3://other").text,
    "data": '{"name":"s3-prod","type":"artifact_store","flavor":"s3","configuration":{"path":"s3://evil"}}',
    "revision": "0" * 64,
    "seal": 1,
}


@pytest.mark.parametrize(("column", "value"), TAMPERED.items())
def test_stored_data_is_believed_only_with_its_seal(store: Store, file: Path, column: str, value: object) -> None:
    put(store, bucket())
    with raw(file) as connection:
        connection.execute(f"UPDATE zenprofile_entities SET {column} = ? WHERE name = 's3-prod'", (value,))

    text = store.snapshot().text(S3)

    assert text is not None
    wanted = Document(S3, text)
    found = store.snapshot().get(S3)
    assert found is not None
    assert found.revision == wanted.revision
    assert found in store.snapshot().load().entities
    put(store, bucket(path="s3://new"), replaces=wanted.revision)
    assert now(store, S3) == bucket(path="s3://new").revision


@pytest.mark.parametrize(("column", "value"), [("document", "x'1f'"), ("name", "'s3' || char(31) || 'prod'")])
def test_a_separator_in_a_value_takes_nothing_from_others(store: Store, file: Path, column: str, value: str) -> None:
    apply(store, new(bucket()), new(bucket("good")))
    with raw(file) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(f"UPDATE zenprofile_entities SET {column} = {value} WHERE name = 's3-prod'")
    snapshot = store.snapshot()

    loaded = snapshot.load("component", "artifact_store")

    assert bucket("good").revision in [entity.revision for entity in loaded.entities]
    assert {entity.key for entity in loaded.entities} <= set(snapshot.keys())


def test_more_documents_than_one_value_holds_are_loaded(store: Store, url: str) -> None:
    apply(store, *(new(bucket(f"s3-{number}", path=f"s3://{'a' * 1000}")) for number in range(20)))
    whole = store.snapshot().load()

    def bounded(connection: sqlite3.Connection, _record: object) -> None:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)

    event.listen(Engine, "connect", bounded)
    try:
        again = open_store(url, Options())
        assert again.snapshot().load() == whole
        again.close()
    finally:
        event.remove(Engine, "connect", bounded)


def test_a_document_that_is_no_text_spoils_only_itself(store: Store, file: Path) -> None:
    apply(store, new(bucket()), new(bucket("good")))
    with raw(file) as connection:
        connection.execute("UPDATE zenprofile_entities SET document = x'ff00' WHERE name = 's3-prod'")

    loaded = store.snapshot().load("component", "artifact_store")

    assert bucket("good").key in [entity.key for entity in loaded.entities]
    assert {problem.file for problem in loaded.problems} == {S3.path}
    with pytest.raises(Invalid):
        store.snapshot().get(S3)


@pytest.mark.parametrize("content", ["x'ff00'", "x'efbbbf' || 'name: s3-prod'", "CAST(x'efbbbf41' AS TEXT)"])
def test_a_document_that_is_no_text_is_deleted(store: Store, file: Path, content: str) -> None:
    apply(store, new(bucket()))
    with raw(file) as connection:
        connection.execute(f"UPDATE zenprofile_entities SET document = {content} WHERE name = 's3-prod'")

    recorded = entities.delete(store, S3)

    assert store.snapshot().text(S3) is None
    assert next(record.changes for record in store.history()) == recorded.changes


def test_the_constraint_knows_that_names_differ_by_more_than_case(store: Store, file: Path) -> None:
    put(store, bucket())
    row = "SELECT kind, type, {folded}, {name}, document, revision, number, data, seal FROM zenprofile_entities"
    for folded, name in (("folded", "'S3-PROD'"), ("'s3-other'", "'S3-PROD'")):
        statement = f"INSERT INTO zenprofile_entities {row.format(folded=folded, name=name)} WHERE name = 's3-prod'"
        with raw(file) as connection, pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)


def test_tables_can_be_read_by_a_person(store: Store, file: Path) -> None:
    put(store, bucket(path="s3://a"))
    apply(store, *renamed(store, S3, bucket("s3-new", path="s3://a")), message="Call it new")

    with raw(file) as connection:
        entity = connection.execute("SELECT document FROM zenprofile_entities WHERE name = 's3-new'").fetchone()
        change = connection.execute("SELECT who, message FROM zenprofile_changes WHERE number = 3").fetchone()
        columns = "kind, type, name, text_before, text_after"
        edits = connection.execute(f"SELECT {columns} FROM zenprofile_change_entities WHERE number = 3").fetchall()

    assert entity == (bucket("s3-new", path="s3://a").text,)
    assert change == ("ada", "Call it new")
    assert sorted(edits) == [
        ("component", "artifact_store", "s3-new", None, bucket("s3-new", path="s3://a").text),
        ("component", "artifact_store", "s3-prod", bucket(path="s3://a").text, None),
    ]


def test_defaults_that_do_not_hold_leave_no_profile(url: str) -> None:
    bad = Change((Edit(stack("x").key, None, stack("x", {"orchestrator": "none"}).text),))

    with pytest.raises(Invalid):
        create_store(url, OPTIONS, bad)

    assert not is_profile(url, OPTIONS)
    create_store(url, OPTIONS).close()


CREATOR = """
import sys
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store, driver_of, default_change
driver_of(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(len(list(driver_of(sys.argv[1]).create(sys.argv[1], Options(), default_change()).history())))
"""


@pytest.mark.slow
def test_several_can_make_the_same_store_at_once(url: str) -> None:
    command = [sys.executable, "-c", CREATOR, url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen(command, text=True, **pipes) for _ in range(6)]  # type: ignore[call-overload]
    for process in running:
        process.stdout.readline()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()

    assert [process.communicate(timeout=120) for process in running] == [("1\n", "")] * 6


WRITER = """
import sys
from tests.contract.kit import apply, changed, document
from zenprofile.store.base import Options
from zenprofile.store.registry import open_store
store = open_store(sys.argv[1], Options())
for number in range(int(sys.argv[2]) + 1, 10_000):
    apply(store, *(changed(store, document("user", name, description=str(number))) for name in ("one", "other")))
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_the_old_or_the_new(store: Store, url: str, file: Path) -> None:
    apply(store, *(new(document("user", name, description="0")) for name in ("one", "other")))
    root = Path(__file__).parents[2]
    done = 0
    for kills in range(1, 7):
        command = [sys.executable, "-c", WRITER, url, str(done)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as writer:
            assert writer.stdout is not None
            for _ in range(kills):
                acknowledged = int(writer.stdout.readline())
            writer.kill()

        again = open_store(url, OPTIONS)
        found = [again.snapshot().get(user(name).key) for name in ("one", "other")]
        said = {int(entity.data["description"]) for entity in found if entity is not None}
        again.close()
        (done,) = said
        assert done >= acknowledged
        assert len(list(store.history())) == done + 2
        with raw(file) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize(
    ("missing", "url"), [("psycopg", "postgresql://u@127.0.0.1/db"), ("pymysql", "mysql://u@127.0.0.1/db")]
)
def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, missing: str, url: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(Unsupported, match=missing) as caught:
        open_store(url, OPTIONS)

    assert "pip install" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "hint"), [("mysql+nosuch://h/db", "write mysql://"), ("oracle+nosuch://h/db", "install the package")]
)
def test_another_way_is_named_where_a_dialect_is_missing(url: str, hint: str) -> None:
    with pytest.raises(Unsupported) as caught:
        open_store(url, OPTIONS)

    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:////srv/x.db", "mysql+nosuch://h/db", "oracle+nosuch://h/db"])
def test_a_client_library_that_nobody_knows_is_unsupported(url: str) -> None:
    with pytest.raises((Unsupported, StoreBroken)) as caught:
        open_store(url.replace("/srv", "/tmp"), OPTIONS)
    assert one_line(caught.value)


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(Unreachable) as caught:
        open_store(f"mysql://zenml@127.0.0.1:{free_port()}/db", OPTIONS._replace(password="se/cr@et"))

    assert caught.value.exit_status == 4
    assert one_line(caught.value)
    assert "se/cr@et" not in f"{caught.value.message}{caught.value.hint}"


def test_an_option_that_could_read_files_is_refused() -> None:
    with pytest.raises(Unsafe):
        open_store("mysql://127.0.0.1/db?local_infile=1", OPTIONS)


@pytest.mark.parametrize(
    ("code", "error"), [(1045, AccessDenied), (1044, AccessDenied), (2003, Unreachable), (2013, Unreachable)]
)
def test_what_a_server_answers_is_told_in_our_words(code: int, error: type[ZenprofileError]) -> None:
    answer = pymysql.err.OperationalError(code, "no\nfor 'zenml'@'h'")

    with pytest.raises(error) as caught, translating_errors("mysql://zenml@h/db"):
        raise OperationalError("SELECT 1", {"password": "secret"}, answer)

    assert one_line(caught.value)
    assert "secret" not in caught.value.message
    assert caught.value.exit_status == 4


def test_a_file_in_a_folder_that_cannot_be_written_is_read_though_it_keeps_its_log_apart(open_folder: Path) -> None:
    file = open_folder / "store.db"
    create_store(f"sqlite:///{file}", OPTIONS).close()
    open_folder.chmod(0o555)
    content = file.read_bytes()
    assert content[18:20] == b"\2\2"

    with as_somebody_else():
        store = open_store(f"sqlite:///{file}", OPTIONS)
        assert len(store.snapshot().keys()) == 5
        with pytest.raises(StoreBroken, match="can only be read"):
            put(store, bucket())
        store.close()

    assert file.read_bytes() == content
    assert [path.name for path in open_folder.iterdir()] == ["store.db"]


OLD = Path(__file__).parents[1] / "data/sql/0001.sqlite.sql"
OPENER = """
import sys
from zenprofile.drivers.sql import migrations
from zenprofile.store.base import Options
from zenprofile.store.registry import open_store
real = migrations._STEPS["0001"]
def killed(op):
    real[0](op)
    import os
    os._exit(9)
migrations._STEPS["0001"] = (killed, real[1])
open_store(sys.argv[1], Options())
"""


def test_an_earlier_schema_is_brought_on_after_a_copy_although_the_first_was_killed(file: Path, url: str) -> None:
    with raw(file) as connection:
        connection.executescript(OLD.read_text("utf-8"))
        connection.execute("INSERT INTO zenprofile_alembic_version VALUES ('0001')")
        connection.execute("INSERT INTO zenprofile_changes VALUES (1, 'ada', '2026-01-01T00:00:00Z', 'm', '', NULL)")
    old = _schema(file)
    killed = subprocess.run([sys.executable, "-c", OPENER, url], check=False)
    assert killed.returncode == 9
    assert _schema(file) == old

    store = open_store(url, OPTIONS)
    put(store, user("ada"))

    assert [record.rev for record in store.history()] == ["2", "1"]
    assert _schema(Path(f"{file}.before-0003")) == old
    made = engine(url, OPTIONS)
    with made.connect() as connection:
        assert migrations.differences(connection) == []
    made.dispose()
    store.close()


def test_the_schema_without_tokens_is_brought_on(file: Path, url: str) -> None:
    with raw(file) as connection:
        connection.executescript((OLD.parent / "0002.sqlite.sql").read_text("utf-8"))
        connection.execute("INSERT INTO zenprofile_alembic_version VALUES ('0002')")

    store = open_store(url, OPTIONS)

    made = engine(url, OPTIONS)
    with made.connect() as connection:
        assert migrations.differences(connection) == []
    made.dispose()
    store.close()


def _schema(file: Path) -> list[str]:
    with raw(file) as connection:
        return [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql <> '' ORDER BY name")]


def test_the_clients_own_file_gives_user_and_password(machine: Path) -> None:
    (machine / ".my.cnf").write_text(
        "!include /etc/x\n[client]\nuser = ana\npassword = 'c4%n4ry'\nsocket = /run/other\n"
    )
    where = address("mysql://127.0.0.1/db", "").url
    assert (where.username, where.password, where.host, dict(where.query)) == ("ana", "c4%n4ry", "127.0.0.1", {})
    assert address("mysql://ben@127.0.0.1/db", "").url.password is None
    assert address("mysql://ana@127.0.0.1/db", "given").url.password == "given"


def test_hosts_variables_and_names_of_a_url_are_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("U", "a:b@c")
    monkeypatch.setenv("P", "p/w")
    found = address("mysql://${env:U}:${env:P}@h1:1,[::1]:2,h3/a%20b?charset=utf8mb4", "")
    assert (found.url.username, found.url.password, found.url.database) == ("a:b@c", "p/w", "a b")
    assert found.hosts == (("h1", 1), ("[::1]", 2), ("h3", None))


def test_the_old_name_of_a_scheme_is_answered_with_the_new_one() -> None:
    with pytest.raises(UsageError) as caught:
        normal_url("postgres://ana@db/stacks", "", "/")
    assert "postgresql://" in caught.value.hint
