"""The Git store in the repositories that people have."""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zenprofile.core import profile_check
from zenprofile.core.change import Change, Edit
from zenprofile.core.document import writer
from zenprofile.core.entity import DEFAULTS, Key
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.drivers.local.store import LocalStore
from zenprofile.errors import (
    Invalid,
    Locked,
    NewerFormat,
    NotFound,
    Paused,
    StoreBroken,
    Unsafe,
    ZenprofileError,
)
from zenprofile.fs import lock
from zenprofile.git import index
from zenprofile.git.objects import Objects
from zenprofile.git.repository import find
from zenprofile.store.base import Options
from zenprofile.store.prepare import revision_of
from zenprofile.usecases import undo

BUCKET = Key("component", "artifact_store", "s3")
DEFAULT = Key("stack", "", "default")
TEXT = writer.write(
    "component", {"name": "s3", "type": "artifact_store", "flavor": "s3", "configuration": {"path": "s3://b"}}
)
BEGIN = Change(tuple(Edit(key, None, writer.write(key.kind, data)) for key, data in DEFAULTS))
REGISTER = Change((Edit(BUCKET, None, TEXT),))


def git(folder: Path, *words: str, ok: bool = True) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not ok, done.stderr
    return done.stdout.strip()


def opened(folder: Path, **options: object) -> LocalStore:
    return DRIVER.open(str(folder), Options(**options))  # type: ignore[arg-type]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A user's repository with work of its own: a committed file, a staged one, an untracked one."""
    top = tmp_path / "repo"
    top.mkdir()
    git(top, "init", "-q")
    (top / "code.py").write_text("print(1)\n")
    git(top, "add", "code.py")
    git(top, "commit", "-q", "-m", "code")
    (top / "staged.py").write_text("print(2)\n")
    git(top, "add", "staged.py")
    (top / "notes.txt").write_text("mine\n")
    return top


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    DRIVER.create(str(folder), Options(), BEGIN).close()
    return folder


def test_an_empty_place_becomes_a_repository_with_one_commit(profile: Path) -> None:
    assert git(profile, "log", "--format=%s") == "Begin a profile with its defaults"
    assert git(profile, "status", "--porcelain") == ""
    assert (profile / "zenprofile.yaml").read_text() == "format: 1\n"


def test_two_beginnings_have_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        DRIVER.create(str(tmp_path / name), Options(user=name), BEGIN).close()
    trees = {git(tmp_path / name, "rev-parse", "HEAD^{tree}") for name in ("a", "b")}

    assert len(trees) == 1


@pytest.mark.parametrize("place", ["stacks", "stacks/new", "components/orchestrator/a/b"])
def test_no_profile_begins_among_the_documents_of_another(profile: Path, place: str) -> None:
    with pytest.raises(StoreBroken, match="among the documents"):
        DRIVER.create(str(profile / place), Options(), Change(()))

    assert git(profile, "status", "--porcelain", "--ignored").strip() == ""
    assert not (profile / "stacks" / "new").exists()
    DRIVER.create(str(profile / "other" / "stacks"), Options(new=True), Change(())).close()


def test_in_a_users_repository_the_commit_is_theirs(mine: Path) -> None:
    store = DRIVER.create(str(mine / "ml" / ".zenprofile"), Options(), BEGIN)
    store.apply(REGISTER)

    assert git(mine, "log", "--format=%s") == "code"
    assert "?? ml/" in git(mine, "status", "--porcelain")
    assert git(mine, "diff", "--cached", "--name-only") == "staged.py"
    assert [c.key for c in store.uncommitted()] == sorted([*(key for key, _ in DEFAULTS), BUCKET])


def test_a_commit_holds_the_profile_alone(mine: Path) -> None:
    store = DRIVER.create(str(mine / "ml"), Options(), BEGIN)

    recorded = store.commit("Add the profile")

    names = git(mine, "show", "--name-only", "--format=%s", "HEAD").splitlines()
    assert names[0] == "Add the profile"
    assert all(name.startswith("ml/") for name in names[2:])
    assert len(recorded.changes) == len(DEFAULTS)
    assert git(mine, "status", "--porcelain") == "A  staged.py\n?? notes.txt"
    assert store.commit().changes == ()


