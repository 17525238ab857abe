"""Remotes for real: by path, over ssh and https; offline, locked out, silent, rewritten, lying."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import (
    PASSWORD,
    BadServer,
    GitServer,
    Served,
    Sshd,
    bare_repository,
    git,
    remember_password,
    serving,
    silent_server,
    ssh_url,
    started_here,
)

from zenprofile.drivers.local import history
from zenprofile.errors import (
    AccessDenied,
    Locked,
    NotFound,
    Paused,
    StoreBroken,
    Unreachable,
    Unsafe,
    UsageError,
    ZenprofileError,
)
from zenprofile.git import local_only, remote, remote_lock
from zenprofile.git.clone import clone
from zenprofile.git.remote import Fetched, PushAttempt
from zenprofile.git.repository import Repository, find
from zenprofile.git.upstream import Upstream, upstream

pytest_plugins = ("servers",)

MAIN, TRACKING = "refs/heads/main", "refs/remotes/origin/main"
LONG = 20.0  # seconds; no test waits for it
SHORT = 0.5  # seconds in which a silent server is given up


def at(folder: Path) -> Repository:
    found = find(folder)
    assert found is not None
    return found


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def commit(folder: Path, name: str, text: str = "1\n") -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", name)
    return git(folder, "rev-parse", "HEAD")


def begun(folder: Path, url: str) -> Repository:
    """Make a repository as a person does, with one commit and a remote."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", url)
    commit(folder, "begun.txt")
    return at(folder)


def other(tmp_path: Path, bare: Path) -> Path:
    """Return the work tree of a second person, who reaches the repository by its path."""
    folder = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(bare), str(folder))
    return folder


def up(repository: Repository) -> Upstream:
    found = upstream(repository, MAIN)
    assert found is not None
    return found


def send(repository: Repository, timeout: float = LONG) -> PushAttempt:
    return remote.push(repository, up(repository), repository.head().oid, timeout=timeout)


def bring(repository: Repository, timeout: float = LONG) -> Fetched:
    return remote.fetch(repository, up(repository), timeout=timeout)


@pytest.fixture
def mine(tmp_path: Path) -> Repository:
    """A repository with a bare remote by path, both equal."""
    repository = begun(tmp_path / "mine", f"file://{bare_repository(tmp_path / 'served' / 'team.git')}")
    assert send(repository).confirmed
    return repository


