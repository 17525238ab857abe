"""Machines for tests of sharing: homes of their own, a bare repository that all reach, commands as real processes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from zenprofile.core.document import writer
from zenprofile.core.entity import Data, Key

GIT_CONFIGURATION = """\
[user]
\tname = {name}
\temail = {name}@example.com
[init]
\tdefaultBranch = main
[protocol "file"]
\tallow = always
"""
S3 = Key("component", "artifact_store", "s3")
PROD = Key("stack", "", "prod")


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)


class Machine(NamedTuple):
    """One person's machine.

    Attributes:
        home: its home.
        top: the work tree's top.
        folder: the profile's folder in it.
    """

    home: Path
    top: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process there."""
        kept = {
            name: os.environ[name] for name in ("PATH", "GIT_CEILING_DIRECTORIES", "LC_ALL", "TZ") if name in os.environ
        }
        return {
            **kept, "HOME": str(self.home), "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "COLUMNS": "80",
            "ZENPROFILE_CONFIG_DIR": str(self.home / "zenprofile"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }  # fmt: skip

    def run(self, line: str, *arguments: str, fails: int | None = 0, **variables: str) -> Done:
        """Run a command line; it has to end with a status (None: any)."""
        words = [sys.executable, "-m", "zenprofile", *line.split(), *arguments]
        environment = {**self.environment, **variables}
        done = subprocess.run(words, cwd=self.home, env=environment, capture_output=True, text=True, check=False)
        assert fails in (None, done.returncode), f"{line} {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def git(self, *words: str, fails: bool = False) -> str:
        """Run git by hand, as a person does."""
        done = subprocess.run(
            ["git", *words], cwd=self.top, env=self.environment, capture_output=True, text=True, check=False
        )
        assert fails or not done.returncode, f"git {words}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def write(self, key: Key | str, content: Data | str | None) -> Path:
        """Write a document (or a file below the profile) by hand; None deletes it."""
        path = self.folder / (key if isinstance(key, str) else key.path)
        if content is None:
            path.unlink()
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else writer.write(key.kind, content)  # type: ignore[union-attr]
        path.write_text(text, encoding="utf-8", newline="")
        return path

    def read(self, key: Key | str) -> str:
        """Return a file's content below the profile."""
        return (self.folder / (key if isinstance(key, str) else key.path)).read_bytes().decode()

    def commit(self, *contents: tuple[Key | str, Data | str | None], message: str = "by hand") -> str:
        """Write documents and commit everything by hand; return the commit."""
        for key, content in contents:
            self.write(key, content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.head

    @property
    def head(self) -> str:
        """The commit of HEAD."""
        return self.git("rev-parse", "HEAD")

    @property
    def remote_head(self) -> str:
        """The commit that the remote really has."""
        return self.git("ls-remote", "origin", "refs/heads/main").partition("\t")[0]

    def is_clean(self) -> bool:
        """Say whether nothing is left: no edits, no merge, no locks, nothing half done, and git finds nothing wrong."""
        git = Path(self.git("rev-parse", "--absolute-git-dir"))
        left = [p for p in git.rglob("*") if p.name in {"MERGE_HEAD", "journal"} or p.suffix == ".lock"]
        self.git("fsck", "--strict")
        return not left and not self.git("status", "--porcelain")


def store(name: str, configuration: Data, **more: Any) -> Data:
    """Return the data of an artifact store on S3."""
    return {"name": name, "type": "artifact_store", "flavor": "s3", "configuration": configuration, **more}


def stack(name: str, **components: Any) -> Data:
    """Return the data of a stack."""
    return {"name": name, "components": {"orchestrator": "default", "artifact_store": "default", **components}}


def new_machine(folder: Path, name: str) -> Path:
    """Make an empty home."""
    home = folder / name
    home.mkdir(parents=True)
    (home / ".gitconfig").write_text(GIT_CONFIGURATION.format(name=name), encoding="utf-8")
    return home


def cloned(folder: Path, name: str, url: str) -> Machine:
    """Make a machine whose profile ``team`` is a clone that zenprofile makes."""
    home = new_machine(folder, name)
    made = home / "zenprofile" / "clones" / "team"
    machine = Machine(home, made, made)
    machine.run("create team --url", url)
    machine.run("set team")
    return machine


def brought(folder: Path, name: str, bare: Path, below: str = "", mode: str = "commit") -> Machine:
    """Make a machine whose profile ``team`` lies in a work tree that the user cloned."""
    home = new_machine(folder, name)
    top = home / "work"
    subprocess.run(
        ["git", "clone", "-q", str(bare), str(top)],
        env=Machine(home, home, home).environment,
        check=True,
        capture_output=True,
    )
    machine = Machine(home, top, top / below)
    machine.run("create team --url", str(machine.folder))
    machine.run("set team")
    machine.run("config sync", mode)
    return machine


def make_bare(path: Path) -> Path:
    """Make an empty bare repository whose HEAD is ``main``."""
    path.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main"], cwd=path, check=True)
    return path


def moved(template: Path, target: Path) -> Path:
    """Copy a folder of machines; where settings name the folder, they name the copy."""
    shutil.copytree(template, target, symlinks=True)
    for path in (*target.glob("*/zenprofile/*.json"), *target.rglob(".git/config"), *target.glob("*.git/config")):
        text = path.read_text("utf-8")
        path.write_text(text.replace(str(template), str(target)), "utf-8")
    return target


class Team(NamedTuple):
    """A bare repository, and two machines that share a profile through it."""

    root: Path
    bare: Path
    ana: Machine
    ben: Machine
