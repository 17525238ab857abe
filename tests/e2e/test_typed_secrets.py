"""What somebody typed by hand, a token or a sensitive value: no command commits, keeps or shows it."""

import subprocess
from pathlib import Path

import pytest
from machines import S3, Machine, Team, store

from zenprofile.core.entity import Key

pytest_plugins = ("teams",)
pytestmark = pytest.mark.slow

GHP = "ghp_" + "a1B2" * 9
PLAIN = "hunter2hunter2"
TEAM = Key("team", "", "ml")


def kept(machine: Machine) -> str:
    """Return all that zenprofile and git keep there, as text: records, objects, reflogs."""
    args = ["git", "cat-file", "--batch-all-objects", "--batch"]
    raw = subprocess.run(args, cwd=machine.top, env=machine.environment, capture_output=True, check=True).stdout
    objects = raw.decode("utf-8", "replace")
    own = machine.top / ".git" / "zenprofile"
    return objects + "".join(p.read_text("utf-8", "replace") for p in own.rglob("*") if p.is_file())


def typed(machine: Machine) -> None:
    """Type a token into a team, and a sensitive value into a component."""
    machine.write(TEAM, machine.read(TEAM) + f"description: {GHP}\n")
    machine.write(S3, machine.read(S3) + f"  secret: {PLAIN}\n")


@pytest.mark.parametrize(
    "line",
    [
        "component update s3 --type artifact_store --set key={{a.b}}",
        "component describe-set",
        "team add ml --user bob",
        "user delete ada",
        "user rename ada lovelace",
        "fmt",
    ],
)
@pytest.mark.parametrize("mode", ["commit", "manual"])
def test_no_command_takes_it_along(team: Team, line: str, mode: str) -> None:
    if line == "component describe-set":
        line = "component rename s3 s4 --type artifact_store"
    team.ana.run("config sync", mode)
    typed(team.ana)
    if line == "fmt":
        team.ana.write(TEAM, "members: [ada]\nname: ml\n" + f"description: {GHP}\n")

    said = team.ana.run(line, fails=1)

    assert "secret" in said.err or "sensitive" in said.err
    assert not {GHP, PLAIN} & set((said.out + said.err).replace("'", " ").split())
    assert GHP not in kept(team.ana)
    assert PLAIN not in kept(team.ana)


def test_a_command_that_takes_it_away_keeps_no_record_of_it(team: Team) -> None:
    typed(team.ana)

    team.ana.run("component update s3 --type artifact_store --set secret={{a.b}}")

    assert PLAIN not in kept(team.ana)
    assert "{{a.b}}" in team.ana.read(S3)


def test_it_is_shown_nowhere(team: Team) -> None:
    typed(team.ana)

    for line in (
        "component describe s3 --type artifact_store", "component describe s3 --type artifact_store -o json",
        "stack describe prod", "stack describe prod -o json", "diff", "diff -o json", "status", "status -o json",
        "blame component/artifact_store/s3", "blame component/artifact_store/s3 -o json", "blame team/ml",
        "component list", "component list -o json", "validate", "log", "show HEAD",
    ):  # fmt: skip
        done = team.ana.run(line, fails=None)
        assert PLAIN not in done.out + done.err, line
        assert GHP not in done.out + done.err, line


OWN = Key("flavor", "artifact_store", "vault")
THING = Key("component", "artifact_store", "thing")
SCHEMA = {"type": "object", "properties": {"pin": {"type": "string", "sensitive": True}, "path": {"type": "string"}}}


def thing(pin: str) -> dict[str, object]:
    configuration = {"path": "vault://x", **({"pin": pin} if pin else {})}
    return {"name": "thing", "type": "artifact_store", "flavor": "vault", "configuration": configuration}


def plainly(machine: Machine, *contents: tuple[Key, dict[str, object] | None]) -> None:
    """Commit by plain git, which looks at nothing."""
    machine.git("config", "user.email", "x@example.com")
    machine.git("config", "user.name", "x")
    machine.commit(*contents)


@pytest.mark.parametrize("flavor", ["registered", "unmarked", "deleted"])
def test_what_an_own_flavor_marks_is_shown_nowhere(team: Team, flavor: str) -> None:
    """Nor what it marked once: it was registered otherwise, or deleted, later on."""
    document: dict[str, object] = {"name": "vault", "type": "artifact_store", "schema": SCHEMA}
    plainly(team.ana, (OWN, document), (THING, thing(PLAIN)))
    plainly(team.ana, (THING, thing("another1another1")))
    if flavor == "unmarked":
        plain = {"type": "object", "properties": {"pin": {"type": "string"}, "path": {"type": "string"}}}
        plainly(team.ana, (OWN, {**document, "schema": plain}), (THING, thing("{{a.b}}")))
    elif flavor == "deleted":
        plainly(team.ana, (OWN, None), (THING, None))
    else:
        team.ana.write(THING, thing("third1third1"))

    for line in (
        "component describe thing --type artifact_store", "component list -o json", "diff", "diff -o json",
        "diff HEAD~2", "diff HEAD~1 -o json", "status", "status -o json", "log", "log -o json",
        "blame component/artifact_store/thing -o json", "blame component/artifact_store/thing", "validate",
        "show HEAD", "show HEAD~1 -o json",
        "log component/artifact_store/thing -o json",
    ):  # fmt: skip
        done = team.ana.run(line, fails=None)
        assert not any(text in done.out + done.err for text in (PLAIN, "another1", "third1")), line
    assert "***" in team.ana.run("log -o json").out