@pytest.fixture
def bare(tmp_path: Path, mine: Repository) -> Path:
    assert mine
    return tmp_path / "served" / "team.git"


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Mark every process that the tested code starts; none of them is alive at the end."""
    name = f"started-by-test-{os.getpid()}-{threading.get_native_id()}"
    monkeypatch.setenv("TEST_MARK", name)
    yield name
    assert started_here(name) == []


# --- each kind of remote


def test_a_commit_goes_there_and_comes_back(served: Served, tmp_path: Path, mark: str) -> None:
    ours = begun(tmp_path / "mine", served.url)
    oid = ours.head().oid

    assert send(ours) == PushAttempt(confirmed=True, stale=False, reason="")
    assert git(served.bare, "rev-parse", "main") == oid == ours.ref(TRACKING)
    theirs = commit(other(tmp_path, served.bare), "new.txt")
    git(tmp_path / "other", "push", "-q")

    assert bring(ours) == Fetched(oid, theirs, deleted=False)
    assert git(ours.top, "rev-parse", TRACKING) == theirs
    assert ours.head().oid == oid
    assert not (ours.git_dir / "FETCH_HEAD").exists()
    assert remote.ls_remote(ours, up(ours), timeout=LONG) == theirs


def test_a_clone_has_the_branch_and_its_history(served: Served, tmp_path: Path, mark: str) -> None:
    theirs = other(tmp_path, served.bare)
    commit(theirs, "a.txt")
    oid = commit(theirs, "b/c.txt", "two\n")
    git(theirs, "push", "-q")
    seen: list[str] = []

    clone(served.clone_url, tmp_path / "clones" / "team", timeout=LONG, progress=seen.append)

    ours = at(tmp_path / "clones" / "team")
    assert (ours.head().ref, ours.head().oid) == (MAIN, oid)
    assert (ours.top / "b" / "c.txt").read_text() == "two\n"
    assert git(ours.top, "status", "--porcelain") == ""
    assert git(ours.top, "rev-list", "--count", "HEAD") == "2"
    assert (ours.own_dir / "made").exists()
    assert up(ours) == Upstream("origin", served.url, MAIN, TRACKING)
    assert "objects" in "".join(seen)
    assert names(tmp_path / "clones") == ["team"]


def test_an_empty_remote_is_cloned_and_filled(served: Served, tmp_path: Path) -> None:
    clone(f"{served.clone_url}@trunk#subdirectory=ml", tmp_path / "c", timeout=LONG)
    ours = at(tmp_path / "c")

    assert (ours.head().ref, ours.head().oid) == ("refs/heads/trunk", "")
    assert git(ours.top, "status", "--porcelain") == ""
    oid = commit(ours.top, "a.txt")
    trunk = upstream(ours, "refs/heads/trunk")
    assert trunk is not None
    assert remote.fetch(ours, trunk, timeout=LONG) == Fetched("", "", deleted=True)
    assert remote.push(ours, trunk, oid, timeout=LONG).confirmed
    assert git(served.bare, "rev-parse", "trunk") == oid


def test_a_remote_that_has_more_is_never_overwritten(served: Served, tmp_path: Path) -> None:
    ours = begun(tmp_path / "mine", served.url)
    assert send(ours).confirmed
    theirs = commit(other(tmp_path, served.bare), "theirs.txt")
    git(tmp_path / "other", "push", "-q")
    commit(ours.top, "ours.txt")

    told = send(ours)

    assert (told.confirmed, told.stale) == (False, True)
    assert git(served.bare, "rev-parse", "main") == theirs
    bring(ours)
    assert send(ours).stale
    assert git(served.bare, "rev-parse", "main") == theirs


def test_a_hook_that_refuses_is_heard(served: Served, tmp_path: Path) -> None:
    hook = served.bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho '=====' >&2\necho 'Protected: ask' >&2\necho 'the \033[31mowner.' >&2\nexit 1\n")
    hook.chmod(0o755)
    ours = begun(tmp_path / "mine", served.url)

    with pytest.raises(ZenprofileError) as caught:
        send(ours)

    assert caught.value.exit_status == 1
    assert "pre-receive hook declined" in caught.value.message
    assert "Protected: ask the \x1b[31mowner." in caught.value.message
    assert "\n" not in caught.value.message
    assert "local work is kept" in caught.value.hint
    assert git(served.bare, "for-each-ref") == ""


def test_a_branch_that_is_gone_leaves_what_was_known(served: Served, tmp_path: Path) -> None:
    ours = begun(tmp_path / "mine", served.url)
    send(ours)
    oid = ours.head().oid
    git(served.bare, "update-ref", "-d", MAIN)

    assert bring(ours) == Fetched(oid, oid, deleted=True)
    assert remote.ls_remote(ours, up(ours), timeout=LONG) == ""


def test_a_rewritten_history_is_told_by_before_and_after(served: Served, tmp_path: Path) -> None:
    ours = begun(tmp_path / "mine", served.url)
    send(ours)
    theirs = other(tmp_path, served.bare)
    git(theirs, "commit", "-q", "--amend", "-m", "rewritten")
    git(theirs, "push", "-q", "--force")

    found = bring(ours)

    assert found == Fetched(ours.head().oid, git(theirs, "rev-parse", "HEAD"), deleted=False)
    assert git(ours.top, "rev-list", "--count", f"{found.new}..{found.old}") == "1"


# --- the other side is not there, or does not let us in


def acts(tmp_path: Path, url: str, timeout: float = LONG) -> dict[str, object]:
    """Fetch, push and clone at a URL; return the errors."""
    ours = begun(tmp_path / "acts", url)
    found: dict[str, object] = {}
    for name, act in {
        "fetch": lambda: bring(ours, timeout),
        "push": lambda: send(ours, timeout),
        "clone": lambda: clone(f"git+{url}", tmp_path / "clones" / "c", timeout=timeout),
    }.items():
        with pytest.raises(ZenprofileError) as caught:
            act()
        found[name] = caught.value
        assert PASSWORD not in caught.value.message + caught.value.hint
        assert ("local work is kept" in caught.value.hint) == (name != "clone")
    assert not (tmp_path / "clones").exists() or names(tmp_path / "clones") == []
    return found


@pytest.fixture
def refusing_port() -> Iterator[int]:
    """A port of the loopback that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_nobody_listens(tmp_path: Path, refusing_port: int, sshd: Sshd, mark: str) -> None:
    for scheme in ("https", "ssh"):
        (tmp_path / scheme).mkdir()
        for error in acts(tmp_path / scheme, f"{scheme}://127.0.0.1:{refusing_port}/team.git").values():
            assert isinstance(error, Unreachable)
            assert "could not be reached" in error.message


