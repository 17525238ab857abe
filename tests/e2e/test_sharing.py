"""Two machines and a remote: what is told beside the table of decisions (test_decisions.py)."""

from pathlib import Path

import pytest
from machines import PROD, S3, Machine, Team, brought, cloned, make_bare, new_machine, store

from zenprofile.core.entity import Key

pytest_plugins = ("teams",)
ML, ADMIN, CHURN = Key("team", "", "ml"), Key("role", "", "admin"), Key("project", "", "churn")
BOB = Key("user", "", "bob")


def both(team: Team, ana: list[tuple[Key | str, object]], ben: list[tuple[Key | str, object]]) -> tuple[str, str]:
    """Let Ana push one commit and Ben have another one."""
    theirs = team.ana.commit(*ana)  # type: ignore[arg-type]
    team.ana.git("push", "-q")
    return team.ben.commit(*ben), theirs  # type: ignore[arg-type]


def settled(team: Team) -> None:
    """Hold both machines to be the same, and clean."""
    team.ana.run("sync")
    assert team.ana.head == team.ben.head == team.ben.remote_head
    assert team.ana.is_clean()
    assert team.ben.is_clean()
    assert team.ben.run("status -o json").json["state"] == "synced"


# --- entities


@pytest.mark.parametrize(("choice", "path"), [("--ours", "s3://ben"), ("--theirs", "s3://ana")])
def test_a_renamed_entity_may_have_a_conflict_too(team: Team, choice: str, path: str) -> None:
    team.ana.run("component rename s3 anas")
    team.ana.run("component update anas --set path=s3://ana")
    team.ana.run("sync")
    team.ben.run("component update s3 --set path=s3://ben --description more")

    team.ben.run("sync", fails=3)

    (row,) = team.ben.run("conflicts -o json").json
    assert (row["name"], row["path"]) == ("s3", "configuration.path")
    team.ben.run(f"resolve s3 {choice}")
    text = team.ben.read(S3._replace(name="anas"))
    assert path in text
    assert "more" in text
    assert not (team.ben.folder / S3.path).exists()
    team.ben.run("sync")
    settled(team)


def test_two_values_for_one_field_wait_for_a_person_and_all_goes_on_meanwhile(team: Team) -> None:
    ours, theirs = both(team, [(S3, store("s3", {"path": "s3://x"}))], [(S3, store("s3", {"path": "s3://y"}))])

    done = team.ben.run("sync -o json", fails=3)

    assert done.error["code"] == "conflict"
    assert team.ben.head == ours
    assert team.ben.remote_head == theirs
    row = {
        "kind": "component", "type": "artifact_store", "name": "s3", "path": "configuration.path",
        "base": "s3://a", "ours": "s3://y", "theirs": "s3://x", "class": "field",
        "ours_rev": ours, "theirs_rev": theirs,
    }  # fmt: skip
    (found,) = team.ben.run("conflicts -o json").json
    assert row.items() <= found.items()
    status = team.ben.run("status -o json").json
    assert list(status) == [
        "profile", "state", "since", "reason", "next", "branch", "upstream", "push_to", "ahead", "behind", "proposed",
        "changes", "conflicts", "invalid", "remote", "hooks", "documents",
    ]  # fmt: skip
    assert (status["state"], status["branch"], status["ahead"], status["behind"]) == ("conflict", "main", 1, 1)
    assert [row.items() <= c.items() for c in status["conflicts"]] == [True]
    assert status["since"]
    assert "<<<<" not in team.ben.read(S3)
    # Everything works meanwhile: reads, writes, commits; nothing is pushed.
    assert team.ben.run("component describe s3 -o json").json["configuration"]["path"] == "s3://y"
    team.ben.run("user create zoe")
    team.ben.write(CHURN, {"name": "churn", "description": "by hand"})
    team.ben.run("commit")
    team.ben.run("validate")
    assert team.ben.run("push", fails=3).status == 3
    assert team.ben.remote_head == theirs
    # It survives a second pull and another process.
    team.ben.run("pull", fails=3)
    assert len(team.ben.run("conflicts -o json").json) == 1

    done = team.ben.run("resolve s3 --theirs")

    assert "zenprofile sync" in done.out
    assert team.ben.run("conflicts").out == "There are no conflicts.\n"
    assert "s3://x" in team.ben.read(S3)
    team.ben.run("sync")
    settled(team)
    assert "by hand" in team.ana.read(CHURN)
    assert (team.ana.folder / "users/zoe.yaml").exists()


@pytest.mark.parametrize(("choice", "kept"), [("--ours", "s3://y"), ("--theirs", "s3://x")])
def test_one_of_several_is_settled_field_by_field(team: Team, choice: str, kept: str) -> None:
    both(
        team,
        [(S3, store("s3", {"path": "s3://x", "key": "{{ana.key}}"})), (CHURN, {"name": "churn", "description": "x"})],
        [(S3, store("s3", {"path": "s3://y", "key": "{{ben.key}}"})), (CHURN, {"name": "churn", "description": "y"})],
    )
    team.ben.run("pull", fails=3)
    assert len(team.ben.run("conflicts -o json").json) == 3

    done = team.ben.run(f"resolve component/artifact_store/s3 --field configuration.path {choice} -o json")
    assert done.json["left"] == 2
    assert [c["path"] for c in team.ben.run("conflicts -o json").json] == ["configuration.key", "description"]
    team.ben.run("resolve s3 --field configuration.path --ours", fails=1)
    team.ben.run("resolve s3 --field nothing --ours", fails=1)
    team.ben.run("resolve nothing --ours", fails=1)
    team.ben.run("resolve s3", fails=2)
    # A pull in between asks nothing again that is settled.
    assert "2 conflicts" in team.ben.run("pull", fails=3).err
    team.ben.run("resolve churn --ours")
    team.ben.run("resolve s3 --ours")

    assert kept in team.ben.read(S3)
    assert "{{ben.key}}" in team.ben.read(S3)
    assert 'description: "y"' in team.ben.read(CHURN)
    team.ben.run("sync")
    settled(team)


