"""How many git processes a command starts: exact, where its time is not (docs/performance.md)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zenprofile.cli.main import main
from zenprofile.machine.profiles import Profile, Profiles


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return what runs a command line and tells the git commands that it started."""
    real, log, bin_ = shutil.which("git"), tmp_path / "log", tmp_path / "bin"
    assert real is not None
    bin_.mkdir()
    shim = bin_ / "git"
    shim.write_text(
        f"#!{sys.executable}\nimport os, sys\nwords = sys.argv[1:]\nwhile words[0] == '-c':\n    words = words[2:]\n"
        f"open({str(log)!r}, 'a').write(words[0] + '\\n')\nos.execv({real!r}, ['git', *sys.argv[1:]])\n"
    )
    shim.chmod(0o755)

    def run(words: str) -> list[str]:
        with monkeypatch.context() as patch:
            patch.setenv("PATH", str(bin_), prepend=":")
            log.write_text("")
            assert main(words.split()) == 0
        return sorted(log.read_text().split())

    return run


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "team"
    assert main(["create", "team", "--url", str(folder)]) == 0
    assert main(["set", "team"]) == 0
    assert main(["user", "list"]) == 0
    return folder


@pytest.mark.parametrize(
    "words",
    [
        "stack list",
        "stack list -o json",
        "component list",
        "stack describe default",
        "component describe default --type artifact_store",
        "describe",
        "validate",
        "list",
        "get",
        "flavor list",
    ],
)
def test_a_read_starts_none(started, profile: Path, words: str) -> None:
    assert started(words) == []


@pytest.mark.parametrize(
    "words",
    [
        "component register s3 --type artifact_store --flavor s3 --set path=s3://bucket",
        "stack update default --description ours",
        "user create ada",
        "stack copy default second",
    ],
)
def test_a_write_with_its_commit_starts_three(started, profile: Path, words: str) -> None:
    assert started(words) == ["config", "update-index", "update-ref"]


def test_a_write_without_a_commit_starts_none(started, profile: Path) -> None:
    assert main(["config", "sync", "manual"]) == 0
    assert started("user create ada") == []


def test_status_starts_two(started, profile: Path) -> None:
    subprocess.run(["git", "clone", "-q", "--bare", str(profile), str(profile.parent / "bare")], check=True)
    assert main(["remote", "set", str(profile.parent / "bare")]) == 0
    assert main(["push"]) == 0
    assert started("status") == ["config", "status"]


@pytest.mark.parametrize(
    ("words", "git"),
    [
        ("log -n 3", ["log"]),
        ("show HEAD", ["log"]),
        ("show HEAD^0", ["log", "rev-parse"]),
        ("blame stack/default", ["log"]),
        ("stack list --at HEAD", []),
    ],
)
def test_history_is_one_walk(started, profile: Path, words: str, git: list[str]) -> None:
    assert started(words) == git
    subprocess.run(["git", "gc", "-q", "--prune=now"], cwd=profile, check=True)
    assert started(words) == sorted([*git, "cat-file"])


def test_pull_and_push_talk_once(started, profile: Path) -> None:
    subprocess.run(["git", "clone", "-q", "--bare", str(profile), str(profile.parent / "bare")], check=True)
    assert main(["remote", "set", str(profile.parent / "bare")]) == 0
    assert main(["pull"]) == 0
    assert main(["user", "create", "ada"]) == 0
    assert started("push") == ["config", "push"]
    assert started("pull") == ["config", "fetch"]
    # Of what another branch of the remote may have, git tells which commits are only here.
    subprocess.run(["git", "push", "-q", "origin", "HEAD:refs/heads/side"], cwd=profile, check=True)
    assert main(["user", "create", "eve"]) == 0
    assert started("push") == ["config", "log", "push"]


def test_a_push_of_a_clone_reads_its_pack_by_one_more(started, profile: Path) -> None:
    subprocess.run(["git", "clone", "-q", "--bare", str(profile), str(profile.parent / "bare")], check=True)
    assert main(["remote", "set", str(profile.parent / "bare")]) == 0
    assert main(["pull"]) == 0
    subprocess.run(["git", "gc", "-q"], cwd=profile, check=True)
    assert main(["user", "create", "ada"]) == 0
    assert started("push") == ["cat-file", "config", "push"]


def test_a_local_profile_of_nobody_is_not_asked(started, tmp_path: Path) -> None:
    with Profiles().edit() as state:
        state.put(Profile("gone", str(tmp_path / "gone"), "local"))
    assert started("list") == []


def test_a_merge_asks_git_once_how_the_sides_stand(started, profile: Path) -> None:
    bare, other = profile.parent / "bare", profile.parent / "other"
    subprocess.run(["git", "clone", "-q", "--bare", str(profile), str(bare)], check=True)
    subprocess.run(["git", "clone", "-q", str(bare), str(other)], check=True)
    assert main(["remote", "set", str(bare)]) == 0
    assert main(["sync"]) == 0
    for number in range(2):  # the second time with a merge behind it
        (other / f"users/eve{number}.yaml").write_text(f"name: eve{number}\n")
        for words in (["pull", "-q"], ["add", "."], ["commit", "-qm", "eve"], ["push", "-q"]):
            subprocess.run(["git", *words], cwd=other, check=True)
        assert main(["user", "create", f"ada{number}"]) == 0
        if number:
            subprocess.run(["git", "gc", "-q", "--prune=now"], cwd=profile, check=True)
        merge = ["config", "fetch", "merge-base", "cat-file", "update-index", "update-ref"]
        assert started("sync") == sorted([*merge, "rev-list", "log", "push"])