def test_a_host_without_an_address(tmp_path: Path) -> None:
    for error in acts(tmp_path, "https://nowhere.invalid/team.git").values():
        assert isinstance(error, Unreachable)
        assert "nowhere.invalid" in error.message


def test_a_path_that_is_gone_is_out_of_reach_and_no_place_to_clone(tmp_path: Path, mine: Repository) -> None:
    (tmp_path / "served" / "team.git").rename(tmp_path / "moved")

    for act in (bring, send):
        with pytest.raises(Unreachable, match="no repository") as caught:
            act(mine)
        assert "local work is kept" in caught.value.hint
    with pytest.raises(NotFound, match="no repository"):
        clone(f"git+file://{tmp_path}/served/team.git", tmp_path / "c", timeout=LONG)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("scheme", ["http", "ssh"])
def test_a_silent_server_is_given_up_with_no_process_left(tmp_path: Path, scheme: str, mark: str) -> None:
    with silent_server() as port:
        for error in acts(tmp_path, f"{scheme}://127.0.0.1:{port}/team.git", SHORT).values():
            assert isinstance(error, Unreachable)
            assert f"nothing moved for {SHORT:g} seconds" in error.message


@pytest.mark.parametrize("status", [401, 403, 407, 404, 301, 302, 408, 429, 500, 502, 503])
def test_what_a_web_server_answers(tmp_path: Path, status: int, mark: str) -> None:
    field = "Proxy-Authenticate" if status == 407 else "WWW-Authenticate"
    fields = {field: "Basic", "Location": "http://127.0.0.1:1/team.git/info/refs?service=git-upload-pack"}
    with serving(BadServer(status, b"remote: no\n", fields)) as server:
        found = acts(tmp_path, f"{server.url}/team.git")  # type: ignore[attr-defined]

    expected = AccessDenied if status in {401, 403, 407} else Unreachable
    assert {type(found["fetch"]), type(found["push"])} == {expected}
    assert type(found["clone"]) is (NotFound if status == 404 else expected)


PAGE = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"


@pytest.mark.parametrize("body", [b"", b"garbage\n", PAGE, PAGE + b"\n<body>\n", b"\0" * 5000])
def test_what_no_git_server_answers(tmp_path: Path, body: bytes, mark: str) -> None:
    with serving(BadServer(0, body)) as server:
        for error in acts(tmp_path, f"{server.url}/team.git").values():  # type: ignore[attr-defined]
            assert isinstance(error, Unreachable | NotFound)


def test_a_wrong_password(tmp_path: Path, machine: Path, https: GitServer, mark: str) -> None:
    remember_password(machine, https.url, "wr0ng-pa55word")
    bare_repository(tmp_path / "served" / "team.git")

    for error in acts(tmp_path, f"{https.url}/team.git").values():
        assert isinstance(error, AccessDenied)
        assert "wr0ng" not in error.message


