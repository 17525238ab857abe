import json
import os
import subprocess
import sys

import click
import pytest

from zenprofile.cli.commands import cli
from zenprofile.core.entity import COMPONENT_TYPES
from zenprofile.machine.profiles import Profiles

S3 = "component register s3-prod --type artifact_store --flavor s3 --set path=s3://b"


def commands(command=cli, words=("zenprofile",)):
    context = click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            yield from commands(found, (*words, name))
    yield words, command


@pytest.mark.parametrize(("words", "command"), [pytest.param(w, c, id=" ".join(w)) for w, c in commands()])
def test_every_command_has_help_with_an_example(words, command):
    text = command.get_help(click.Context(command, info_name=words[-1]))

    assert command.help or command.__doc__
    assert "Examples" in text
    assert "zenprofile" in text


def test_every_component_type_has_zenmls_verbs():
    verbs = {"register", "list", "describe", "update", "rename", "copy", "delete", "get", "remove-attribute", "flavor"}
    for type_ in COMPONENT_TYPES:
        group = cli.get_command(click.Context(cli), type_.replace("_", "-"))
        assert isinstance(group, click.Group)
        assert verbs <= set(group.list_commands(click.Context(group)))


def test_a_component_is_registered_and_shown_as_json(run, profile):
    registered = run(f"{S3} --label team=ml --description why", "--set", "secret={{aws.key}}")

    assert registered.out == "Registered stack component with type 'artifact_store' and name 's3-prod'.\n"
    shown = run("component describe s3-prod -o json")
    assert shown.err == ""
    assert {key: value for key, value in shown.json.items() if key != "revision"} == {
        "kind": "component",
        "type": "artifact_store",
        "name": "s3-prod",
        "flavor": "s3",
        "description": "why",
        "labels": {"team": "ml"},
        "configuration": {"path": "s3://b", "secret": "{{aws.key}}"},
    }
    listed = run("component list --type artifact-store -o json").json
    assert [row["name"] for row in listed] == ["default", "s3-prod"]
    assert shown.json in listed


def test_a_write_prints_the_entity_as_json(run, profile):
    registered = run(f"{S3} -o json")

    assert registered.json == run("component describe s3-prod -o json").json
    assert run("component update s3-prod --set path=s3://c -o json").json["configuration"] == {"path": "s3://c"}
    assert run("component rename s3-prod s3 -o json").json["name"] == "s3"
    assert run("component delete s3 -o json").json["name"] == "s3"


def test_zenmls_spelling_registers_the_same(run, profile):
    run("artifact-store register a --flavor s3 --path=s3://b --client-kwargs={}")
    run("artifact-store register --path=s3://b --client_kwargs {} b -f s3")
    run("component register c --type artifact_store --flavor s3 --set path=s3://b --set client_kwargs={}")

    rows = [run(f"artifact-store describe {name} -o json").json["configuration"] for name in "abc"]
    assert rows == [{"path": "s3://b", "client_kwargs": {}}] * 3
    assert [row["name"] for row in run("artifact-store list -o json").json] == ["a", "b", "c", "default"]


def test_zenmls_verbs_on_a_component(run, profile):
    run("artifact-store register a --flavor s3 --path=s3://b --token={{a.b}}")
    run("artifact-store update a --path=s3://c")
    run("artifact-store remove-attribute a --token")
    run("artifact-store copy a b")
    run("artifact-store rename b c")
    run("artifact-store delete a")

    assert run("artifact-store describe c -o json").json["configuration"] == {"path": "s3://c"}
    assert run("artifact-store get").out == "Active artifact store: 'default'\n"
    assert run("artifact-store describe -o json").json["name"] == "default"
    assert run("artifact-store update --path=/data -o json").json["configuration"] == {"path": "/data"}
    assert "there is no artifact_store 'a'" in run("artifact-store describe a", fails=1).err
    assert "has no alerter" in run("alerter get", fails=1).err
    assert "s3" in run("artifact-store flavor list").out


@pytest.mark.parametrize(
    "line",
    [
        "artifact-store register --flavor s3 --path=x",
        "artifact-store register a b --flavor s3 --path=x",
        "artifact-store register a --flavor s3 --path",
        "artifact-store register a --flavor s3 --path --token=x",
        "artifact-store remove-attribute default",
        "orchestrator register a --flavor kubeflow --timeout=3",
        "component register a --flavor s3",
        "component register a --type artefact_store --flavor s3",
        "component register a --type artifact_store --flavor s3 --set path",
        "component register a --type artifact_store --flavor s3 --label x",
        "component list --type thing",
    ],
)
def test_wrong_usage_ends_with_2_and_writes_nothing(run, profile, line):
    before = run("log -o json").json

    run(line, fails=2)

    assert run("log -o json").json == before