def editor(folder: Path, script: str) -> str:
    """Write an editor that runs a sed script on the file."""
    path = folder / "editor"
    path.write_text(f"#!/bin/sh\ncp \"$1\" '{folder}/seen'\nsed -i -e '{script}' \"$1\"\n")
    path.chmod(0o755)
    return str(path)


def test_an_editor_opens_on_both_values_and_what_is_saved_counts(team: Team, tmp_path: Path) -> None:
    both(team, [(S3, store("s3", {"path": "s3://x"}))], [(S3, store("s3", {"path": "s3://y"}))])
    team.ben.run("pull", fails=3)
    script = '/^<<<<<<</,/^>>>>>>>/c\\  path: s3://both\\n  key: "{{typed.key}}"'

    nothing = team.ben.run("resolve s3 --edit", EDITOR="true", fails=None)
    assert nothing.status in {1, 2}
    unread = team.ben.run("resolve s3 --edit", EDITOR=editor(tmp_path, "s/^=======/======= /"), fails=1)
    assert "/components/artifact_store/s3.yaml:5:1: a conflict marker" in unread.err
    team.ben.run("resolve s3 --edit", EDITOR=editor(tmp_path, script))

    seen = (tmp_path / "seen").read_text()
    assert "s3://x" in seen
    assert "s3://y" in seen
    assert "path: s3://both" in team.ben.read(S3)
    assert "{{typed.key}}" in team.ben.read(S3)
    team.ben.run("sync")
    settled(team)


def test_what_does_not_hold_is_not_taken_from_the_editor(team: Team, tmp_path: Path) -> None:
    both(team, [(S3, store("s3", {"path": "s3://x"}))], [(S3, store("s3", {"path": "s3://y"}))])
    team.ben.run("pull", fails=3)
    before = team.ben.head

    done = team.ben.run("resolve s3 --edit", EDITOR=editor(tmp_path, "/^<<<<<<</,/^>>>>>>>/c\\  nothing: 1"), fails=1)

    assert "nothing" in done.err
    assert team.ben.head == before
    assert len(team.ben.run("conflicts -o json").json) == 1


def test_a_newer_value_of_ones_own_is_not_overruled_by_an_older_choice(team: Team) -> None:
    both(
        team,
        [(S3, store("s3", {"path": "s3://x"})), (CHURN, {"name": "churn", "description": "x"})],
        [(S3, store("s3", {"path": "s3://y"})), (CHURN, {"name": "churn", "description": "y"})],
    )
    team.ben.run("pull", fails=3)
    team.ben.run("resolve s3 --theirs")
    team.ben.run("component update s3 --set path=s3://newer")

    done = team.ben.run("resolve churn --ours")

    assert "1 more to settle" in done.out
    (row,) = team.ben.run("conflicts -o json").json
    assert row["ours"] == "s3://newer"
    team.ben.run("resolve s3 --ours")
    team.ben.run("sync")
    assert "s3://newer" in team.ben.read(S3)
    settled(team)


def test_a_conflict_shows_what_is_here_now(team: Team) -> None:
    both(team, [(S3, store("s3", {"path": "s3://x"}))], [(S3, store("s3", {"path": "s3://y"}))])
    team.ben.run("pull", fails=3)
    team.ben.run("component update s3 --set path=s3://z")

    (row,) = team.ben.run("conflicts -o json").json
    assert (row["ours"], row["ours_rev"]) == ("s3://z", team.ben.head)
    team.ben.run("component update s3 --set path=s3://x")
    assert team.ben.run("conflicts -o json").json == []
    assert team.ben.run("status -o json").json["state"] == "diverged"
    team.ben.run("sync")
    settled(team)


def test_a_merge_by_hand_ends_a_conflict(team: Team) -> None:
    both(team, [(S3, store("s3", {"path": "s3://x"}))], [(S3, store("s3", {"path": "s3://y"}))])
    team.ben.run("pull", fails=3)

    team.ben.git("merge", "-q", "-X", "ours", "origin/main")

    assert team.ben.run("conflicts -o json").json == []
    team.ben.run("resolve s3 --theirs", fails=1)
    assert team.ben.run("status -o json").json["state"] == "ahead"
    team.ben.run("sync")
    settled(team)


def test_a_broken_reference_is_settled_in_the_editor(team: Team, tmp_path: Path) -> None:
    team.ana.run("stack update prod -c artifact_store=default")
    team.ana.run("component delete s3")
    team.ana.run("sync")
    team.ben.run("stack register mine -c orchestrator=default -c artifact_store=s3")
    team.ben.run("sync", fails=3)

    team.ben.run("resolve mine --edit", EDITOR=editor(tmp_path, "s/artifact_store: s3/artifact_store: default/"))

    assert "artifact_store: default" in team.ben.read(PROD._replace(name="mine"))
    team.ben.run("sync")
    settled(team)


