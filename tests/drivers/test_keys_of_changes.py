"""A change that is sent again to a Git store is written once, for a day and however many others came between."""

import itertools
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.contract.kit import bucket, put
from zenprofile.core.change import Change, Edit
from zenprofile.drivers.local import idempotency_keys
from zenprofile.errors import Exists
from zenprofile.git.repository import find
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store, open_store

DAY = 24 * 60 * 60
CHANGE = Change((Edit(bucket().key, None, bucket().text),), "Begin", "token/one")


@pytest.mark.parametrize("mode", ["commit", "manual"])
def test_a_key_is_known_for_a_day(tmp_path: Path, mode: str) -> None:
    store = create_store(str(tmp_path / "p"), Options(mode=mode))
    folder = tmp_path / "p" / ".git" / "zenprofile"
    first = store.apply(CHANGE)
    store.close()
    other = open_store(str(tmp_path / "p"), Options(mode=mode))  # another process on this machine
    if mode == "commit":
        shutil.rmtree(folder / "changes")  # as after 200 others

    again = other.apply(CHANGE)

    assert (again.rev, again.changes) == (first.rev, first.changes)
    assert len(list(other.history())) == (2 if mode == "commit" else 0)
    (kept,) = (path for path in (folder / "keys").glob("*/*"))
    os.utime(kept, (time.time() - DAY - 60,) * 2)
    with pytest.raises(Exists):
        other.apply(CHANGE)
    other.close()


def test_old_keys_go_with_the_next_of_their_folder(tmp_path: Path) -> None:
    create_store(str(tmp_path / "p"), Options()).close()
    repository = find(str(tmp_path / "p"))
    assert repository is not None
    idempotency_keys.save(repository, "0", "a")
    (old,) = Path(repository.own_file(idempotency_keys.FOLDER)).glob("*/*")
    os.utime(old, (time.time() - DAY - 60,) * 2)

    for number in itertools.count(1):
        idempotency_keys.save(repository, str(number), "b")
        if not old.exists():
            break

    assert idempotency_keys.find(repository, "0") == ""
    assert idempotency_keys.find(repository, "1") == "b"


def test_a_key_that_a_power_cut_has_emptied_is_unknown(tmp_path: Path) -> None:
    store = create_store(str(tmp_path / "p"), Options(mode="commit"))
    put(store, bucket())
    repository = find(str(tmp_path / "p"))
    assert repository is not None
    idempotency_keys.save(repository, CHANGE.idempotency_key, "")

    with pytest.raises(Exists):
        store.apply(CHANGE)
    store.close()