def test_an_option_of_ours_that_is_a_setting_too_is_settled_by_set(run, profile):
    done = run("orchestrator register kf --flavor kubeflow --timeout=600", fails=2)

    assert "--set timeout=VALUE" in done.err
    run("orchestrator register kf --flavor kubeflow --set timeout=600")
    assert run("orchestrator describe kf -o json").json["configuration"] == {"timeout": 600}


def test_a_name_of_several_names_the_option(run, profile):
    done = run("component describe default -o json", fails=1)

    assert done.error["code"] == "ambiguous"
    assert "--type" in done.error["hint"]
    assert run("component describe default --type orchestrator -o json").json["flavor"] == "local"


def test_an_unknown_name_has_the_nearest(run, profile):
    run(S3)

    done = run("component describe s3-prd", fails=1)

    assert "s3-prod" in done.err
    assert len(done.err.strip().splitlines()[-1:]) == 1
    assert done.out == ""


def test_a_mistake_in_a_setting_says_what_was_expected(run, profile):
    done = run("component register a --type artifact_store --flavor s3 --set pth=s3://b -o json", fails=1)

    assert "path" in json.dumps(done.error)
    assert run("component list --type artifact_store -o json").json[0]["name"] == "default"


def test_a_rename_says_whom_it_touched(run, profile):
    run(S3)
    run("stack register prod -o default -a s3-prod")

    done = run("component rename s3-prod s3-eu")

    assert "Updated stack with name 'prod'." in done.out
    assert run("stack describe prod -o json").json["components"]["artifact_store"] == ["s3-eu"]
    refused = run("component delete s3-eu", fails=1)
    assert "prod" in refused.err


def test_a_read_of_a_rev_answers_as_it_was(run, profile):
    run(S3)
    rev = run("log -n 1 -o json").json[0]["rev"]
    then = run("component describe s3-prod -o json").json
    run("component update s3-prod --set path=s3://c")
    run("component rename s3-prod s3")
    run("override set component/s3 path=s3://mine")

    assert run(f"component describe s3-prod --at {rev} -o json").json == then
    assert then in run(f"component list --at {rev} -o json").json
    assert run(f"artifact-store describe s3-prod --at {rev} -o json").json == then
    done = run("component describe s3-prod --at nothing", fails=1)
    assert "nothing" in done.err


def test_yaml_is_the_same_data(run, profile):
    run(S3)

    lines = run("component describe s3-prod -o yaml").out.splitlines()

    assert lines[:4] == ["kind: component", "name: s3-prod", "type: artifact_store", "flavor: s3"]


def test_a_spoiled_file_spoils_only_itself(run, folder):
    run(S3)
    (folder / "components/artifact_store/bad.yaml").write_text("name: bad\ntype: artifact_store\nflavor: s3\npath: [\n")
    (folder / "components/artifact_store/worse.yaml").write_text("name: worse\ntype: artifact_store\nflavor: s33\n")

    listed = run("component list", fails=1)
    assert "s3-prod" in listed.out
    assert "components/artifact_store/bad.yaml:5:1" in listed.err
    assert "components/artifact_store/worse.yaml:3:" in listed.err
    in_json = run("component list --type artifact_store -o json", fails=1)
    assert [row["name"] for row in in_json.json] == ["default", "s3-prod"]
    place = f"{os.path.relpath(folder)}/components/artifact_store"
    assert {problem["file"] for problem in in_json.error["problems"]} == {f"{place}/bad.yaml", f"{place}/worse.yaml"}
    run("stack list")
    run("component describe s3-prod")
    run("component update s3-prod --set path=s3://c")
    assert "bad.yaml:5:1" in run("component describe bad", fails=1).err
    assert '"s33"' in run("component describe worse -o json", fails=1).out
    run("component update worse --flavor local")
    run("component describe worse")
    run("component delete bad")
    run("component list")


def test_users_teams_roles_and_projects(run, profile):
    run("user create ada --email ada@example.com --full-name", "Ada Lovelace")
    run("user update ada --email ada@example.org --label a=b")
    run("team create ml")
    run("project create p -d why")
    run("role create admin")
    run("team add ml --user ada --user default")
    run("role assign admin --user ada --team ml --project p")
    run("role assign admin --user ada")
    run("role revoke admin --team ml --project p")

    assert run("user describe ada -o json").json["email"] == "ada@example.org"
    assert run("team describe ml -o json").json["members"] == ["ada", "default"]
    assert run("role assignment list -o json").json == [
        {"role": "admin", "user": "ada", "project": "p"},
        {"role": "admin", "user": "ada"},
    ]
    assert run("project list -o json").json[0]["description"] == "why"

    done = run("user delete ada")
    assert "Updated team with name 'ml'." in done.out
    assert run("team list -o json").json[0]["members"] == ["default"]
    assert run("role list -o json").json[0]["assignments"] == []
    run("team remove ml --user default")
    assert run("team describe ml -o json").json["members"] == []
    assert "last" in run("user delete default", fails=1).err
    for kind, name in (("team", "ml"), ("role", "admin"), ("project", "p")):
        run(f"{kind} rename {name} other")
        run(f"{kind} delete other")
        assert run(f"{kind} list -o json").json == []


