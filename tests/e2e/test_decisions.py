"""What `sync` decides: every row of the table in docs/how-merge-decides.md, between two real machines and a remote.

A case names its row. Ana does her part and shares it, Ben does his and then syncs; what he is told, what waits for a
choice and what his documents are afterwards is the decision.
"""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from machines import PROD, S3, Machine, Team, stack, store

from zenprofile.core.document import writer
from zenprofile.core.entity import Key

pytest_plugins = ("teams",)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-merge-decides.md"
FIELDS = "both changed different fields, or the same field to the same value"
FIELD = "both changed one field to different values"
DELETED = "one deleted what the other edited, an entity or a field"
RENAMED = "one renamed what the other edited"
TWO_NAMES = "both renamed it, to different names; or two entities end with one name"
ONE_NAME = "both renamed it to one name and edited it"
FOLLOWS = "one renamed what the other has an override for, or as its active stack"
SETS = "both changed a set: a team's members, a role's assignments, several components of a type in a stack"
NARROWED = "several components of a type, of which each side kept another one"
TOGETHER = (
    "each change holds, both together do not: a reference to nothing, a schema that refuses a component, two names that"
    " only case tells apart"
)
MADE = "both made an entity of one name"
OUTSIDE = "files outside the profile"
IN_THE_WAY = "an uncommitted edit is in a file that has to change"
INVALID = "what the remote holds is invalid"
OTHERS_EDITS = "another profile of the same repository has uncommitted edits"
OTHERS_CHANGES = "another profile of the same repository changed on both sides"
APART = "two repositories that began apart both hold a profile"
REWRITTEN = "the remote's history was rewritten, or its branch deleted"

# Rows whose tests need more than two people who take turns.
ELSEWHERE = {
    "the remote moves meanwhile, again and again": "test_a_remote_that_moves_all_the_time_ends_with_the_deadline",
    "a write is pushed by itself, and the push fails": "test_a_write_whose_push_fails_stands",
}

Step = str | Mapping[str, str | None]
"""A command of zenprofile, or of git; or files that are written by hand (from the top with a slash; None: deleted)."""


class Case(NamedTuple):
    """A row, or a part of one.

    Attributes:
        row: what the table calls it.
        there: what Ana does, and shares.
        here: what Ben does, who knows nothing of that.
        status: how his `sync` ends.
        told: what it says, among other things.
        files: what his files hold afterwards, below the profile; None for one that is not there.
        waits: each conflict: entity and field, its class, and the values of base, ours and theirs ("-": none).
        choice: a command that settles it; `files` are what they are then.
        asked: what further commands print, among other things.
        before: what both know.
        team: the fixture that both are from.
        sync: how he syncs.
        stays: what is not committed at the end, in git's words.
    """

    row: str
    there: tuple[Step, ...] = ()
    here: tuple[Step, ...] = ()
    status: int = 0
    told: tuple[str, ...] = ()
    files: Mapping[str, str | None] = {}
    waits: tuple[str, ...] = ()
    choice: str = ""
    asked: Mapping[str, str] = {}
    before: tuple[Step, ...] = ()
    team: str = "team"
    sync: str = "sync"
    stays: str = ""


def put(key: Key, data: Mapping[str, Any]) -> Mapping[str, str | None]:
    """Return an edit by hand: a document with this data."""
    return {key.path: writer.write(key.kind, data)}  # type: ignore[arg-type]


COMMIT = "commit -q"
BY_HAND = ("git add -A", "git commit -q -m by-hand")
HEAD = "name: s3\ntype: artifact_store\nflavor: s3\n"
S3_PROD, GS, X = S3._replace(name="s3-prod"), S3._replace(name="gs"), S3._replace(name="x")
ML, ADMIN, CHURN = Key("team", "", "ml"), Key("role", "", "admin"), Key("project", "", "churn")
BOB_IN_CHURN = {"user": "bob", "project": "churn"}
OWN = Key("flavor", "artifact_store", "own")
FLAVOR = {"name": "own", "type": "artifact_store", "schema": {"properties": {"a": {}, "b": {}}}}
NARROW = {**FLAVOR, "schema": {"properties": {"a": {}}, "additionalProperties": False}}
MINE = {"name": "x", "type": "artifact_store", "flavor": "own", "configuration": {"a": 1}}
BARE_HEAD_IS_OTHER = "git -C ../../../../team.git symbolic-ref HEAD refs/heads/other"
LINES = "".join(f"line {number}\n" for number in range(1, 10))
Q = "/two/projects/q.yaml"
QUIET = "name: q\ndescription: one\nlabels:\n  a: b\n"

