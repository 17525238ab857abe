"""Files of a work tree: nothing outside it, nothing but plain files, errors in a person's words."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zenprofile.errors import Invalid, StoreBroken, Unsafe
from zenprofile.fs import atomic, nofollow


@pytest.mark.parametrize(
    "path", ["../x", "a/../x", "/x", "a//x", "./x", "x/", ".git/x", "a/.GIT/x", "git~1/x", ".git./x", ".git /x", ".."]
)
def test_a_path_that_leads_out_is_refused_by_every_door(tmp_path: Path, path: str) -> None:
    (tmp_path / "top").mkdir()

    assert not nofollow.is_inside(path)
    for door in (
        lambda: atomic.stage_all(tmp_path / "top", [(path, b"x")]),
        lambda: atomic.publish(tmp_path / "top", path),
        lambda: atomic.publish_over(tmp_path / "top", path, None),
        lambda: atomic.remove(tmp_path / "top", path),
        lambda: atomic.unstage(tmp_path / "top", path),
    ):
        with pytest.raises(Unsafe, match="leads out"):
            door()
    assert [p.name for p in tmp_path.rglob("*")] == ["top"]


def test_what_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "inner").symlink_to(tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * (nofollow.MAX_BYTES + 1))

    for path in ("folder", "link", "inner/x", "link/x", "pipe", "large"):
        with pytest.raises(Invalid):
            nofollow.read(tmp_path, path)
    assert nofollow.read(tmp_path, "none") is None
    assert nofollow.read(tmp_path, "none/none") is None


def test_a_file_is_written_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    atomic.stage_all(tmp_path, [("a/b", b"one")])
    atomic.publish(tmp_path, "a/b")
    (tmp_path / "a/b").chmod(0o640)
    atomic.stage_all(tmp_path, [("a/b", b"two")])
    assert (tmp_path / "a/b").read_bytes() == b"one"
    atomic.publish(tmp_path, "a/b")

    assert (tmp_path / "a/b").read_bytes() == b"two"
    assert (tmp_path / "a/b").stat().st_mode & 0o777 == 0o640
    atomic.stage_all(tmp_path, [("a/b", b"three")])
    atomic.unstage(tmp_path, "a/b")
    atomic.unstage(tmp_path, "none/b")
    atomic.remove(tmp_path, "none/b")
    atomic.remove(tmp_path, "a/b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "", "{", "\xff"])
def test_a_record_that_is_none_is_a_plain_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "record").write_bytes(text.encode("latin-1"))

    with pytest.raises(ValueError, match=r"."):
        nofollow.read_json(tmp_path / "record")
    (tmp_path / "record").write_text("[1, 2]")
    assert nofollow.read_json(tmp_path / "record", 6) == [1, 2]
    with pytest.raises(ValueError, match="too long"):
        nofollow.read_json(tmp_path / "record", 5)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "x"), "no space is left"),
        (OSError(errno.EDQUOT, "x"), "quota"),
        (OSError(errno.EROFS, "x"), "read-only"),
        (OSError(errno.EIO, "input or output"), "input or output"),
        (OSError("odd"), "odd"),
        (PermissionError(errno.EACCES, "x"), "no permission"),
        (NotADirectoryError(errno.ENOTDIR, "x", "users"), "users is a link or a file"),
        (NotADirectoryError(errno.ENOTDIR, "x", "/store/users"), "^/store/users is a link or a file"),
    ],
)
def test_a_failed_write_says_why(error: OSError, words: str, tmp_path: Path) -> None:
    with pytest.raises(StoreBroken, match=words):
        atomic.raise_write_error(error, tmp_path)


def test_a_file_is_put_over_what_is_expected_alone(tmp_path: Path) -> None:
    atomic.stage_all(tmp_path, [("a/b", b"new"), ("a/c", b"new"), ("d/b", b"new")])
    (tmp_path / "a/c").write_bytes(b"somebody else's")

    assert atomic.publish_over(tmp_path, "a/b", None)
    assert not atomic.publish_over(tmp_path, "a/c", None)
    assert atomic.publish_over(tmp_path, "d/b", None)

    assert (tmp_path / "a/b").read_bytes() == (tmp_path / "d/b").read_bytes() == b"new"
    assert (tmp_path / "a/c").read_bytes() == b"somebody else's"
    atomic.unstage(tmp_path, "a/c")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "b", "c", "d"]


def test_two_processes_that_replace_a_file_at_once_do_not_meet(tmp_path: Path) -> None:
    """With one name for both drafts, the slower one's rename finds none: a `pull` that has succeeded says it failed."""
    code = "import sys; from zenprofile.fs import atomic\nfor n in range(300): atomic.replace(sys.argv[1], b'x' * n)"
    target = tmp_path / "new" / "record.json"
    started = [subprocess.Popen([sys.executable, "-c", code, str(target)]) for _ in range(4)]

    assert [process.wait() for process in started] == [0] * 4
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert target.read_bytes() == b"x" * 299


def test_a_replaced_file_keeps_its_mode_and_what_killed_processes_left_goes(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    target.chmod(0o640)
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tmp_path / f".zp-tmp-a.{gone.pid}.0").touch()

    atomic.replace(target, b"new")
    atomic.replace(target, b"newer", exclusive=True)

    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"new", 0o640)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
