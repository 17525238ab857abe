"""The brake on guessing: files that several servers share, bounded, and never in the way of a right token."""

import os
import time
from pathlib import Path

import pytest

from zenprofile.server import rate_limit
from zenprofile.server.rate_limit import RateLimiter


def test_it_counts_within_a_minute(tmp_path: Path) -> None:
    one, other = RateLimiter(str(tmp_path / "w")), RateLimiter(str(tmp_path / "w"))
    for number in range(rate_limit.TRIES):
        assert one.wait("10.0.0.1") == other.wait("10.0.0.1") == 0
        (one, other)[number % 2].note_wrong_token("10.0.0.1")

    assert 0 < one.wait("10.0.0.1") <= 60
    assert 0 < other.wait("10.0.0.1") <= 60
    assert other.wait("10.0.0.2") == 0
    (file,) = (tmp_path / "w").iterdir()
    assert (file.stat().st_mode & 0o777, b"10.0.0.1" in file.read_bytes()) == (0o600, False)

    long_ago = time.time() - 61
    file.write_text(f"{long_ago}\n" * rate_limit.TRIES)
    assert one.wait("10.0.0.1") == 0
    one.note_wrong_token("10.0.0.1")
    assert file.read_text().count("\n") == 1


@pytest.mark.parametrize("content", [b"\xff\n" * 20, b"x" * 10_000, b""])
def test_a_damaged_file_counts_as_nothing(tmp_path: Path, content: bytes) -> None:
    found = RateLimiter(str(tmp_path))
    found.note_wrong_token("a")
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)

    assert found.wait("a") == 0
    found.note_wrong_token("a")
    assert len(file.read_bytes()) < 30


def test_a_folder_that_cannot_be_made_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = RateLimiter(str(tmp_path / "file" / "w"))

    found.note_wrong_token("a")

    assert found.wait("a") == 0


def test_the_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "_ADDRESSES", 5)
    found = RateLimiter(str(tmp_path))
    for number in range(20):
        found.note_wrong_token(str(number))
    assert len(list(tmp_path.iterdir())) == 5

    for file in tmp_path.iterdir():
        os.utime(file, (0, 0))
    found.note_wrong_token("new")
    assert len(list(tmp_path.iterdir())) == 1