def test_what_only_both_together_spoil_is_settled_in_the_editor(team: Team, tmp_path: Path) -> None:
    """Each side's document holds; merged, a component breaks the schema that its flavor has got meanwhile."""
    flavor, own = Key("flavor", "artifact_store", "own"), Key("component", "artifact_store", "own1")
    one = {"name": "own", "type": "artifact_store", "schema": {"type": "object", "properties": {"a": {}, "b": {}}}}
    component = {"name": "own1", "type": "artifact_store", "flavor": "own", "configuration": {"a": 1}}
    team.ana.commit((flavor, one), (own, component))
    team.ana.git("push", "-q")
    team.ben.run("sync")
    schema = {"type": "object", "properties": {"a": {}}, "additionalProperties": False}
    both(team, [(flavor, {**one, "schema": schema})], [(own, {**component, "configuration": {"a": 1, "b": 2}})])
    ours = team.ben.head

    team.ben.run("sync", fails=3)

    assert team.ben.head == ours
    (row,) = team.ben.run("conflicts -o json").json
    assert (row["name"], row["class"]) == ("own1", "reference")
    team.ben.run("resolve own1 --edit", EDITOR=editor(tmp_path, "/b: 2/d"))
    team.ben.run("sync")
    settled(team)


# --- files outside the profile, files in the way


def test_an_untracked_file_in_the_way_is_named_and_kept(team: Team) -> None:
    team.ben.run("config sync manual")
    team.ana.run("user create zoe --email z@ana")
    team.ana.run("sync")
    path = team.ben.write("users/zoe.yaml", "name: zoe\nemail: z@ben\n")

    done = team.ben.run("pull", fails=3)

    assert "users/zoe.yaml" in done.err
    assert path.read_text() == "name: zoe\nemail: z@ben\n"


def test_a_dirty_file_outside_the_profile_that_changed_there_is_named_and_kept(larger: Team) -> None:
    ana, ben = larger.ana, larger.ben
    for name in ("README", "other"):
        (ana.top / name).write_text("ana's\n")
    ana.git("add", "-A")
    ana.git("commit", "-q", "-m", "outside")
    ana.git("push", "-q")
    # One is as the other side has it, one is not: neither may be touched.
    (ben.top / "README").write_text("ben's\n")
    (ben.top / "other").write_text("ana's\n")
    before = ben.head

    done = ben.run("pull", fails=3)

    assert "README" in done.err or "other" in done.err
    assert ben.head == before
    assert (ben.top / "README").read_text() == "ben's\n"
    assert (ben.top / "other").read_text() == "ana's\n"
    assert not list((ben.top / ".git" / "zenprofile").glob("journal*"))


# --- a remote that is invalid


def test_a_profile_is_created_from_a_remote_that_does_not_hold(team: Team) -> None:
    team.ana.commit((CHURN, "name: churn\n<<<<<<< HEAD\n"), (BOB, "name: bob\nwrong: 1\n"))
    team.ana.git("push", "-q")

    cy = cloned(team.root, "cy", f"git+file://{team.bare}")

    assert [one["name"] for one in cy.run("stack list -o json").json] == ["default", "prod"]
    assert CHURN.path in cy.run("project list", fails=1).err
    invalid = {problem["file"] for problem in cy.run("status -o json").json["invalid"]}
    assert invalid == {(cy.folder / key.path).relative_to(cy.home).as_posix() for key in (CHURN, BOB)}
    cy.run("user create zoe")
    cy.run("sync")
    assert cy.head == cy.remote_head


def test_a_conflict_with_a_remote_that_does_not_hold_can_be_settled(team: Team) -> None:
    both(
        team,
        [(CHURN, "name: churn\n<<<<<<< HEAD\n"), (S3, store("s3", {"path": "s3://x"}))],
        [(S3, store("s3", {"path": "s3://y"}))],
    )
    team.ben.run("pull", fails=1)
    assert team.ben.run("conflicts -o json").json == []

    team.ben.run("pull --accept-invalid", fails=3)
    team.ben.run("resolve s3 --ours")

    assert "s3://y" in team.ben.read(S3)
    assert "<<<<" in team.ben.read(CHURN)
    team.ben.run("push")
    assert team.ben.head == team.ben.remote_head


def test_spoiled_documents_that_both_changed_are_chosen_whole(team: Team, tmp_path: Path) -> None:
    both(team, [(CHURN, "name: churn\n<<<<<<< HEAD\n")], [(CHURN, {"name": "churn", "description": "two"})])
    team.ben.run("pull --accept-invalid", fails=3)

    team.ben.run("resolve churn --edit", EDITOR=editor(tmp_path, "/^[<=>]/d"))

    assert "two" in team.ben.read(CHURN)
    team.ben.run("sync")
    settled(team)


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize(
    "place", ["projects/churn.yaml", "projects", "components/artifact_store", "components/artifact_store/link.yaml"]
)
def test_links_are_never_followed(team: Team, tmp_path: Path, place: str, accept: bool) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    for path in ("churn.yaml", "s3.yaml", "x.yaml"):
        (secret / path).write_text("name: stolen\n")
    ana = team.ana
    ana.git("config", "core.symlinks", "true")
    ana.git("rm", "-rq", "--ignore-unmatch", place)
    (ana.top / place).parent.mkdir(parents=True, exist_ok=True)
    target = secret if "yaml" not in place else secret / "x.yaml"
    (ana.top / place).symlink_to(target)
    if place == "components/artifact_store":
        # so that the stacks do not break for another reason
        ana.git("rm", "-q", "stacks/prod.yaml", "stacks/default.yaml")
    ana.git("add", "-A")
    ana.git("commit", "-q", "-m", "a link")
    ana.git("push", "-q")
    team.ben.git("config", "core.symlinks", "true")
    before = team.ben.head

    done = team.ben.run("pull --accept-invalid" if accept else "pull", fails=None)

    if not accept:
        assert done.status == 1
        assert team.ben.head == before
        assert team.ben.is_clean()
    assert "stolen" not in team.ben.run("project list -o json", fails=None).out
    assert "stolen" not in team.ben.run("artifact-store list -o json", fails=None).out
    for path in ("churn.yaml", "s3.yaml", "x.yaml"):
        assert (secret / path).read_text() == "name: stolen\n"