def test_no_password_at_all_asks_nobody(tmp_path: Path, machine: Path, https: GitServer, mark: str) -> None:
    git(machine, "config", "--global", "--unset", "credential.helper")

    for error in acts(tmp_path, f"{https.url}/team.git").values():
        assert isinstance(error, AccessDenied)
        assert "credential helper" in error.hint


def test_a_certificate_that_nobody_knows(tmp_path: Path, machine: Path, https: GitServer, mark: str) -> None:
    git(machine, "config", "--global", "--unset", "http.sslCAInfo")

    for error in acts(tmp_path, f"{https.url}/team.git").values():
        assert isinstance(error, Unreachable)
        assert "no safe connection" in error.message


@pytest.mark.parametrize("way", ["stranger", "unknown"])
def test_ssh_without_a_key_on_one_of_the_sides(
    tmp_path: Path, ssh: Sshd, way: str, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F {getattr(ssh, way)}")

    for error in acts(tmp_path, ssh_url(ssh, tmp_path / "team.git")).values():
        assert isinstance(error, AccessDenied)
        assert ("host key" in error.message) == (way == "unknown")


def test_ssh_to_a_repository_that_is_not_there(tmp_path: Path, ssh: Sshd) -> None:
    found = acts(tmp_path, ssh_url(ssh, tmp_path / "team.git"))

    assert [type(error) for error in found.values()] == [Unreachable, Unreachable, NotFound]


def test_an_answer_that_is_lost_is_looked_up(tmp_path: Path, https: GitServer) -> None:
    bare = bare_repository(tmp_path / "served" / "team.git")
    ours = begun(tmp_path / "mine", f"{https.url}/team.git")
    https.lose_answers = True

    assert send(ours) == PushAttempt(confirmed=True, stale=False, reason="")
    assert git(bare, "rev-parse", "main") == ours.head().oid == ours.ref(TRACKING)


def test_a_lost_answer_to_a_push_that_was_refused_is_no_success(tmp_path: Path, https: GitServer) -> None:
    bare = bare_repository(tmp_path / "served" / "team.git")
    (bare / "hooks" / "pre-receive").write_text("#!/bin/sh\nexit 1\n")
    (bare / "hooks" / "pre-receive").chmod(0o755)
    ours = begun(tmp_path / "mine", f"{https.url}/team.git")
    https.lose_answers = True

    with pytest.raises(Unreachable):
        send(ours)
    assert git(bare, "for-each-ref") == ""


def test_a_working_tree_as_remote_is_refused_with_advice(tmp_path: Path) -> None:
    theirs = begun(tmp_path / "theirs", "/nowhere")
    git(tmp_path, "clone", "-q", str(theirs.top), "mine")
    commit(tmp_path / "mine", "new.txt")

    with pytest.raises(ZenprofileError, match="currently checked out") as caught:
        send(at(tmp_path / "mine"))
    assert "bare" in caught.value.hint


# --- secrets


def test_no_password_in_argv_settings_or_environment(tmp_path: Path, https: GitServer, mark: str) -> None:
    commit(other(tmp_path, bare_repository(tmp_path / "served" / "team.git")), "a.txt")
    git(tmp_path / "other", "push", "-q")
    seen: list[str] = []

    def look() -> None:
        seen.extend(started_here(mark))
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment, command = ((folder / name).read_bytes() for name in ("environ", "cmdline"))
            except OSError:
                continue
            if mark.encode() in environment:  # other tests run beside this one
                assert PASSWORD.encode() not in environment + command

    wrong: list[BaseException] = []

    def look_and_keep() -> None:
        try:
            look()
        except AssertionError as error:
            wrong.append(error)

    https.on_request = look_and_keep
    clone(f"git+{https.url}/team.git", tmp_path / "c", timeout=LONG)
    ours = at(tmp_path / "c")
    bring(ours)
    commit(ours.top, "b.txt")
    send(ours)

    assert any("remote-https" in line for line in seen)
    assert wrong == []
    for file in (tmp_path / "c").rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes()


@pytest.mark.parametrize("login", [f"ada:{PASSWORD}@", f"{PASSWORD}@"])
@pytest.mark.parametrize("status", [401, 403, 404, 500, 0])
def test_a_password_that_a_person_wrote_into_a_url_is_not_shown(tmp_path: Path, login: str, status: int) -> None:
    with serving(BadServer(status, b"no")) as server:
        address = server.url.replace("://", f"://{login}")  # type: ignore[attr-defined]
        ours = begun(tmp_path / "mine", f"{address}/team.git?token={PASSWORD}")
        assert PASSWORD not in up(ours).url
        for act in (bring, send):
            with pytest.raises(ZenprofileError) as caught:
                act(ours)
            assert PASSWORD not in str(vars(caught.value))
            assert caught.value.__suppress_context__ or caught.value.__context__ is None


# --- the upstream


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"remote.origin.url": "/o"}, Upstream("origin", "/o", MAIN, TRACKING)),
        ({"remote.backup.url": "/b"}, Upstream("backup", "/b", MAIN, "refs/remotes/backup/main")),
        ({"remote.a.url": "/a", "remote.b.url": "/b"}, None),
        ({"remote.a.url": "/a", "remote.origin.url": "/o"}, Upstream("origin", "/o", MAIN, TRACKING)),
        (
            {"remote.a.url": "/a", "remote.origin.url": "/o", "branch.main.remote": "a"},
            Upstream("a", "/a", MAIN, "refs/remotes/a/main"),
        ),
        (
            {"remote.a.url": "/a", "branch.main.remote": "a", "branch.main.merge": "refs/heads/Team/x"},
            Upstream("a", "/a", "refs/heads/Team/x", "refs/remotes/a/Team/x"),
        ),
        (
            {"remote.origin.url": "/o", "branch.main.remote": ".", "branch.main.merge": "refs/heads/x"},
            Upstream("origin", "/o", MAIN, TRACKING),
        ),
        (
            {"remote.a.url": "/a", "branch.main.remote": "a", "branch.main.merge": "dev"},  # as git takes it
            Upstream("a", "/a", "refs/heads/dev", "refs/remotes/a/dev"),
        ),
        ({"remote.origin.pushurl": "/o"}, None),
        (
            {"remote.Up.Stream.url": "git@h:o/r"},
            Upstream("Up.Stream", "git@h:o/r", MAIN, "refs/remotes/Up.Stream/main"),
        ),
    ],
)
def test_the_other_side_of_a_branch(tmp_path: Path, settings: dict[str, str], expected: Upstream | None) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    for name, value in settings.items():
        git(tmp_path, "config", name, value)

    assert upstream(at(tmp_path), MAIN) == expected


