"""What people type by habit: several names, names in full, globs, labels, names for other commands."""

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
