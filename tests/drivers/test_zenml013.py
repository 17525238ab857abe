"""Stores that ZenML 0.13.2 itself wrote: in files, in SQLite, in MariaDB; whole and damaged."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import databases
import pymysql
import pytest

from zenprofile.cli.main import main
from zenprofile.core import profile_check
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.errors import NotFound, StoreBroken, Unsupported
from zenprofile.store import registry
from zenprofile.store.base import Options, Store
from zenprofile.store.capabilities import Foreign

DATA = Path(__file__).parents[1] / "data" / "zenml-0.13.2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA / "profile", tmp_path / "profile"))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return Path(shutil.copy(DATA / "zenml.db", tmp_path / "zenml.db"))


@pytest.fixture(scope="module")
def mysql() -> Iterator[str]:
    with databases.alone("mysql") as server:
        socket = f"{server.folder}/n0.sock"
        with pymysql.connect(unix_socket=socket, user="root", autocommit=True) as connection:
            cursor = connection.cursor()
            cursor.execute("CREATE DATABASE zenml")
            cursor.execute("USE zenml")
            for statement in (DATA / "schema.sql").read_text().split(";"):
                if statement.strip():
                    cursor.execute(statement.replace("VARCHAR ", "VARCHAR(255) ").replace("VARCHAR,", "VARCHAR(255),"))
            fill(cursor)
        yield f"mysql://root@localhost/zenml?unix_socket={socket}"


def fill(cursor: Any) -> None:
    cursor.execute("SET foreign_key_checks = 0")
    with contextlib.closing(sqlite3.connect(DATA / "zenml.db")) as source:
        for (table,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in source.execute(f"SELECT * FROM {table}").fetchall():
                cursor.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)


def opened(url: object) -> Store:
    return registry.open_store(str(url), Options())


def content(store: Store) -> dict[str, Any]:
    return {str(entity.key): entity.data for entity in store.snapshot().load().entities}


def notes(store: Store) -> list[str]:
    assert isinstance(store, Foreign)
    return store.notes()


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}


def test_each_way_of_keeping_it_is_read_alike(folder: Path, database: Path, mysql: str) -> None:
    before = files(folder.parent)
    stores = [opened(folder), opened(f"sqlite:///{database}"), opened(mysql)]
    assert [store.driver for store in stores] == ["local", "sql", "sql"]
    found = [content(store) for store in stores]
    # The two fixtures differ in what was told to ZenML: the project's description.
    assert found[0].pop("project/proj1") == {"name": "proj1", "description": "a project"}
    assert found[1].pop("project/proj1") == found[2].pop("project/proj1") == {"name": "proj1"}
    assert found[0] == found[1] == found[2]
    for store in stores:
        assert profile_check.check_all(store.snapshot()) == []
        keys = [entity.key for entity in store.snapshot().load().entities]
        assert keys == store.snapshot().keys()
        assert all("/home/alice/.config" not in (store.snapshot().text(key) or "") for key in keys)
    assert found[0]["stack/stack_b"] == {
        "name": "stack_b",
        "components": {
            "orchestrator": "orch_local",
            "metadata_store": "md_sqlite",
            "artifact_store": "art_local",
            "container_registry": "reg_default",
            "secrets_manager": "sm_local",
        },
    }
    assert found[0]["component/metadata_store/md_mysql"]["configuration"]["password"] == "{{md_mysql.password}}"
    assert found[0]["component/artifact_store/default"]["configuration"] == {}
    assert found[0]["flavor/container_registry/my_registry"]["source"] == "flavmod.my_registry.MyRegistry"
    assert found[0]["role/reader"]["assignments"] == [{"user": "alice"}, {"team": "ml", "project": "proj1"}]
    assert files(folder.parent) == before


def test_what_is_other_here_is_said_once(folder: Path) -> None:
    (folder / "pipeline_runs.yaml").write_text("pipeline_runs:\n  p:\n  - name: r1\n    x:\n    - 1\n  - name: r2\n")
    said = notes(opened(folder))
    secret = [note for note in said if "zenml secret create md_mysql --password=VALUE" in note]
    assert len(secret) == 1
    assert "s3cret" not in " ".join(said)
    assert sum("a path that ZenML made" in note for note in said) == 3
    assert any("override set component/artifact_store/art_local path=VALUE" in note for note in said)
    assert "pipeline runs stay where they are (2 of them)" in said


def test_copy_makes_it_a_profile_of_any_kind(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for target in (str(tmp_path / "new"), f"sqlite:///{tmp_path}/new.db"):
        assert main(["copy", str(folder), target]) == 0
        assert "zenml secret create md_mysql --password=VALUE" in capsys.readouterr().err
        assert content(opened(target)) == content(opened(folder))
        assert main(["copy", str(folder), target]) == 0
        assert "Nothing to change." in capsys.readouterr().out


def test_it_is_only_read(folder: Path, database: Path) -> None:
    for store in (opened(folder), opened(f"sqlite:///{database}")):
        edit = Edit(Key("user", "", "x"), None, "name: x\n")
        with pytest.raises(Unsupported) as refused:
            store.apply(Change((edit,)))
        assert "zenprofile copy" in refused.value.hint
        assert list(store.history()) == []
        with pytest.raises(NotFound):
            store.snapshot("HEAD")


def test_an_sqlite_file_with_its_log_apart_stays_alone(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("UPDATE usertable SET name = 'carol' WHERE name = 'bob'")
    connection.commit()
    assert "user/carol" in content(opened(f"sqlite:///{database}"))  # while another program has it open
    connection.close()
    before = files(database.parent)
    assert "user/carol" in content(opened(f"sqlite:///{database}"))
    assert files(database.parent) == before


def test_names_that_break_our_rule_are_mapped_wherever_they_stand(folder: Path) -> None:
    text = (folder / "stacks.yaml").read_text()
    text = text.replace("alice", "alice@example.com").replace("stack_a:", "stack a:").replace("art_local", "_art")
    (folder / "stacks.yaml").write_text(
        text.replace("name: bob", "name: ALICE-example.com").replace("- bob\n", "- x\n")
    )
    (folder / "artifact_stores" / "art_local.yaml").rename(folder / "artifact_stores" / "_art.yaml")
    store = opened(folder)
    found = content(store)
    assert found["user/alice-example.com-2"]["labels"] == {"zenml.name": "alice@example.com"}
    assert found["role/reader"]["assignments"][0] == {"user": "alice-example.com-2"}
    assert found["team/ml"]["members"] == ["alice-example.com-2"]
    assert found["stack/stack-a"]["components"]["artifact_store"] == "art"
    assert "stack 'stack a' is called 'stack-a' here" in notes(store)
    assert profile_check.check_all(store.snapshot()) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: (f / "stacks.yaml").write_text(""), "it is empty"),
        (lambda f: (f / "orchestrators/orch_local.yaml").unlink(), "orchestrators/orch_local.yaml is gone"),
        (lambda f: (f / "orchestrators/lost.yaml").write_text("name: lost\n"), "orchestrators/lost.yaml"),
        (lambda f: (f / "orchestrators/orch_local.yaml").write_text("a: [\n"), "orchestrators/orch_local.yaml:2:1"),
        (lambda f: (f / "orchestrators/orch_local.yaml").write_text(""), "its settings are lost"),
        (lambda f: replace(f, "7852cf82-277d-4909-8b55-033228de91f7\n  ", "x\n  "), "no user has the id 7852cf82"),
        (lambda f: replace(f, "  ml:\n", "  gone:\n"), "names the team 'gone'"),
        (lambda f: replace(f, "users:\n", "users:\n- 1\n- name: default\n"), "no record"),
        (lambda f: replace(f, "    orchestrator: orch_local\n", "    sorcerer: x\n"), "unknown type 'sorcerer'"),
    ],
)
def test_what_is_damaged_is_named_and_the_rest_is_read(folder: Path, damage: Any, said: str) -> None:
    damage(folder)
    store = opened(folder)
    assert any(said in note for note in notes(store)), notes(store)
    assert profile_check.check_all(store.snapshot()) == []


def replace(folder: Path, old: str, new: str) -> None:
    text = (folder / "stacks.yaml").read_text()
    assert old in text
    (folder / "stacks.yaml").write_text(text.replace(old, new))


def test_a_damaged_database_is_read_as_far_as_it_goes(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("DELETE FROM zenstackcomponent WHERE name = 'orch_local'")
    connection.execute("DELETE FROM usertable WHERE name = 'alice'")
    connection.execute("DELETE FROM zenstack WHERE name = 'stack_a'")
    connection.execute("UPDATE zenstackcomponent SET configuration = 'x y' WHERE name = 'md_sqlite'")
    connection.execute("INSERT INTO zenstackcomponent VALUES ('1', 'sorcerer', 'm', 'f', '')")
    connection.execute("DROP TABLE pipelineruntable")
    connection.commit()
    connection.close()
    store = opened(f"sqlite:///{database}")
    said = " ".join(notes(store))
    for words in ("which is gone", "no user has the id", "stack 'stack_a' is gone", "no base64", "'sorcerer'"):
        assert words in said
    assert profile_check.check_all(store.snapshot()) == []


def test_what_cannot_be_read_at_all_is_an_error_with_a_place(folder: Path) -> None:
    replace(folder, "stack_components:\n", "stack_components:\n  *x\n")
    with pytest.raises(StoreBroken, match=r"stacks\.yaml:\d+:\d+: "):
        opened(folder).snapshot().keys()


def test_another_folder_or_database_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "stacks.yaml").write_text("stacks:\n  a: 1\n")
    assert not registry.is_profile(str(tmp_path), Options())
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE stack (name)")
    assert not registry.is_profile(f"sqlite:///{tmp_path}/other.db", Options())
    with pytest.raises(StoreBroken):
        opened(tmp_path)
