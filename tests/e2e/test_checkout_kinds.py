"""Every kind of checkout, and what one does in it: right, with other files and branches byte for byte as before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from machines import GIT_CONFIGURATION

KINDS = ["plain", "folder", "linked", "bare", "submodule", "blobless", "shallow"]


class Place:
    """One checkout on a machine that knows no profile, and the bare repository that it came from."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root, self.top = root, root / "ml"
        (root / "home").mkdir()
        (root / "home" / ".gitconfig").write_text(GIT_CONFIGURATION.format(name="ana"))
        self.cwd = root
        self._seed()
        getattr(self, f"_{kind}")()
        self.cwd = self.top / "src" / "deep" if kind == "folder" else self.top

    def run(self, *words: str, fails: int = 0) -> str:
        return self._process(sys.executable, "-m", "zenprofile", *words, fails=fails)

    def git(self, *words: str) -> str:
        return self._process("git", *words)

    def _process(self, *words: str, fails: int = 0) -> str:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        done = subprocess.run(words, cwd=self.cwd, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == fails, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def _seed(self) -> None:
        self.git("init", "-q", "seed")
        self.cwd = self.root / "seed"
        self.run("create", "seed", "--url", ".zenprofile")
        (self.cwd / "src" / "deep").mkdir(parents=True)
        (self.cwd / "src" / "deep" / "train.py").write_text("print()\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "base")
        self.git("branch", "other")
        self.cwd = self.root
        self.git("clone", "-q", "--bare", "seed", "srv.git")
        for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            self.git("-C", "srv.git", "config", key, "true")
        (self.root / "home" / ".config" / "zenprofile" / "profiles.json").unlink()

    @property
    def url(self) -> str:
        return f"file://{self.root}/srv.git"

    def _plain(self) -> None:
        self.git("clone", "-q", self.url, "ml")

    _folder = _plain

    def _linked(self) -> None:
        self.git("clone", "-q", self.url, "main")
        self.git("-C", "main", "worktree", "add", "-q", "-b", "feature", str(self.top), "origin/main")

    def _bare(self) -> None:
        self.git("clone", "-q", "--bare", self.url, "ml.git")
        self.git("-C", "ml.git", "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
        self.git("-C", "ml.git", "fetch", "-q")
        self.git("-C", "ml.git", "worktree", "add", "-q", str(self.top), "main")

    def _submodule(self) -> None:
        self.git("init", "-q", "super")
        self.git("-C", "super", "submodule", "add", "-q", self.url, "ml")
        self.top = self.root / "super" / "ml"

    def _blobless(self) -> None:
        self.git("clone", "-q", "--filter=blob:none", self.url, "ml")

    def _shallow(self) -> None:
        self.git("clone", "-q", "--depth=1", self.url, "ml")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_in_every_kind_of_checkout(tmp_path: Path, kind: str) -> None:
    place = Place(tmp_path, kind)
    other = place.git("-C", str(tmp_path / "srv.git"), "rev-parse", "other")
    assert place.run("stack", "list", "-o", "name") == "stack/default\n"
    place.run("user", "create", "zoe")
    assert "?? " in place.git("status", "--porcelain")
    place.run("validate")
    place.run("commit")
    branch = place.git("branch", "--show-current").strip()

    place.run("propose", "--branch", "review/zoe")
    assert place.git("rev-parse", "HEAD") == place.git("-C", str(tmp_path / "srv.git"), "rev-parse", "review/zoe")
    place.run("push")
    place.run("sync")
    assert place.git("rev-parse", "HEAD") == place.git("-C", str(tmp_path / "srv.git"), "rev-parse", branch)

    place.run("undo")
    assert place.git("diff", "--name-only", "HEAD") == ".zenprofile/users/zoe.yaml\n"
    place.run("commit")
    place.run("sync")
    assert place.git("status", "--porcelain") == ""
    assert place.git("-C", str(tmp_path / "srv.git"), "rev-parse", "other") == other
    assert (place.top / "src" / "deep" / "train.py").read_text() == "print()\n"