CASES = {
    "different-fields-and-their-comments": Case(
        FIELDS,
        there=({S3.path: f"{HEAD}configuration:\n  # Ana\n  path: s3://ana  # hers\n"}, COMMIT),
        here=("component update s3 --set key={{aws.key}} --description Ben",),
        told=("Pulled:\n  artifact_store s3: path s3://a -> s3://ana\n", "synced\n"),
        files={S3.path: '  # Ana\n  path: s3://ana  # hers\n  key: "{{aws.key}}"\n'},
    ),
    "the-same-value": Case(
        FIELDS,
        there=("component update s3 --set path=s3://new",),
        here=("component update s3 --set path=s3://new",),
        files={S3.path: "path: s3://new\n"},
    ),
    "two-values-ours": Case(
        FIELD,
        there=("component update s3 --set path=s3://ana",),
        here=("component update s3 --set path=s3://ben",),
        status=3,
        told=("1 conflict to settle: component/artifact_store/s3 configuration.path; nothing was moved",),
        waits=("component/artifact_store/s3 configuration.path, field: s3://a, s3://ben, s3://ana",),
        choice="resolve s3 --ours",
        files={S3.path: "path: s3://ben\n"},
    ),
    "two-values-theirs": Case(
        FIELD,
        there=("component update s3 --set path=s3://ana",),
        here=("component update s3 --set path=s3://ben",),
        status=3,
        waits=("component/artifact_store/s3 configuration.path, field: s3://a, s3://ben, s3://ana",),
        choice="resolve s3 --theirs",
        files={S3.path: "path: s3://ana\n"},
    ),
    "a-type-that-has-one-component-on-every-side": Case(
        FIELD,
        before=("component copy s3 gs",),
        there=("stack update prod -c artifact_store=gs",),
        here=("stack update prod -c artifact_store=default",),
        status=3,
        waits=("stack/prod components.artifact_store, field: s3, default, gs",),
    ),
    "deleted-there": Case(
        DELETED,
        there=("project delete churn",),
        here=("project update churn --description two",),
        told=("Warning: project churn: deleted there, edited here: the edit stays",),
        files={CHURN.path: "description: two\n"},
    ),
    "deleted-here": Case(
        DELETED,
        there=("project update churn --description two",),
        here=("project delete churn",),
        told=("Warning: project churn: deleted here, edited there: the edit stays",),
        files={CHURN.path: "description: two\n"},
    ),
    "a-field-deleted": Case(
        DELETED,
        before=("component update s3 --set key={{aws.old}}",),
        there=("component update s3 --unset key",),
        here=("component update s3 --set key={{aws.new}}",),
        told=("Warning: artifact_store s3, configuration.key: deleted there, edited here: the edit stays",),
        files={S3.path: '  key: "{{aws.new}}"\n'},
    ),
    "renamed-there": Case(
        RENAMED,
        there=("component rename s3 s3-prod", "component update s3-prod --description renamed"),
        here=("component update s3 --set path=s3://ben", "stack copy prod prod2"),
        told=("Warning: artifact_store s3: renamed to s3-prod there, edited here: the edit follows",),
        files={
            S3.path: None,
            S3_PROD.path: "path: s3://ben\n",
            PROD.path: "artifact_store: s3-prod\n",
            "stacks/prod2.yaml": "artifact_store: s3-prod\n",
        },
        asked={"component describe s3-prod -o yaml": "description: renamed\n"},
    ),
    "renamed-here": Case(
        RENAMED,
        there=("component update s3 --set path=s3://ana",),
        here=(
            "component update s3 --description before",
            "component rename s3 s3-prod",
            "component update s3-prod --set key={{aws.key}}",
        ),
        told=("Warning: artifact_store s3: renamed to s3-prod here, edited there: the edit follows",),
        files={S3.path: None, S3_PROD.path: '  path: s3://ana\n  key: "{{aws.key}}"\n'},
        asked={"component describe s3-prod -o yaml": "description: before\n"},
    ),
    "renamed-twice": Case(
        RENAMED,
        there=("component rename s3 once", "component rename once s3-prod"),
        here=("component update s3 --set path=s3://ben",),
        files={S3.path: None, S3_PROD.path: "path: s3://ben\n", PROD.path: "artifact_store: s3-prod\n"},
    ),
    "names-swapped": Case(
        RENAMED,
        before=("component register gs --type artifact_store --flavor s3 --set path=s3://g",),
        there=("component rename s3 aside", "component rename gs s3", "component rename aside gs"),
        here=("component update s3 --description was-s3", "component update gs --description was-gs"),
        files={GS.path: "description: was-s3\n", S3.path: "description: was-gs\n", PROD.path: "artifact_store: gs\n"},
    ),
    "two-new-names-ours": Case(
        TWO_NAMES,
        there=("component rename s3 anas",),
        here=("component rename s3 bens",),
        status=3,
        waits=("component/artifact_store/bens name, name: s3, bens, anas",),
        choice="resolve bens --ours",
        files={S3._replace(name="anas").path: None, PROD.path: "artifact_store: bens\n"},
    ),
    "two-new-names-theirs": Case(
        TWO_NAMES,
        there=("component rename s3 anas",),
        here=("component rename s3 bens",),
        status=3,
        waits=("component/artifact_store/bens name, name: s3, bens, anas",),
        choice="resolve bens --theirs",
        files={S3._replace(name="bens").path: None, PROD.path: "artifact_store: anas\n"},
    ),
    "two-entities-with-one-name": Case(
        TWO_NAMES,
        before=("component register gs --type artifact_store --flavor s3 --set path=s3://g",),
        there=("component rename s3 x",),
        here=("component rename gs x",),
        status=3,
        waits=("component/artifact_store/x name, name: -, x, x",),
        files={X.path: "path: s3://g\n"},
    ),
    "one-new-name": Case(
        ONE_NAME,
        there=("component rename s3 x", "component update x --set path=s3://ana"),
        here=("component rename s3 x", "component update x --description Ben"),
        files={S3.path: None, X.path: "description: Ben\nconfiguration:\n  path: s3://ana\n"},
    ),
    "one-new-name-and-two-values": Case(
        ONE_NAME,
        there=("component rename s3 x", "component update x --set path=s3://ana"),
        here=("component rename s3 x", "component update x --set path=s3://ben"),
        status=3,
        waits=("component/artifact_store/x configuration.path, field: s3://a, s3://ben, s3://ana",),
    ),
    "override-and-active-stack": Case(
        FOLLOWS,
        there=("component rename s3 s3-prod", "stack rename prod live"),
        here=("stack set prod", "override set component/artifact_store/s3 path=s3://mine"),
        told=(
            "artifact_store s3 was renamed to s3-prod: this machine's override follows",
            "stack prod was renamed to live: this machine's active stack follows",
        ),
        asked={"stack get -o json": '"name": "live"', "component describe s3-prod -o json": '"path": "s3://mine"'},
    ),
    "members-added": Case(
        SETS,
        there=("team add ml --user bob",),
        here=("team add ml --user eve", "team update ml --description Ben"),
        files={ML.path: "members: [ada, eve, bob]\n"},
    ),
    "a-member-removed": Case(
        SETS,
        there=("team add ml --user bob", "team remove ml --user ada"),
        here=("team add ml --user eve",),
        files={ML.path: "members: [eve, bob]\n"},
    ),
    "assignments": Case(
        SETS,
        there=("role assign admin --team ml",),
        here=(put(ADMIN, {"name": "admin", "assignments": [BOB_IN_CHURN, {"user": "ada"}]}), COMMIT),
        files={ADMIN.path: "assignments:\n  - user: bob\n    project: churn\n  - user: ada\n  - team: ml\n"},
    ),
    "components-of-a-type": Case(
        SETS,
        there=(put(PROD, stack("prod", artifact_store=["s3", "default"])), COMMIT),
        here=("stack update prod --description Ben",),
        files={PROD.path: "artifact_store: [s3, default]\n"},
    ),
    "each-kept-another-one": Case(
        NARROWED,
        before=(put(PROD, stack("prod", artifact_store=["default", "s3"])), COMMIT),
        there=(put(PROD, stack("prod", artifact_store=["s3"])), COMMIT),
        here=(put(PROD, stack("prod", artifact_store="default")), COMMIT),
        status=3,
        waits=("stack/prod components.artifact_store, field: ['default', 's3'], default, ['s3']",),
        choice="resolve prod --theirs",
        files={PROD.path: "artifact_store: [s3]\n"},
    ),
    "a-reference-to-nothing": Case(
        TOGETHER,
        there=("stack update prod -c artifact_store=default", "component delete s3"),
        here=("stack register mine -c orchestrator=default -c artifact_store=s3",),
        status=3,
        told=("1 conflict to settle: stack/mine components.artifact_store; nothing was moved",),
        waits=("stack/mine components.artifact_store, reference: -, s3, -",),
        choice="resolve mine --ours",
        files={S3.path: "path: s3://a\n", "stacks/mine.yaml": "artifact_store: s3\n"},
    ),
    "a-member-who-is-gone": Case(
        TOGETHER,
        there=("team add ml --user bob",),
        here=("user delete bob",),
        status=3,
        waits=("team/ml members.1, reference: -, -, bob",),
        choice="resolve ml --ours",
        files={ML.path: "members: [ada]\n", "users/bob.yaml": None},
    ),
    "a-schema-that-refuses-a-component": Case(
        TOGETHER,
        before=({**put(OWN, FLAVOR), **put(X, MINE)}, COMMIT),
        there=(put(OWN, NARROW), COMMIT),
        here=("component update x --set b=2",),
        status=3,
        waits=("component/artifact_store/x configuration, reference: -, {'a': 1, 'b': '2'}, {'a': 1}",),
        choice="resolve x --theirs",
        files={X.path: "configuration:\n  a: 1\n", OWN.path: "additionalProperties: false\n"},
    ),
    "names-that-only-case-tells-apart": Case(
        TOGETHER,
        there=("user create Zoe",),
        here=("user create zoe",),
        status=3,
        waits=("user/zoe name, name: -, zoe, Zoe",),
        choice="resolve zoe --theirs",
        files={"users/zoe.yaml": None, "users/Zoe.yaml": "name: Zoe\n"},
    ),
    "made-alike": Case(
        MADE,
        there=("project create new --description Ana",),
        here=("project create new --label by=ben",),
        files={"projects/new.yaml": "labels:\n  by: ben\ndescription: Ana\n"},
    ),
    "made-with-two-configurations": Case(
        MADE,
        there=("component register x --type artifact_store --flavor gcp --set path=gs://x",),
        here=("component register x --type artifact_store --flavor s3 --set path=s3://x --description Ben",),
        status=3,
        waits=("component/artifact_store/x flavor, field: -, s3, gcp",),
        choice="resolve x --theirs",
        files={X.path: "flavor: gcp\ndescription: Ben\nconfiguration:\n  path: gs://x\n"},
    ),
    "files-outside-arrive-and-are-merged": Case(
        OUTSIDE,
        team="larger",
        there=({"/README": LINES.replace("line 1\n", "line one\n"), "/src/new.py": "print()\n"}, *BY_HAND),
        here=({"/README": LINES.replace("line 9\n", "line nine\n")}, *BY_HAND),
        sync="sync --with-others",
        files={"/README": "line one\n", "/src/new.py": "print()\n"},
        asked={"git show HEAD:README": "line 8\nline nine"},
    ),
    "files-outside-that-git-cannot-merge": Case(
        OUTSIDE,
        team="larger",
        there=({"/README": LINES.replace("line 5\n", "line five\n"), CHURN.path: "name: churn\n"}, *BY_HAND),
        here=({"/README": LINES.replace("line 5\n", "line V\n")}, *BY_HAND),
        status=3,
        told=("git cannot merge files outside the profile: README; nothing was moved; pull by hand: git pull",),
        waits=("outside , outside: -, -, -",),
        files={"/README": "line V\n", CHURN.path: "description: one\n"},
        asked={"status -o json": '"next": "git pull"', "resolve outside --ours": "git pull"},
    ),
    "an-edit-in-the-way": Case(
        IN_THE_WAY,
        there=("component update s3 --set path=s3://ana",),
        here=("config sync manual", put(S3, store("s3", {"path": "s3://dirty"}))),
        status=3,
        told=(f"uncommitted edits are in the way of what the other side changed too: {S3.path}; nothing was moved",),
        files={S3.path: "path: s3://dirty\n"},
        asked={"pull -o json": f'"file": "zenprofile/clones/team/{S3.path}"'},
        stays=f"M {S3.path}",
    ),
    "an-edit-that-is-not-in-the-way": Case(
        IN_THE_WAY,
        there=("component update s3 --set path=s3://ana",),
        here=("config sync manual", {CHURN.path: "name: churn\ndescription: dirty\n", "/README": "dirty\n"}),
        files={S3.path: "path: s3://ana\n", CHURN.path: "description: dirty\n"},
        stays=f"M README\n M {CHURN.path}",
    ),
    "an-invalid-remote": Case(
        INVALID,
        there=({CHURN.path: "name: churn\n<<<<<<< HEAD\n"}, *BY_HAND),
        status=1,
        told=("projects/churn.yaml:2:1: ", "zenprofile pull --accept-invalid"),
        files={CHURN.path: "description: one\n"},
        asked={"pull -o json": f'"file": "{CHURN.path}"'},
    ),
    "an-invalid-remote-accepted": Case(
        INVALID,
        there=({CHURN.path: "name: churn\n<<<<<<< HEAD\n"}, "user update bob --email b@ana", *BY_HAND),
        sync="pull --accept-invalid",
        files={CHURN.path: "<<<<<<< HEAD\n"},
        asked={
            "user list -o wide": "b@ana",
            "project list": f"{CHURN.path}:2:1: ",
            "status -o json": '"state": "invalid"',
        },
    ),
    "another-profiles-edits": Case(
        OTHERS_EDITS,
        team="two_profiles",
        before=({Q: QUIET}, *BY_HAND),
        there=({Q: QUIET.replace("one", "two"), CHURN.path: "name: churn\n"}, *BY_HAND),
        here=({Q: QUIET.replace("a: b", "a: c")},),
        files={CHURN.path: "name: churn\n", Q: QUIET.replace("one", "two").replace("a: b", "a: c")},
        stays="M two/projects/q.yaml",
    ),
    "another-profile-is-merged-by-meaning": Case(
        OTHERS_CHANGES,
        team="two_profiles",
        before=({Q: QUIET}, *BY_HAND),
        there=({Q: QUIET.replace("one", "two")}, *BY_HAND),
        here=({Q: QUIET.replace("a: b", "a: c")}, *BY_HAND),
        sync="sync --with-others",
        files={Q: QUIET.replace("one", "two").replace("a: b", "a: c")},
    ),
    "another-profiles-conflict": Case(
        OTHERS_CHANGES,
        team="two_profiles",
        before=({Q: QUIET}, *BY_HAND),
        there=({Q: QUIET.replace("one", "two")}, *BY_HAND),
        here=({Q: QUIET.replace("one", "three")}, *BY_HAND),
        status=3,
        told=("the profile at 'two' has 1 conflict to settle: project/q description; nothing was moved",),
        waits=("project/q description, field: one, three, two",),
    ),
    "begun-apart": Case(
        APART,
        team="begun_apart",
        there=("user create ana",),
        here=("user create ben",),
        asked={"user list -o name": "user/ana\nuser/ben\nuser/default\n"},
    ),
    "begun-apart-with-two-values": Case(
        APART,
        team="begun_apart",
        there=("project create p --description Ana",),
        here=("project create p --description Ben",),
        status=3,
        waits=("project/p description, field: -, Ben, Ana",),
        choice="resolve p --ours",
        files={"projects/p.yaml": "description: Ben\n"},
    ),
    "rewritten": Case(
        REWRITTEN,
        before=("user create zoe",),
        there=("git reset -q --hard HEAD~1", "user create other", "git push -q --force"),
        here=("user create ben",),
        status=3,
        told=("the history was rewritten at the remote; nothing was moved; yours is kept at",),
        files={"users/ben.yaml": "name: ben\n", "users/zoe.yaml": "name: zoe\n"},
        asked={"git log -1 --format=%s refs/zenprofile/kept/main": "add user ben", "status": "blocked"},
    ),
    "deleted-at-the-remote": Case(
        REWRITTEN,
        there=("git push -q origin main:other", BARE_HEAD_IS_OTHER, "git push -q origin :main"),
        here=("user create ben",),
        status=3,
        told=("main was deleted at the remote",),
        files={"users/ben.yaml": "name: ben\n"},
    ),
}  # fmt: skip