def test_a_write_in_commit_mode_leaves_other_edits_uncommitted(profile: Path) -> None:
    hand = profile / "stacks" / "default.yaml"
    hand.write_text(hand.read_text() + "# mine\n")

    opened(profile).apply(REGISTER)

    assert git(profile, "status", "--porcelain") == "M stacks/default.yaml"
    assert git(profile, "log", "-1", "--format=%s%n%an") == "add artifact_store s3\nAda Lovelace"


def test_an_edit_that_was_never_committed_is_taken_back_without_an_empty_commit(profile: Path) -> None:
    opened(profile, mode="manual").apply(REGISTER)
    git(profile, "add", BUCKET.path)
    before = git(profile, "rev-parse", "HEAD")
    store = opened(profile, mode="commit")

    recorded = undo.undo(store)

    assert list(store.own_changes()) == []
    assert (recorded.rev, [c.action for c in recorded.changes]) == ("", ["removed"])
    assert git(profile, "rev-parse", "HEAD") == before
    assert git(profile, "status", "--porcelain") == ""


def test_invalid_edits_are_not_committed_and_stay(profile: Path) -> None:
    store, head = opened(profile), git(profile, "rev-parse", "HEAD")
    (profile / DEFAULT.path).write_text("name: default\n")

    with pytest.raises(Invalid, match="'components' is missing"):
        store.commit()

    assert git(profile, "rev-parse", "HEAD") == head
    assert git(profile, "status", "--porcelain") == f"M {DEFAULT.path}"
    store.close()


def test_without_a_remote_nothing_is_pulled_or_pushed(profile: Path) -> None:
    store = opened(profile)

    for talk in (store.sharing().pull, store.sharing().push):
        with pytest.raises(ZenprofileError, match="no remote"):
            talk()
    store.close()


def test_line_ends_that_git_does_not_keep_make_no_empty_commit(profile: Path) -> None:
    git(profile, "config", "core.autocrlf", "true")
    (profile / DEFAULT.path).write_bytes((profile / DEFAULT.path).read_bytes().replace(b"\n", b"\r\r\n"))
    store = opened(profile, mode="commit")
    store.commit()
    before = git(profile, "rev-parse", "HEAD")

    assert store.commit().rev == ""

    assert git(profile, "rev-parse", "HEAD") == before


