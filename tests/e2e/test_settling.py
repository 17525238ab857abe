"""Conflicts are named, walked, settled and opened again; also those of two profiles in one repository."""

import os
import pty
import select
import subprocess
import sys
import time

import pytest
from machines import PROD, S3, Machine, Team, stack, store

from zenprofile.core.entity import Key

pytest_plugins = ("teams",)
CHURN = Key("project", "", "churn")
OWN = Key("flavor", "artifact_store", "own")
X = Key("component", "artifact_store", "x")


def both(team: Team, ana: list[tuple[Key, object]], ben: list[tuple[Key, object]]) -> None:
    """Let Ana push one commit and Ben have another one."""
    team.ana.commit(*ana)  # type: ignore[arg-type]
    team.ana.git("push", "-q")
    team.ben.commit(*ben)  # type: ignore[arg-type]


def two_fields(team: Team) -> None:
    both(
        team,
        [(S3, store("s3", {"path": "s3://ana"})), (CHURN, {"name": "churn", "description": "ana's"})],
        [(S3, store("s3", {"path": "s3://ben"})), (CHURN, {"name": "churn", "description": "ben's"})],
    )
    team.ben.run("sync", fails=3)


def test_status_names_each_conflict(team: Team) -> None:
    two_fields(team)

    said = team.ben.run("status").out

    assert "  component/artifact_store/s3 configuration.path (field)" in said
    assert '"s3://ana"' in said
    assert '"s3://ben"' in said
    assert "  project/churn description (field)" in said


@pytest.mark.parametrize("ours", [True, False])
def test_a_broken_reference_says_whose_deletion_it_is(team: Team, ours: bool) -> None:
    more = Key("stack", "", "more")
    deletes, uses = (team.ben, team.ana) if ours else (team.ana, team.ben)
    deletes.commit((S3, None), (PROD, stack("prod")))
    uses.commit((more, stack("more", artifact_store="s3")))
    team.ana.git("push", "-q")
    team.ben.run("sync", fails=3)

    said = team.ben.run("status").out
    (row,) = team.ben.run("conflicts -o json").json

    assert "  stack/more components.artifact_store (reference)" in said
    assert f"was deleted {'here' if ours else 'there'}" in said
    side, who = ("ours", "ben") if ours else ("theirs", "ana")
    assert f"  {side}: {'  ' if ours else ''}deleted  (by {who})" in team.ben.run("conflicts").out
    assert (row["ours_by"]["who"], row["theirs_by"]["who"]) == ("ben", "ana")
    assert row["theirs_by"]["rev"] == team.ana.head


def test_lists_are_shown_in_one_line(team: Team) -> None:
    key, both_ = Key("stack", "", "two"), ["default", "s3"]
    team.ana.commit((key, stack("two", artifact_store=both_)))
    team.ana.git("push", "-q")
    team.ben.run("sync")
    both(team, [(key, stack("two", artifact_store=["s3"]))], [(key, stack("two", artifact_store="default"))])
    team.ben.run("sync", fails=3)

    assert '  base:   ["default", "s3"]\n' in team.ben.run("conflicts").out
    team.ben.run("resolve two --theirs")
    assert team.ben.run("stack describe two -o json").json["components"]["artifact_store"] == ["s3"]


