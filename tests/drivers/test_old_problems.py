"""What had a problem before: it can still be renamed, copied, undone, restored and shared; a secret can not."""

import pytest
from machines import Machine, Team, store

from zenprofile.core.entity import Key

pytest_plugins = ("teams",)
pytestmark = pytest.mark.slow

OLD = Key("component", "artifact_store", "old")
GHP = "ghp_" + "a1B2" * 9


def upgraded(machine: Machine) -> None:
    """Leave a component with a field that its flavor does not know (any more), committed and pushed."""
    machine.commit((OLD, store("old", {"path": "s3://b", "gone_field": 1})))
    machine.git("push", "-q")


def test_it_is_renamed_and_copied_and_both_are_pushed(team: Team) -> None:
    upgraded(team.ana)

    team.ana.run("component rename old older --type artifact_store")
    team.ana.run("component copy older copied --type artifact_store")
    team.ana.run("push")

    assert team.ana.head == team.ana.remote_head
    assert "gone_field" in team.ana.read(OLD._replace(name="copied"))


def test_a_deletion_is_undone_and_an_older_one_restored(team: Team) -> None:
    upgraded(team.ana)
    before = team.ana.head

    team.ana.run("component delete old --type artifact_store")
    team.ana.run("undo")
    assert "gone_field" in team.ana.read(OLD)
    team.ana.run("component delete old --type artifact_store")
    team.ana.run("push")
    team.ana.run("restore component/artifact_store/old --to", before)
    team.ana.run("push")

    assert team.ana.head == team.ana.remote_head


def test_edits_that_rename_it_by_hand_are_committed(team: Team) -> None:
    upgraded(team.ana)
    text = team.ana.read(OLD)
    team.ana.write(OLD, None)
    team.ana.write(OLD._replace(name="older"), text.replace("name: old", "name: older"))

    team.ana.run("commit")

    assert team.ana.is_clean()


def test_what_is_worse_than_before_and_a_secret_are_refused_all_the_same(team: Team) -> None:
    upgraded(team.ana)
    text = team.ana.read(OLD)
    team.ana.write(OLD, None)
    team.ana.write(OLD._replace(name="older"), text.replace("name: old", "name: older") + "  another_field: 1\n")
    team.ana.run("commit", fails=1)

    team.ana.git("checkout", "-q", ".")
    team.ana.commit((OLD, text + f"# {GHP}\n"), (OLD._replace(name="older"), None))
    said = team.ana.run("component copy old again --type artifact_store", fails=1).err
    assert "looks like a secret" in said
    assert GHP not in said
