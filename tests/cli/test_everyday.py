"""What people type by habit: several names, names in full, globs, labels, names for other commands."""

import os

import pytest

S3 = "component register {} --type artifact_store --flavor s3 --set path=s3://{}"


@pytest.fixture
def team(run, profile):
    """Two stacks that share an artifact store, in each kind of store."""
    run(S3.format("s3-prod", "prod") + " --label env=prod")
    run(S3.format("s3-dev", "dev"), "-d", "For trials")
    run("stack register prod -o default -a s3-prod --label env=prod")
    run("stack register prod-eu -o default -a s3-prod")
    return run


def names(done):
    return [row["name"] for row in done.json]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("component list s3-*", ["s3-dev", "s3-prod"]),
        ("component list artifact_store/*prod", ["s3-prod"]),
        ("component list component/*/s3-dev s3-prod", ["s3-dev", "s3-prod"]),
        ("component list -l env=prod", ["s3-prod"]),
        ("component list -l env s3-dev", []),
        ("component list --flavor s3", ["s3-dev", "s3-prod"]),
        ("artifact-store list -l env=dev", []),
        ("stack list prod*", ["prod", "prod-eu"]),
        ("stack list -l env", ["prod"]),
        ("user list d*", ["default"]),
    ],
)
def test_a_list_takes_globs_labels_and_a_flavor(team, line, found):
    assert names(team(f"{line} --output json")) == found


def test_names_of_a_list_are_what_other_commands_take(team):
    listed = team("stack list prod* -o name").out.split()
    stores = team("-o name component list s3-*").out.split()

    assert listed == ["stack/prod", "stack/prod-eu"]
    assert names(team("stack describe -o json", *listed)) == ["prod", "prod-eu"]
    assert names(team("component describe -o json", *stores)) == ["s3-dev", "s3-prod"]
    deleted = team("stack delete", *listed).out.splitlines()
    assert deleted == ["Deleted stack with name 'prod'.", "Deleted stack with name 'prod-eu'."]
    team("component rename component/artifact_store/s3-prod s3")
    team("artifact-store delete component/artifact_store/s3 s3-dev")
    assert names(team("artifact-store list -o json")) == ["default"]


def test_a_wide_list_says_what_uses_each(team):
    wide = team("component list s3-* -o wide").out

    assert "stack/prod, stack/prod-eu" in wide
    assert "env=prod" in wide
    assert "For trials" in wide


def test_a_component_says_where_it_is_used_and_a_stack_what_it_consists_of(team):
    team("override set component/artifact_store/s3-prod path=s3://mine")

    assert "stack/prod, stack/prod-eu" in team("component describe s3-prod").out
    described = team("stack describe prod").out
    assert "s3-prod" in described
    assert "path=s3://mine (overridden on this machine)" in described
    tree = team("stack tree prod").out.splitlines()
    assert tree == ["prod", "├── orchestrator: default (local)", "└── artifact_store: s3-prod (s3)"]


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("component describe stack/prod", 2, "'stack/prod' is no component"),
        ("artifact-store describe component/orchestrator/default", 2, "is no artifact store"),
        ("stack describe component/artifact_store/s3-prod", 2, "is no stack"),
        ("stack describe prod -o name", 2, "name"),
        ("-o wide stack describe prod", 2, "is for lists"),
        ("stack delete prod default", 1, "active stack"),
        ("component delete s3-dev s3-prod", 1, "in use by stack prod, stack prod-eu"),
    ],
)
def test_what_does_not_fit_is_refused_whole(team, line, status, said):
    assert said in team(line, fails=status).err

    assert len(names(team("stack list prod* -o json"))) == 2
    assert len(names(team("component list s3-* -o json"))) == 2


def test_two_entities_are_compared_and_two_profiles(team, profile):
    team("stack update prod -a s3-dev --description Trial --label env=dev")
    rows = team("diff stack/prod-eu stack/prod -o json").json

    assert [(row["action"], row["name"]) for row in rows] == [("changed", "prod")]
    assert {field["path"]: field.get("after") for field in rows[0]["fields"]} == {
        "components.artifact_store": "s3-dev",
        "description": "Trial",
        "labels.env": "dev",
    }
    assert team("diff prod prod-eu --exit-code", fails=1).out
    assert team("diff stack/prod stack/prod --exit-code").out == ""
    team("stack delete prod-eu")
    assert "no stack 'prod-eu'" in team("diff stack/prod stack/prod-eu", fails=1).err
    team("undo")
    team("create other -t sql")
    names = [row["name"] for row in team("diff --profile-to other -o json").json]
    assert names == ["s3-dev", "s3-prod", "prod", "prod-eu"]
    assert [row["name"] for row in team("diff --profile-to other stack/prod -o json").json] == ["prod"]


