import json
from pathlib import Path

import pytest

S3 = "component register {} --type artifact_store --flavor s3 --set path=s3://b"


def test_both_spellings_register_the_same_stack(run, profile):
    for name in ("gpu", "cpu"):
        run(f"step-operator register {name} --flavor sagemaker --role=arn:x")
    run("container-registry register ecr --flavor aws --uri=x")

    any_type = "orchestrator=default artifact-store=default step_operator=gpu step_operator=cpu container_registry=ecr"
    run("stack register one", *(word for pair in any_type.split() for word in ("-c", pair)))
    run("stack register two -o default -a default -s gpu -s cpu -c ecr")
    run("stack register three --orchestrator default --artifact_store default --step-operator gpu --step_operator cpu "
        "--container-registry ecr")  # fmt: skip

    rows = {row["name"]: row["components"] for row in run("stack list -o json").json}
    assert rows["one"] == rows["two"] == rows["three"]
    assert rows["one"] == {
        "orchestrator": ["default"],
        "artifact_store": ["default"],
        "container_registry": ["ecr"],
        "step_operator": ["gpu", "cpu"],
    }


def test_every_letter_of_zenml(run, profile):
    given = {
        "-x": "secrets_manager local",
        "-f": "feature_store feast",
        "-d": "model_deployer seldon",
        "-e": "experiment_tracker mlflow",
        "-al": "alerter slack",
        "-an": "annotator label_studio",
        "-dv": "data_validator evidently",
        "-m": "metadata_store sqlite",
    }
    options = []
    for letter, words in given.items():
        type_, flavor = words.split()
        settings = {
            "slack": " --set slack_token={{s.t}}",
            "seldon": " --set base_url=x",
            "feast": " --set feast_repo=x",
        }.get(flavor, "")
        run(f"component register x --type {type_} --flavor {flavor}{settings}")
        options += [letter, "x"]

    run("stack register all", *options)

    components = run("stack describe all -o json").json["components"]
    assert components == {words.split()[0]: ["x"] for words in given.values()}


def test_o_is_the_orchestrator_and_output_the_format(run, profile):
    done = run("stack register prod -o default -a default --output json")

    assert done.json["components"]["orchestrator"] == ["default"]
    assert run("-o json stack update prod -m default").json["components"]["metadata_store"] == ["default"]


def test_a_stack_that_lacks_something_is_accepted_with_a_warning(run, profile):
    done = run("stack register half -o default")

    assert done.out == "Registered stack with name 'half'.\n"
    assert "Warning: the stack has no artifact_store" in done.err
    assert run("stack register half2 -o default --output json").err == ""


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("stack register prod -o nothing", 1),
        ("stack register default -o default", 1),
        ("stack register Default -o default", 1),
        ("stack register con -o default", 1),
        ("stack register prod -c thing=default", 2),
        ("stack register prod -c orchestrator=", 2),
        ("stack update default --remove alerter", 1),
        ("stack update default --remove thing", 2),
        ("stack update nothing -o default", 1),
        ("stack remove-component default", 2),
        ("stack set nothing", 1),
        ("stack describe nothing", 1),
        ("stack delete nothing", 1),
        ("stack delete default", 1),
        ("stack rename nothing x", 1),
        ("stack copy default default", 1),
    ],
)
def test_what_is_wrong_changes_nothing(run, profile, line, status):
    before = run("log -o json").json

    done = run(line, fails=status)

    assert done.out == ""
    assert done.err.splitlines()[-1].startswith("Error: ")
    assert run("log -o json").json == before


def test_components_come_and_go(run, profile):
    run("container-registry register ecr --flavor aws --uri=x")
    run("alerter register a --flavor slack --slack_token={{a.b}}")
    run("stack update default -c ecr --alerter a")
    assert set(run("stack describe -o json").json["components"]) >= {"container_registry", "alerter"}

    run("stack remove-component -c")
    run("stack update --remove alerter --remove metadata_store=default")

    assert set(run("stack describe -o json").json["components"]) == {"orchestrator", "artifact_store"}
    assert run("stack update default -o default").out.startswith("Nothing to change")


def test_the_active_stack(run, profile):
    run("stack register prod -o default -a default --set")

    assert run("stack get -o json").json == {"name": "prod", "scope": "global"}
    assert run("stack describe -o json").json["name"] == "prod"
    assert "'prod' Stack (ACTIVE)" in run("stack describe").out
    assert "active" in run("stack delete prod", fails=1).err
    run("stack rename prod live")
    assert run("stack get").out == "The global active stack is: 'live'\n"
    run("stack set default")
    run("stack delete live")


