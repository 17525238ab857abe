"""Through review: commits go to a branch of their own, and whatever becomes of it, the next sync says so."""

import pytest
from machines import S3, Team, store

pytest_plugins = ["teams"]

HOOK = """\
#!/bin/sh
while read old new ref; do
    if [ "$ref" = refs/heads/main ] && [ ! -e open ]; then echo "main is protected"; exit 1; fi
    case "$ref" in refs/heads/zenprofile/*)
        echo; echo "Create a pull request for it by visiting:"; echo "   https://host.example/acme/pull/new/1 ";;
    esac
done
"""
ADDRESS = "https://host.example/acme/pull/new/1"


@pytest.fixture
def reviewed(team: Team) -> Team:
    """Protect main at the remote, and let ana propose two commits."""
    hook = team.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)
    team.ben.run("sync")
    team.ana.run("component update s3 --set path=s3://b")
    team.ana.run("user create zoe")
    assert "protected" in team.ana.run("sync", fails=1).err
    done = team.ana.run("propose -o json").json
    assert (done["url"], done["commits"]) == (ADDRESS, 2)
    return team


def proposed(team: Team) -> str:
    (row,) = team.ana.run("status -o json").json["proposed"]
    return str(row["branch"])


def merge(team: Team, *steps: str) -> None:
    """Let ben, who reviews, do something with the branch on main, and push it; the branch is deleted then."""
    (team.bare / "open").touch()
    branch = proposed(team)
    team.ben.git("fetch", "-q", "origin")
    for step in steps:
        team.ben.git(*step.format(branch=f"origin/{branch}").split())
    team.ben.git("push", "-q", "origin", "main", f":{branch}")
    (team.bare / "open").unlink()


def settled(team: Team) -> None:
    assert team.ana.head == team.ben.remote_head
    assert team.ana.is_clean()
    status = team.ana.run("status -o json").json
    assert (status["state"], status["proposed"]) == ("synced", [])


def test_it_waits_and_nothing_else_is_pushed(reviewed: Team) -> None:
    before = reviewed.ben.remote_head
    status = reviewed.ana.run("status").out
    assert ADDRESS in status
    assert "waiting for review: 2 commits" in status
    assert "waiting for review" in reviewed.ana.run("sync").out
    assert "nothing to propose" in reviewed.ana.run("propose", fails=1).err
    assert reviewed.ben.remote_head == before

    branch = proposed(reviewed)
    reviewed.ana.run("user create eva")
    assert reviewed.ana.run("propose -o json").json == {"branch": branch, "url": ADDRESS, "commits": 3}


def test_it_waits_from_a_branch_that_the_remote_has_not(reviewed: Team) -> None:
    reviewed.ana.git("switch", "-q", "-c", "feature")
    assert "ahead: the remote has no such branch yet" in reviewed.ana.run("status").out
    reviewed.ana.run("user create eva")
    reviewed.ana.run("propose")
    assert f"waiting for review: 1 commit on {proposed(reviewed)}" in reviewed.ana.run("status").out


@pytest.mark.parametrize(
    "steps",
    [
        ["merge -q --no-ff --no-edit {branch}"],
        ["merge -q --squash {branch}", "commit -qm squashed"],
        ["commit -q --allow-empty -m between", "cherry-pick HEAD~1..{branch}"],
    ],
    ids=["merge", "squash", "rebase"],
)
def test_merged(reviewed: Team, steps: list[str]) -> None:
    merge(reviewed, *steps)
    done = reviewed.ana.run("sync")
    assert "was merged" in done.err
    settled(reviewed)
    assert reviewed.ana.git("rev-list", "--count", "HEAD") == reviewed.ben.git("rev-list", "--count", "main")


def test_changed_by_a_reviewer_and_merged(reviewed: Team) -> None:
    branch = proposed(reviewed)
    reviewed.ben.git("fetch", "-q", "origin")
    reviewed.ben.git("switch", "-q", "-c", "review", f"origin/{branch}")
    reviewed.ben.write(S3, store("s3", {"path": "s3://better"}))
    reviewed.ben.git("commit", "-qam", "a better name")
    reviewed.ben.git("push", "-q", "origin", f"review:{branch}")
    reviewed.ben.git("switch", "-q", "main")
    merge(reviewed, "merge -q --no-ff --no-edit {branch}")
    assert "was merged" in reviewed.ana.run("sync").err
    settled(reviewed)
    assert "s3://better" in reviewed.ana.read(S3)


def test_rejected_and_deleted(reviewed: Team) -> None:
    before = reviewed.ana.head
    reviewed.ben.git("push", "-q", "origin", f":{proposed(reviewed)}")
    for _ in range(2):
        done = reviewed.ana.run("sync")
        assert "not merged" in done.err + done.out
    assert reviewed.ana.head == before
    reviewed.ana.run("propose")
    assert "s3://b" in reviewed.ana.read(S3)

    told = reviewed.ana.run("pull --take-theirs").err
    assert before == reviewed.ana.git("rev-parse", told.strip().rpartition(" ")[2]).strip()
    settled(reviewed)
