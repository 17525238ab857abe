"""``stack export`` and ``stack import`` in the formats of ZenML 0.13, ZenML 0.98 and zenprofile."""

from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Run

DATA = Path(__file__).parents[1] / "data"
OF_013 = DATA / "zenml-0.13.2" / "stack-export.yaml"
OF_098 = DATA / "zenml-0.98.0" / "stack-export.yaml"


@pytest.mark.parametrize("file", [OF_013, OF_098])
def test_what_zenml_exported_is_imported_once(run: Run, profile: str, file: Path) -> None:
    first = run("-o json stack import", str(file)).json
    assert {change["action"] for change in first["changes"]} == {"added"}
    assert run("-o json stack import", str(file)).json == {}
    run("validate")


def test_zenml_reads_back_what_it_wrote(run: Run, profile: str) -> None:
    for file, name, format_ in ((OF_013, "stack_b", "zenml-0.13"), (OF_098, "prod", "zenml")):
        run("stack import", str(file))
        written = yaml.safe_load(file.read_text())
        if format_ == "zenml-0.13":
            del written["components"]["secrets_manager"]["secrets_file"]  # which ZenML made on one machine
        assert yaml.safe_load(run(f"stack export {name} --format {format_}").out) == written


def test_an_imported_secret_becomes_a_reference_and_is_never_shown(run: Run, profile: str, tmp_path: Path) -> None:
    text = OF_098.read_text().replace("flavor: local\n    name: s3x", "flavor: s3\n    name: s3.x")
    text = text.replace("path: /home/alice/artifacts", "path: s3://b\n      key: k123\n      secret: '{{a.b}}'")
    (tmp_path / "in.yaml").write_text(text)
    done = run("stack import in.yaml")
    assert "zenml secret create s3-x --key=VALUE" in done.err
    assert "k123" not in done.out + done.err
    assert run("-o json component describe s3.x").json["configuration"] == {
        "path": "s3://b",
        "key": "{{s3-x.key}}",
        "secret": "{{a.b}}",
    }
    assert "Found" in run("stack import in.yaml").out


def test_the_fields_secret_and_the_attached_secret_are_told_apart(run: Run, profile: str, tmp_path: Path) -> None:
    text = OF_098.read_text().replace("flavor: local\n    name: s3x", "flavor: s3\n    name: s3x")
    (tmp_path / "in.yaml").write_text(text.replace("path: /home/alice/artifacts", "path: s3://b\n      secret: mine"))
    assert "attaches a ZenML secret instead" in run("stack import in.yaml").err


def test_a_name_taken_by_other_content_needs_a_choice(run: Run, profile: str, tmp_path: Path) -> None:
    run("component register s3x --type artifact_store --flavor s3 --set path=s3://mine --label team=ml")
    run("stack register prod -c orchestrator=default -c artifact_store=s3x")
    before = run("-o json stack list").json
    refused = run("-o json stack import", str(OF_098), fails=1).error
    assert refused["code"] == "exists"
    assert "--rename" in refused["hint"]
    assert "--update" in refused["hint"]
    assert run("-o json stack list").json == before
    assert run("-o json component list --type artifact_store").out.count('"name"') == 2

    assert "is called 's3x-2' here" in run("stack import --rename", str(OF_098)).err
    assert run("-o json stack describe prod-2").json["components"]["artifact_store"] == ["s3x-2"]
    assert run("-o json stack import --rename", str(OF_098)).json == {}

    run("stack import --update", str(OF_098))
    updated = run("-o json component describe s3x").json
    assert updated["configuration"] == {"path": "/home/alice/artifacts"}
    assert updated["labels"] == {"team": "ml"}  # the format has no place for them
    assert run("-o json stack import --update", str(OF_098)).json == {}


def test_our_own_format_carries_everything(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"type": "object", "properties": {"region": {"type": "string"}}}')
    run("flavor register mine --type artifact_store --schema schema.json")
    run("component register a --type artifact_store --flavor mine --set region=eu --label team=ml")
    run("component register gpu --type step_operator --flavor vertex --set region=eu --set project=p")
    run("component register cpu --type step_operator --flavor vertex --set region=eu --set project=q")
    run("stack register prod -o default -a a -s gpu -s cpu", "--description", "for nights")
    file = folder / "components" / "artifact_store" / "a.yaml"
    file.write_text("# near the data\n" + file.read_text())
    run("stack export prod prod.yaml")
    assert run("stack export prod").out == (tmp_path / "prod.yaml").read_text()
    run("-o json stack export prod prod.yaml", fails=1)
    run("stack export prod prod.yaml --force")
    run("create other")
    run("--profile other stack import prod.yaml")
    assert run("--profile other stack export prod").out == (tmp_path / "prod.yaml").read_text()
    assert run("--profile other apply -o json -f prod.yaml").json == {}
    assert run("-o json --profile other stack import prod.yaml").json == {}


def test_overrides_are_left_out_unless_asked_for(run: Run, folder: Path) -> None:
    run("component register s3 --type artifact_store --flavor s3 --set path=s3://b")
    run("stack register prod -o default -a s3")
    run("override set component/artifact_store/s3 path=s3://own")
    assert "s3://own" not in run("stack export prod --format zenml").out
    assert "s3://own" in run("stack export prod --format zenml --with-overrides").out
    assert "s3://own" in run("stack export prod --with-overrides").out


def test_what_a_format_cannot_hold_is_refused_or_said(run: Run, profile: str) -> None:
    assert "ZenML 0.98 has no metadata_store" in run("stack export default --format zenml").err
    run("component register o2 --type orchestrator --flavor local")
    run("component register d --type deployer --flavor local")
    run("stack register two -c orchestrator=default -c orchestrator=o2 -c artifact_store=default")
    run("stack register new -o default -a default -c deployer=d")
    for arguments in ("two --format zenml", "two --format zenml-0.13", "new --format zenml-0.13"):
        assert "does not fit the format" in run(f"stack export {arguments}", fails=1).err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a: 1\n", "no stack of ZenML"),
        ("stack_name: x\ncomponents: {sorcerer: [{name: a, flavor: b}]}\n", "sorcerer"),
        ("stack_name: x\ncomponents: {orchestrator: [{flavor: local}]}\n", "no name"),
        ("stack_name: x\ncomponents: {orchestrator: [{name: a, flavor: nope}]}\n", "nope"),
        ("stack_name: x\ncomponents:\n  orchestrator: *a\n", "alias"),
        ("kind: stack\nname: x\ncomponents: {orchestrator: gone}\n", "gone"),
    ],
)
def test_bad_input_leaves_nothing_behind(run: Run, folder: Path, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "in.yaml").write_text(text)
    before = sorted(folder.rglob("*.yaml"))
    assert said in run("stack import in.yaml", fails=1).err
    assert sorted(folder.rglob("*.yaml")) == before
    assert "cannot be read" in run("stack import gone.yaml", fails=1).err
    run("stack import in.yaml --rename --update", fails=2)
