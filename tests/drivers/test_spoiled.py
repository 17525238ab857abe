"""Documents that are no text at all can be taken away and replaced, whole or not at all, as any other."""

import subprocess
from pathlib import Path

import pytest

from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.drivers.local import journal
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.errors import Invalid, Stale
from zenprofile.fs import nofollow
from zenprofile.git import index
from zenprofile.store.base import Options
from zenprofile.store.prepare import revision_of, stored
from zenprofile.store.registry import create_store
from zenprofile.usecases import entities

EVE = Key("user", "", "eve")
SPOILED = {
    "not-utf8": b"name: eve\n# \xff\xfe\x80\n",
    "byte-order-mark": b"\xef\xbb\xbfname: eve\n",
    "too-large": b"name: eve\n# " + b"\xe9" * (2 * nofollow.MAX_BYTES) + b"\n",
    "nul": b"name: eve\0\n",
    "unreadable": b"name: [\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_store(str(tmp_path / "profile"), Options()).close()
    return tmp_path / "profile"


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def spoil(folder: Path, content: bytes, *, commit: bool) -> Path:
    file = folder / EVE.path
    file.write_bytes(content)
    if commit:
        git(folder, "add", "-A")
        git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "spoiled")
    return file


@pytest.mark.parametrize("commit", [False, True], ids=["edit", "committed"])
@pytest.mark.parametrize("mode", ["commit", "manual"])
@pytest.mark.parametrize("content", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_document_is_deleted(folder: Path, content: bytes, mode: str, commit: bool) -> None:
    file = spoil(folder, content, commit=commit)
    store = DRIVER.open(str(folder), Options(mode=mode))

    entities.delete(store, EVE)
    store.close()

    assert not file.exists()
    assert mode == "manual" or git(folder, "status", "--porcelain") == ""
    assert not commit or mode == "manual" or "D\tusers/eve.yaml" in git(folder, "show", "--name-status", "HEAD")
    assert not (folder / ".git" / "zenprofile" / journal.JOURNAL).exists()


@pytest.mark.parametrize("content", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_document_is_mended_by_whoever_has_seen_it(folder: Path, content: bytes) -> None:
    file = spoil(folder, content, commit=True)
    store = DRIVER.open(str(folder), Options())
    seen = revision_of(EVE, stored(store.snapshot(), EVE) or "")

    with pytest.raises(Stale):
        store.apply(Change((Edit(EVE, revision_of(EVE, "name: eve\n"), "name: eve\nfull_name: Eve\n"),)))
    assert file.read_bytes() == content
    store.apply(Change((Edit(EVE, seen, "name: eve\n"),)))
    store.close()

    assert file.read_text() == "name: eve\n"


@pytest.mark.parametrize("content", SPOILED.values(), ids=SPOILED)
def test_cut_off_it_is_back_byte_for_byte(folder: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    file = spoil(folder, content, commit=True)
    store = DRIVER.open(str(folder), Options())

    def full(*_: object) -> None:
        raise OSError(28, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(index, "set_entries", full)
        patch.setattr(journal, "roll_back", full)
        with pytest.raises(Exception, match="no space"):
            entities.delete(store, EVE)
    store.close()
    assert not file.exists()

    DRIVER.open(str(folder), Options()).close()

    assert file.read_bytes() == content
    assert git(folder, "status", "--porcelain") == ""


def test_what_is_no_file_or_endless_is_left_to_a_person(folder: Path) -> None:
    store = DRIVER.open(str(folder), Options())
    file = spoil(folder, b"#" * (nofollow.MOST_BYTES + 1), commit=False)
    with pytest.raises(Invalid, match="bytes") as caught:
        entities.delete(store, EVE)
    assert "by hand" in caught.value.hint
    file.unlink()
    file.symlink_to("/etc/passwd")
    with pytest.raises(Invalid, match="link"):
        entities.delete(store, EVE)
    store.close()

    assert file.is_symlink()