def test_the_active_user_is_the_machines(run, profile):
    run("user create ada")
    run("user set ada")

    assert run("user get -o json").json == {"name": "ada"}
    run("user rename ada eve")
    assert run("user get").out == "The active user is: 'eve'\n"
    run("user delete eve")
    assert "does not exist" in run("user get").err
    assert "does not exist" in run("user list").err
    run("user set nobody", fails=1)


def test_the_active_project_is_the_repositorys(run, profile):
    run("project create p")
    assert "init" in run("project set p", fails=1).err
    run("init")

    run("project set p")
    assert run("project get -o json").json == {"name": "p"}
    run("project unset")
    run("project get", fails=1)


def test_a_flavor_of_ones_own(run, profile, tmp_path):
    (tmp_path / "schema.json").write_text(
        '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}'
    )

    run("flavor register mine --type alerter --schema schema.json --source my.module.Class")
    run("alerter register a --flavor mine --n=3")

    assert run("alerter describe a -o json").json["configuration"] == {"n": 3}
    run("alerter register b --flavor mine --n=x", fails=1)
    run("alerter register b --flavor mine", fails=1)
    assert "in use" in run("flavor delete mine", fails=1).err
    names = {row["name"] for row in run("flavor list --type alerter -o json").json}
    assert names >= {"mine", "slack"}
    assert run("flavor describe mine -o json").json["source"] == "my.module.Class"
    assert "integer" in run("flavor describe mine").out
    run("flavor rename mine ours")
    assert run("alerter describe a -o json").json["flavor"] == "ours"
    assert "flavor register" in run("alerter register b --flavor other", fails=1).err
    assert "no-file" in run("flavor register x --type alerter --schema no-file", fails=1).err
    run("alerter flavor register loose")


def test_names_of_a_hostile_file_do_not_reach_the_terminal(run, folder):
    (folder / "users/eve.yaml").write_text('name: eve\nfull_name: "\\e[31mred\\u202e"\n')

    done = run("user list")

    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
    assert run("user describe eve -o json").json["full_name"] == "\x1b[31mred\u202e"


def test_overrides_cover_what_is_read_here_alone(run, profile):
    run(S3)
    stored = run("component describe s3-prod -o json").json

    made = run("override set component/s3-prod path=s3://mine client_kwargs.a=1 -o json").json
    assert made[0] == {
        "kind": "component",
        "type": "artifact_store",
        "name": "s3-prod",
        "path": "path",
        "value": "s3://mine",
    }
    shown = run("component describe s3-prod -o json").json
    assert shown["configuration"] == {"path": "s3://mine", "client_kwargs": {"a": "1"}}
    assert shown["overrides"] == {"path": "s3://mine", "client_kwargs.a": "1"}
    assert shown["revision"] == stored["revision"]
    assert "overridden" in run("component describe s3-prod").out
    assert shown in run("component list -o json").json

    run("component update s3-prod --set token={{a.b}}")
    assert "s3://mine" not in json.dumps(run("log -o json").json)

    run("component rename s3-prod s3")
    assert run("component describe s3 -o json").json["overrides"]["path"] == "s3://mine"
    run("override set component/artifact_store/s3 configuration.path=s3://other")
    assert run("component describe s3 -o json").json["overrides"] == {
        "client_kwargs.a": "1",
        "configuration.path": "s3://other",
    }
    run("override unset component/s3 path")
    run("override unset component/s3 nothing", fails=1)
    assert len(run("override list -o json").json) == 1
    run("override unset component/s3")
    assert run("override list -o json").json == []
    run("override unset component/s3", fails=1)
    assert run("component describe s3 -o json").json["configuration"] == {"path": "s3://b", "token": "{{a.b}}"}


