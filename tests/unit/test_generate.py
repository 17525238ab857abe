"""The schemas that ship are those that the script writes, and say what the facts say."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from zenprofile.core.entity import COMPONENT_TYPES, KINDS

ROOT = Path(__file__).parent.parent.parent
FACTS = ROOT / "tests" / "data" / "facts"
SCHEMAS = ROOT / "schemas"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", SCHEMAS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def facts(version: str) -> dict[tuple[str, str], dict[str, Any]]:
    rows = json.loads((FACTS / f"zenml-{version}-flavors.json").read_text(encoding="utf-8"))
    return {(row["type"], row["flavor"]): row for row in rows}


def schema(type_: str, flavor: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / "flavors" / type_ / f"{flavor}.json").read_text(encoding="utf-8"))
    return found


OLD, NEW = facts("0.13.2"), facts("0.98.0")


def test_the_files_are_what_the_script_writes(generate: ModuleType) -> None:
    made = generate.files(FACTS)
    found = {p.relative_to(SCHEMAS).as_posix(): p.read_text(encoding="utf-8") for p in SCHEMAS.rglob("*.json")}

    assert made == found


def test_any_change_of_a_schema_changes_the_digest(generate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    before = generate.files(FACTS)
    monkeypatch.setattr(generate, "FORMAT", 2)
    monkeypatch.setitem(generate._FIELDS["description"], "title", "another")
    after = generate.files(FACTS)

    assert before["flavors/index.json"] == after["flavors/index.json"]
    assert before["digest.json"] != after["digest.json"]


def test_the_script_writes_them_and_takes_stale_ones_away(generate: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "flavors").mkdir()
    (tmp_path / "flavors" / "gone.json").write_text("{}")

    generate.main(str(FACTS), str(tmp_path))

    written = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.json")}
    assert written == set(generate.files(FACTS))


def test_there_is_a_schema_for_every_kind_and_flavor() -> None:
    assert {p.stem for p in (SCHEMAS / "kinds").iterdir()} == {*KINDS, "manifest"}
    index = json.loads((SCHEMAS / "flavors" / "index.json").read_text(encoding="utf-8"))
    known = {(type_, flavor) for type_, flavors in index.items() for flavor in flavors}

    assert known == OLD.keys() | NEW.keys()
    assert len(known) == 94
    assert set(index) == set(COMPONENT_TYPES)
    assert {(p.parent.name, p.stem) for p in SCHEMAS.glob("flavors/*/*.json")} == known


@pytest.mark.parametrize("path", sorted(SCHEMAS.rglob("*.json")), ids=lambda path: str(path.stem))
def test_each_is_a_json_schema(path: Path) -> None:
    if path.name not in ("index.json", "digest.json"):
        Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("key", sorted(NEW), ids="-".join)
def test_a_flavor_says_what_the_newer_facts_say(key: tuple[str, str]) -> None:
    made = schema(*key)

    for name, field in NEW[key]["fields"].items():
        property_ = made["properties"][name]
        types = {property_["type"]} if isinstance(property_.get("type"), str) else set(property_.get("type", ["any"]))
        assert types >= set(field["type"]) - {"null"} or "any" in field["type"]
        assert property_.get("x-sensitive", False) is field.get("sensitive", False)
        assert ("pattern" in property_) is field.get("sensitive", False)
        assert "0.98.0" in property_["x-zenml"]
        if key not in OLD:
            assert (name in made.get("required", [])) is field.get("required", False)
            assert property_["x-zenml"] == ["0.98.0"]


@pytest.mark.parametrize("key", sorted(OLD), ids="-".join)
def test_a_flavor_has_every_field_of_the_older_facts(generate: ModuleType, key: tuple[str, str]) -> None:
    made, row = schema(*key), OLD[key]
    required = [part.partition(":")[0] for part in generate.split(row["required"])]
    optional = [part.partition(":")[0] for part in generate.split(row["optional"])]
    newer = NEW[key]["fields"] if key in NEW else None

    for name in (*required, *optional):
        assert "0.13.2" in made["properties"][name]["x-zenml"]
    wanted = [n for n in required if newer is None or newer.get(n, {}).get("required")]
    assert made.get("required", []) == sorted(wanted)
    assert made["x-zenml"] == (["0.13.2"] if newer is None else ["0.13.2", "0.98.0"])


def test_sensitive_fields_of_the_older_flavors() -> None:
    def sensitive(type_: str, flavor: str) -> set[str]:
        return {name for name, field in schema(type_, flavor)["properties"].items() if field.get("x-sensitive")}

    assert sensitive("metadata_store", "mysql") == {"password"}
    assert sensitive("secrets_manager", "vault") == {"token"}
    assert sensitive("artifact_store", "s3") == {"key", "secret", "token"}
    assert "authentication_secret" in schema("data_validator", "whylogs")["properties"]
    assert sensitive("data_validator", "whylogs") == set()
    assert sensitive("artifact_store", "azure") == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("path: str", ("path", {"type": ["string"]})),
        ("path: str = ''", ("path", {"type": ["string"], "default": ""})),
        ("port: int = 8093", ("port", {"type": ["integer"], "default": 8093})),
        ("port: int = DEFAULT_KFP_UI_PORT", ("port", {"type": ["integer"], "default": 8080})),
        ("kw: Optional[Mapping[str, Any]] = None", ("kw", {"type": ["null", "object"]})),
        ("pair: Optional[Tuple[str, str]] = None", ("pair", {"type": ["array", "null"]})),
        ("labels: Dict[str, str] = {}", ("labels", {"type": ["object"], "default": {}})),
        ("api_key: str", ("api_key", {"type": ["string"], "sensitive": True})),
        ("authentication_secret: Optional[str] = None", ("authentication_secret", {"type": ["null", "string"]})),
        ("synchronous: bool = False", ("synchronous", {"type": ["boolean"], "default": False})),
    ],
)
def test_a_signature_is_read(generate: ModuleType, text: str, expected: Any) -> None:
    assert generate.parameter(text, required=False) == expected


def test_a_signature_is_split_outside_brackets_and_quotes(generate: ModuleType) -> None:
    assert generate.split("a: Dict[str, int] = {}, b: str = 'x, y', c: int") == [
        "a: Dict[str, int] = {}",
        "b: str = 'x, y'",
        "c: int",
    ]
    assert generate.split("-") == []
