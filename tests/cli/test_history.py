"""Commands on history, through real processes.

That every kind of store has the same history is told in tests/contract and tests/unit/test_history.py. Here most tests
run on one in Git, and those of ``BOTH`` show that commands reach another kind in the same way.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from machines import Done

from zenprofile.machine.profiles import Profiles
from zenprofile.store import dates

S3 = "component/artifact_store/s3"
_SAME: Mapping[str, str] = {}


class Shell:
    """Runs command lines in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, line: str, *arguments: str, fails: int = 0, environment: Mapping[str, str] = _SAME) -> Done:
        ran = subprocess.run(
            [sys.executable, "-m", "zenprofile", *line.split(), *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
            timeout=60,
            check=False,
        )
        assert ran.returncode == fails, f"{line}: {ran.stdout}{ran.stderr}"
        assert "Traceback" not in ran.stderr
        return Done(ran.returncode, ran.stdout, ran.stderr)

    def git(self, *arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=True).stdout

    def revs(self) -> list[str]:
        return [record["rev"] for record in self("log -o json").json]


BOTH = pytest.mark.parametrize("kind", ["local", "sql"], indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "local"))


@pytest.fixture
def run(kind: str, tmp_path: Path) -> Shell:
    """Give a shell in whose profile a component was registered and changed."""
    shell = Shell(tmp_path)
    shell(f"create p -t {kind}")
    shell("set p")
    shell(f"component register s3 --type artifact_store --flavor s3 --set path=s3://a {_WHY}")
    shell("component update s3 --set path=s3://b")
    return shell


_WHY = "-m Why"


@pytest.fixture
def by_hand(tmp_path: Path) -> Shell:
    """Give a shell in a repository of the user's own, whose profile leaves writes uncommitted."""
    shell = Shell(tmp_path)
    shell.git("init", "-q")
    shell("create p --url .")
    shell("set p")
    shell.git("add", "-A")
    shell.git("commit", "-qm", "begin")
    return shell


def path_of(run: Shell, *at: str) -> str:
    return str(run("component describe s3 -o json", *at).json["configuration"]["path"])


@BOTH
def test_log_and_show_have_one_shape(run: Shell) -> None:
    records = run("log -o json").json

    assert [set(record) for record in records] == [{"rev", "who", "when", "message", "changes"}] * 3
    assert records[0]["changes"] == [
        {
            "kind": "component",
            "type": "artifact_store",
            "name": "s3",
            "action": "changed",
            "fields": [{"path": "configuration.path", "before": "s3://a", "after": "s3://b"}],
        }
    ]
    assert records[1]["message"] == "Why"
    assert {"path": "name", "after": "s3"} in records[1]["changes"][0]["fields"]
    assert all(dates.parse(record["when"]) for record in records)
    assert [run("show -o json", record["rev"]).json for record in records] == records
    assert run("show -o json").json == records[0]
    assert run("log -o json s3 -n 1").json == run(f"log -o json {S3}").json[:1] == records[:1]


@BOTH
def test_tables_have_short_ids(run: Shell, kind: str) -> None:
    rev = run.revs()[0]

    for line in ("log -n 1", f"blame {S3}"):
        assert (rev in run(line).out) == (kind == "sql")
        assert rev[:10] in run(line).out
    assert run("log -n 1").out.rstrip().endswith("artifact_store s3: path s3://a -> s3://b")
    assert rev in run("show").out
    assert "configuration.path" in run("show").out


def test_diff_by_field(run: Shell) -> None:
    first = run.revs()[-1]
    old, new = run.revs()[1], run.revs()[0]

    (one,) = run(f"diff -o json {old}").json
    assert one["fields"] == [{"path": "configuration.path", "before": "s3://a", "after": "s3://b"}]
    (back,) = run(f"diff -o json {new}..{old}").json
    assert back["fields"] == [{"path": "configuration.path", "before": "s3://b", "after": "s3://a"}]
    (added,) = run(f"diff -o json {first}..HEAD").json
    assert (added["action"], added["fields"][0]) == ("added", {"path": "name", "after": "s3"})
    assert run("diff -o json").json == []
    assert run("diff").out == ""
    assert "s3://b" in run(f"diff {old}").out


def test_diff_says_by_its_status_whether_anything_differs(run: Shell) -> None:
    assert run("diff --exit-code").out == ""
    assert run("diff --exit-code HEAD..HEAD -o json").json == []
    assert len(run("diff --exit-code -o json", run.revs()[-1], fails=1).json) == 1


def test_diff_tells_edits_by_hand(by_hand: Shell) -> None:
    by_hand("component register s3 --type artifact_store --flavor s3 --set path=s3://a")
    file = by_hand.folder / "stacks/default.yaml"
    file.write_text("description: mine\n" + file.read_text())

    one, other = by_hand("diff -o json --exit-code", fails=1).json

    assert (one["name"], one["action"]) == ("s3", "added")
    assert other["fields"] == [{"path": "description", "after": "mine"}]