def test_an_override_of_a_stack(run, profile):
    run("component copy default local --type orchestrator")
    run("override set stack/default components.orchestrator=local")

    assert run("stack describe -o json").json["components"]["orchestrator"] == ["local"]
    assert "local" in run("stack describe").out


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("override set component/s3-prod secret=hunter2hunter2", 1),
        ("override set component/s3-prod nothing=1", 1),
        ("override set component/nobody path=x", 1),
        ("override set nothing/s3-prod path=x", 2),
        ("override set stack/default name=x", 2),
        ("override set component/s3-prod path", 2),
    ],
)
def test_an_override_that_does_not_hold_is_refused(run, profile, line, status):
    run(S3)

    done = run(line, fails=status)

    assert "hunter2" not in done.err
    assert not Profiles().find("p").overrides


def test_a_deleted_entity_takes_its_overrides_along(run, profile):
    run(S3)
    run("override set component/s3-prod path=x")
    run("component delete s3-prod")

    assert run("override list -o json").json == []


def test_secrets_that_cannot_be_resolved_are_listed(run, profile, monkeypatch):
    monkeypatch.setenv("HERE", "x")
    run("component register s3 --type artifact_store --flavor s3 --set path=s3://b", "--set", "key=${env:HERE}")
    assert run("secrets check").out == ""
    run("component update s3 --set", "secret=${env:MISSING}", "--set", "token={{aws.token}}")

    rows = run("secrets check -o json", fails=1).json

    assert [(row["path"], row["reference"]) for row in rows] == [
        ("configuration.secret", "${env:MISSING}"),
        ("configuration.token", "{{aws.token}}"),
    ]
    table = run("secrets check", fails=1).out
    assert "export MISSING=..." in table
    assert "zenml secret create aws --token=..." in table
    monkeypatch.setenv("MISSING", "x")
    assert "zenml secret create aws --token=..." in run("secrets check").out  # listed, and no fault of this machine's
    assert [row["reference"] for row in run("secrets check -o json").json] == ["{{aws.token}}"]


HEAVY = {"yaml", "jsonschema", "git", "sqlalchemy", "subprocess", "keyring", "re2"}
PROGRAM = """\
import json, sys
from zenprofile.cli.main import main
main(sys.argv[1:])
print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "line",
    ["stack list", "stack describe", "component list", "component describe s3-prod", "user list", "team list -o json"],
)
def test_reads_import_nothing_heavy_once_the_cache_is_warm(run, folder, line):
    run(S3)
    for file in folder.rglob("*.yaml"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    run("component list")

    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{PROGRAM}", *line.split()],
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    )

    assert HEAVY & set(json.loads(done.stderr.splitlines()[-1])) == set()


def test_an_override_that_lost_its_place_is_passed_over(run, profile):
    run("alerter flavor register loose")
    run("alerter register a --flavor loose --any.x=1")
    run("override set alerter/a any.x=2 other=3")
    run("alerter update a --any=text")

    shown = run("alerter describe a -o json").json

    assert shown["configuration"] == {"any": "text", "other": "3"}


def test_secrets_are_found_inside_lists(run, profile):
    run("alerter flavor register loose")
    run("alerter register a --flavor loose --set", 'keys:=["{{a.b}}", {"x": "${env:MISSING}"}, 1]')

    rows = run("secrets check -o json", fails=1).json

    assert [row["path"] for row in rows] == ["configuration.keys.0", "configuration.keys.1.x"]


def test_a_schema_is_read_from_stdin(run, profile, monkeypatch):
    import io

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"type: object\nadditionalProperties: false\n")))
    run("flavor register strict --type alerter --schema -")

    run("alerter register a --flavor strict --x=1", fails=1)


def test_names_and_types_are_completed(run, folder, monkeypatch):
    run(S3)
    words = {
        "zenprofile component describe ": {"default", "s3-prod"},
        "zenprofile artifact-store describe s": {"s3-prod"},
        "zenprofile stack describe ": {"default"},
        "zenprofile component list --type data_": {"data_validator"},
    }
    for line, expected in words.items():
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        monkeypatch.setenv("_ZENPROFILE_COMPLETE", "bash_complete")
        done = subprocess.run(
            [sys.executable, "-m", "zenprofile"], env=os.environ, capture_output=True, text=True, check=False
        )
        assert {row.partition(",")[2] for row in done.stdout.split()} == expected, done.stderr


def test_a_label_is_no_setting_named_labels(run, profile, tmp_path):
    (tmp_path / "schema.json").write_text(
        '{"properties": {"labels": {"type": "string"}, "output": {"type": "string"}}}'
    )
    run("flavor register loud --type alerter --schema schema.json")

    run("alerter register a --flavor loud --label x=y --labels=z")

    assert run("alerter describe a -o json").json["labels"] == {"x": "y"}
    assert run("alerter describe a -o json").json["configuration"] == {"labels": "z"}
    assert "--set output=VALUE" in run("alerter register b --flavor loud --output json", fails=2).err
    run("--output json alerter register b --flavor loud --set output=z")