def test_a_diff_of_revisions_takes_some_entities(team):
    first = team("log -o json").json[-1]["rev"]

    assert [row["name"] for row in team(f"diff {first} -o json -- stack/prod s3-dev").json] == ["s3-dev", "prod"]
    assert len(team(f"diff {first}..HEAD -o json").json) == 4
    assert team("diff stack/prod -o json").json == []
    assert "no change" in team("diff nowhere", fails=1).err


def test_a_diff_of_revisions_follows_an_entity_that_was_renamed(team):
    first = team("log -o json").json[0]["rev"]
    team("component rename s3-dev s3-test")
    team("component update s3-test --set path=s3://test")

    def fields(line):
        (row,) = team(f"diff -o json {line} -- component/artifact_store/s3-test").json
        assert (row["name"], row["action"]) == ("s3-test", "changed")
        return {field["path"]: (field["before"], field["after"]) for field in row["fields"]}

    assert fields(first) == {"name": ("s3-dev", "s3-test"), "configuration.path": ("s3://dev", "s3://test")}
    assert fields(f"HEAD..{first}") == {"name": ("s3-test", "s3-dev"), "configuration.path": ("s3://test", "s3://dev")}


def test_a_log_is_filtered_by_time_and_author(team):
    every = team("log -o json").json

    assert team("log --since yesterday -o json").json == every
    assert team("log -o json --since", "2 hours ago").json == every
    assert team("log --until yesterday -o json").json == []
    assert team("log -n 2 -o json --author", every[0]["who"][:3].upper()).json == every[:2]
    assert team("log --author nobody -o json").json == []
    assert "takes a date" in team("log --since tomorrow", fails=2).err
    assert team("stack list -o json --at", "2 days ago", fails=1).error["message"].startswith("nothing was")


def test_quiet_leaves_out_hints_but_no_error(team, monkeypatch):
    assert "Running with" in team("stack list").err
    assert team("stack list -q").err == ""
    assert team("-q stack list --profile p").err == ""
    assert team("stack list --profile p").err == ""  # as the user named it
    monkeypatch.setenv("ZENPROFILE_QUIET", "1")
    assert team("list").err == ""
    assert team("stack describe nothing", fails=1).err.startswith("Error: ")


def test_a_new_profile_may_be_made_active_at_once(run, profile):
    done = run("create other -t sql --set")

    assert done.out.splitlines()[-1] == "Active profile changed to: 'other'"
    assert run("get -o json").json["name"] == "other"


def test_flavors_are_listed_as_all_else_is(team, tmp_path):
    (tmp_path / "own.json").write_text('{"type": "object"}')
    team("flavor register s3-own --type artifact_store --schema own.json --label team=ml -d Ours")

    assert names(team("flavor list s3* -o json")) == ["s3-own", "s3"]
    assert names(team("flavor list -l team=ml -o json")) == ["s3-own"]
    assert team("flavor list s3* -t artifact_store -o name").out.split() == [
        "flavor/artifact_store/s3-own",
        "flavor/artifact_store/s3",
    ]
    wide = team("artifact-store flavor list s3 -o wide").out
    assert "component/artifact_store/s3-dev, component/artifact_store/s3-prod" in wide
    listed = team("flavor list s3* -o name").out.split()
    assert names(team("flavor describe -o json", *listed)) == ["s3-own", "s3"]
    assert "s3-own" in team("flavor delete flavor/artifact_store/s3-own").out
    assert "is no such flavor" in team("flavor describe stack/prod", fails=2).err


@pytest.mark.parametrize("kind", ["user", "team", "role", "project"])
def test_people_are_listed_as_all_else_is(team, kind):
    team(f"{kind} create ada --label env=prod")
    team(f"{kind} create eve")

    assert names(team(f"{kind} list a* -o json")) == ["ada"]
    assert team(f"{kind} list -l env -o name").out == f"{kind}/ada\n"
    assert "env=prod" in team(f"{kind} list -o wide").out
    assert names(team(f"{kind} describe {kind}/ada eve -o json")) == ["ada", "eve"]
    team(f"{kind} delete {kind}/ada {kind}/eve")


