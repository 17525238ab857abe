"""Values of sensitive fields that somebody typed by hand are out of sight, wherever a change is shown."""

from typing import Any

import pytest

from tests.contract.kit import apply, flavor, new
from zenprofile.core import paths
from zenprofile.core.entity import Data, Key
from zenprofile.core.secrets import own_flavors
from zenprofile.core.secrets.detector import MASK
from zenprofile.core.secrets.sensitive import every_flavor, masked, masked_at
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store

S3 = Key("component", "artifact_store", "s3")
SENSITIVE = {"properties": {"pin": {"type": "object", "x-sensitive": True}, "path": {"type": "string"}}}


class NoFlavors:
    """Of a profile that registers none."""

    def schemas(self, type_: str, flavor: str) -> list[Data]:
        return []


@pytest.mark.parametrize(
    ("key", "flavors", "path", "value", "shown"),
    [
        (S3, ["s3"], ("configuration", "secret"), "mine", MASK),
        (S3, ["s3", None], ("configuration", "secret"), "{{aws.secret}}", "{{aws.secret}}"),
        (S3, ["s3"], ("configuration", "path"), "s3://b", "s3://b"),
        (S3, ["s3"], ("configuration",), {"secret": "mine", "path": "s3://b"}, {"secret": MASK, "path": "s3://b"}),
        (S3, ["gone"], ("configuration", "secret"), "mine", "mine"),
        (S3, ["s3"], ("description",), "mine", "mine"),
        (Key("stack", "", "prod"), [], ("description",), "mine", "mine"),
    ],
)
def test_what_its_flavor_marks(key: Key, flavors: list[object], path: paths.Path, value: Any, shown: Any) -> None:
    with own_flavors.using_only(NoFlavors()):
        assert masked(key, flavors, path, value) == shown


def test_a_flavor_that_the_profile_registers_marks_its_own_fields() -> None:
    store = create_store("memory:sensitive", Options(user="ada"))
    apply(store, new(flavor("own", SENSITIVE)))
    pin, path = ("configuration", "pin", "digits"), ("configuration", "path")

    with own_flavors.using_only(own_flavors.SnapshotFlavors(store.snapshot())):
        for name in ("own", ""):  # "": whichever it is
            assert masked(S3, [name], pin, "1234") == MASK
            assert masked(S3, [name], path, "s3://b") == "s3://b"
        assert masked(S3._replace(type="orchestrator"), [""], pin, "1234") == "1234"
    store.close()


def test_flavors_that_ship_are_known_by_type() -> None:
    assert "s3" in every_flavor(S3)
    assert every_flavor(Key("stack", "", "prod")) == []


def test_values_at_places_are_out_of_sight_in_lists_too() -> None:
    data = {"a": {"b": "x", "c": "y"}, "d": ["x", {"e": "y"}]}

    assert masked_at(data, ["a.b", "d.0", "d.1.e"]) == {"a": {"b": MASK, "c": "y"}, "d": [MASK, {"e": MASK}]}