def test_blame_names_a_change_for_each_field(run: Shell) -> None:
    run("component rename s3 s3-new")
    renamed, changed, added = run.revs()[:3]

    lines = run("blame s3-new -o json").json

    assert all(list(line) == ["path", "value", "rev", "who", "when"] for line in lines)
    assert [(line["path"], line["value"], line["rev"]) for line in lines] == [
        ("name", "s3-new", renamed),
        ("type", "artifact_store", added),
        ("flavor", "s3", added),
        ("configuration.path", "s3://b", changed),
    ]
    assert lines[0]["who"]


def test_blame_of_edits_by_hand(by_hand: Shell) -> None:
    file = by_hand.folder / "stacks/default.yaml"
    file.write_text(file.read_text() + "description: mine\n")

    last = by_hand("blame stack/default -o json").json[-1]

    assert last == {"path": "description", "value": "mine", "rev": "", "who": "", "when": ""}
    assert "(uncommitted)" in by_hand("blame stack/default").out


def test_restore(run: Shell) -> None:
    text = run("component describe s3 -o json").json
    then = run.revs()[0]
    run("component delete s3")

    done = run("restore s3 -o json --to", then).json

    assert run("component describe s3 -o json").json == text
    assert done["rev"] == run.revs()[0]
    assert [(c["name"], c["action"]) for c in done["changes"]] == [("s3", "added")]
    assert "Nothing to restore" in run(f"restore {S3} --to HEAD").out
    run("restore s3 --to", run.revs()[-1], fails=1)
    run("restore s3 --to nothing", fails=1)
    run("restore s3", fails=2)


def test_revert(run: Shell) -> None:
    run("component update s3 --description later")

    run("revert", run.revs()[1])

    assert path_of(run) == "s3://a"
    assert run("component describe s3 -o json").json["description"] == "later"
    assert "Nothing to revert" in run("revert", run.revs()[2]).out
    run("revert nothing", fails=1)


def test_revert_of_what_was_changed_since_is_a_conflict(run: Shell) -> None:
    run("component update s3 --set path=s3://c")
    before = run.revs()

    error = json.loads(run("revert -o json", before[1], fails=3).err)

    assert error["code"] == "conflict"
    assert f"{S3} configuration.path" in error["message"]
    assert error["hint"]
    assert run.revs() == before
    assert path_of(run) == "s3://c"


def test_undo_until_nothing_is_left(run: Shell) -> None:
    count = len(run.revs())

    assert "Undo: artifact_store s3: path s3://a -> s3://b" in run("undo").out
    assert path_of(run) == "s3://a"
    done = run("undo -o json").json
    assert done["message"] == "Undo: Why"
    assert [c["action"] for c in done["changes"]] == ["removed"]
    assert len(run.revs()) == count + 2
    assert "nothing is left to undo" in run("undo", fails=1).err
    assert json.loads(run("undo -o json", fails=1).err)["code"] == "not-found"


@BOTH
def test_redo_does_again_what_undo_took_back_until_a_new_change(run: Shell) -> None:
    run("component update s3 --set path=s3://c")
    for _ in range(2):
        run("undo")

    assert "Redo: Why" not in run("redo").out
    assert path_of(run) == "s3://b"
    done = run("redo -o json").json
    assert done["message"] == "Redo: artifact_store s3: path s3://b -> s3://c"
    nothing = run("redo", fails=1).err
    assert "nothing is left to redo" in nothing
    assert "zenprofile restore" in nothing
    run("undo")
    run("component update s3 --set path=s3://d")
    assert json.loads(run("redo -o json", fails=1).err)["code"] == "not-found"


def test_redo_of_a_rename_takes_the_active_stack_along(run: Shell) -> None:
    run("stack register prod -c orchestrator=default -c artifact_store=s3")
    run("stack set prod")
    run("stack rename prod live")
    run("undo")
    run("redo")

    assert run("stack get -o json").json["name"] == "live"


def test_redo_edits_files_where_writes_are_not_committed(by_hand: Shell) -> None:
    by_hand("component register s3 --type artifact_store --flavor s3 --set path=s3://a")
    by_hand("component update s3 --set path=s3://b")
    by_hand("undo")
    by_hand("undo")
    by_hand("redo")
    by_hand("redo")

    assert path_of(by_hand) == "s3://b"
    by_hand("redo", fails=1)


def test_undo_of_a_rename_takes_the_active_stack_along(run: Shell) -> None:
    run("stack register prod -c orchestrator=default -c artifact_store=s3")
    run("stack set prod")
    run("stack rename prod live")
    assert run("stack get -o json").json["name"] == "live"

    run("undo")

    assert run("stack get -o json").json["name"] == "prod"
    assert "active stack" in run("undo", fails=1).err


