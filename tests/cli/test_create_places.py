"""Where `create` begins no profile: each place stays as it was, and the message names the way on."""

import subprocess
from pathlib import Path

import pytest

from zenprofile.machine.profiles import Profiles


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def all_below(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def places(run, tmp_path: Path) -> Path:
    """Make a bare repository with a profile in a folder, a clone of it, a submodule in that, and a plain folder."""
    run("list")
    git(tmp_path, "init", "-q", "checkout")
    work = tmp_path / "checkout"
    run("create", "seed", "--url", str(work / "conf"))
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "stacks")
    git(tmp_path, "clone", "-q", "--bare", "checkout", "team.git")
    git(work, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "team.git"), "sub")
    git(work, "commit", "-q", "-m", "sub")
    git(work, "submodule", "deinit", "-q", "-f", "sub")
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "thesis.tex").write_text("mine")
    return tmp_path


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("team.git", "git+file://{}/team.git"),
        ("team.git/refs/heads", "git+file://{}/team.git"),
        ("checkout/.git", "git+file://{}/checkout/.git"),
        ("plain", "--force"),
        ("checkout/sub", "git submodule update --init sub"),
        ("checkout/sub/below", "git submodule update --init sub"),
        ("checkout/other", "--new"),
        ("git+file://{}/team.git", "#subdirectory=conf"),
        ("git+file://{}/team.git#subdirectory=cnof", "#subdirectory=conf"),
    ],
)
def test_it_is_refused_and_untouched(run, places: Path, url: str, way: str) -> None:
    url = url.format(places) if "{}" in url else str(places / url)
    before = all_below(places)
    done = run("create", "p", "--url", url, fails=1)
    assert way.format(places) in done.err
    assert all_below(places) == before
    assert "p" not in Profiles().names()
    assert not (Path(Profiles().folder) / "clones" / "p").exists()


def test_who_means_it_says_so(run, places: Path) -> None:
    run("create", "one", "--url", str(places / "plain"), "--force")
    assert (places / "plain" / "thesis.tex").read_text() == "mine"
    run("create", "two", "--url", str(places / "checkout" / "other"), "--new")
    run("create", "three", "--url", f"git+file://{places}/team.git#subdirectory=b", "--new")
    run("create", "four", "--url", f"git+file://{places}/team.git#subdirectory=conf")
    assert run("stack list -o name --profile three").out == "stack/default\n"


def test_empty_places_and_working_trees_are_taken(run, places: Path) -> None:
    (places / "empty").mkdir()
    git(places, "init", "-q", "code")
    (places / "code" / "main.py").write_text("")
    for name, url in (("a", "empty"), ("b", "deep/er"), ("c", "code"), ("d", "code2/.zenprofile")):
        run("create", name, "--url", str(places / url))