@pytest.mark.parametrize("named", ["refs/tags/main", "refs/remotes/origin/main", "refs/heads/../main"])
def test_what_is_no_branch_is_not_followed(tmp_path: Path, named: str) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    for name, value in {"remote.origin.url": "/o", "branch.main.remote": "origin", "branch.main.merge": named}.items():
        git(tmp_path, "config", name, value)

    with pytest.raises(StoreBroken, match=rf"branch\.main\.merge names '{named}', which is no branch"):
        upstream(at(tmp_path), MAIN)


def test_a_detached_head_has_no_other_side(mine: Repository) -> None:
    assert upstream(mine, "") is None


def test_a_mirror_does_not_move_other_branches(tmp_path: Path, mine: Repository, bare: Path) -> None:
    git(mine.top, "config", "remote.origin.fetch", "+refs/*:refs/*")
    git(mine.top, "branch", "mine")
    git(other(tmp_path, bare), "push", "-q", "origin", "HEAD:refs/heads/theirs")

    bring(mine)

    assert git(mine.top, "for-each-ref", "--format=%(refname)").split() == [MAIN, "refs/heads/mine", TRACKING]


def test_a_first_remote_and_another_one(tmp_path: Path, mine: Repository, bare: Path) -> None:
    second = bare_repository(tmp_path / "second.git")
    git(mine.top, "remote", "remove", "origin")

    found = remote.set_url(mine, f"git+file://{bare}")
    assert found == up(mine) == Upstream("origin", f"file://{bare}", MAIN, TRACKING)
    bring(mine)
    assert local_only.describe_unshared(mine) == ""

    found = remote.set_url(mine, f"git+file://{second}@trunk")
    assert found == up(mine)
    assert found.branch == "refs/heads/trunk"
    assert mine.ref(TRACKING) == ""
    assert local_only.describe_unshared(mine) is None
    assert send(mine).confirmed
    assert git(second, "rev-parse", "trunk") == mine.head().oid


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("ext::sh -c 'touch here'", Unsafe),
        ("--upload-pack=touch", Unsafe),
        (f"git+https://ada:{PASSWORD}@host/r.git", Unsafe),
        (f"git+https://host/r.git?token={PASSWORD}", Unsafe),
        ("git://host/r.git", Unsafe),
        ("git+http://host/r.git", Unsafe),
        ("ssh://-oProxyCommand=x/r", Unsafe),
        ("git+ssh://git@host:org/r", UsageError),
        ("https://host/no-repository", UsageError),
        ("mysql://host/db", UsageError),
        ("git+file:///r.git#subdirectory=elsewhere", UsageError),
        ("", UsageError),
    ],
)
def test_what_is_no_other_side(mine: Repository, url: str, error: type[ZenprofileError]) -> None:
    before = (mine.git_dir / "config").read_text()

    with pytest.raises(error) as caught:
        remote.set_url(mine, url)
    assert PASSWORD not in caught.value.message
    assert (mine.git_dir / "config").read_text() == before