def test_a_name_of_now_finds_what_had_another_name_then(team):
    rev = team("log -o json").json[0]["rev"]
    team("component update s3-prod --set path=s3://later")
    team("component rename s3-prod s3-live")
    team("stack set prod")
    team("stack rename prod live")

    said = team(f"component describe s3-live --at {rev}")
    assert "s3://prod" in said.out
    assert said.err.splitlines()[-1] == f"artifact_store 's3-live' had the name 's3-prod' at {rev}"
    for line in ("component describe s3-live", "artifact-store describe component/artifact_store/s3-live"):
        assert team(f"{line} --at {rev} -o json").json["configuration"] == {"path": "s3://prod"}
    assert names(team(f"component list s3-live s3-dev --at {rev} -o json")) == ["s3-dev", "s3-prod"]
    assert team(f"stack describe --at {rev} -o json").json["name"] == "prod"
    assert team(f"stack tree live --at {rev} -q").out.splitlines()[0] == "prod"
    assert team(f"stack list live --at {rev} -o name").out == "stack/prod\n"
    first = team("log -o json").json[-1]["rev"]
    done = team(f"stack describe live --at {first}", fails=1)
    assert f"there was no stack 'live' at '{first}'" in done.err
    assert "see: zenprofile log stack/live" in done.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "component register s3 -t artifact_store -f s3",
            "add --set path=VALUE (artifact_store flavor s3 needs it",
        ),
        (
            "component register s3 -t artifact_store -f s3 --set pth=s3://b",
            "'pth' is no field of artifact_store flavor",
        ),
        ("artifact-store register s3 --flavor s3 --path=s3://b --secret=x", "reference: --set 'secret={{NAME.KEY}}'"),
        ("component update s3-dev --unset path", "add --set path=VALUE"),
        ("stack register new -o nope -a default", "register it: zenprofile orchestrator register nope --flavor FLAVOR"),
        ("stack register new -o defualt -a default", "did you mean 'default'?; zenprofile orchestrator list shows"),
    ],
)
def test_errors_of_options_speak_of_options_and_of_no_file(team, line, said):
    done = team(line, fails=1)

    assert said in done.err
    assert ".yaml" not in done.err
    assert "file" not in team(f"{line} --output json", fails=1).error


def test_paths_lead_from_the_current_folder(run, folder, tmp_path, monkeypatch):
    bad = folder / "stacks" / "bad.yaml"
    bad.write_text("name: bad\ncomponents:\n  orchestrator: nothing\nwhat: 1\n")
    inside = folder / "stacks"

    for place in (tmp_path, inside, folder):
        monkeypatch.chdir(place)
        shown = os.path.relpath(bad)
        for line in ("status", "validate", "stack list", "stack describe bad", "commit"):
            done = run(f"{line} --profile p", fails=int(line != "status"))
            assert f"{shown}:4:1: " in done.out + done.err, line
        assert {p["file"] for p in run("status --profile p -o json").json["invalid"]} == {shown}
        assert run("stack list --profile p -o json", fails=1).error["file"] == shown


def test_what_is_refused_prints_nothing_but_the_error(run, profile, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")

    for line, status in (
        ("create new --url ./full", 1),
        ("create p", 1),
        ("create new --url git+file:///nothing/there.git", 1),
        ("create new -t nosuch", 2),
    ):
        done = run(f"-q {line}", fails=status)
        assert done.out == ""
        assert done.err.startswith("Error: ")
        assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("remote", {"remote", "branch"}),
        ("remote set git@example.com:a/b", {"remote", "branch"}),
        ("pull", {"moved", "changes", "notes"}),
        ("push", {"confirmed", "sent", "push_to"}),
        ("sync", {"proposed", "push_to", "committed", "changes", "notes", "sent"}),
        ("propose", {"branch", "url", "commits"}),
    ],
)
def test_a_database_answers_in_json_with_the_keys_of_a_repository(run, line, keys):
    run("create shared -t sql")

    answer = run(f"--profile shared {line} -o json")
    assert set(answer.json) == {"state", "store_type", *keys}
    assert answer.json["state"] == "shared"
    assert answer.err == ""
    assert "is shared already" in run(f"--profile shared {line}").out
