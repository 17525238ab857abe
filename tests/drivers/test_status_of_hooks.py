"""What `status` says of hooks: it looks where git looks."""

import subprocess
from pathlib import Path

import pytest

from zenprofile.drivers.local.driver import DRIVER
from zenprofile.drivers.local.store import LocalStore
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store

EVENTS = ("pre-commit", "pre-merge-commit", "pre-push")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_store(str(tmp_path / "profile"), Options()).close()
    return tmp_path / "profile"


def config(folder: Path, *words: str) -> None:
    subprocess.run(["git", "config", *words], cwd=folder, check=True)


def fill(folder: Path, *events: str, line: str = 'zenprofile hook "$@"') -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for event in events:
        (folder / event).write_text(f"#!/bin/sh\n{line}\n")


def hooks(folder: Path) -> str:
    store = DRIVER.open(str(folder), Options())
    assert isinstance(store, LocalStore)
    try:
        return store.sharing().state().hooks
    finally:
        store.close()


def test_in_the_usual_place(folder: Path) -> None:
    assert hooks(folder) == "missing"
    fill(folder / ".git" / "hooks", "pre-commit")
    assert hooks(folder) == "partly"
    fill(folder / ".git" / "hooks", *EVENTS)
    assert hooks(folder) == "installed"


@pytest.mark.parametrize("scope", ["--local", "--global"])
def test_in_the_place_that_is_set(folder: Path, tmp_path: Path, scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("HOME", str(tmp_path))
    fill(folder / ".git" / "hooks", *EVENTS)

    config(folder, scope, "core.hooksPath", "~/hooks")
    assert hooks(folder) == "missing"
    fill(tmp_path / "hooks", *EVENTS)
    assert hooks(folder) == "installed"
    config(folder, scope, "core.hooksPath", "")
    assert hooks(folder) == "missing"


def test_under_husky(folder: Path) -> None:
    config(folder, "core.hooksPath", ".husky/_")
    fill(folder / ".husky" / "_", *EVENTS, line='. "$(dirname "$0")/h"')
    assert hooks(folder) == "missing"
    fill(folder / ".husky", *EVENTS)
    assert hooks(folder) == "installed"
