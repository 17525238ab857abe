"""Undo over REST: a machine takes back what it changed itself, and nothing of another's."""

from pathlib import Path

import pytest

from tests.contract import serving
from tests.contract.kit import bucket, put
from zenprofile.drivers.rest.store import RestStore
from zenprofile.errors import NotFound
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store, open_store
from zenprofile.usecases.undo import undo

URLS = {"sqlite": "sqlite:///{folder}/store.db", "git": "{folder}/store"}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_a_machine_takes_back_what_it_changed_itself(tmp_path: Path, url: str) -> None:
    here = url.format(folder=tmp_path)
    create_store(here, Options(mode="commit")).close()

    def machine(secret: str, server: int) -> RestStore:
        options = Options(password=serving.TOKEN, machine=lambda: secret)
        store = open_store(serving.address_of(here, server), options)
        assert isinstance(store, RestStore)
        return store

    ana, ben, nobody = machine("ana's", 0), machine("ben's", 1), machine("", 0)
    put(ana, bucket("a", path="s3://a"))
    put(ben, bucket("b", path="s3://b"))
    put(nobody, bucket("c", path="s3://c"))

    assert [[text.key.name for text in past.texts] for past in ana.own_changes()] == [["a"]]
    assert [[text.key.name for text in past.texts] for past in ben.own_changes()] == [["b"]]
    assert list(nobody.own_changes()) == []
    undo(ana)
    with pytest.raises(NotFound):
        undo(ana)

    names = [key.name for key in ben.snapshot().keys("component", "artifact_store")]
    assert names == ["b", "c", "default"]
    undo(ben)
    assert [key.name for key in ana.snapshot().keys("component", "artifact_store")] == ["c", "default"]
    for store in (ana, ben, nobody):
        store.close()