def test_a_detached_head_gets_no_other_side(mine: Repository) -> None:
    git(mine.top, "checkout", "-q", "--detach")

    with pytest.raises(Paused):
        remote.set_url(mine, "/elsewhere")


def test_what_exists_here_alone(mine: Repository) -> None:
    assert local_only.describe_unshared(mine) == ""
    (mine.top / "new.txt").write_text("1\n")
    assert local_only.describe_unshared(mine) == "uncommitted edits"
    commit(mine.top, "new.txt")
    assert local_only.describe_unshared(mine) == "1 unpushed commit"
    git(mine.top, "checkout", "-q", "-b", "topic")
    commit(mine.top, "topic.txt")
    git(mine.top, "checkout", "-q", "--detach", "HEAD~1")
    assert local_only.describe_unshared(mine) == "2 unpushed commits"


# --- habits and faults on this side


def test_hooks_of_the_user_run_only_where_asked(mine: Repository) -> None:
    hook = mine.git_dir / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    commit(mine.top, "a.txt")

    assert send(mine).confirmed
    commit(mine.top, "b.txt")
    with pytest.raises(ZenprofileError):
        remote.push(mine, up(mine), mine.head().oid, timeout=LONG, hooks=True)


def test_tags_and_submodules_stay_here(mine: Repository, bare: Path) -> None:
    git(mine.top, "config", "push.followTags", "true")
    git(mine.top, "config", "push.recurseSubmodules", "on-demand")
    commit(mine.top, "a.txt")
    git(mine.top, "tag", "-a", "-m", "v1", "v1")

    assert send(mine).confirmed
    assert git(bare, "tag") == ""


def test_a_path_needs_no_setting_of_the_user(mine: Repository, machine: Path, tmp_path: Path) -> None:
    git(machine, "config", "--global", "--unset", "protocol.file.allow")
    commit(mine.top, "a.txt")

    assert send(mine).confirmed
    assert not bring(mine).deleted
    clone(f"git+{up(mine).url}", tmp_path / "c", timeout=LONG)


def test_a_killed_fetch_leaves_no_lock_in_the_way(mine: Repository) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from zenprofile.git import remote, runner\n"
        "from zenprofile.git.repository import find\n"
        "from zenprofile.git.upstream import upstream\n"
        "ours = find(Path(sys.argv[1]))\n"
        "def killed(*_, **__):\n"
        "    (ours.git_dir / 'refs/remotes/origin/main.lock').touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "runner.run_network = killed\n"
        "remote.fetch(ours, upstream(ours, 'refs/heads/main'), timeout=5)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(mine.top)], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (mine.git_dir / f"{TRACKING}.lock").exists()

    assert not bring(mine).deleted
    assert not (mine.git_dir / f"{TRACKING}.lock").exists()