@pytest.mark.parametrize("whole", [False, True])
def test_conflicts_show_nothing_that_an_own_flavor_marks(team: Team, whole: bool) -> None:
    """Whole: each side made the component, and flavor and configuration are one choice."""
    plainly(team.ana, (OWN, {"name": "vault", "type": "artifact_store", "schema": SCHEMA}))
    if not whole:
        plainly(team.ana, (THING, thing("")))
    team.ana.git("push", "-q", "-u", "origin", "main")
    team.ben.git("pull", "-q")
    plainly(team.ana, (THING, thing(PLAIN)))
    other = {**thing("another1another1"), "configuration": {"pin": "another1another1", "path": "vault://y"}}
    plainly(team.ben, (THING, other))
    team.ana.git("push", "-q")
    team.ben.run("pull --accept-invalid", fails=3)

    for line in ("conflicts", "conflicts -o json", "status", "status -o json"):
        done = team.ben.run(line)
        assert not any(text in done.out + done.err for text in (PLAIN, "another1")), line
        assert "***" in done.out or line == "status"


def test_a_commits_message_does_not_tell_what_an_own_flavor_marks(team: Team) -> None:
    plainly(team.ana, (OWN, {"name": "vault", "type": "artifact_store", "schema": SCHEMA}), (THING, thing(PLAIN)))
    team.ana.run("config sync commit")

    team.ana.run("component update thing --type artifact_store --set pin={{a.b}}")

    assert PLAIN not in team.ana.git("log", "-1", "--format=%B")
    assert "pin" in team.ana.git("log", "-1", "--format=%B")


def test_conflicts_show_neither_a_password_nor_a_sensitive_value(team: Team) -> None:
    """Both came by plain git, which looks at nothing."""
    other = "postgresql://u:pa/ss@db/x"
    for machine, url, secret in ((team.ana, other, PLAIN), (team.ben, "postgresql://u:other@db/x", "another1another1")):
        machine.git("config", "user.email", "x@example.com")
        machine.git("config", "user.name", "x")
        machine.commit((S3, store("s3", {"path": "s3://a", "secret": secret}, description=url)))
    team.ana.git("push", "-q")
    team.ben.git("branch", "--set-upstream-to=origin/main")
    team.ben.run("pull --accept-invalid", fails=3)

    for line in ("conflicts", "conflicts -o json", "status", "status -o json"):
        done = team.ben.run(line)
        assert "***" in done.out or line == "status"
        assert not any(text in done.out + done.err for text in (PLAIN, "another1", "pa/ss", "u:other"))


@pytest.mark.parametrize("scheme", ["postgresql", "mysql+pymysql", "https", "git+https", "ssh", "s3", "sqlite"])
@pytest.mark.parametrize(
    "password", ["S3CRET/x", "S3CRET#x", "S3CRET?x", "S3CRET%zz", "S3CRET%2Fx", "@S3CRET", "S3CRET"]
)
def test_no_form_of_url_is_a_mistake_or_shows_its_password(
    scheme: str, password: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from zenprofile.cli.main import main

    monkeypatch.chdir(tmp_path)
    for host in ("localhost:1", "[::1", "localhost:port", "h:99999", "a" * 70, ""):
        main(["--timeout", "2", "create", "p", "--url", f"{scheme}://u:{password}@{host}/d"])
        main(["list"])
        main(["delete", "p", "--force"])
    said = "".join(capfd.readouterr())

    assert "mistake" not in said
    assert "S3CRET" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("where", ["manifest", "stray", "author", "message"])
def test_a_push_looks_at_what_is_no_document_too(team: Team, where: str) -> None:
    """Committed by plain git, and mended by a later commit: history keeps it."""
    if where == "manifest":
        team.ana.write("zenprofile.yaml", f"format: 1\n# {GHP}\n")
    elif where == "stray":
        team.ana.write("stacks/notes.txt", f"{GHP}\n")
    else:
        team.ana.write("README", "x\n")
    team.ana.git("add", "-A")
    who = ("-c", f"user.name={GHP}") if where == "author" else ()
    team.ana.git(*who, "commit", "-q", "-m", f"use {GHP}" if where == "message" else "edit")
    if where == "manifest":
        team.ana.commit(("zenprofile.yaml", "format: 1\n"))
    if where == "stray":
        team.ana.commit(("stacks/notes.txt", None))
    before = team.ana.remote_head

    said = team.ana.run("push", fails=1).err

    assert "not pushed: in commit" in said
    assert GHP not in said
    assert team.ana.remote_head == before