def do(machine: Machine, steps: tuple[Step, ...]) -> None:
    """Take the steps of a case."""
    for step in steps:
        if not isinstance(step, str):
            for path, text in step.items():
                machine.write(placed(machine, path), text)
        elif step.startswith("git "):
            machine.git(*shlex.split(step)[1:])
        else:
            machine.run(step)


def placed(machine: Machine, path: str) -> str:
    """Return a path of a case as one that leads there from the profile's folder."""
    return str(machine.top / path[1:]) if path.startswith("/") else path


def share(machine: Machine, steps: tuple[Step, ...]) -> None:
    """Take the steps, and bring them to the remote by git."""
    do(machine, steps)
    if not any(isinstance(step, str) and step.startswith("git push") for step in steps):
        machine.git("push", "-q", "origin", "main")


def waiting(machine: Machine) -> list[str]:
    """Return what waits for a choice, in the words of a case."""
    told = []
    for row in machine.run("conflicts -o json").json:
        entity = "/".join(filter(None, (row["kind"], row["type"], row["name"])))
        values = ", ".join(str(row.get(side, "-")) for side in ("base", "ours", "theirs"))
        told.append(f"{entity} {row['path']}, {row['class']}: {values}")
    return told


def looks(machine: Machine, case: Case) -> None:
    """Hold files and answers to what the case says."""
    for path, text in case.files.items():
        file = machine.folder / placed(machine, path)
        if text is None:
            assert not file.exists()
        else:
            assert text in file.read_text(encoding="utf-8")
    for line, text in case.asked.items():
        if line.startswith("git "):
            assert text in machine.git(*shlex.split(line)[1:])
        else:
            done = machine.run(line, fails=None)
            assert text in done.out + done.err


