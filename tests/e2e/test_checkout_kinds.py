"""Every kind of checkout, and what one does in it: right, or refused by name; all else stays byte for byte."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from servers import silent_server

from zenprofile.cli.main import main
from zenprofile.machine.profiles import Profiles
from zenprofile.usecases import profiles as usecase

KINDS = ["plain", "folder", "linked", "bare", "submodule", "sparse", "blobless", "shallow"]
ZOE = r"(.*/)?\.zenprofile/users/zoe\.yaml"
# Git's objects, and zenprofile's own files: neither is anybody else's. When the index was looked at is none's, too.
_OWN = re.compile(r"(.*/)?(objects/.*|zenprofile/.*|index)")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


class Place:
    """One checkout on a machine that knows no profile, and the bare repository that it came from."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root, self.top, self.server = root, root / "ml", root / "srv.git"
        self._seed()
        getattr(self, f"_{kind}")()
        self.cwd = self.top / "src" / "deep" if kind == "folder" else self.top
        self.branch = git(self.top, "branch", "--show-current").strip()

    def _seed(self) -> None:
        seed = self.root / "seed"
        git(self.root, "init", "-q", "-b", "main", "seed")
        usecase.create(
            Profiles(str(self.root / "elsewhere")), usecase.CreateOptions("x", str(seed / ".zenprofile")), 30.0
        )
        (seed / "src" / "deep").mkdir(parents=True)
        (seed / "src" / "deep" / "train.py").write_text("print()\n")
        stack = seed / ".zenprofile" / "stacks" / "default.yaml"
        for line in ("description: first\n", ""):
            stack.write_text(stack.read_text().replace("description: first\n", "") + line)
            git(seed, "add", "-A")
            git(seed, "commit", "-q", "-m", line or "base")
        git(seed, "branch", "other")
        git(self.root, "clone", "-q", "--bare", "seed", "srv.git")
        for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            git(self.server, "config", key, "true")

    def _clone(self, *words: str) -> None:
        git(self.root, "clone", "-q", *words, f"file://{self.server}", "ml")

    def _plain(self) -> None:
        self._clone()

    _folder = _plain

    def _linked(self) -> None:
        git(self.root, "clone", "-q", f"file://{self.server}", "main")
        git(self.root / "main", "worktree", "add", "-q", "-b", "feature", str(self.top), "origin/main")

    def _bare(self) -> None:
        bare = self.root / "ml.git"
        git(self.root, "clone", "-q", "--bare", f"file://{self.server}", "ml.git")
        git(bare, "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
        git(bare, "fetch", "-q")
        git(bare, "worktree", "add", "-q", str(self.top), "main")

    def _submodule(self) -> None:
        over = self.root / "super"
        git(self.root, "init", "-q", "super")
        git(over, "-c", "protocol.file.allow=always", "submodule", "-q", "add", f"file://{self.server}", "ml")
        self.top = over / "ml"

    def _sparse(self) -> None:
        self._clone("--no-checkout")
        git(self.top, "sparse-checkout", "set", ".zenprofile")
        git(self.top, "checkout", "-q", "main")
        assert not (self.top / "src").exists()

    def _out(self) -> None:
        self._clone("--no-checkout")
        git(self.top, "sparse-checkout", "set", "src")
        git(self.top, "checkout", "-q", "main")

    def _blobless(self) -> None:
        self._clone("--filter=blob:none")

    def _shallow(self) -> None:
        self._clone("--depth=1")

    def all(self) -> dict[str, bytes]:
        """Return every file below the root, and what the index has beside the profile."""
        paths = (path for path in self.root.rglob("*") if path.is_file() or path.is_symlink())
        found = {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}
        found = {path: content for path, content in found.items() if not _OWN.fullmatch(path)}
        rows = git(self.top, "ls-files", "-s", "-v").splitlines()
        return {**found, "entries": "\n".join(row for row in rows if "\t.zenprofile/" not in row).encode()}


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Give what runs a command in a place and holds that nothing but what is named has changed in all of it."""

    def run(place: Place, line: str, *changes: str, fails: int = 0) -> str:
        monkeypatch.chdir(place.cwd)
        before = place.all()
        capsys.readouterr()
        status = main(line.split())
        out, err = capsys.readouterr()
        assert status == fails, f"{line}: {out}{err}"
        after = place.all()
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        beside = [path for path in sorted(changed) if not any(re.fullmatch(allowed, path) for allowed in changes)]
        assert beside == [], line
        return out + err

    return run


def ref(name: str) -> str:
    """Return a pattern of a ref's file and its log, in whichever git folder."""
    return rf".*/(logs/)?{re.escape(name)}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_in_every_kind_of_checkout(tmp_path: Path, step: Callable[..., str], kind: str) -> None:
    place = Place(tmp_path, kind)
    ours, theirs = ref(f"refs/heads/{place.branch}"), ref(f"refs/remotes/origin/{place.branch}")
    here = [ours, r".*/logs/HEAD"]
    there = [ours, theirs]

    assert "stack/default\n" in step(place, "stack list -o name")
    assert "default" in step(place, "blame stack/default")
    assert step(place, "log").count(": ") >= (1 if kind == "shallow" else 2)
    step(place, "show HEAD")
    step(place, "user create zoe", ZOE)
    assert "6 documents of " in step(place, "validate")
    assert "uncommitted: 1 edited by hand" in step(place, "status")
    step(place, "commit", *here)
    step(place, "propose --branch review/zoe", *map(ref, ("refs/heads/review/zoe", "refs/remotes/origin/review/zoe")))
    assert git(place.server, "rev-parse", "review/zoe") == git(place.top, "rev-parse", "HEAD")
    assert "waiting for review" in step(place, "sync", *there)
    step(place, "push", *there)
    assert git(place.server, "rev-parse", place.branch) == git(place.top, "rev-parse", "HEAD")

    step(place, "undo", ZOE)
    step(place, "commit", *here)
    assert "\nsynced\n" in step(place, "sync", *there)
    assert git(place.top, "status", "--porcelain") == ""
    assert git(place.server, "rev-parse", place.branch) == git(place.top, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    "line", ["user create zoe", "commit", "sync", "propose", "validate", "undo", "status", "stack list"]
)
def test_a_profile_that_a_sparse_checkout_leaves_out(tmp_path: Path, step: Callable[..., str], line: str) -> None:
    said = step(Place(tmp_path, "out"), line, fails=1)
    assert "git sparse-checkout add .zenprofile" in said


def test_the_history_of_a_blobless_clone_without_its_remote(tmp_path: Path, step: Callable[..., str]) -> None:
    place = Place(tmp_path, "blobless")
    place.server.rename(tmp_path / "gone.git")
    assert "this partial clone lacks what is asked for" in step(place, "log", fails=4)
    assert "stack/default\n" in step(place, "stack list -o name")


def test_what_a_blobless_clone_lacks_is_waited_for_as_long_as_one_says(
    tmp_path: Path, step: Callable[..., str]
) -> None:
    place = Place(tmp_path, "blobless")
    with silent_server() as port:
        git(place.top, "remote", "set-url", "origin", f"git://127.0.0.1:{port}/x")
        assert "nothing moved for 0.5 seconds" in step(place, "log --timeout 0.5", r".*/config", fails=4)