def test_what_was_settled_can_be_opened_again_until_the_merge_is_made(team: Team) -> None:
    two_fields(team)
    before = team.ben.head
    team.ben.run("resolve s3 --ours")
    assert "--reopen" in team.ben.run("resolve s3 --theirs", fails=1).err

    assert "2 to settle" in team.ben.run("resolve s3 --reopen --field configuration.path").out
    assert len(team.ben.run("conflicts -o json").json) == 2
    team.ben.run("resolve s3 --reopen", fails=1)

    team.ben.run("resolve s3 --theirs")
    team.ben.run("resolve churn --ours")
    assert team.ben.head != before
    assert "s3://ana" in team.ben.read(S3)
    team.ben.run("resolve s3 --reopen", fails=1)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_merge_that_settled_something_stands_in_the_log(team: Team, side: str) -> None:
    both(team, [(S3, store("s3", {"path": "s3://ana"}))], [(S3, store("s3", {"path": "s3://ben"}))])
    team.ben.run("pull", fails=3)
    team.ben.run(f"resolve component/artifact_store/s3 --{side}")

    newest = team.ben.run("log -o json").json[0]

    assert newest["rev"] == team.ben.head
    (changed,) = newest["changes"]
    after, before = ("s3://ben", "s3://ana") if side == "ours" else ("s3://ana", "s3://ben")
    assert changed["fields"] == [{"path": "configuration.path", "before": before, "after": after}]
    assert team.ben.run("log component/artifact_store/s3 -o json").json[0]["rev"] == team.ben.head


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_all_are_settled_at_once(team: Team, side: str) -> None:
    two_fields(team)

    assert "merged" in team.ben.run(f"resolve --all --{side}").out

    assert ("s3://ben" in team.ben.read(S3)) == (side == "ours")
    team.ben.run("sync")
    assert team.ben.run("resolve --all --ours", fails=1).err


@pytest.mark.parametrize(
    "line",
    [
        "resolve s3 --ours --theirs",
        "resolve s3 --edit --ours",
        "resolve s3",
        "resolve",
        "resolve --ours",
        "resolve --all",
        "resolve --all --edit",
        "resolve s3 --all --ours",
    ],
)
def test_wrong_usage_is_refused(team: Team, line: str) -> None:
    team.ben.run(line, fails=2)


FLAVOR = {"name": "own", "type": "artifact_store", "schema": {"properties": {"a": {}, "b": {}}}}
NARROW = {**FLAVOR, "schema": {"properties": {"a": {}}, "additionalProperties": False}}


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("schema_is_ours", [True, False])
def test_a_component_that_a_new_schema_refuses(team: Team, side: str, schema_is_ours: bool) -> None:
    component = {"name": "x", "type": "artifact_store", "flavor": "own", "configuration": {"a": 1}}
    team.ana.commit((OWN, FLAVOR), (X, component))
    team.ana.git("push", "-q")
    team.ben.run("sync")
    schema: list[tuple[Key, object]] = [(OWN, NARROW)]
    use: list[tuple[Key, object]] = [(X, {**component, "configuration": {"a": 1, "b": 2, "c": 3}})]
    both(team, *((use, schema) if schema_is_ours else (schema, use)))
    error = team.ben.run("sync", fails=3).err

    (row,) = team.ben.run("conflicts -o json").json
    assert "1 conflict " in error
    assert (row["name"], row["path"], row["class"]) == ("x", "configuration", "reference")
    assert "flavor own" in row["detail"]
    assert "artifact_store x" in row["detail"]
    assert (row["ours"], row["theirs"]) == (
        ({"a": 1}, {"a": 1, "b": 2, "c": 3}) if schema_is_ours else ({"a": 1, "b": 2, "c": 3}, {"a": 1})
    )
    assert "deletes" not in row["detail"]

    team.ben.run(f"resolve x --{side}")

    assert team.ben.run("validate -o json").json["valid"]
    narrow = "additionalProperties" in team.ben.read(OWN)
    assert narrow == ((side == "ours") == schema_is_ours)
    assert ("c: 3" in team.ben.read(X)) != narrow
    team.ben.run("sync")