@pytest.mark.parametrize("place", ["projects", "components/artifact_store/sub.yaml"])
def test_submodules_are_never_followed(team: Team, place: str) -> None:
    ana = team.ana
    ana.git("rm", "-rq", "--ignore-unmatch", place)
    ana.git("update-index", "--add", "--cacheinfo", f"160000,{ana.head},{place}")
    ana.git("commit", "-q", "-m", "a submodule")
    ana.git("push", "-q")
    before = team.ben.head

    done = team.ben.run("pull", fails=1)

    assert place in done.err
    assert team.ben.head == before
    assert team.ben.is_clean()


def test_the_profiles_own_folder_is_no_link(larger: Team, tmp_path: Path) -> None:
    ana, ben = larger.ana, larger.ben
    ana.git("rm", "-rq", "conf/zen")
    (ana.top / "conf").mkdir(exist_ok=True)
    (ana.top / "conf/zen").symlink_to(tmp_path)
    ana.git("add", "-A")
    ana.git("commit", "-q", "-m", "a link")
    ana.git("push", "-q")
    before = ben.head

    ben.run("pull", fails=1)

    assert ben.head == before
    assert ben.is_clean()


@pytest.mark.parametrize("manifest", ["format: 2\n", None, "format: 1\nmore: 1\n"])
def test_a_manifest_that_would_lock_us_out_is_refused(team: Team, manifest: str | None) -> None:
    team.ana.commit(("zenprofile.yaml", manifest))
    team.ana.git("push", "-q")
    before = team.ben.head

    done = team.ben.run("pull", fails=1)

    assert team.ben.head == before
    if manifest == "format: 2\n":
        assert "pip install --upgrade" in done.err
    team.ben.run("stack list")


# --- histories


def rewritten(team: Team) -> str:
    """Let Ana rewrite what Ben has pulled; return Ben's commit, which the remote knows no more."""
    team.ana.run("user create zoe")
    team.ana.run("sync")
    team.ben.run("sync")
    team.ben.run("user create ben")
    team.ana.git("reset", "-q", "--hard", "HEAD~1")
    team.ana.run("user create other")
    team.ana.git("push", "-q", "--force")
    return team.ben.head


def test_a_rewritten_history_stops_and_keeps_what_is_here(team: Team) -> None:
    before = rewritten(team)

    for _ in range(2):
        done = team.ben.run("sync", fails=3)
        assert "rewritten" in done.err
        assert team.ben.head == before
        kept = team.ben.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/zenprofile/").splitlines()
        assert any(row.startswith(before) for row in kept)
    assert team.ben.remote_head == team.ana.head
    # Both ways that the hint names lead on.
    team.ben.git("merge", "-q", "-m", "joined", "origin/main")
    team.ben.run("sync")
    assert (team.ben.folder / "users/ben.yaml").exists()
    settled(team)


def test_status_names_the_ref_that_keeps_what_is_here(team: Team) -> None:
    before = rewritten(team)
    # What an earlier one kept is no part of what is here.
    earlier = team.ben.git("commit-tree", "HEAD^{tree}", "-m", "earlier").strip()
    team.ben.git("update-ref", "refs/zenprofile/kept/main", earlier)
    assert "kept/main-2;" in team.ben.run("sync", fails=3).err

    assert "kept/main-2;" in team.ben.run("status -o json").json["next"]
    assert team.ben.git("rev-parse", "refs/zenprofile/kept/main-2").strip() == before


def test_theirs_is_taken_after_a_rewritten_history(team: Team) -> None:
    rewritten(team)
    done = team.ben.run("sync -o json", fails=3)
    assert "zenprofile pull --take-theirs" in done.error["hint"]
    assert f"git -C {team.ben.top} merge" in done.error["hint"]
    assert team.ben.run("status -o json").json["state"] == "blocked"
    before = team.ben.head

    told = team.ben.run("pull --take-theirs").err

    kept = told.strip().rpartition(" ")[2]
    assert team.ben.git("rev-parse", kept).strip() == before
    team.ben.run("sync")
    settled(team)


def test_a_history_that_went_back_is_a_rewritten_one(team: Team) -> None:
    team.ana.run("user create mistake")
    team.ana.run("sync")
    team.ben.run("sync")
    team.ana.git("reset", "-q", "--hard", "HEAD~1")
    team.ana.git("push", "-q", "--force")

    for _ in range(2):
        done = team.ben.run("sync -o json", fails=3)
        assert f"git -C {team.ben.top} push origin main:main" in done.error["hint"]
    assert team.ben.remote_head == team.ana.head

    team.ben.git("push", "-q", "origin", "main")
    team.ben.run("sync")
    settled(team)


