"""Repositories with a profile in a folder, and git as a person runs it."""

import os
import subprocess
import sys
from pathlib import Path

ZENPROFILE = Path(sys.executable).with_name("zenprofile")
GOOD = "name: gpu\ntype: orchestrator\nflavor: kubernetes\nconfiguration:\n  kubernetes_namespace: ml\n"
STACK = "name: prod\ncomponents:\n  orchestrator: default\n  artifact_store: default\n"
WRONG = "name: wrong\ncomponents:\n  orchestrator: nowhere\n"


def git(folder: Path, *words: str, fails: bool | None = False, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run git, which must succeed (or fail, where that is expected; None: either)."""
    done = subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **extra}
    )
    assert fails in (None, done.returncode != 0), f"git {' '.join(words)}: {done.stdout}{done.stderr}"
    return done


def zenprofile(folder: Path, *words: str, status: int = 0, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the command itself."""
    done = subprocess.run(
        [ZENPROFILE, *words], cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **extra}
    )
    assert done.returncode == status, f"zenprofile {' '.join(words)}: {done.stdout}{done.stderr}"
    return done


def write(folder: Path, path: str, text: str) -> Path:
    """Write a file, and the folders above it."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def repository(folder: Path, name: str = "team") -> Path:
    """Make a repository about something else with a profile in ``.zenprofile``, all committed."""
    folder.mkdir()
    git(folder, "init", "-q")
    write(folder, "code.py", "print(1)\n")
    zenprofile(folder, "create", name, "--url", ".zenprofile")
    zenprofile(folder, "set", name)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "begin")
    return folder


def head(folder: Path) -> str:
    """Return the commit of HEAD."""
    return git(folder, "rev-parse", "HEAD").stdout.strip()


def tree(folder: Path, *leave: str) -> dict[str, tuple[int, bytes]]:
    """Return mode and bytes of every file below a folder, by path; without those whose path begins as named."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_mode, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).as_posix().startswith(leave or ("\0",))
    }