def test_a_choice_that_deletes_a_component_says_so(team: Team) -> None:
    team.ana.commit((OWN, FLAVOR))
    team.ana.git("push", "-q")
    team.ben.run("sync")
    new = {"name": "x", "type": "artifact_store", "flavor": "own", "configuration": {"z": 1}}
    both(team, [(X, new)], [(OWN, NARROW)])
    team.ben.run("sync", fails=3)

    (row,) = team.ben.run("conflicts -o json").json
    assert "ours deletes artifact_store x, theirs takes flavor own as it is there" in row["detail"]
    team.ben.run("resolve x --theirs")
    assert team.ben.run("validate -o json").json["valid"]
    assert "z: 1" in team.ben.read(X)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_two_spellings_of_one_name_lead_to_a_valid_state(team: Team, side: str) -> None:
    low, high = X, X._replace(name="X")
    both(
        team,
        [(high, store("X", {"path": "s3://ana"})), (Key("stack", "", "hers"), stack("hers", artifact_store="X"))],
        [(low, store("x", {"path": "s3://ben"})), (Key("stack", "", "his"), stack("his", artifact_store="x"))],
    )
    assert "1 conflict " in team.ben.run("sync", fails=3).err
    (row,) = team.ben.run("conflicts -o json").json
    assert "ours leaves out X as it is there, theirs leaves out x as it is here" in row["detail"]

    team.ben.run(f"resolve x --{side}")

    assert team.ben.run("validate -o json").json["valid"]
    name = "x" if side == "ours" else "X"
    for stack_ in ("hers", "his"):
        found = team.ben.run(f"stack describe {stack_} -o json").json
        assert found["components"]["artifact_store"] == [name]


def test_a_member_has_the_place_that_one_sees(team: Team) -> None:
    team_, users = Key("team", "", "crew"), [Key("user", "", name) for name in ("u1", "u2", "u3")]
    members = [key.name for key in users]
    team.ana.commit(*((key, {"name": key.name}) for key in users), (team_, {"name": "crew", "members": ["u1"]}))
    team.ana.git("push", "-q")
    team.ben.run("sync")
    both(team, [(users[2], None)], [(team_, {"name": "crew", "members": ["u2", *members[2:], "u1"]})])
    team.ben.run("sync", fails=3)

    (row,) = team.ben.run("conflicts -o json").json
    assert row["path"] == "members.1"
    team.ben.run("resolve crew --theirs --field members.1")
    assert team.ben.run("team describe crew -o json").json["members"] == ["u2", "u1"]


# --- a merge of the user's own


def test_a_merge_that_the_user_began_is_settled_by_the_same_command(team: Team) -> None:
    both(
        team,
        [
            (S3, store("s3", {"path": "s3://ana"}, description="hers")),
            (CHURN, {"name": "churn", "description": "ana's"}),
        ],
        [(S3, store("s3", {"path": "s3://ben"})), (CHURN, {"name": "churn", "description": "ben's"})],
    )
    team.ben.git("fetch", "-q")
    team.ben.git("merge", "-q", "origin/main", fails=True)
    assert len(team.ben.run("conflicts -o json").json) == 2
    assert "  project/churn description" in team.ben.run("status").out

    assert "1 more" in team.ben.run("resolve s3 --ours").out
    assert "git commit" in team.ben.run("resolve churn --theirs").out

    assert team.ben.git("ls-files", "-u") == ""
    team.ben.git("commit", "-q", "--no-edit")
    assert "s3://ben" in team.ben.read(S3)
    assert "hers" in team.ben.read(S3)
    assert team.ben.read(CHURN) == team.ana.read(CHURN)
    assert team.ben.is_clean()
    team.ben.run("sync")


# --- on a terminal


def typed(machine: Machine, line: str, answers: list[str]) -> tuple[int, str]:
    """Run a command on a terminal; type an answer at each question."""
    master, slave = pty.openpty()
    words = [sys.executable, "-m", "zenprofile", *line.split()]
    environment = {**machine.environment, "TERM": "xterm"}
    with subprocess.Popen(
        words, cwd=machine.home, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    ) as process:
        os.close(slave)
        shown, waiting, deadline = "", list(answers), time.monotonic() + 60
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 0.2)[0]:
                continue
            try:
                shown += os.read(master, 65536).decode()
            except OSError:
                break
            if waiting and shown.count("was chosen: ") > len(answers) - len(waiting):
                os.write(master, f"{waiting.pop(0)}\n".encode())
        os.close(master)
        return process.wait(60), shown


def test_conflicts_are_walked_on_a_terminal(team: Team) -> None:
    two_fields(team)

    status, shown = typed(team.ben, "resolve", ["o", "b", "t", "u", "x", "o", "t"])

    assert status == 0, shown
    assert "1 of 2: component/artifact_store/s3 configuration.path (field)" in shown
    assert '"s3://ana"  (ana, ' in shown
    assert "merged" in shown
    assert "s3://ben" in team.ben.read(S3)
    assert "ana's" in team.ben.read(CHURN)
    assert "There are no conflicts." in typed(team.ben, "resolve", [])[1]