def test_undo_edits_files_back_where_writes_are_not_committed(by_hand: Shell) -> None:
    head = by_hand.git("rev-parse", "HEAD")
    by_hand("component register s3 --type artifact_store --flavor s3 --set path=s3://a")
    by_hand("component update s3 --set path=s3://b")

    by_hand("undo")
    assert path_of(by_hand) == "s3://a"
    by_hand("undo")

    assert by_hand.git("status", "--porcelain") == ""
    assert by_hand.git("rev-parse", "HEAD") == head
    by_hand("undo", fails=1)


@BOTH
def test_undo_is_this_machines_and_its_edits_by_command(
    run: Shell, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = next(row["store_url"] for row in run("list -o json").json if row["name"] == "p")
    other = {"ZENPROFILE_CONFIG_DIR": str(tmp_path_factory.mktemp("other"))}
    run("create q --url", url, environment=other)

    if kind == "sql":
        run("undo --profile q", fails=1, environment=other)
        run("user create eve --profile q", environment=other)
        run("undo")
        assert path_of(run) == "s3://a"
        run("user describe eve")
        run("undo --profile q", environment=other)
        run("user describe eve", fails=1)
    else:  # one working tree is on one machine, whatever its configuration folder is
        run("undo --profile q", environment=other)
        assert path_of(run) == "s3://a"


def test_reads_answer_as_it_was(run: Shell, kind: str) -> None:
    run("stack register prod -c orchestrator=default -c artifact_store=s3")
    prod, changed, added, first = run.revs()

    assert [path_of(run, "--at", rev) for rev in (prod, changed, added)] == ["s3://b", "s3://b", "s3://a"]
    run("component describe s3 --at", first, fails=1)
    assert [row["name"] for row in run("stack list -o json --at", added).json] == ["default"]
    assert {row["name"] for row in run("stack list -o json --at HEAD").json} == {"default", "prod"}
    run("stack describe prod --at", changed, fails=1)
    today = datetime.now(UTC).date()
    assert path_of(run, "--at", str(today)) == "s3://b"
    assert path_of(run, "--at", str(today + timedelta(days=400))) == "s3://b"
    when = run("log -o json").json[0]["when"]
    assert path_of(run, "--at", when) == "s3://b"
    for missing in ("nothing", str(today - timedelta(days=400)), "2026-13-45"):
        error = json.loads(run("component list -o json --at", missing, fails=1).err)
        assert error["code"] == "not-found"
    assert run("validate --rev", added).out == ""
    run("validate --rev nothing", fails=1)


def test_git_names_of_revisions(by_hand: Shell) -> None:
    by_hand("component register s3 --type artifact_store --flavor s3 --set path=s3://a")
    by_hand("commit")
    by_hand.git("tag", "-a", "v1", "-m", "one")
    by_hand.git("branch", "side")
    by_hand("component update s3 --set path=s3://b")
    by_hand("commit")
    whole = by_hand.git("rev-parse", "v1^{commit}").strip()

    for rev in (whole, whole[:8], "v1", "side", "HEAD~1", "refs/tags/v1"):
        assert path_of(by_hand, "--at", rev) == "s3://a"
        assert by_hand("show -o json", rev).json["rev"] == whole
    assert len(by_hand("diff -o json v1..HEAD").json) == 1
    assert by_hand("diff -o json v1..side").json == []
    for hostile in ("--output=x", "-p", "v1;id", "$(id)", "v1\nHEAD", "@{upstream}", ":/one"):
        by_hand("component list --at", hostile, fails=1)


def test_a_date_alone_is_the_end_of_that_day_here(by_hand: Shell) -> None:
    late = {"GIT_AUTHOR_DATE": "2026-01-02T23:30:00-0800", "GIT_COMMITTER_DATE": "2026-01-02T23:30:00-0800"}
    by_hand("component register s3 --type artifact_store --flavor s3 --set path=s3://a")
    by_hand.git("add", "-A")
    subprocess.run(["git", "commit", "-qm", "late"], cwd=by_hand.folder, env={**os.environ, **late}, check=True)
    by_hand.git("update-ref", "refs/heads/alone", by_hand.git("commit-tree", "HEAD^{tree}", "-m", "x").strip())

    there = {"TZ": "America/Los_Angeles"}
    rev = by_hand("show 2026-01-02 -o json", environment=there).json["rev"]
    assert rev == by_hand.git("rev-parse", "HEAD").strip()
    by_hand("show 2026-01-02 -o json", fails=1, environment={"TZ": "UTC"})
    by_hand("show 2026-01-01 -o json", fails=1, environment=there)


@pytest.mark.parametrize("command", ["show", "diff", "blame", "restore", "revert", "undo"])
def test_every_command_has_examples(tmp_path: Path, command: str) -> None:
    out = Shell(tmp_path)(f"{command} --help").out

    assert "Examples" in out
    assert f"zenprofile {command}" in out.partition("Examples")[2]
    assert not Path(Profiles().folder, "profiles.json").exists()