def test_a_rewritten_history_is_seen_after_a_fetch_by_hand(team: Team) -> None:
    before = rewritten(team)
    team.ben.git("fetch", "-q")

    team.ben.run("sync", fails=3)

    assert team.ben.head == before
    assert team.ben.remote_head == team.ana.head


def test_a_deleted_branch_is_not_made_again_by_one_who_was_behind(team: Team) -> None:
    team.ana.run("user create zoe")
    team.ana.run("sync")
    team.ben.git("fetch", "-q")
    (team.bare / "HEAD").write_text("ref: refs/heads/other\n")
    team.ana.git("push", "-q", "origin", "main:other", ":main")

    team.ben.run("sync", fails=3)

    assert team.ben.remote_head == ""


def test_a_deleted_branch_is_not_made_again_by_a_push(team: Team) -> None:
    (team.bare / "HEAD").write_text("ref: refs/heads/other\n")
    team.ana.git("push", "-q", "origin", "main:other", ":main")

    assert "zenprofile sync" in team.ben.run("push", fails=1).err
    for line in ("sync", "push", "sync"):
        assert "deleted at the remote" in team.ben.run(line, fails=3).err
        assert team.ben.remote_head == ""
    assert team.ben.run("status -o json").json["state"] == "blocked"
    team.ben.git("push", "-q", "origin", "main")
    team.ben.run("push")


def test_a_push_brings_nothing_back_that_was_taken_away_at_the_remote(team: Team) -> None:
    team.ana.run("user create zoe")
    team.ana.run("sync")
    team.ben.run("sync")
    team.ana.git("push", "-q", "--force", "origin", "HEAD~1:main")
    before = team.ben.remote_head
    team.ben.run("user create ben")

    assert "zenprofile sync" in team.ben.run("push", fails=1).err

    assert team.ben.remote_head == before
    assert "rewritten" in team.ben.run("sync", fails=3).err


def test_a_branch_that_gets_another_upstream_was_not_rewritten(team: Team) -> None:
    team.ben.git("push", "-q", "-u", "origin", "main:side")
    team.ben.run("user create ben")
    team.ben.run("sync")
    team.ben.git("branch", "-q", "--set-upstream-to", "origin/main")

    team.ben.run("sync")

    assert team.ben.remote_head == team.ben.head


def test_another_remote_starts_anew(team: Team, tmp_path: Path) -> None:
    rewritten(team)
    team.ben.run("sync", fails=3)
    other = make_bare(tmp_path / "other.git")

    team.ben.run("remote set", str(other))

    team.ben.run("sync")
    assert team.ben.remote_head == team.ben.head


def test_a_conflict_is_over_with_another_remote(team: Team, tmp_path: Path) -> None:
    both(team, [(S3, store("s3", {"path": "s3://x"}))], [(S3, store("s3", {"path": "s3://y"}))])
    team.ben.run("sync", fails=3)
    other = make_bare(tmp_path / "other.git")

    team.ben.run("remote set", str(other))

    assert team.ben.run("conflicts -o json").json == []
    team.ben.run("sync")
    assert team.ben.remote_head == team.ben.head


def test_a_clone_of_an_empty_repository_gets_its_first_commit(tmp_path: Path) -> None:
    bare = make_bare(tmp_path / "team.git")
    ana = cloned(tmp_path, "ana", f"git+file://{bare}")

    assert ana.run("sync").out.endswith("synced\n")

    ben = cloned(tmp_path, "ben", f"git+file://{bare}")
    assert ana.head == ben.head == ben.remote_head
    assert ben.run("sync").out == "Nothing to push.\nsynced\n"


def test_an_unborn_branch_takes_what_the_remote_has(team: Team) -> None:
    team.ben.git("checkout", "-q", "--orphan", "fresh")
    team.ben.git("rm", "-rfq", ".")
    (team.ben.top / "zenprofile.yaml").write_text("format: 1\n")
    team.ben.git("config", "branch.fresh.remote", "origin")
    team.ben.git("config", "branch.fresh.merge", "refs/heads/main")

    team.ben.run("pull")

    assert team.ben.head == team.ana.head
    assert team.ben.is_clean()


# --- modes


def test_sync_commits_edits_that_hold_first(team: Team) -> None:
    team.ben.write(CHURN, {"name": "churn", "description": "by hand"})

    done = team.ben.run("sync")

    assert "Committed: project churn: description one -> by hand" in done.out
    settled(team)


def test_sync_leaves_edits_that_do_not_hold(team: Team) -> None:
    team.ben.write(CHURN, "name: churn\nwrong: 1\n")
    team.ben.run("user create zoe")

    done = team.ben.run("sync")

    assert CHURN.path in done.err
    assert team.ben.head == team.ben.remote_head
    assert team.ben.git("status", "--porcelain").strip() == f"M {CHURN.path}"


def test_sync_in_manual_mode_and_pull_in_any_leave_edits_as_they_are(team: Team) -> None:
    team.ben.write(CHURN, {"name": "churn", "description": "by hand"})
    team.ana.run("user create zoe")
    team.ana.run("sync")

    team.ben.run("pull")
    assert team.ben.git("status", "--porcelain").strip() == f"M {CHURN.path}"
    team.ben.run("config sync manual")
    team.ben.run("sync")

    assert team.ben.git("status", "--porcelain").strip() == f"M {CHURN.path}"
    assert team.ben.head == team.ana.head


