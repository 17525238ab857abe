"""What zenprofile makes in a repository that several users share has the permissions that git itself gives."""

import stat
import subprocess
from pathlib import Path

import pytest
from repos import ZENPROFILE, write

from zenprofile.fs import shared
from zenprofile.git.repository import find


def run(folder: Path, *words: str, status: int = 0) -> str:
    """Run a command as a user whose umask keeps everybody else out."""
    program = [str(ZENPROFILE), *words[1:]] if words[0] == "zenprofile" else list(words)
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False, umask=0o077)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def modes(folder: Path) -> dict[str, int]:
    """Return the mode of each file and folder, by path."""
    return {path.relative_to(folder).as_posix(): path.lstat().st_mode for path in folder.rglob("*")}


def set_s3(folder: Path, where: str) -> None:
    text = f"name: s3\ntype: artifact_store\nflavor: s3\nconfiguration:\n  path: s3://{where}\n"
    write(folder, "stacks-of-ours/components/artifact_store/s3.yaml", text)
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-q", "-m", where)


@pytest.fixture(params=["group", "everybody", "0640", "umask"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository that git made to be shared so, with a remote and a commit of git's own."""
    for name, *bare in (("remote.git", "--bare"), ("repo",)):
        run(tmp_path, "git", "init", "-q", f"--shared={request.param}", *bare, name)
    folder = tmp_path / "repo"
    write(folder, "code.py", "print(1)\n")
    run(folder, "git", "add", ".")
    run(folder, "git", "commit", "-q", "-m", "begin")
    run(folder, "git", "remote", "add", "origin", str(tmp_path / "remote.git"))
    run(folder, "git", "push", "-q", "-u", "origin", "main")
    return folder


def test_all_that_is_made_is_as_git_makes_it(repo: Path, tmp_path: Path) -> None:
    before = modes(repo / ".git")
    of_objects = next(mode for path, mode in before.items() if path.startswith("objects/") and path.count("/") == 2)
    of_folders, of_files = before["objects"], before["index"]
    of_hooks = next(mode for path, mode in before.items() if path.startswith("hooks/"))
    run(repo, "zenprofile", "create", "ours", "--url", "stacks-of-ours", "--set")
    run(repo, "zenprofile", "config", "sync", "push")
    run(repo, "zenprofile", "commit")
    run(repo, "zenprofile", "hooks", "install")
    run(repo, "zenprofile", "user", "create", "eve")
    run(tmp_path, "git", "clone", "-q", "remote.git", "other")
    set_s3(tmp_path / "other", "theirs")
    run(tmp_path / "other", "git", "push", "-q")
    set_s3(repo, "ours")
    run(repo, "git", "config", "fetch.unpackLimit", "1")
    run(repo, "zenprofile", "sync", status=3)
    run(repo, "zenprofile", "watch", "pause")

    made = {path: mode for path, mode in modes(repo / ".git").items() if path not in before}

    ours = {path for path in made if path.startswith("zenprofile/")}
    assert {"zenprofile/writing", "zenprofile/lock", "zenprofile/talking", "zenprofile/changes"} <= ours
    assert [path for path in ours if path.startswith("zenprofile/conflicts")]
    assert [path for path in made if path.endswith(".pack")]
    for path, mode in made.items():
        if stat.S_ISDIR(mode):
            assert oct(mode) == oct(of_folders), path
        elif path.startswith("objects/"):
            assert oct(mode) == oct(of_objects), path
        elif path.startswith("hooks/"):
            assert oct(mode) == oct(of_hooks), path
        elif path != "COMMIT_EDITMSG":
            assert oct(mode) == oct(of_files), path


def test_what_was_made_before_it_was_shared_is_opened_as_it_is_written(tmp_path: Path) -> None:
    run(tmp_path, "git", "init", "-q", "repo")
    repo = tmp_path / "repo"
    run(repo, "zenprofile", "create", "ours", "--url", "stacks-of-ours", "--set")
    run(repo, "zenprofile", "config", "sync", "commit")
    run(repo, "zenprofile", "commit")
    assert stat.S_IMODE((repo / ".git/zenprofile/lock").stat().st_mode) == 0o600
    run(repo, "git", "config", "core.sharedRepository", "group")

    run(repo, "zenprofile", "user", "create", "eve")

    for name in ("lock", "writing"):
        assert (repo / ".git/zenprofile" / name).stat().st_mode == (repo / ".git/index").stat().st_mode
    assert oct((repo / ".git/zenprofile").stat().st_mode) == oct(stat.S_IFDIR | stat.S_ISGID | 0o770)


@pytest.mark.parametrize(
    "value", ["", "= ", "= true", "= 1", "= 2", "= 0660", "= 0664", "= false", "= world", "= 0600"]
)
def test_each_way_to_say_it_is_gits(tmp_path: Path, value: str) -> None:
    """The mode of a folder that git makes afterwards is the proof."""
    run(tmp_path, "git", "init", "-q", "repo")
    repo = tmp_path / "repo"
    with (repo / ".git/config").open("a") as file:
        file.write(f"[CORE]\n\tSharedRepository {value}\n")
    run(repo, "git", "commit", "-q", "--allow-empty", "-m", "x")
    folder = next(path for path in (repo / ".git/objects").iterdir() if len(path.name) == 2)
    found = find(repo)
    assert found is not None
    (tmp_path / "ours").mkdir(mode=0o700)

    shared.share(str(tmp_path / "ours"), found.shared_mode)

    assert oct((tmp_path / "ours").stat().st_mode) == oct(folder.stat().st_mode)
