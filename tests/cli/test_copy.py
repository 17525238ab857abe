"""Copies between stores of every kind: the same bytes, all or nothing, and nothing the second time."""

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import databases
import pytest

from tests.contract.kit import apply, bucket, everything, new, stack
from zenprofile.core.entity import Key
from zenprofile.errors import Exists, Invalid, NotFound, UsageError, ZenprofileError
from zenprofile.machine.profiles import Profiles
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store, open_store
from zenprofile.usecases import copying
from zenprofile.usecases.copying import StoreAddress

COMMENTED = (
    "# the team's bucket\nflavor: s3   # in Frankfurt\nname: s3-prod\ntype: artifact_store\n"
    "configuration:\n  path: 's3://a'  # 🚲\n"
)
OPTIONS = Options(user="ada", mode="commit")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.yaml")}


def run(source: str, target: str, choice: str = "", *, dry: bool = False) -> copying.Copied:
    store = open_store(source, OPTIONS)
    try:
        return copying.copy(store, StoreAddress(target, OPTIONS), choice, dry=dry)
    finally:
        store.close()


@pytest.fixture
def source(tmp_path: Path) -> str:
    made = create_store(str(tmp_path / "source"), OPTIONS)
    uses = {"orchestrator": "default", "artifact_store": "s3-prod"}
    apply(made, new(bucket()._replace(text=COMMENTED)), new(stack("prod", uses)))
    made.close()
    return str(tmp_path / "source")


@pytest.mark.slow
def test_round_every_kind_of_store_and_back_it_is_the_same_bytes(
    source: str, tmp_path: Path, servers: databases.Servers
) -> None:
    found = [servers.get("postgresql"), servers.get("mysql")]
    urls = [
        f"sqlite:///{tmp_path}/store.db",
        *(s.url(databases.new_database(s)) for s in found),
        str(tmp_path / "back"),
    ]

    last = source
    for url in urls:
        assert run(last, url).begun
        again = run(last, url)
        assert (again.changes, again.recorded) == ((), None)
        last = url

    assert tree(tmp_path / "back") == tree(tmp_path / "source")
    store = open_store(urls[1], OPTIONS)
    assert len(list(store.history())) == 1
    store.close()


def test_other_content_needs_a_word(source: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    target = create_store(url, OPTIONS)
    apply(target, new(stack("theirs")))
    before, wanted = everything(target), len(everything(open_store(source, OPTIONS)))

    with pytest.raises(Exists, match="stack/theirs"):
        run(source, url)
    assert everything(target) == before

    planned = run(source, url, copying.MERGE, dry=True)
    assert everything(target) == before
    assert [str(changed.key) for changed in planned.changes] == ["component/artifact_store/s3-prod", "stack/prod"]

    assert run(source, url, copying.MERGE).changes == planned.changes
    assert len(everything(target)) == wanted + 1
    assert [c.action for c in run(source, url, copying.MIRROR).changes] == ["removed"]
    assert len(everything(target)) == wanted
    assert run(source, url).changes == ()
    target.close()


def test_a_destination_with_the_defaults_alone_becomes_the_source(source: str, tmp_path: Path) -> None:
    store = open_store(source, OPTIONS)
    wanted = everything(store)
    store.close()
    url = f"sqlite:///{tmp_path}/store.db"
    create_store(url, OPTIONS).close()

    run(source, url)

    copied = open_store(url, OPTIONS)
    assert everything(copied) == wanted
    copied.close()


@pytest.mark.parametrize("dry", [True, False])
def test_an_invalid_source_writes_nothing(source: str, tmp_path: Path, dry: bool) -> None:
    Path(source, "stacks", "broken.yaml").write_text("name: broken\ncomponents: {artifact_store: nowhere}\n")

    with pytest.raises(Invalid):
        run(source, f"sqlite:///{tmp_path}/store.db", dry=dry)
    with pytest.raises(ZenprofileError):
        open_store(f"sqlite:///{tmp_path}/store.db", OPTIONS)


def test_what_names_a_store(tmp_path: Path) -> None:
    profiles = Profiles()
    with pytest.raises(NotFound, match="no profile 'nobody'"):
        copying.find_address(profiles, "nobody", 1)
    with pytest.raises(UsageError):
        copying.find_address(profiles, "git+https://example.com/x/y.git", 1)
    assert copying.find_address(profiles, str(tmp_path), 1).url == str(tmp_path)
    hidden = copying.find_address(profiles, "mysql://u:pass@127.0.0.1/db", 1)
    assert (hidden.url, hidden.options.password) == ("mysql://u@127.0.0.1/db", "pass")


def on_terminal(*words: str, folder: Path) -> str:
    """Run a command whose stderr is a terminal; return what that shows."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "zenprofile", *words]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=slave, check=True, cwd=folder)
    said = os.read(master, 65536).decode() if select.select([master], [], [], 0)[0] else ""
    os.close(slave)
    os.close(master)
    return said


def test_a_terminal_shows_how_far_it_is_and_no_trace_is_left(source: str, tmp_path: Path) -> None:
    said = on_terminal("copy", source, "sqlite:///one.db", folder=tmp_path)
    assert all(part in said for part in ("Read 7 of 7 documents", "Writing 7 documents"))
    assert said.endswith("\r\x1b[K")

    assert on_terminal("-q", "copy", source, "sqlite:///two.db", folder=tmp_path) == ""
    assert "documents" not in on_terminal("copy", source, "sqlite:///three.db", "-o", "json", folder=tmp_path)


def test_the_command(source: str, tmp_path: Path) -> None:
    def zenprofile(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "zenprofile", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    zenprofile("create", "team", "--url", source)
    planned = zenprofile("copy", "team", "sqlite:///copy.db", "--dry-run", "-o", "json")
    assert {change["action"] for change in json.loads(planned.stdout)} == {"added"}
    assert not (tmp_path / "copy.db").exists()

    assert "Copied 7 documents" in zenprofile("copy", "team", "sqlite:///copy.db").stdout
    assert zenprofile("copy", "team", "sqlite:///copy.db").stdout == "Nothing to change.\n"
    wrong = zenprofile("copy", "teem", "sqlite:///copy.db")
    assert (wrong.returncode, "did you mean 'team'" in wrong.stderr) == (1, True)
    assert zenprofile("copy", "team", "x", "--merge", "--mirror").returncode == 2
    zenprofile("copy", "team", "sqlite:///more.db")
    zenprofile("create", "more", "--url", "sqlite:///more.db")
    zenprofile("user", "create", "eve", "--profile", "more")
    said = zenprofile("copy", "team", "more", "--mirror").stdout
    assert said == "Copied 0 of 7 documents, deleted 1; the others were there.\n"
    store = open_store(f"sqlite:///{tmp_path}/copy.db", OPTIONS)
    assert store.snapshot().text(Key("component", "artifact_store", "s3-prod")) == COMMENTED
    store.close()