def test_in_mode_push_a_write_is_pushed(team: Team) -> None:
    team.ben.run("config sync push")
    done = team.ben.run("user create zoe")
    assert "not pushed" not in done.err
    assert team.ben.head == team.ben.remote_head
    # Also where somebody else was faster.
    team.ana.run("user create yan")
    team.ana.run("sync")
    team.ben.run("user create xavier")
    assert team.ben.head == team.ben.remote_head
    # Reads do not talk to the remote.
    team.bare.rename(team.bare.with_name("away"))
    assert "not pushed" not in team.ben.run("user list").err
    team.ben.run("describe")


def test_a_write_whose_push_fails_stands(team: Team) -> None:
    team.ben.run("config sync push")
    team.bare.rename(team.bare.with_name("away"))

    done = team.ben.run("user create zoe")

    assert "kept, not pushed" in done.err
    assert "zoe" in [row["name"] for row in team.ben.run("user list -o json").json]
    status = team.ben.run("status -o json").json
    assert (status["state"], status["ahead"]) == ("offline", 1)
    team.bare.with_name("away").rename(team.bare)
    team.ben.run("sync")
    settled(team)


def test_a_write_in_mode_push_that_meets_a_conflict_stands(team: Team) -> None:
    team.ben.run("config sync push")
    team.ana.run("component update s3 --set path=s3://ana")
    team.ana.run("sync")

    done = team.ben.run("component update s3 --set path=s3://ben")

    assert "kept, not pushed" in done.err
    assert team.ben.run("status -o json").json["state"] == "conflict"
    assert team.ben.remote_head == team.ana.head


def test_in_mode_push_without_a_remote_the_write_stands(tmp_path: Path) -> None:
    home = new_machine(tmp_path, "ana")
    ana = Machine(home, home, home)
    ana.run("create team")
    ana.run("set team")
    ana.run("config sync push")

    assert "kept, not pushed" in ana.run("user create zoe").err


# --- what is sent


def test_commits_that_touch_other_files_stop_a_push_and_are_named(larger: Team) -> None:
    ben = larger.ben
    (ben.top / "src.py").write_text("print()\n")
    ben.git("add", "-A")
    ben.git("commit", "-q", "-m", "about something else")
    ben.run("user create zoe")
    hook = ben.top / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ncat > '{larger.root}/hooked'\n")
    hook.chmod(0o755)

    done = ben.run("push", fails=1)
    assert "about something else" in done.err
    assert "--with-others" in done.err
    assert not (larger.root / "hooked").exists()
    ben.run("push --with-others")

    assert ben.head == ben.remote_head
    assert ben.head in (larger.root / "hooked").read_text()


def test_what_is_bound_to_this_machine_is_named_before_it_is_shared(team: Team) -> None:
    team.ben.run("component register mine --type orchestrator --flavor kubeflow --set kubernetes_context=laptop")

    strict = team.ben.run("push --strict", fails=1)
    assert "zenprofile override set component/orchestrator/mine kubernetes_context=VALUE" in strict.err
    assert team.ben.remote_head != team.ben.head
    team.ben.run("sync --strict", fails=1)
    warned = team.ben.run("sync")

    assert "zenprofile override set component/orchestrator/mine" in warned.err
    assert team.ben.head == team.ben.remote_head


def test_what_does_not_hold_is_never_pushed(team: Team) -> None:
    team.ben.commit((CHURN, "name: churn\nwrong: 1\n"))
    before = team.ben.remote_head

    for command in ("push", "sync"):
        done = team.ben.run(command, fails=1)
        assert CHURN.path in done.err
        assert team.ben.remote_head == before


def test_a_push_that_a_hook_there_refuses_says_its_words(team: Team) -> None:
    hook = team.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nprintf 'no \\033[31mway\\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    team.ben.run("user create zoe")

    done = team.ben.run("sync", fails=1)

    assert "no " in done.err
    assert "\x1b[31m" not in done.err
    assert "kept" in done.err
    assert (team.ben.folder / "users/zoe.yaml").exists()


def test_a_push_without_a_pull_says_so(team: Team) -> None:
    team.ana.run("user create zoe")
    team.ana.run("sync")
    team.ben.run("user create yan")

    done = team.ben.run("push", fails=1)

    assert "zenprofile sync" in done.err


# --- the user's own repository


def test_a_detached_head_is_read_but_nothing_moves(team: Team) -> None:
    team.ben.git("checkout", "-q", "--detach")

    for command in ("pull", "push", "sync"):
        assert "detached" in team.ben.run(command, fails=1).err
    team.ben.run("stack list")
    assert team.ben.run("status -o json").json["state"] == "paused"


def test_all_pauses_while_a_rebase_is_under_way(team: Team) -> None:
    both(team, [(S3, store("s3", {"path": "s3://x"}))], [(S3, store("s3", {"path": "s3://y"}))])
    team.ben.git("fetch", "-q")
    team.ben.git("rebase", "origin/main", fails=True)

    for command in ("pull", "push", "sync"):
        assert "a rebase is under way" in team.ben.run(command, fails=1).err
    assert team.ben.run("status -o json", fails=None).json["state"] == "paused"
    team.ben.git("rebase", "--abort")
    team.ben.run("sync", fails=3)