def test_a_lock_of_the_users_own_git_is_left_alone(mine: Repository, tmp_path: Path, bare: Path) -> None:
    commit(other(tmp_path, bare), "a.txt")
    git(tmp_path / "other", "push", "-q")
    lock = mine.git_dir / f"{TRACKING}.lock"
    lock.touch()

    with pytest.raises(ZenprofileError, match="lock"):
        bring(mine)
    assert lock.exists()


def test_two_that_talk_at_once_take_turns(mine: Repository) -> None:
    with remote_lock.exclusive(mine, up(mine).tracking, LONG), pytest.raises(Locked):
        bring(mine, 0.05)
    assert not bring(mine).deleted


# --- clones of what a stranger has filled


def test_links_filters_and_submodules_take_no_effect(
    tmp_path: Path, mine: Repository, machine: Path, bare: Path
) -> None:
    theirs = other(tmp_path, bare)
    git(machine, "config", "--global", "filter.evil.smudge", f"touch {tmp_path}/ran; cat")
    git(machine, "config", "--global", "filter.evil.required", "true")
    git(machine, "config", "--global", "submodule.recurse", "true")
    git(machine, "config", "--global", "core.autocrlf", "true")
    (theirs / ".gitattributes").write_text(
        "*.txt filter=evil ident text eol=crlf\n*.utf working-tree-encoding=UTF-16\n"
    )
    (theirs / "id.txt").write_text("$Id$\n")
    (theirs / "a.utf").write_text("a\n", encoding="utf-16")
    (theirs / "link.yaml").symlink_to("/etc/passwd")
    (theirs / "folder").symlink_to("..")
    git(theirs, "-c", "filter.evil.clean=cat", "submodule", "--quiet", "add", str(bare), "sub")
    git(theirs, "-c", "filter.evil.clean=cat", "add", "--all")
    git(theirs, "-c", "filter.evil.clean=cat", "commit", "-q", "-m", "evil")
    git(theirs, "push", "-q")
    (tmp_path / "ran").unlink(missing_ok=True)

    clone(f"git+file://{bare}", tmp_path / "c", timeout=LONG)

    ours = tmp_path / "c"
    assert not (tmp_path / "ran").exists()
    assert (ours / "id.txt").read_bytes() == b"$Id$\n"
    assert (ours / "a.utf").read_bytes() == b"a\n"
    assert (ours / "link.yaml").read_text() == "/etc/passwd"
    assert not any(path.is_symlink() for path in ours.rglob("*"))
    assert list((ours / "sub").iterdir()) == []


def test_hooks_of_a_template_do_not_come_along(tmp_path: Path, machine: Path, mine: Repository, bare: Path) -> None:
    template = tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        (template / "hooks" / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (template / "hooks" / name).chmod(0o755)
    git(machine, "config", "--global", "init.templateDir", str(template))

    clone(f"git+file://{bare}", tmp_path / "c", timeout=LONG)

    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "c" / ".git" / "hooks").exists()


def test_a_url_may_not_become_a_program(tmp_path: Path, machine: Path) -> None:
    git(machine, "config", "--global", f"url.ext::sh -c 'touch {tmp_path}/ran' #.insteadOf", "https://evil.invalid/")
    git(machine, "config", "--global", "protocol.ext.allow", "always")

    with pytest.raises(ZenprofileError):
        clone("git+https://evil.invalid/team.git", tmp_path / "c", timeout=LONG)
    assert not (tmp_path / "ran").exists()


