"""What is told of conflicts: `status` names each, with whose deletion it is; `log` tells the merge that settled one."""

import pytest
from machines import PROD, S3, Team, stack, store

pytest_plugins = ("teams",)
pytestmark = pytest.mark.slow


def test_status_names_each_conflict(team: Team) -> None:
    team.ana.commit((S3, store("s3", {"path": "s3://ana"})))
    team.ana.git("push", "-q")
    team.ben.commit((S3, store("s3", {"path": "s3://ben"})))
    team.ben.run("pull", fails=3)

    said = team.ben.run("status").out

    assert "component/artifact_store/s3 configuration.path (field)" in said
    assert '"s3://ana"' in said
    assert '"s3://ben"' in said


@pytest.mark.parametrize("ours", [True, False])
def test_a_reference_conflict_says_whose_deletion_it_is(team: Team, ours: bool) -> None:
    deletes, uses = (team.ben, team.ana) if ours else (team.ana, team.ben)
    deletes.commit((S3, None), (PROD, stack("prod")))
    uses.commit((PROD._replace(name="more"), stack("more", artifact_store="s3")))
    team.ana.git("push", "-q")
    team.ben.run("pull", fails=3)

    assert f"was deleted {'here' if ours else 'there'}" in team.ben.run("status").out


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_the_log_tells_the_merge_that_settled_it(team: Team, side: str) -> None:
    team.ana.commit((S3, store("s3", {"path": "s3://ana"})))
    team.ana.git("push", "-q")
    team.ben.commit((S3, store("s3", {"path": "s3://ben"})))
    team.ben.run("pull", fails=3)
    team.ben.run(f"resolve component/artifact_store/s3 --{side}")

    newest = team.ben.run("log -o json").json[0]

    assert newest["rev"] == team.ben.head
    (changed,) = newest["changes"]
    after, before = ("s3://ben", "s3://ana") if side == "ours" else ("s3://ana", "s3://ben")
    assert changed["fields"] == [{"path": "configuration.path", "before": before, "after": after}]
    assert team.ben.run("log component/artifact_store/s3 -o json").json[0]["rev"] == team.ben.head