def test_without_an_identity_the_profiles_user_stands_in(team: Team) -> None:
    both(team, [(S3, store("s3", {"path": "s3://x"}))], [(CHURN, {"name": "churn"})])
    (team.ben.home / ".gitconfig").write_text('[protocol "file"]\n\tallow = always\n')

    done = team.ben.run("sync")

    assert "git knows no name and e-mail" in done.err
    assert team.ben.git("log", "-1", "--format=%an %ae") == "default default@zenprofile.invalid"


def test_signing_without_a_key_moves_nothing(team: Team) -> None:
    both(team, [(S3, store("s3", {"path": "s3://x"}))], [(CHURN, {"name": "churn"})])
    team.ben.git("config", "commit.gpgsign", "true")
    team.ben.git("config", "gpg.program", "false")
    before = team.ben.head

    done = team.ben.run("sync", fails=1)

    assert "could not be signed" in done.err
    assert (team.ben.head, team.ben.remote_head) == (before, team.ana.head)
    assert team.ben.is_clean()


def test_a_merge_is_signed(team: Team) -> None:
    both(team, [(S3, store("s3", {"path": "s3://x"}))], [(CHURN, {"name": "churn"})])
    program = team.ben.home / "gpg"
    program.write_text("#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho signature\n")
    program.chmod(0o755)
    for name, value in {"gpg.program": str(program), "commit.gpgsign": "true", "user.signingkey": "any"}.items():
        team.ben.git("config", name, value)

    team.ben.run("sync")

    merge = team.ben.git("cat-file", "commit", "HEAD")
    assert "gpgsig signature" in merge
    assert merge.count("\nparent ") == 2
    assert team.ben.remote_head == team.ben.head
    assert team.ben.is_clean()


def test_line_ends_of_a_checkout_are_no_edits(team: Team) -> None:
    ben = team.ben
    ben.git("config", "core.autocrlf", "true")
    ben.git("rm", "-rq", "--cached", ".")
    ben.git("reset", "-q", "--hard")
    assert "\r\n" in ben.read(S3)
    team.ana.run("component update s3 --set path=s3://ana")
    team.ana.run("user create zoe")
    team.ana.run("sync")
    ben.run("component update s3 --description ben")

    ben.run("sync")

    assert "path: s3://ana\r\n" in ben.read(S3)
    assert "name: zoe\r\n" in ben.read("users/zoe.yaml")
    assert ben.git("status", "--porcelain") == ""
    assert "\r" not in ben.git("show", f"HEAD:{S3.path}")
    settled(team)


def test_a_linked_work_tree_has_conflicts_of_its_own(larger: Team) -> None:
    ben = larger.ben
    ben.git("worktree", "add", "-q", "-b", "side", str(larger.root / "linked"), "origin/main")
    linked = ben._replace(top=larger.root / "linked", folder=larger.root / "linked" / "conf" / "zen")
    ben.run("create linked --url", str(linked.folder))
    ben.run("config sync commit --profile linked")
    linked.git("branch", "-q", "--set-upstream-to", "origin/main")
    theirs = larger.ana.commit((S3, store("s3", {"path": "s3://x"})))
    larger.ana.git("push", "-q")
    linked.commit((S3, store("s3", {"path": "s3://y"})))

    linked.run("sync --profile linked", fails=3)

    assert len(linked.run("conflicts -o json --profile linked").json) == 1
    assert ben.run("conflicts -o json").json == []
    linked.run("resolve s3 --theirs --profile linked")
    linked.run("sync --profile linked")
    # As `git push` does, which moves no branch of another name.
    assert linked.head == linked.git("ls-remote", "origin", "refs/heads/side").split()[0]
    assert linked.git("merge-base", "HEAD", theirs) == theirs
    assert linked.is_clean()


def test_a_shallow_clone_pulls_and_merges(team: Team) -> None:
    home = new_machine(team.root, "cy")
    top = home / "work"
    for number in range(5):
        team.ana.commit((CHURN, {"name": "churn", "description": str(number)}))
    team.ana.git("push", "-q")
    bare = Machine(home, home, home)
    bare.git("clone", "-q", "--depth=1", f"file://{team.bare}", str(top))
    cy = Machine(home, top, top)
    cy.run("create team --url", str(top))
    cy.run("set team")
    cy.run("config sync commit")
    cy.run("user create cy")
    for number in range(3):
        team.ana.commit((CHURN, {"name": "churn", "description": f"more {number}"}))
    team.ana.git("push", "-q")

    cy.run("sync")

    assert "more 2" in cy.read(CHURN)
    assert cy.head == cy.remote_head
    assert cy.is_clean()


def test_a_shallow_clone_whose_common_start_is_missing_fetches_it(team: Team) -> None:
    home = new_machine(team.root, "cy")
    top = home / "work"
    old = team.ana.head
    bare = Machine(home, home, home)
    for number in range(3):
        team.ana.commit((CHURN, {"name": "churn", "description": str(number)}))
    team.ana.git("push", "-q")
    bare.git("clone", "-q", "--depth=1", f"file://{team.bare}", str(top))
    cy = Machine(home, top, top)
    # A branch of its own that started further back, fetched as shallow: no common commit is known here.
    team.ana.git("push", "-q", "origin", f"{old}:refs/heads/side")
    cy.git("fetch", "-q", "--depth=1", "origin", "side:side")
    cy.git("switch", "-q", "side")
    cy.git("config", "branch.side.remote", "origin")
    cy.git("config", "branch.side.merge", "refs/heads/main")
    cy.run("create team --url", str(top))
    cy.run("set team")
    cy.run("config sync commit")
    cy.run("project update churn --label mine=1")

    cy.run("sync")

    assert 'description: "2"' in cy.read(CHURN)
    assert "mine" in cy.read(CHURN)
    assert cy.head == cy.git("ls-remote", "origin", "refs/heads/side").split()[0]


