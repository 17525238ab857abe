"""A stranger's schema and source through the commands: refused before it is kept, bounded where it is held against."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hostile.repositories import _SCHEMAS, Case, Place
from tests.hostile.test_repositories import must_be_clear


def schema_of(case: Case, folder: Path) -> Path:
    """Write a case's schema into a file of its own."""
    case.do(Place(folder, folder, folder / "marker"))
    flavor = yaml.safe_load((folder / "flavors/alerter/evil.yaml").read_text())
    path = folder / "schema.yaml"
    path.write_text(yaml.safe_dump(flavor["schema"]))
    return path


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """Note every connection that is tried."""
    tried: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: tried.append(address))
    return lambda: tried


@pytest.mark.parametrize("case", [case for case in _SCHEMAS if case.reads == 1], ids=lambda case: case.name)
def test_a_hostile_schema_is_not_registered(run, folder: Path, tmp_path: Path, case: Case, listening) -> None:
    (tmp_path / "theirs").mkdir()
    path = schema_of(case, tmp_path / "theirs")
    backtracks = case.name in {"schema-pattern-backtracks"}  # in linear time it is a pattern like any other

    done = run(f"flavor register evil --type alerter --schema {path}", fails=0 if backtracks else 1)

    must_be_clear("flavor register", 0 if backtracks else 1, done.out, done.err)
    assert (folder / "flavors" / "alerter" / "evil.yaml").exists() == backtracks
    assert listening() == []


def test_a_source_is_text(run, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "marker"
    (tmp_path / "evil_source.py").write_text(f"open({str(marker)!r}, 'w')\nclass Flavor: pass\n")
    monkeypatch.syspath_prepend(tmp_path)

    run("flavor register evil --type alerter --source evil_source.Flavor")
    run("component register x --type alerter --flavor evil --set a=1")
    for line in ("flavor list", "flavor describe evil", "component describe x", "validate", "fmt", "stack list", "log"):
        run(line)

    assert not marker.exists()
    assert "evil_source" not in sys.modules


@pytest.mark.parametrize("at", ["/dev/zero", "/dev/full", "/proc/self/environ", "folder", "none", "link"])
def test_a_schema_file_that_is_none_is_refused(run, folder: Path, tmp_path: Path, at: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("link")

    done = run(f"flavor register evil --type alerter --schema {tmp_path / at}", fails=1)

    must_be_clear("flavor register", 1, done.out, done.err)
    assert not (folder / "flavors").exists()