def test_a_part_of_a_larger_repository_comes_without_big_files(tmp_path: Path, https: GitServer) -> None:
    bare = bare_repository(tmp_path / "served" / "mono.git")
    git(bare, "config", "uploadpack.allowFilter", "true")
    git(bare, "config", "uploadpack.allowAnySHA1InWant", "true")
    theirs = other(tmp_path, bare)
    commit(theirs, "big.bin", "old" * 1_000_000)
    commit(theirs, "big.bin", "new" * 1_000_000)
    commit(theirs, "ml/zenprofile.yaml", "format: 1\n")
    git(theirs, "push", "-q")

    clone(f"git+{https.url}/mono.git#subdirectory=ml", tmp_path / "c", timeout=LONG)

    missing = git(tmp_path / "c", "rev-list", "--all", "--objects", "--missing=print")
    assert [line for line in missing.splitlines() if line.startswith("?")] == [
        "?" + git(theirs, "rev-parse", "HEAD~2:big.bin")
    ]
    assert (tmp_path / "c" / "big.bin").stat().st_size == 3_000_000
    assert git(tmp_path / "c", "status", "--porcelain") == ""


def test_a_revision_that_is_not_there_is_not_asked_for(tmp_path: Path, mine: Repository, bare: Path) -> None:
    git(bare, "config", "uploadpack.allowFilter", "true")
    clone(f"git+file://{bare}#subdirectory=ml", tmp_path / "c", timeout=LONG)
    ours = at(tmp_path / "c")
    with socket.create_server(("127.0.0.1", 0)) as server:
        git(ours.top, "remote", "set-url", "origin", f"http://127.0.0.1:{server.getsockname()[1]}/team.git")
        server.setblocking(False)

        with pytest.raises(NotFound):
            history.resolve(ours, "1" * 40)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    ("branches", "head", "wanted", "expected"),
    [
        (["main"], "main", "", "main"),
        (["main", "dev"], "dev", "", "dev"),
        (["main", "dev"], "main", "dev", "dev"),
        (["main", "feature/x"], "main", "feature/x", "feature/x"),
        (["trunk"], "master", "", "trunk"),
        (["dev", "main"], "gone", "", "main"),
        (["dev", "test"], "gone", "", ""),
        (["main"], "main", "v1", ""),
        (["main"], "main", "nowhere", "nowhere"),
    ],
)
def test_which_branch_a_clone_is_on(tmp_path: Path, branches: list[str], head: str, wanted: str, expected: str) -> None:
    bare = bare_repository(tmp_path / "team.git")
    theirs = begun(tmp_path / "theirs", str(bare)).top
    git(theirs, "tag", "v1")
    for name in branches:
        git(theirs, "push", "-q", "origin", "v1", f"HEAD:refs/heads/{name}")
    git(bare, "symbolic-ref", "HEAD", f"refs/heads/{head}")
    url = f"git+file://{bare}{'@' if wanted else ''}{wanted}"

    if not expected:
        with pytest.raises(ZenprofileError, match="branch") as caught:
            clone(url, tmp_path / "c", timeout=LONG)
        assert branches[0] in caught.value.hint
        assert not (tmp_path / "c").exists()
        return
    clone(url, tmp_path / "c", timeout=LONG)
    ours = at(tmp_path / "c")
    assert ours.head().branch == expected
    assert git(ours.top, "branch", "--format=%(refname:short) %(upstream:short)") == f"{expected} origin/{expected}"
    assert git(ours.top, "status", "--porcelain") == ""


def test_a_clone_that_is_interrupted_leaves_nothing(tmp_path: Path, mine: Repository, bare: Path) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clone(f"git+file://{bare}", tmp_path / "clones" / "c", timeout=LONG, progress=interrupt)
    assert names(tmp_path / "clones") == []
    (tmp_path / "clones" / ".c.new").mkdir()  # as a killed one leaves it
    clone(f"git+file://{bare}", tmp_path / "clones" / "c", timeout=LONG)
    assert names(tmp_path / "clones") == ["c"]


def test_a_clone_never_takes_another_folders_place(tmp_path: Path, mine: Repository, bare: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "work.txt").write_text("mine\n")

    with pytest.raises(ZenprofileError):
        clone(f"git+file://{bare}", tmp_path / "c", timeout=LONG)
    assert names(tmp_path / "c") == ["work.txt"]
    assert not (tmp_path / ".c.new").exists()