def test_a_linked_worktree_is_its_own_store(profile: Path, tmp_path: Path) -> None:
    git(profile, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    store = opened(tmp_path / "linked", mode="commit")

    store.apply(REGISTER)

    assert git(profile, "log", "--format=%s", "side", "-1") == "add artifact_store s3"
    assert git(profile, "log", "--format=%s", "main", "-1") == "Begin a profile with its defaults"
    assert git(tmp_path / "linked", "status", "--porcelain") == ""
    assert opened(profile).snapshot().get(BUCKET) is None


def test_a_shallow_clone_takes_writes_and_tells_its_short_history(profile: Path, tmp_path: Path) -> None:
    opened(profile).apply(REGISTER)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{profile}", "shallow")
    store = opened(tmp_path / "shallow", mode="commit")

    store.apply(Change((Edit(Key("user", "", "eve"), None, "name: eve\n"),)))

    assert [r.message for r in store.history()][:1] == ["add user eve"]
    store.close()
    git(tmp_path / "shallow", "fsck")


def test_an_unborn_branch_gets_its_first_commit(mine: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    store = DRIVER.create(str(empty), Options(mode="commit"), BEGIN)

    assert git(empty, "log", "--format=%s") == "Begin a profile with its defaults"
    assert store.head() == git(empty, "rev-parse", "HEAD")


def test_a_sha256_repository_is_written_in_its_own_form(tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    git(folder, "init", "-q", "--object-format=sha256")
    store = DRIVER.create(str(folder), Options(mode="commit"), BEGIN)
    store.apply(REGISTER)

    git(folder, "fsck", "--strict")
    assert git(folder, "status", "--porcelain") == ""
    assert len(store.head()) == 64


def test_packed_objects_and_refs_are_read(profile: Path) -> None:
    git(profile, "gc", "-q", "--prune=now")
    git(profile, "pack-refs", "--all")
    store = opened(profile)

    store.apply(REGISTER)

    assert git(profile, "log", "--format=%s", "-1") == "add artifact_store s3"
    git(profile, "fsck", "--strict")


def _merging(top: Path) -> None:
    git(top, "switch", "-q", "-c", "other")
    (top / "users" / "default.yaml").write_text("name: default\nemail: a@b.c\n")
    git(top, "commit", "-q", "-am", "theirs")
    git(top, "switch", "-q", "main")
    (top / "users" / "default.yaml").write_text("name: default\nemail: d@e.f\n")
    git(top, "commit", "-q", "-am", "ours")


@pytest.mark.parametrize(
    ("words", "named"),
    [(["merge", "other"], "a merge"), (["rebase", "other"], "a rebase"), (["cherry-pick", "other"], "a cherry-pick")],
)
@pytest.mark.parametrize("mode", ["commit", "manual"])
def test_writes_pause_while_the_user_is_in_the_middle(profile: Path, words: list[str], named: str, mode: str) -> None:
    _merging(profile)
    git(profile, *words, ok=False)
    before = git(profile, "status", "--porcelain")

    with pytest.raises(Paused, match=named) as caught:
        opened(profile, mode=mode).apply(REGISTER)

    assert "--abort" in caught.value.hint
    assert git(profile, "status", "--porcelain") == before


def test_writes_pause_during_a_bisect(profile: Path) -> None:
    git(profile, "bisect", "start")
    with pytest.raises(Paused, match="bisect"):
        opened(profile).apply(REGISTER)


def test_a_detached_head_takes_no_commit(profile: Path) -> None:
    git(profile, "checkout", "-q", "--detach")
    with pytest.raises(Paused, match="detached") as caught:
        opened(profile).apply(REGISTER)
    assert "git switch" in caught.value.hint
    assert opened(profile).snapshot().load().problems == []


def test_somebody_elses_index_lock_is_waited_for_and_never_removed(
    profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "LOCK_TIMEOUT", 0.1)
    held = profile / ".git" / "index.lock"
    held.touch()
    with pytest.raises(Locked, match=r"index\.lock"):
        opened(profile).apply(REGISTER)

    assert held.exists()
    assert not (profile / BUCKET.path).exists()
    held.unlink()
    opened(profile).apply(REGISTER)
    assert git(profile, "status", "--porcelain") == ""


def test_another_process_that_holds_the_store_is_named(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "NOTICE_AFTER", 0.0)
    said: list[str] = []
    script = "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    for name in ("writing", "lock"):
        held = profile / ".git" / "zenprofile" / name
        holder = subprocess.Popen(
            [sys.executable, "-c", script, str(held)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert holder.stdout is not None
        holder.stdout.readline()
        store = DRIVER.open(str(profile), Options(timeout=0.2, warn=said.append))
        with pytest.raises(Locked, match=rf"another zenprofile \(process {holder.pid}\) has held .*{name} for 0.2"):
            store.apply(REGISTER) if name == "writing" else store.snapshot().load()
        assert f"waiting for another zenprofile (process {holder.pid})" in said[-1]
        holder.communicate(b"\n")
    assert opened(profile).snapshot().load().problems == []


def test_no_hook_filter_or_monitor_of_the_repository_runs(profile: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = f"#!/bin/sh\ntouch '{ran}'\ncat\n"
    program = tmp_path / "program"
    program.write_text(script)
    program.chmod(0o755)
    for hook in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        (profile / ".git" / "hooks" / hook).write_text(script)
        (profile / ".git" / "hooks" / hook).chmod(0o755)
    for name in ("core.fsmonitor", "filter.x.clean", "filter.x.smudge", "diff.external", "gpg.program", "core.pager"):
        git(profile, "config", name, str(program))
    store = opened(profile)

    store.apply(REGISTER)
    assert store.commit().changes == ()
    assert len(list(store.history())) == 2
    assert store.snapshot("HEAD~1").get(BUCKET) is None

    assert not ran.exists()


def test_hooks_run_where_the_user_asks_for_it(profile: Path) -> None:
    hook = profile / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\ngit diff --cached --name-only HEAD >&2\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(ZenprofileError, match=r"pre-commit hook refused.*components/artifact_store/s3\.yaml"):
        opened(profile, run_hooks=True).apply(REGISTER)
    assert git(profile, "status", "--porcelain") == ""
    hook.unlink()
    message = profile / ".git" / "hooks" / "commit-msg"
    message.write_text('#!/bin/sh\necho "Reviewed: yes" >> "$1"\n')
    message.chmod(0o755)
    opened(profile, run_hooks=True).apply(REGISTER)

    assert git(profile, "log", "-1", "--format=%B") == "add artifact_store s3\nReviewed: yes"


def test_a_filter_on_a_profiles_path_is_refused_by_name(profile: Path) -> None:
    (profile / ".gitattributes").write_text("*.yaml filter=lfs\n")
    with pytest.raises(Unsafe, match="filter=lfs") as caught:
        opened(profile).apply(REGISTER)
    assert caught.value.file == BUCKET.path
    assert not (profile / BUCKET.path).exists()


def test_signing_without_a_key_writes_nothing(profile: Path) -> None:
    git(profile, "config", "commit.gpgSign", "true")
    git(profile, "config", "gpg.program", "false")
    with pytest.raises(ZenprofileError, match="could not be signed"):
        opened(profile).apply(REGISTER)
    assert not (profile / BUCKET.path).exists()


def test_without_an_identity_the_profiles_user_signs_with_a_warning(
    profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    said: list[str] = []

    opened(profile, user="eve", warn=said.append).apply(REGISTER)

    assert git(profile, "log", "-1", "--format=%an <%ae>") == "eve <eve@zenprofile.invalid>"
    assert "eve" in said[0]


def test_line_ends_follow_gits_settings(profile: Path) -> None:
    git(profile, "config", "core.autocrlf", "true")
    path = profile / "users" / "default.yaml"
    path.write_bytes(b"name: default\r\n")
    store = opened(profile)
    assert store.uncommitted() == []

    path.write_bytes(b"name: default\r\nemail: a@b.c\r\n")
    store.commit()

    assert git(profile, "cat-file", "-p", "HEAD:users/default.yaml") == "name: default\nemail: a@b.c"
    assert git(profile, "status", "--porcelain") == ""


def test_a_template_words_the_commit(profile: Path) -> None:
    opened(profile, template="[ml] {changes}").apply(REGISTER)
    opened(profile, template="[ml] {changes}").apply(REGISTER._replace(edits=(), message=""))
    assert git(profile, "log", "-1", "--format=%s") == "[ml] add artifact_store s3"


def test_a_branch_that_moves_meanwhile_is_followed(profile: Path) -> None:
    """Somebody commits between the store's look at HEAD and its own commit, again and again."""
    program = (
        "import subprocess, sys\n"
        "for n in range(25):\n"
        "    subprocess.run(['git', 'commit', '-q', '--allow-empty', '-m', str(n)], cwd=sys.argv[1], check=True)\n"
    )
    rival = subprocess.Popen([sys.executable, "-c", program, str(profile)], stderr=subprocess.DEVNULL)
    store, written = opened(profile), 0
    while rival.poll() is None:
        key = Key("user", "", f"u{written}")
        store.apply(Change((Edit(key, None, f"name: {key.name}\n"),)))
        written += 1

    subjects = git(profile, "log", "--format=%s").splitlines()
    assert sum(s.startswith("add user u") for s in subjects) == written
    assert {f"users/u{n}.yaml" for n in range(written)} <= set(git(profile, "ls-files").splitlines())
    assert git(profile, "status", "--porcelain") == ""


def test_a_folder_outside_git_becomes_a_repository_with_its_first_write(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "users").mkdir(parents=True)
    (folder / "zenprofile.yaml").write_text("format: 1\n")
    (folder / "users" / "default.yaml").write_text("name: default\n")
    store = opened(folder)
    assert not (folder / ".git").exists()

    store.apply(REGISTER)

    assert git(folder, "log", "--format=%s").splitlines() == [
        "add artifact_store s3",
        "Begin with the profile as it is",
    ]
    assert git(folder, "status", "--porcelain") == ""


def test_loading_changes_no_byte(profile: Path) -> None:
    def bytes_of(folder: Path) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    before = bytes_of(profile)
    store = opened(profile)
    assert profile_check.check_all(store.snapshot()) == []
    list(store.history())
    store.snapshot("HEAD").load()
    store.close()

    assert bytes_of(profile) == before


@pytest.mark.parametrize("place", ["stacks/evil.yaml", "components/artifact_store/evil.yaml"])
def test_links_and_devices_spoil_only_themselves(profile: Path, tmp_path: Path, place: str) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("name: evil\ntype: artifact_store\nflavor: local\ncanary: here\n")
    (profile / place).symlink_to(secret)
    os.mkfifo(profile / "users" / "pipe.yaml")
    loaded = opened(profile).snapshot().load()

    assert len(loaded.entities) == len(DEFAULTS)
    assert {p.file for p in loaded.problems} == {place, "users/pipe.yaml"}
    assert "canary" not in str(loaded.problems)
    with pytest.raises(Invalid, match="link"):
        opened(profile).snapshot().text(
            Key("stack", "", "evil") if place.startswith("st") else BUCKET._replace(name="evil")
        )


def test_a_linked_folder_is_named_and_not_followed(profile: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "evil.yaml").write_text("name: evil\n")
    (profile / "teams").symlink_to(elsewhere)
    store = opened(profile)

    assert [p.file for p in store.snapshot().load().problems] == ["teams"]
    assert store.snapshot().keys("team") == []
    with pytest.raises((StoreBroken, Invalid)):
        store.apply(Change((Edit(Key("team", "", "ml"), None, "name: ml\nmembers: []\n"),)))
    assert [path.name for path in elsewhere.iterdir()] == ["evil.yaml"]


def test_files_that_look_like_documents_are_named(profile: Path) -> None:
    (profile / "stacks" / "prod.yml").write_text("name: prod\n")
    assert [p.code for p in opened(profile).snapshot().load("stack").problems] == ["stray-file"]


def test_the_cache_is_a_cache(profile: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for path in profile.rglob("*.yaml"):
        os.utime(path, (1, 1))
    # The change time cannot be set back: the cache waits until the files have settled.
    import zenprofile.drivers.local.cache as module

    young, module._YOUNG = module._YOUNG, -(10**18)
    try:
        first = opened(profile, cache=str(cache))
        expected = first.snapshot().load()
        first.close()
        names = sorted(cache.iterdir())
        assert len(names) == 5
        again = opened(profile, cache=str(cache))
        assert again.snapshot().load() == expected
        for damage in (b"", b"\0" * 100, names[0].read_bytes()[:-9], b"\xff" * 8):
            for name in names:
                name.write_bytes(damage)
            assert opened(profile, cache=str(cache)).snapshot().load() == expected
    finally:
        module._YOUNG = young


def test_a_few_documents_of_a_large_folder_are_read_without_its_cache(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zenprofile.drivers.local.cache._YOUNG", -(10**18))
    monkeypatch.setattr("zenprofile.drivers.local.cache._LARGE", 0)
    first = opened(profile, cache=str(tmp_path / "cache"))
    expected = {entity.key: entity for entity in first.snapshot().load().entities}
    first.close()
    for _ in range(2):
        snapshot = opened(profile, cache=str(tmp_path / "cache")).snapshot()
        for key, entity in expected.items():
            assert [snapshot.get(key) for _ in range(12)] == [entity] * 12


def test_a_young_file_is_read_again_even_with_the_same_times(profile: Path, tmp_path: Path) -> None:
    path = profile / "users" / "default.yaml"
    path.write_text("name: default\nemail: a@b.c\n")
    times = path.stat()
    store = opened(profile, cache=str(tmp_path / "cache"))
    store.snapshot().load()
    with path.open("r+") as file:
        file.write("name: default\nemail: x@y.z\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    entity = store.snapshot().get(Key("user", "", "default"))

    assert entity is not None
    assert entity.data["email"] == "x@y.z"


def test_formats_are_told_apart(profile: Path, tmp_path: Path) -> None:
    (profile / "zenprofile.yaml").write_text("format: 2\n")
    with pytest.raises(NewerFormat, match="newer"):
        opened(profile)
    (profile / "zenprofile.yaml").write_text("format: one\n")
    with pytest.raises(Invalid):
        opened(profile)
    (profile / "zenprofile.yaml").unlink()
    with pytest.raises(StoreBroken, match="no profile"):
        opened(profile)
    with pytest.raises(StoreBroken, match="documents"):
        DRIVER.holds(str(profile), Options())
    with pytest.raises(StoreBroken, match="does not exist"):
        opened(tmp_path / "nowhere")


def test_unknown_revisions_are_not_found(profile: Path) -> None:
    for rev in ("nowhere", "--help", "HEAD~99", "1999-01-01", "HEAD:users", "a b", "\x1b[31m"):
        with pytest.raises(NotFound):
            opened(profile).snapshot(rev)


@pytest.mark.slow
def test_eight_processes_register_and_nothing_is_lost(profile: Path) -> None:
    program = """
import sys
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.store.base import Options
from zenprofile.store.prepare import revision_of
for n in range(25):
    store = DRIVER.open(sys.argv[1], Options())
    name = f"p{sys.argv[2]}-{n}"
    store.apply(Change((Edit(Key("user", "", name), None, f"name: {name}\\n"),)))
    store.close()
"""
    running = [subprocess.Popen([sys.executable, "-c", program, str(profile), str(n)]) for n in range(8)]
    assert [process.wait(timeout=300) for process in running] == [0] * 8

    assert len(opened(profile).snapshot().keys("user")) == 201
    assert git(profile, "rev-list", "--count", "HEAD") == "201"
    assert git(profile, "status", "--porcelain") == ""
    git(profile, "fsck", "--strict")


def test_a_files_mode_stays(profile: Path, tmp_path: Path) -> None:
    path = profile / "users" / "default.yaml"
    path.chmod(0o755)
    git(profile, "commit", "-q", "-am", "executable")
    store = opened(profile)
    key = Key("user", "", "default")

    store.apply(Change((Edit(key, revision_of(key, path.read_text()), "name: default\nemail: a@b.c\n"),)))

    assert git(profile, "ls-tree", "HEAD", "users/default.yaml").startswith("100755")
    assert git(profile, "status", "--porcelain") == ""
    path.write_text("name: default\nemail: d@e.f\n")
    store.commit()
    assert git(profile, "status", "--porcelain") == ""


def test_more_objects_than_files_may_be_open_are_written_together(mine: Path) -> None:
    repository = find(mine)
    assert repository is not None
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, before[1]))
    try:
        objects = Objects(repository)
        with objects.batch():
            written = {objects.write("blob", b"%d" % number) for number in range(500)}
        objects.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    found = git(mine, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    assert written <= set(found.splitlines())
    git(mine, "fsck", "--strict")


@pytest.mark.parametrize("format_", ["sha1", "sha256"])
def test_very_many_objects_are_one_pack(tmp_path: Path, format_: str) -> None:
    git(tmp_path, "init", "-q", f"--object-format={format_}")
    repository = find(tmp_path)
    assert repository is not None
    contents = [b"x" * size for size in (*range(40), 2000, 5000, 300_000)] + [b"%d" % number for number in range(600)]
    with contextlib.closing(Objects(repository)) as objects:
        with objects.batch():
            written = {objects.write("blob", content): content for content in contents}
            assert all(objects.read(oid, "blob") == content for oid, content in written.items())

        for oid, content in written.items():
            assert objects.read(oid, "blob") == content
    found = git(tmp_path, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objectsize)")
    assert {f"{oid} {len(content)}" for oid, content in written.items()} == set(found.splitlines())
    assert len(list((tmp_path / ".git/objects/pack").glob("*.pack"))) == 1
    git(tmp_path, "fsck", "--strict")


# Signs at once but the first time: then it waits for a line, as a passphrase prompt does.
SIGNER = """#!/bin/sh
cat >/dev/null
mkdir '{0}/asked' 2>/dev/null && {{ read line < '{0}/answer'; [ "$line" = yes ] || exit 1; }}
echo '[GNUPG:] SIG_CREATED ' >&2
echo '-----BEGIN PGP SIGNATURE-----'
"""


@pytest.fixture
def prompting(profile: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A writer that adds the user eve and waits for a passphrase; a line in the pipe ``answer`` lets it go on."""
    os.mkfifo(tmp_path / "answer")
    program = tmp_path / "gpg"
    program.write_text(SIGNER.format(tmp_path))
    program.chmod(0o755)
    for name, value in {"gpg.program": str(program), "commit.gpgsign": "true", "user.signingkey": "any"}.items():
        git(profile, "config", name, value)
    process = subprocess.Popen([sys.executable, "-c", SIGNS, str(profile)], stderr=subprocess.DEVNULL)
    while not (tmp_path / "asked").exists():
        assert process.poll() is None
    yield process
    process.terminate()
    process.wait()


def answer(tmp_path: Path, line: str) -> None:
    with (tmp_path / "answer").open("w") as file:
        file.write(line + "\n")


def test_a_passphrase_prompt_keeps_nobody_waiting(
    prompting: subprocess.Popen[bytes], profile: Path, tmp_path: Path
) -> None:
    assert opened(profile, timeout=0.2).snapshot().load().problems == []
    mine = opened(profile, timeout=0.2).apply(REGISTER).rev  # while the other waits
    answer(tmp_path, "yes")

    assert prompting.wait() == 0
    # What it had signed was no longer what it meant to commit: it is made anew on top.
    assert git(profile, "log", "--format=%s", "-3").splitlines()[:2] == ["add user eve", "add artifact_store s3"]
    assert git(profile, "rev-parse", "HEAD~1") == mine
    assert git(profile, "status", "--porcelain") == ""
    for commit in ("HEAD", "HEAD~1"):
        assert "gpgsig -----BEGIN PGP SIGNATURE-----" in git(profile, "cat-file", "commit", commit)
    git(profile, "fsck", "--strict")


def test_where_no_signature_comes_nothing_is_written(
    prompting: subprocess.Popen[bytes], profile: Path, tmp_path: Path
) -> None:
    before = git(profile, "rev-parse", "HEAD")
    answer(tmp_path, "no")

    assert prompting.wait() == 1
    assert git(profile, "rev-parse", "HEAD") == before
    assert git(profile, "status", "--porcelain") == ""


def test_edits_are_signed_anew_where_the_branch_has_moved_meanwhile(profile: Path, tmp_path: Path) -> None:
    """The signer itself commits something else, the first time: what it signs has the wrong parent then."""
    program = tmp_path / "gpg"
    moves = f"git -C '{profile}' commit -q --no-gpg-sign --allow-empty -m theirs"
    program.write_text(SIGNER.format(tmp_path).replace("read line", f"{moves}; line=yes; :"))
    (tmp_path / "answer").touch()
    program.chmod(0o755)
    for name, value in {"gpg.program": str(program), "commit.gpgsign": "true", "user.signingkey": "any"}.items():
        git(profile, "config", name, value)
    (profile / "users" / "default.yaml").write_text("name: default\nemail: d@e.f\n")

    opened(profile).commit("mine")

    assert git(profile, "log", "--format=%s", "-2").splitlines() == ["mine", "theirs"]
    assert git(profile, "status", "--porcelain") == ""


SIGNS = """
import sys
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.errors import ZenprofileError
from zenprofile.store.base import Options
eve = Edit(Key("user", "", "eve"), None, "name: eve\\n")
try:
    DRIVER.open(sys.argv[1], Options(mode="commit")).apply(Change((eve,)))
except ZenprofileError:
    sys.exit(1)
"""
