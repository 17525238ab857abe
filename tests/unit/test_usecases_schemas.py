"""Schemas for editors: complete in themselves, and of the same mind as ours."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry

from zenprofile.core.entity import KINDS
from zenprofile.errors import StoreBroken
from zenprofile.resources import catalog
from zenprofile.usecases import schemas


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("export") / "new" / "schemas"
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in schemas.export(folder)}


def holds(schema: Any, data: Any) -> bool:
    return bool(Draft7Validator(schema, registry=Registry()).is_valid(data))


def test_every_kind_has_a_file_of_its_own(exported: dict[str, Any]) -> None:
    assert list(exported) == [*(f"{kind}.json" for kind in KINDS), "manifest.json", "yaml-schemas.json"]


@pytest.mark.parametrize("kind", [*KINDS, "manifest"])
def test_each_is_a_schema_of_draft_07(exported: dict[str, Any], kind: str) -> None:
    schema = exported[f"{kind}.json"]

    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert "$defs" not in json.dumps(schema)


def test_the_mapping_names_the_files_of_each_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    *_, mapping = schemas.export(Path("here"))

    assert json.loads(mapping.read_text(encoding="utf-8")) == {
        "./here/component.json": ["components/*/*.yaml"],
        "./here/stack.json": ["stacks/*.yaml"],
        "./here/flavor.json": ["flavors/*/*.yaml"],
        "./here/user.json": ["users/*.yaml"],
        "./here/team.json": ["teams/*.yaml"],
        "./here/role.json": ["roles/*.yaml"],
        "./here/project.json": ["projects/*.yaml"],
        "./here/manifest.json": ["zenprofile.yaml"],
    }
    place = schemas.ProfileFolder(tmp_path / "work", "my conf/zen/")
    elsewhere = json.loads(schemas.export(tmp_path / "there", place)[-1].read_text(encoding="utf-8"))
    assert list(elsewhere.items())[1] == (f"file://{tmp_path}/there/stack.json", ["my%20conf/zen/stacks/*.yaml"])
    below = json.loads(schemas.export(tmp_path / "work/s", place._replace(prefix=""))[-1].read_text(encoding="utf-8"))
    assert list(below.items())[1] == ("./s/stack.json", ["work/stacks/*.yaml"])


COMPONENT = {"name": "s3-prod", "type": "artifact_store", "flavor": "s3", "configuration": {"path": "s3://a"}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"labels": {"a": "b"}}, True),
        ({"configuration": {"path": "s3://a", "secret": "{{aws.key}}"}}, True),
        ({"configuration": {"path": "s3://a", "secret": "hunter2"}}, False),
        ({"configuration": {"path": "s3://a", "pth": "x"}}, False),
        ({"configuration": {"path": 3}}, False),
        ({"configuration": {}}, False),
        ({"configuration": None}, False),
        ({"flavor": "mine", "configuration": {"anything": 1}}, True),
        ({"flavor": "local", "configuration": {}}, True),
        ({"type": "orchestratr"}, False),
        ({"nme": "x"}, False),
        ({"name": "a b"}, False),
    ],
)
def test_components_are_checked_with_their_flavor(exported: dict[str, Any], change: Any, expected: bool) -> None:
    assert holds(exported["component.json"], COMPONENT | change) is expected


def test_a_component_without_configuration_lacks_what_its_flavor_requires(exported: dict[str, Any]) -> None:
    bare = {"name": "a", "type": "artifact_store", "flavor": "s3"}

    assert not holds(exported["component.json"], bare)
    assert holds(exported["component.json"], {**bare, "flavor": "local"})


def test_every_flavor_is_in_it(exported: dict[str, Any]) -> None:
    definitions = exported["component.json"]["definitions"]

    assert len(definitions) == 94
    for place, schema in definitions.items():
        known = catalog().flavor(*place.split(".", 1))
        assert known is not None
        assert schema["properties"] == known.raw["properties"]


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("stack", {"name": "a", "components": {"step_operator": ["gpu", "cpu"], "orchestrator": "x"}}, True),
        ("stack", {"name": "a", "components": {"step_operator": []}}, False),
        ("stack", {"name": "a", "components": {"step_operators": "a"}}, False),
        ("role", {"name": "a", "assignments": [{"user": "u"}]}, True),
        ("role", {"name": "a", "assignments": [{"user": "u", "team": "t"}]}, False),
        ("flavor", {"name": "a", "type": "alerter", "schema": {"type": "object"}, "source": "a.B"}, True),
        ("flavor", {"name": "a"}, False),
        ("manifest", {"format": 1}, True),
        ("manifest", {"format": 2}, False),
    ],
)
def test_other_kinds_are_checked_alike(exported: dict[str, Any], kind: str, data: Any, expected: bool) -> None:
    assert holds(exported[f"{kind}.json"], data) is expected
    assert catalog().kind(kind).holds(data) is expected


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(StoreBroken, match="cannot be written"):
        schemas.export(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
