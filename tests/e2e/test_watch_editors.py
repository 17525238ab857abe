"""Saves of real editors under the watcher: each is one commit of the text that was saved, and of nothing else."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from machines import PROD, Machine, Team
from terminals import Terminal
from watchers import Watched, commits, setting, until, watching

pytest_plugins = ("teams",)


@pytest.fixture
def watched(team: Team) -> Iterator[Watched]:
    with watching(team.ana) as watcher:
        yield watcher


@pytest.fixture
def patient(team: Team) -> Iterator[Watched]:
    """Give a watcher for which a program that a busy machine holds up for a moment has not yet saved."""
    setting(team.ana, "quiet=3s", "longest=60s")
    with watching(team.ana) as watcher:
        yield watcher


def vim(machine: Machine, path: Path, *settings: str) -> None:
    """Change a word and save; where files under /tmp are saved as elsewhere: by a new file in the old one's place."""
    words = ["vim", "-u", "NONE", "-N", "-c", "set backupskip=", *(w for s in settings for w in ("-c", s)), str(path)]
    terminal = Terminal(machine.home, machine.environment, *words)
    terminal.shows("default")
    terminal.types(":%s/name: prod/name: prod # vim/", "Enter")
    terminal.shows("# vim")
    terminal.types(":wq", "Enter")
    terminal.ended()


def nano(machine: Machine, path: Path) -> None:
    terminal = Terminal(machine.home, machine.environment, "nano", "--ignorercfiles", str(path))
    terminal.shows("default")
    terminal.types("# nano", "Enter")
    terminal.shows("# nano")
    terminal.types("C-o", "Enter")
    terminal.shows("Wrote")
    terminal.types("C-x")
    terminal.ended()


def emacs(machine: Machine, path: Path) -> None:
    terminal = Terminal(machine.home, machine.environment, "emacs", "-nw", "-Q", str(path))
    terminal.shows("default")
    terminal.types("# emacs", "Enter")
    terminal.shows("# emacs")
    terminal.types("C-x", "C-s")
    until(lambda: "# emacs" in path.read_text(), "emacs has saved")
    terminal.types("C-x", "C-c")
    terminal.ended()


def sed(machine: Machine, path: Path) -> None:
    words = ["sed", "-i", "s/name: prod/name: prod # sed/", str(path)]
    subprocess.run(words, cwd=machine.home, check=True)


def vscode(machine: Machine, path: Path) -> None:
    """Save as VS Code does: truncate the file, and write it anew a moment later, through the same descriptor."""
    text = path.read_bytes()
    fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
    time.sleep(0.05)
    os.write(fd, text + b"# code\n")
    os.fsync(fd)
    os.close(fd)


def vscode_atomic(machine: Machine, path: Path) -> None:
    """Save as VS Code with files.saveAtomically: a hidden copy beside it, renamed over it."""
    draft = path.with_name(f".{path.name}.vsctmp")
    draft.write_bytes(path.read_bytes() + b"# code, atomic\n")
    draft.rename(path)


def jetbrains(machine: Machine, path: Path) -> None:
    """Save as JetBrains' safe write: a draft, the old file aside, the draft in its place, the old file away."""
    draft, old = path.with_name(f"{path.name}___jb_tmp___"), path.with_name(f"{path.name}___jb_old___")
    draft.write_bytes(path.read_bytes() + b"# jetbrains\n")
    path.rename(old)
    time.sleep(0.05)
    draft.rename(path)
    old.unlink()


def slowly(machine: Machine, path: Path) -> None:
    """Write a document piece by piece; each piece is one that nobody wanted to save."""
    text = path.read_text() + "# slowly\n"
    with path.open("w") as file:
        for at in range(0, len(text), 12):
            file.write(text[at : at + 12])
            file.flush()
            time.sleep(0.1)


EDITORS: dict[str, Callable[[Machine, Path], None]] = {
    "vim": vim,
    "vim, backupcopy=yes": lambda machine, path: vim(machine, path, "set backupcopy=yes backup"),
    "nano": nano,
    "emacs": emacs,
    "sed -i": sed,
    "VS Code, atomic": vscode_atomic,
}
IN_STEPS: dict[str, Callable[[Machine, Path], None]] = {
    "VS Code": vscode,
    "JetBrains": jetbrains,
    "a slow program": slowly,
}


@pytest.mark.parametrize("editor", EDITORS)
def test_a_save_is_one_commit(watched: Watched, editor: str) -> None:
    _is_one_commit(watched, EDITORS[editor])


@pytest.mark.parametrize("editor", IN_STEPS)
def test_a_save_in_steps_is_one_commit(patient: Watched, editor: str) -> None:
    _is_one_commit(patient, IN_STEPS[editor])


def _is_one_commit(watched: Watched, save: Callable[[Machine, Path], None]) -> None:
    machine, path = watched.machine, watched.machine.folder / PROD.path
    before, text = machine.head, path.read_text()

    save(machine, path)

    watched.told("committed")
    watched.told("pushed")
    saved = path.read_text()
    assert saved != text
    assert machine.git("show", f"HEAD:{PROD.path}") == saved.strip()
    assert commits(machine, before) == 1
    assert machine.git("show", "--name-only", "--format=", "HEAD") == PROD.path
    assert watched.is_in("watching")
    assert [row["event"] for row in watched.lines] == ["committed", "pushed"]


def test_a_folder_that_is_moved_out_and_back_loses_nothing(patient: Watched, tmp_path: Path) -> None:
    machine, before = patient.machine, patient.machine.head
    patient.is_in("watching")
    folder = machine.folder / "users"
    shutil.move(folder, tmp_path / "aside")
    patient.is_in("settling")
    shutil.move(tmp_path / "aside", folder)
    (folder / "ada.yaml").write_text("name: ada\nfull_name: Ada\n")

    patient.told("committed", "ada")
    assert commits(machine, before) == 1
