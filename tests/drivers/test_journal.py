"""What the next opening makes of a change that was cut off, at each step of it; in one process, so that it is seen."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.drivers.local import journal
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.store.base import Options
from zenprofile.store.prepare import revision_of
from zenprofile.store.registry import create_store

BOB, EVE, DEFAULT = Key("user", "", "bob"), Key("user", "", "eve"), Key("user", "", "default")


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def documents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "users").iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "profile"
    store = create_store(str(place), Options())
    store.apply(Change((Edit(BOB, None, "name: bob\n"),)))
    store.close()
    return place


def cut_off(folder: Path, step: str, mode: str = "commit") -> None:
    """Change three documents, and kill the process where a step begins."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    store = DRIVER.open(str(folder), Options(mode=mode))
    old = store.snapshot().text(DEFAULT) or ""
    edits = (
        Edit(EVE, None, "name: eve\n"),
        Edit(BOB, revision_of(BOB, "name: bob\n"), None),
        Edit(DEFAULT, revision_of(DEFAULT, old), old + "description: new\n"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, step, killed)
        patch.setattr(journal, "roll_back", killed)
        patch.setattr(journal, "discard", killed)
        with pytest.raises(Killed):
            store.apply(Change(edits))
    store.close()


@pytest.mark.parametrize("step", ["_write_files", "update_ref"])
def test_before_the_branch_moved_all_goes_back(folder: Path, step: str) -> None:
    before, head = documents(folder), git(folder, "rev-parse", "HEAD")
    cut_off(folder, step)
    assert step == "_write_files" or documents(folder) != before

    DRIVER.open(str(folder), Options()).close()

    assert (documents(folder), git(folder, "rev-parse", "HEAD")) == (before, head)
    assert git(folder, "status", "--porcelain") == ""
    assert not (folder / ".git" / "zenprofile" / journal.JOURNAL).exists()


def test_behind_the_branch_all_stays(folder: Path) -> None:
    head = git(folder, "rev-parse", "HEAD")
    cut_off(folder, "archive")

    DRIVER.open(str(folder), Options()).close()

    assert set(documents(folder)) == {"default.yaml", "eve.yaml"}
    assert git(folder, "rev-parse", "HEAD~1") == head
    assert git(folder, "status", "--porcelain") == ""
    assert list((folder / ".git" / "zenprofile" / journal.CHANGES).glob("*.json"))


def test_what_the_user_has_committed_meanwhile_is_completed(folder: Path) -> None:
    cut_off(folder, "update_ref")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-a", "-m", "mine")

    DRIVER.open(str(folder), Options()).close()

    assert set(documents(folder)) == {"default.yaml", "eve.yaml"}
    assert git(folder, "log", "-1", "--format=%s").strip() == "mine"
    assert git(folder, "status", "--porcelain") == ""


def test_what_was_to_stay_an_edit_is_completed(folder: Path) -> None:
    cut_off(folder, "_write_files", mode="manual")

    DRIVER.open(str(folder), Options(mode="manual")).close()

    assert set(documents(folder)) == {"default.yaml", "eve.yaml"}
    assert b"description: new" in documents(folder)["default.yaml"]


def test_an_edit_made_meanwhile_stays(folder: Path) -> None:
    cut_off(folder, "update_ref")
    (folder / "users" / "default.yaml").write_text("name: default\ndescription: mine\n")

    DRIVER.open(str(folder), Options()).close()

    assert documents(folder)["default.yaml"] == b"name: default\ndescription: mine\n"
    assert set(documents(folder)) == {"default.yaml", "bob.yaml"}


def test_locks_of_the_killed_git_are_freed(folder: Path) -> None:
    cut_off(folder, "update_ref")
    for name in ("index.lock", "HEAD.lock", "refs/heads/main.lock"):
        (folder / ".git" / name).touch()

    DRIVER.open(str(folder), Options()).close()

    assert not list((folder / ".git").rglob("*.lock"))
    assert git(folder, "status", "--porcelain") == ""


def change_while(folder: Path, monkeypatch: pytest.MonkeyPatch, *, moved: bool) -> None:
    """Register a user; a person interrupts while git moves the branch, before or after it has done so."""
    set_ref = journal.update_ref

    def interrupted(*arguments: Any) -> None:
        if moved:
            set_ref(*arguments)
        (folder / ".git" / "refs" / "heads" / "main.lock").touch()  # a git that is killed frees nothing
        raise KeyboardInterrupt

    store = DRIVER.open(str(folder), Options())
    with monkeypatch.context() as patch:
        patch.setattr(journal, "update_ref", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.apply(Change((Edit(EVE, None, "name: eve\n"),)))
    store.close()


@pytest.mark.parametrize("moved", [False, True])
def test_an_interrupt_while_the_branch_moves_leaves_all_old_or_all_new(
    folder: Path, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    change_while(folder, monkeypatch, moved=moved)

    assert ("eve.yaml" in documents(folder)) is moved
    assert git(folder, "ls-files", "users/eve.yaml").strip() == ("users/eve.yaml" if moved else "")
    assert git(folder, "status", "--porcelain") == ""
    assert not list((folder / ".git").rglob("*.lock"))
    assert not (folder / ".git" / "zenprofile" / journal.JOURNAL).exists()