@pytest.mark.parametrize("name", CASES)
def test_it_is_decided_as_the_table_says(name: str, request: pytest.FixtureRequest) -> None:
    case = CASES[name]
    team: Team = request.getfixturevalue(case.team)
    ana, ben = team.ana, team.ben
    if case.before:
        share(ana, case.before)
        ben.run("sync")
    share(ana, case.there)
    do(ben, case.here)
    head, remote = ben.head, ben.remote_head

    done = ben.run(case.sync, fails=case.status)

    for words in case.told:
        assert words in done.out + done.err
    assert waiting(ben) == list(case.waits)
    if case.status:
        assert (ben.head, ben.remote_head) == (head, remote)
        if case.choice:
            ben.run("validate")
            ben.run(case.choice)
            ben.run("sync")
    looks(ben, case)
    assert ben.git("status", "--porcelain").strip() == case.stays
    if case.choice or not case.status:
        ana.git("pull", "-q")
        assert ana.head == ben.head == ben.remote_head
        assert case.stays or (ana.is_clean() and ben.is_clean())


def test_every_row_of_the_table_has_a_test() -> None:
    rows = re.findall(r"^\| (.+?) \| .+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)[2:]
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_sharing*.py"))

    assert set(rows) == {case.row for case in CASES.values()} | set(ELSEWHERE)
    assert [test for test in ELSEWHERE.values() if f"def {test}(" not in tests] == []
