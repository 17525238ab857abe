"""The corpus of repositories and folders over the commands: nothing runs, nothing is read or written elsewhere."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import corpus
from tests.hostile.repositories import CANARY, CASES, Case, Place, tree_of
from zenprofile.cli.main import main

SECONDS = 30  # until what waits for ever is given up
READS = (
    *("validate", "validate -o json", "component list", "stack list -o yaml", "stack describe default -o json"),
    *("user list", "user list -o json", "team list", "component list --at HEAD", "status", "status -o json", "log"),
    *(
        "log -o json",
        "show HEAD",
        "diff",
        "blame stack/default",
        "fmt --check",
        "secrets check",
        "remote",
        "describe h",
    ),
    *("describe h", "list -o json", "hooks status"),
)
WRITES = (
    *("config sync commit", "user create ada", "commit -m mine", "pull", "push", "user delete ada", "undo", "sync"),
    *("restore stack/default --to HEAD~1", "revert HEAD", "fmt", "resolve stack/default --ours", "status"),
)
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an ordinary profile with two commits, and its remote, which has one more."""
    folder = tmp_path_factory.mktemp("base")
    environment = {
        **os.environ,
        "HOME": str(folder),
        "ZENPROFILE_CONFIG_DIR": str(folder / "config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
    }
    (folder / "gitconfig").write_text(
        "[user]\n\tname = Mallory\n\temail = m@example.com\n[init]\n\tdefaultBranch = main\n"
    )

    def run(*words: str, cwd: Path = folder) -> None:
        subprocess.run(words, cwd=cwd, env=environment, check=True, capture_output=True)

    program = [sys.executable, "-m", "zenprofile"]
    run(*program, "create", "p", "--url", str(folder / "profile"))
    run(*program, "--profile", "p", "user", "create", "bob")
    run("git", "clone", "-q", "--bare", str(folder / "profile"), "remote.git")
    run("git", "clone", "-q", "remote.git", "theirs")
    (folder / "theirs" / "users" / "carol.yaml").write_text("name: carol\n")
    (folder / "theirs" / "README").write_text("read me\n")
    run("git", "add", "-A", cwd=folder / "theirs")
    run("git", "commit", "-q", "-m", "carol", cwd=folder / "theirs")
    run("git", "push", "-q", cwd=folder / "theirs")
    return folder


@pytest.fixture
def place(base: Path, tmp_path: Path) -> Place:
    """Copy the profile; beside it lies a folder that is nobody's business."""
    for name in ("profile", "remote.git"):
        subprocess.run(["cp", "-a", str(base / name), str(tmp_path / name)], check=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("secret.yaml", "eve.yaml"):
        (outside / name).write_text(f"name: {name.removesuffix('.yaml')}\ndescription: {CANARY}\n")
    found = Place(tmp_path / "profile", outside, tmp_path / "marker")
    found.git("config", "user.name", "Mallory")
    found.git("config", "user.email", "m@example.com")
    found.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    return found


class TooLong(BaseException):
    """A command waits."""


def _given_up(*_: object) -> None:
    raise TooLong


@pytest.fixture
def bounded() -> Iterator[None]:
    """Give the test so many bytes more than it has, and end what waits for ever."""
    status = Path("/proc/self/status").read_text()
    data = int(re.search(r"VmData:\s+(\d+)", status).group(1)) * 1024  # type: ignore[union-attr]
    old = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (data + corpus.MEGABYTES * corpus.MEBIBYTE, old[1]))
    handler = signal.signal(signal.SIGALRM, _given_up)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, handler)
    resource.setrlimit(resource.RLIMIT_DATA, old)


def ended(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run a command in this process."""
    capsys.readouterr()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    status = main(line.split())
    signal.setitimer(signal.ITIMER_REAL, 0)
    return status, *capsys.readouterr()


def must_be_clear(line: str, status: int, out: str, err: str) -> None:
    """Hold what a command said against what any command may say."""
    said = out + err
    assert status in {0, 1, 3, 4}, f"{line}: {status} {said}"
    for never in ("Traceback", "mistake in zenprofile", CANARY):
        assert never not in said, f"{line}: {said[-2000:]}"
    assert not UNSAFE.search(said), f"{line}: {UNSAFE.findall(said)[:5]}"
    told = [text for text in err.splitlines() if text.startswith("Error:")]
    if line.startswith("validate -o json"):
        assert json.loads(out)["valid"] == (status == 0) if out else json.loads(err)["message"]
    elif "-o json" in line and status and err:
        assert {"code", "message", "hint"} <= set(json.loads(err)), line
    elif status and not line.startswith(("validate", "fmt", "secrets", "hooks")):
        assert len(told) == 1, f"{line}: {err}"
        assert len(told[0]) > 20
    else:
        assert len(told) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_command_is_taken_in(
    case: Case, place: Place, base: Path, bounded: None, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.chdir(place.profile.parent)
    assert ended(f"create h --url {place.profile}", capsys)[0] == 0
    assert ended(f"create good --url {base / 'profile'}", capsys)[0] == 0
    case.do(place)
    place.marker.unlink(missing_ok=True)
    before = tree_of(place.outside)

    for line in (f"create g --url {place.profile}", *(f"{line} --profile h" for line in READS)):
        status, out, err = ended(line, capsys)
        must_be_clear(line, status, out, err)
        assert not place.marker.exists(), line
        if line.startswith("validate") and case.reads is not None:
            assert status == case.reads, out + err
    for line in WRITES if case.runs else ():
        monkeypatch.setenv("ZENPROFILE_ACTIVE_PROFILE", "h")
        must_be_clear(line, *ended(line, capsys))
        assert not place.marker.exists(), line

    assert tree_of(place.outside) == before
    assert ended("stack list --profile good", capsys)[0] == 0


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len(CASES) + len(corpus.CORPUS) >= 300


def test_the_programs_of_the_corpus_would_run(base: Path, place: Place) -> None:
    """What the cases plant works: git itself starts it."""
    started = []
    for case in CASES:
        if case.name in {"config-core.fsmonitor", "config-include.path", "config-filter.clean", "config-hooks"}:
            subprocess.run(["rm", "-rf", str(place.profile)], check=True)
            subprocess.run(["cp", "-a", str(base / "profile"), str(place.profile)], check=True)
            place.git("config", "user.name", "Mallory")
            place.git("config", "user.email", "m@example.com")
            case.do(place)
            place.marker.unlink(missing_ok=True)
            (place.profile / "users" / "x.yaml").write_text("name: x\n")
            for words in (["status"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
                subprocess.run(["git", *words], cwd=place.profile, capture_output=True, check=False)
            started.append(place.marker.exists())
    assert started == [True] * 4