def test_a_walk_that_ends_early_settles_what_was_chosen(team: Team) -> None:
    two_fields(team)

    status, shown = typed(team.ben, "resolve", ["s", "t", "q"])
    assert status == 0
    assert "1 more to settle" in shown
    (row,) = team.ben.run("conflicts -o json").json
    assert row["name"] == "s3"
    assert "Nothing was settled." in typed(team.ben, "resolve", ["q"])[1]


# --- two profiles in one repository


P, Q = "one/projects/p.yaml", "two/projects/q.yaml"
OTHER = "--profile", "other"


def apart(two_profiles: Team, *paths: str) -> None:
    """Give each of these projects another description on each machine; ana has pushed hers."""
    for machine, text in ((two_profiles.ana, "ana"), (two_profiles.ben, "ben")):
        for path in paths:
            file = machine.top / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"name: {file.stem}\ndescription: {text}\n")
        machine.git("add", "-A")
        machine.git("commit", "-q", "-m", text)
    two_profiles.ana.git("push", "-q")


def listed(machine: Machine, *profile: str) -> list[tuple[str, str, str]]:
    """Return name, class and the other profile's place of each conflict."""
    rows = machine.run("conflicts -o json", *profile).json
    return [(row["name"], row["class"], row.get("profile", "")) for row in rows]


@pytest.mark.parametrize("last", ["one", "two"])
def test_two_profiles_of_one_repository_have_a_record_each(two_profiles: Team, last: str) -> None:
    ben = two_profiles.ben
    apart(two_profiles, P, Q)

    assert "1 conflict to settle: project/p description" in ben.run("sync", fails=3).err
    assert "1 conflict to settle: project/q description" in ben.run("sync", *OTHER, fails=3).err

    assert listed(ben) == [("p", "field", ""), ("q", "field", "two")]
    assert listed(ben, *OTHER) == [("q", "field", ""), ("p", "field", "one")]
    steps = [("resolve p --theirs", ()), ("resolve q --ours", OTHER)]
    first, second = steps if last == "two" else reversed(steps)
    assert "Settled; 1 more to settle" in ben.run(first[0], *first[1]).out
    assert ben.git("log", "-1", "--format=%s") == "ben"  # the merge waits for the other profile
    ben.run(second[0], *second[1])
    for profile in ((), OTHER):
        assert listed(ben, *profile) == []
        assert ben.run("status -o json", *profile).json["state"] == "ahead"
    assert (ben.top / P).read_text() == "name: p\ndescription: ana\n"
    assert (ben.top / Q).read_text() == "name: q\ndescription: ben\n"
    assert "synced" in ben.run("sync --with-others").out
    assert ben.git("rev-list", "--parents", "-1", "HEAD").count(" ") == 2


def test_a_conflict_of_another_profile_is_told_as_its_own(two_profiles: Team) -> None:
    ben = two_profiles.ben
    apart(two_profiles, Q)

    told = ben.run("sync", fails=3).err

    assert "the profile at 'two' has 1 conflict to settle: project/q description; nothing was moved" in told
    status = ben.run("status -o json").json
    assert (status["state"], status["reason"]) == ("conflict", "1 to settle in the profile at 'two'")
    assert "in the profile at 'two'" in ben.run("conflicts").out
    assert "in the profile at 'two': settle it there" in ben.run("resolve q --ours", fails=1).err
    assert "of the profile at 'two' there" in ben.run("resolve --all --ours", fails=1).err
    # It is known there without another look at the remote.
    assert listed(ben, *OTHER) == [("q", "field", "")]
    ben.run("resolve q --theirs", *OTHER)
    assert listed(ben) == []
    assert "synced" in ben.run("sync --with-others").out
    assert (ben.top / Q).read_text() == "name: q\ndescription: ana\n"
