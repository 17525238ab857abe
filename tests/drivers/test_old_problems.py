"""What had a problem before: it can still be renamed, copied, undone, restored and shared; a secret can not."""

import pytest
from machines import Machine, Team, store

from tests.contract import serving
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.errors import Invalid
from zenprofile.store.base import Options
from zenprofile.store.prepare import revision_of
from zenprofile.store.registry import open_store
from zenprofile.usecases import entities, undo

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


def test_commands_that_rename_and_edit_it_are_committed_together(team: Team) -> None:
    upgraded(team.ana)
    team.ana.run("config sync manual")
    team.ana.run("component rename old older --type artifact_store")
    team.ana.run("component update older --type artifact_store -d Older --set gone_field=2")

    team.ana.run("commit")
    team.ana.run("push")

    assert team.ana.head == team.ana.remote_head


def test_a_profile_that_moves_to_another_folder_is_pushed(team: Team) -> None:
    upgraded(team.ana)
    (team.ana.top / "moved").mkdir()
    team.ana.git("mv", *(path.name for path in team.ana.top.glob("[!.Rm]*")), "moved")
    team.ana.git("commit", "-q", "-m", "moved")
    there = team.ana._replace(folder=team.ana.top / "moved")
    there.run("create moved --set --url", str(there.folder))

    there.run("push --with-others")

    assert there.head == there.remote_head
    stale = there.read(OLD)
    there.write(OLD, stale + "  another_field: 1\n")
    there.git("commit", "-q", "-a", "-m", "worse")
    assert "another_field" in there.run("push --with-others", fails=1).err


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


def test_over_rest_a_deletion_is_undone_and_an_older_one_restored(team: Team) -> None:
    upgraded(team.ana)
    text = team.ana.read(OLD)
    client = open_store(
        serving.address_of(str(team.ana.folder)), Options(password=serving.TOKEN, machine=lambda: "of ana's")
    )
    before = client.head()

    entities.delete(client, OLD)
    undo.undo(client)
    assert client.snapshot().text(OLD) == text
    entities.delete(client, OLD)
    undo.restore(client, str(OLD), before)
    assert client.snapshot().text(OLD) == text

    # What a client merely says of an earlier time counts for nothing.
    worse = text.replace("gone_field", "never_field")
    with pytest.raises(Invalid, match="never_field"):
        client.apply(Change((Edit(OLD, revision_of(OLD, text), worse, worse),)))