def test_a_bare_name_and_json_shapes_of_results(team: Team) -> None:
    team.ana.run("user create zoe")
    pushed = team.ana.run("push -o json").json
    assert pushed == {"confirmed": True, "sent": 1, "push_to": "origin/main"}
    pulled = team.ben.run("pull -o json").json
    assert [(c["kind"], c["name"], c["action"]) for c in pulled["changes"]] == [("user", "zoe", "added")]
    synced = team.ben.run("sync -o json").json
    assert synced["state"] == "synced"
    assert team.ben.run("remote -o json").json["remote"] == f"file://{team.bare}"
    changed = team.ben.write(CHURN, {"name": "churn", "description": "two"})
    status = team.ben.run("status -o json").json
    assert status["state"] == "uncommitted"
    assert status["changes"] == [
        {
            "kind": "project", "type": "", "name": "churn", "action": "changed",
            "fields": [{"path": "description", "before": "one", "after": "two"}],
        }
    ]  # fmt: skip
    changed.write_text("name: churn\nwrong: 1\n")
    (problem,) = team.ben.run("status -o json").json["invalid"]
    assert list(problem) == ["file", "line", "column", "path", "message", "hint", "code"]


def test_a_store_that_is_shared_by_what_it_is_has_nothing_to_send(tmp_path: Path) -> None:
    home = new_machine(tmp_path, "ana")
    ana = Machine(home, home, home)
    ana.run("create db -t sql")
    ana.run("set db")
    for command in ("status", "pull", "push", "sync", "commit"):
        assert "shared already" in ana.run(command).out
    assert ana.run("conflicts -o json").json == []
    of_git = ana.run("status --profile default -o json").json
    of_database = ana.run("status -o json").json
    assert list(of_database) == list(of_git)
    assert (of_database["profile"], of_database["state"]) == ("db", "synced")


def test_a_criss_cross_of_merges_ends(team: Team) -> None:
    """Both merge the same two commits at the same time, by hand, each with changes of its own."""
    one = team.ana.commit((S3, store("s3", {"path": "s3://x"})))
    two = team.ben.commit((CHURN, {"name": "churn", "description": "two"}))
    team.ana.git("push", "-q", "origin", "main:refs/heads/a")
    team.ben.git("push", "-q", "origin", "main:refs/heads/b")
    team.ana.git("fetch", "-q")
    team.ben.git("fetch", "-q")
    team.ana.git("merge", "-q", "-m", "1", two)
    team.ben.git("merge", "-q", "-m", "2", one)
    team.ana.run("component update s3 --set path=s3://newer")
    team.ben.run("project update churn --description three")
    team.ana.git("push", "-q", "origin", "main")

    team.ben.run("sync")

    assert "s3://newer" in team.ben.read(S3)
    assert "three" in team.ben.read(CHURN)
    settled(team)


def test_a_criss_cross_that_was_settled_differently_is_a_conflict(team: Team) -> None:
    one = team.ana.commit((S3, store("s3", {"path": "s3://x"})))
    two = team.ben.commit((S3, store("s3", {"path": "s3://y"})))
    team.ana.git("push", "-q", "origin", "main:refs/heads/a")
    team.ben.git("push", "-q", "origin", "main:refs/heads/b")
    for machine, other in ((team.ana, two), (team.ben, one)):
        machine.git("fetch", "-q")
        machine.git("merge", "-q", "-X", "ours", "-m", "mine", other)
    team.ana.git("push", "-q", "origin", "main")

    team.ben.run("sync", fails=3)

    (row,) = team.ben.run("conflicts -o json").json
    assert (row["ours"], row["theirs"]) == ("s3://y", "s3://x")


def test_a_brought_repository_without_a_remote_says_so(tmp_path: Path) -> None:
    bare = make_bare(tmp_path / "x.git")
    ana = brought(tmp_path, "ana", bare)
    ana.git("remote", "remove", "origin")

    for command in ("pull", "push", "sync"):
        assert "remote set URL" in ana.run(command, fails=1).err
    assert ana.run("status -o json").json["state"] in {"uncommitted", "unshared"}


def test_a_rename_with_an_edit_in_one_arriving_change_takes_them_along_too(team: Team) -> None:
    team.ben.run("stack set prod")
    team.ben.run("override set component/artifact_store/s3 path=s3://mine")
    for line in ("component rename s3 s3-eu", "component update s3-eu --description new"):
        team.ana.run(line)
    for line in ("stack rename prod live", "stack update live --description new"):
        team.ana.run(line)
    team.ana.git("reset", "-q", "--soft", "origin/main")
    team.ana.git("commit", "-q", "-m", "all at once")
    team.ana.git("push", "-q", "origin", "main")

    told = team.ben.run("pull").err

    assert "artifact_store s3 was renamed to s3-eu: this machine's override follows" in told
    assert "stack prod was renamed to live: this machine's active stack follows" in told
    assert team.ben.run("stack get -o json").json["name"] == "live"
    assert team.ben.run("component describe s3-eu -o json").json["configuration"]["path"] == "s3://mine"