def test_a_repository_has_its_own_active_stack(run, profile, tmp_path):
    run("stack register prod -o default -a default")
    run("init")
    run("set p")

    run("stack set prod")
    assert json.loads((tmp_path / ".zenprofile.json").read_text())["stack"] == "prod"
    assert run("stack get -o json").json == {"name": "prod", "scope": "local"}
    run("stack rename prod live")
    assert run("stack get -o json").json == {"name": "live", "scope": "local"}
    run("stack delete live", fails=1)
    run("stack set default --global")
    run("stack delete live", fails=1)
    run("stack set default")
    run("stack delete live")


def test_an_active_stack_that_is_gone_is_said(run, folder):
    run("stack register prod -o default -a default --set")
    (folder / "stacks" / "prod.yaml").unlink()

    assert "does not exist" in run("stack get").err
    assert "does not exist" in run("stack list").err
    assert "stack set" in run("stack describe", fails=1).err
    assert "stack set" in run("artifact-store get", fails=1).err
    run("component list")
    run("stack describe default")


def test_a_stack_is_copied_with_its_comments(run, folder):
    path = folder / "stacks" / "default.yaml"
    path.write_text("# ours\n" + path.read_text())

    run("stack copy default other")

    assert (folder / "stacks" / "other.yaml").read_text().startswith("# ours\nname: other\n")


def test_a_write_touches_nothing_but_its_own_bytes(run, folder):
    path = folder / "stacks" / "mine.yaml"
    path.write_text("components:\n  orchestrator: default   # ours\n\n  artifact_store: default\nname: mine\n")
    run("component copy default other --type artifact_store")

    run("stack update mine -a other")

    expected = "components:\n  orchestrator: default   # ours\n\n  artifact_store: other\nname: mine\n"
    assert path.read_text() == expected


def test_at_answers_for_stacks_as_they_were(run, profile):
    run(S3.format("s3"))
    rev = run("log -n 1 -o json").json[0]["rev"]
    run("stack update default -a s3")

    assert run(f"stack describe default --at {rev} -o json").json["components"]["artifact_store"] == ["default"]
    assert run(f"stack list --at {rev} -o json").json[0]["components"]["artifact_store"] == ["default"]
    assert run("stack describe -o json").json["components"]["artifact_store"] == ["s3"]


def test_a_tree_that_the_user_brought_gets_edits_and_a_commit_when_asked(run, tmp_path):
    import subprocess

    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    run("create mine --url ./.zenprofile")
    run("set mine")
    run("stack register prod -o default -a default")

    assert run("log").out == ""
    first = run("commit -o json").json
    assert {change["name"] for change in first["changes"]} >= {"prod", "default"}
    assert "Nothing to commit" in run("commit").out
    path = Path(".zenprofile/stacks/prod.yaml")
    path.write_text(path.read_text() + "description: by hand\n")
    assert run("commit", "-m", "By hand").out.endswith("] By hand\n")
    newest = run("log stack/prod -o json").json[0]
    assert newest["message"] == "By hand"
    assert newest["changes"][0]["fields"] == [{"path": "description", "after": "by hand"}]
    path.write_text(path.read_text() + "what: is this\n")
    done = run("commit", fails=1)
    assert ".zenprofile/stacks/prod.yaml:" in done.err or "stacks/prod.yaml:" in done.err


def test_commit_of_a_database_says_that_it_is_shared(run, profile):
    done = run("commit")

    assert "shared already" in done.out if profile == "sql" else "no edits" in done.out


def test_log_shows_changes_newest_first(run, profile):
    run(S3.format("s3"))
    run("component update s3 --set path=s3://c")
    run("stack register prod -o default -a s3 --message", "The first stack")
    run("component rename s3 gcs")

    rows = run("log -o json").json
    assert len(rows) == 5
    assert rows[1]["message"].strip() == "The first stack"
    assert set(rows[0]) == {"rev", "who", "when", "message", "changes"}
    own = run("log gcs -o json").json
    assert [row["changes"][0]["action"] for row in own][1:] == ["changed", "added"]
    assert own[1]["changes"][0]["fields"] == [{"path": "configuration.path", "before": "s3://b", "after": "s3://c"}]
    assert len(run("log -n 2").out.splitlines()) == 2
    assert run("log component/artifact_store/gcs -n 1 -o json").json == own[:1]
    run("stack delete prod")
    assert run("log stack/prod -o json").json[0]["changes"][0]["action"] == "removed"
    run("log nothing", fails=1)


def test_components_may_follow_the_first_pair(run, profile):
    run("stack register prod -c orchestrator=default artifact_store=default")

    components = run("stack describe prod -o json").json["components"]
    assert components == {"orchestrator": ["default"], "artifact_store": ["default"]}
    run("stack register other -o default default", fails=2)
