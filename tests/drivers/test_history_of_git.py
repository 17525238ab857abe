"""History and this machine's log of changes, in the repositories that people have."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.kit import Document, apply, bucket, changed, everything, gone, new, put, stack, user
from zenprofile.core import paths
from zenprofile.core.entity import DEFAULTS, Key
from zenprofile.drivers.local.store import LocalStore
from zenprofile.errors import ConflictError, NotFound, StoreBroken, ZenprofileError
from zenprofile.git import gitpython, runner
from zenprofile.git.repository import Repository
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store, open_store
from zenprofile.usecases import blame as blames
from zenprofile.usecases import entities, history, undo

OPTIONS = Options(user="ada", mode="commit")
S3 = bucket().key


def git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@contextlib.contextmanager
def made(folder: Path, mode: str = "commit") -> Iterator[LocalStore]:
    store = create_store(str(folder), OPTIONS._replace(new=True, mode=mode))
    assert isinstance(store, LocalStore)
    with contextlib.closing(store):
        yield store


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Return a repository of the user's own with one commit."""
    folder = tmp_path / "top"
    folder.mkdir()
    git(folder, "init", "-q")
    Path(folder, "README").write_text("mine\n")
    git(folder, "add", "README")
    git(folder, "commit", "-qm", "mine")
    return folder


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[LocalStore]:
    """Give a store whose writes stay uncommitted edits; what it began with is committed."""
    with made(tmp_path / "store", "manual") as store:
        store.commit("begin")
        yield store


def names(store: LocalStore) -> list[list[str]]:
    return [[changed.key.name for changed in record.changes] for record in store.history()]


def blamed(store: LocalStore, key: Key) -> dict[str, str]:
    return {paths.show(line.path): line.rev for line in blames.blame(store, key)}


def test_two_profiles_of_one_repository_have_histories_of_their_own(top: Path) -> None:
    with made(top / "a/one") as one, made(top / "a/two") as two:
        put(one, user("eve"))
        put(two, user("bob"))
        Path(top, "README").write_text("more\n")
        git(top, "commit", "-qam", "outside")
        every = sorted(key.name for key, _ in DEFAULTS)

        assert [sorted(found) for found in names(one)] == [["eve"], every]
        assert [sorted(found) for found in names(two)] == [["bob"], every]
        assert history.show(one, "HEAD").changes == ()
        undo.undo(one)
        assert user("eve").key not in everything(one)
        assert user("bob").key in everything(two)
        with pytest.raises(NotFound):
            undo.undo(one)


def test_a_shallow_clone_begins_at_its_end(top: Path, tmp_path: Path) -> None:
    with made(top) as store:
        put(store, bucket(path="s3://a"))
        apply(store, changed(store, bucket(path="s3://b")))
    git(tmp_path, "clone", "-q", "--depth", "2", top.as_uri(), "shallow")

    with contextlib.closing(open_store(str(tmp_path / "shallow"), OPTIONS)) as store:
        last, end = store.history()
        assert [c.key for c in last.changes] == [S3]
        assert len(end.changes) == len(DEFAULTS) + 1
        lines = blames.blame(store, S3)
        assert {line.rev for line in lines} == {last.rev, end.rev}


def test_what_is_no_document_is_no_change(top: Path) -> None:
    with made(top) as store:
        put(store, bucket())
        head = store.head()
        file = Path(top, S3.path)
        file.chmod(0o755)
        Path(top, "stacks/deep").mkdir()
        Path(top, "stacks/deep/er.yaml").write_text("name: er\n")
        Path(top, "stacks/notes.txt").write_text("mine\n")
        Path(top, "stacks/link.yaml").symlink_to("default.yaml")
        git(top, "add", "-A")
        git(top, "commit", "-qm", "nothing of ours")
        assert next(iter(store.history())).rev == head

        file.unlink()
        file.mkdir()
        Path(file, "x").write_text("")
        git(top, "add", "-A")
        git(top, "commit", "-qm", "a folder in its place")
        (gone,) = next(iter(store.history())).changes
        assert (gone.key, gone.action) == (S3, "removed")


def test_what_cannot_be_read_is_told_without_its_fields(top: Path) -> None:
    with made(top) as store:
        put(store, bucket())
        Path(top, S3.path).write_bytes(b"\xff\xfe{[")
        git(top, "commit", "-qam", "spoiled")

        (spoiled,) = next(iter(store.history())).changes

        assert (spoiled.key, spoiled.after) == (S3, {})
        assert [c.key for c in history.diff(store, "HEAD~1")] == [S3]
        assert history.diff(store, "HEAD") == []


def test_a_repository_with_long_ids_has_a_history_as_any_other(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "long")
    with made(tmp_path / "long") as store:
        put(store, bucket(path="s3://a"))
        apply(store, changed(store, bucket(path="s3://b")))
        last, first, _ = store.history()
        assert (len(last.rev), [c.key for c in last.changes]) == (64, [S3])
        assert [c.key for c in history.diff(store, "HEAD~2")] == [S3]
        assert store.snapshot("HEAD~2").get(S3) is None
        assert history.show(store, "HEAD~1") == first
        assert {line.rev for line in blames.blame(store, S3)} == {last.rev, first.rev}
        undo.undo(store)
        assert "s3://a" in str(store.snapshot().text(S3))
        undo.revert(store, first.rev)
        assert S3 not in everything(store)


def test_packed_and_grafted_histories_are_read_as_git_reads_them(top: Path, tmp_path: Path) -> None:
    with made(top) as store:
        put(store, bucket(path="s3://a"))
        apply(store, changed(store, bucket(path="s3://b")))
        loose = list(store.history())
        git(top, "gc", "-q", "--prune=now")
        git(top, "commit-graph", "write", "--reachable")
        assert list(store.history()) == loose
        git(top, "replace", "--graft", "HEAD")  # replaced objects are for a person's own git alone
        assert list(store.history()) == loose


def test_names_and_messages_are_told_whatever_they_are_written_in(top: Path) -> None:
    with made(top) as store:
        put(store, bucket())
        Path(top, S3.path).write_text(bucket(path="s3://other").text or "")
        git(top, "config", "i18n.commitEncoding", "ISO-8859-1")
        git(top, "config", "user.name", "R\xe9n\xe9e")
        words = ["-c", "i18n.logOutputEncoding=UTF-16", "-c", "format.pretty=oneline", "-c", "log.mailmap=true"]
        Path(top, ".mailmap").write_text("Somebody Else <author@example.com>\n")
        subject, body = b"Gr\xfc\xdfe", b"\n\nund\tmehr\n\n  Zeilen"
        command: list[str | bytes] = ["git", *words, "commit", "-qam", subject + body]
        renee = {**os.environ, "GIT_AUTHOR_NAME": "unused"}
        del renee["GIT_AUTHOR_NAME"]
        subprocess.run([*command, b"--author=R\xe9n\xe9e <author@example.com>"], cwd=top, env=renee, check=True)

        told = next(iter(store.history()))

        assert (told.who, told.message) == ("R\xe9n\xe9e", "Gr\xfc\xdfe\n\nund\tmehr\n\n  Zeilen")


def test_a_history_that_breaks_off_is_told_as_far_as_it_goes(top: Path) -> None:
    with made(top) as store:
        put(store, bucket())
        lost = git(top, "rev-parse", "HEAD~1")
        Path(top, ".git/objects", lost[:2], lost[2:]).unlink()

        with pytest.raises(StoreBroken) as caught:
            list(store.history())

        assert "\n" not in caught.value.message
        assert "fsck" in caught.value.hint


@pytest.mark.parametrize("spoiled", ["", "{", "[]", '{"format": 1}', '{"entries": [["a"]]}'])
def test_a_spoiled_record_is_passed_over(top: Path, spoiled: str) -> None:
    with made(top) as store:
        assert store.repository is not None
        start = everything(store)
        put(store, bucket())
        put(store, user("eve"))
        records = sorted((store.repository.own_dir / "changes").glob("*.json"))
        records[-1].write_text(spoiled)

        undo.undo(store)

        assert everything(store) == {**start, user("eve").key: user("eve").text}


def test_undo_is_recorded_in_the_journal_of_the_one_commit_path(top: Path) -> None:
    with made(top) as store:
        assert store.repository is not None
        put(store, bucket())
        taken_back = sorted((store.repository.own_dir / "changes").iterdir())[-1].stem
        undo.undo(store)

        record = json.loads(sorted((store.repository.own_dir / "changes").iterdir())[-1].read_text())

        assert (record["kind"], record["undone"], record["new"]) == ("undo", taken_back, store.head())


def test_records_follow_each_other_where_the_clock_was_set_back(top: Path) -> None:
    with made(top) as store:
        assert store.repository is not None
        start = everything(store)
        put(store, bucket())
        folder = store.repository.own_dir / "changes"
        last = max(folder.iterdir())
        last.rename(folder / f"{int(last.stem) + 10**18:020d}.json")
        put(store, user("eve"))

        undo.undo(store)

        assert everything(store) == {**start, S3: bucket().text}


def test_undo_keeps_edits_by_hand_of_other_documents(top: Path) -> None:
    with made(top) as store:
        put(store, bucket())
        put(store, stack())
        file = Path(top, stack().key.path)
        by_hand = f"# mine\n{file.read_text()}description: by hand\n"
        file.write_text(by_hand)

        with pytest.raises(ConflictError):
            undo.undo(store)
        assert file.read_text() == by_hand

        git(top, "checkout", "-q", "--", ".")
        Path(top, "users/default.yaml").write_text("name: default\nemail: a@b.c\n")
        undo.undo(store)
        assert git(top, "status", "--porcelain") == "M users/default.yaml"


def test_undo_of_a_field_keeps_an_edit_by_hand_of_another(top: Path) -> None:
    with made(top) as store:
        put(store, bucket(path="s3://a"))
        apply(store, changed(store, bucket(path="s3://b")))
        file = Path(top, S3.path)
        file.write_text(file.read_text() + "description: by hand   # why\n")

        undo.undo(store)

        assert "path: s3://a" in file.read_text()
        assert "description: by hand   # why\n" in file.read_text()


def test_line_ends_of_the_work_tree_stay(top: Path) -> None:
    git(top, "config", "core.autocrlf", "true")
    with made(top) as store:
        put(store, bucket(path="s3://a"))
        file = Path(top, S3.path)
        file.unlink()
        git(top, "checkout", "-q", "--", ".")
        assert b"\r\n" in file.read_bytes()
        apply(
            store, changed(store, bucket(path="s3://b")._replace(text=file.read_bytes().decode().replace("//a", "//b")))
        )
        text = store.snapshot().text(Key("component", "artifact_store", "s3-prod"))

        undo.undo(store)

        assert text is not None
        assert file.read_bytes().count(b"\r\n") == file.read_bytes().count(b"\n")
        assert b"s3://a" in file.read_bytes()


def test_without_git_the_history_says_so_on_one_line(tmp_path: Path) -> None:
    with made(tmp_path / "profile") as store:
        put(store, bucket())
    code = (
        "import sys; from zenprofile.store.base import Options; from zenprofile.store.registry import open_store\n"
        "from zenprofile.cli.failure import line_of; from zenprofile.errors import Unsupported\n"
        "try: list(open_store(sys.argv[1], Options()).history())\n"
        "except Unsupported as error: print(line_of(error))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "profile")]
    ran = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True)

    assert "git" in ran.stdout
    assert "put it on PATH" in ran.stdout
    assert "\\n" not in ran.stdout


def test_variables_of_another_repository_do_not_lead_history_astray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made(tmp_path / "p") as store:
        put(store, user("eve"))
        monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "elsewhere"))
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))

        assert len(names(store)) == 2
        assert history.show(store, "HEAD").changes[0].key == user("eve").key
        assert os.environ["GIT_DIR"] == str(tmp_path / "nowhere")


@pytest.mark.parametrize("date", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "0001-01-01"])
def test_before_1970_nothing_was_committed(tmp_path: Path, date: str) -> None:
    with made(tmp_path / "p") as store, pytest.raises(NotFound, match="nothing was committed before"):
        store.snapshot(date)


@pytest.mark.parametrize("date", ["9999-12-31", "9999-12-31T23:59:59-14:00"])
def test_the_end_of_time_is_now(tmp_path: Path, date: str) -> None:
    with made(tmp_path / "p") as store:
        assert store.snapshot(date).keys() == store.snapshot("HEAD").keys()


def test_a_commit_from_beyond_the_end_of_time_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with made(tmp_path / "p") as store:
        for role in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{role}_DATE", "@99999999999999 +0000")
        put(store, user("eve"))

        assert next(store.history()).when == "9999-12-31T23:59:59Z"


# Edits that are not committed


def test_blame_of_edits_by_hand_names_nobody(by_hand: LocalStore) -> None:
    apply(by_hand, new(bucket(path="s3://a")))
    rev = by_hand.commit().rev
    apply(by_hand, changed(by_hand, bucket(path="s3://b")))
    entities.rename(by_hand, S3, "renamed")

    assert blamed(by_hand, bucket("renamed").key) == {"name": "", "type": rev, "flavor": rev, "configuration.path": ""}
    last = blames.blame(by_hand, bucket("renamed").key)[0]
    assert (last.who, last.when) == ("", "")


def test_the_log_follows_a_rename_that_is_not_committed(by_hand: LocalStore) -> None:
    apply(by_hand, new(bucket()))
    rev = by_hand.commit().rev
    entities.rename(by_hand, S3, "renamed")

    assert [record.rev for record in history.log(by_hand, bucket("renamed").key)] == [rev]


def test_diff_without_a_revision_tells_edits_by_hand(by_hand: LocalStore) -> None:
    apply(by_hand, new(bucket()), gone(by_hand, stack("default").key))

    found = [(str(changed.key), changed.action) for changed in history.diff(by_hand)]
    assert found == [("component/artifact_store/s3-prod", "added"), ("stack/default", "removed")]
    assert history.diff(by_hand) == history.diff(by_hand, "HEAD")


def test_undo_of_a_commit_in_both_modes(by_hand: LocalStore) -> None:
    apply(by_hand, new(bucket(path="s3://a")))
    by_hand.commit("mine")
    file = Path(by_hand.root, S3.path)
    file.write_text(bucket(path="s3://by-hand").text, encoding="utf-8")
    by_hand.commit("by hand")
    head = by_hand.head()

    undo.undo(by_hand)
    assert file.read_text(encoding="utf-8") == bucket(path="s3://a").text
    assert by_hand.head() == head
    undo.undo(by_hand)
    assert not file.exists()
    with pytest.raises(NotFound):
        undo.undo(by_hand)

    with contextlib.closing(open_store(by_hand.folder, OPTIONS)) as committing:
        history.commit(committing, "gone")
        assert undo.undo(committing).rev == committing.head()
    assert file.exists()


# What git did to this machine's commits, and what came from elsewhere


def test_undo_looks_at_the_branch_that_is_there(top: Path) -> None:
    with made(top) as store:
        put(store, bucket())
        kept = everything(store)
        put(store, user("eve"))
        git(top, "reset", "-q", "--hard", "HEAD~1")
        assert everything(store) == kept

        undo.undo(store)

        assert S3 not in everything(store)


def test_undo_knows_an_amended_commit(top: Path) -> None:
    with made(top) as store:
        start = everything(store)
        put(store, bucket())
        git(top, "commit", "-q", "--amend", "-m", "other words")

        undo.undo(store)

        assert everything(store) == start


def test_a_commit_that_no_command_of_this_machine_made_is_not_undone(top: Path) -> None:
    def arrives(document: Document) -> None:
        Path(top, document.key.path).write_text(document.text, encoding="utf-8")
        git(top, "add", "-A")
        git(top, "commit", "-qm", "somebody's")

    with made(top) as store:
        put(store, bucket(path="s3://a", description="one"))
        apply(store, changed(store, bucket(path="s3://b", description="one")))
        arrives(bucket(path="s3://b", description="two"))
        arrives(user("eve"))

        undo.undo(store)
        assert everything(store)[S3] == bucket(path="s3://a", description="two").text
        undo.redo(store)
        arrives(bucket(path="s3://c", description="two"))
        before = everything(store)
        with pytest.raises(ConflictError, match=r"configuration\.path"):
            undo.undo(store)

        assert everything(store) == before
        assert user("eve").key in before


def test_a_merge_is_told_field_by_field_and_not_taken_back(top: Path) -> None:
    with made(top) as store:
        put(store, bucket(path="s3://a", description="one"))
        git(top, "branch", "side")
        apply(store, changed(store, bucket(path="s3://b", description="one")))
        here, branch = store.head(), git(top, "branch", "--show-current")
        git(top, "switch", "-q", "side")
        apply(store, changed(store, bucket(path="s3://a", description="two")))
        there = store.head()
        git(top, "switch", "-q", branch)
        git(top, "merge", "-q", "--no-commit", "-s", "ours", "side")
        Path(top, S3.path).write_text(bucket(path="s3://b", description="two").text, encoding="utf-8")
        git(top, "commit", "-qam", "merge")
        merge = store.head()

        assert blamed(store, S3)["configuration.path"] == here
        assert blamed(store, S3)["description"] == there
        assert merge not in [record.rev for record in store.history()]
        with pytest.raises(ZenprofileError):
            undo.revert(store, merge)
        assert store.head() == merge


# A second reader


def head_of(store: LocalStore) -> tuple[Repository, str]:
    assert store.repository is not None
    return store.repository, store.head()


@pytest.mark.parametrize("packed", [False, True])
def test_gitpython_reads_the_same(top: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(top / "elsewhere"))
    monkeypatch.setenv("GIT_DIR", str(top / "nowhere"))
    with made(top / "below") as store:
        put(store, bucket())
        if packed:
            subprocess.run(["git", "gc", "-q"], cwd=top, env=runner.environment(), check=True)

        found = gitpython.compare(*head_of(store))

        assert found == gitpython.Compared(commits=3, files=len(DEFAULTS) + 2, differing="")
        assert os.environ["GIT_DIR"] == str(top / "nowhere")


def test_a_file_that_is_not_what_its_id_says_is_seen(top: Path) -> None:
    with made(top) as store:
        put(store, bucket())
        one, other = (git(top, "rev-parse", f"HEAD:{path}") for path in (S3.path, "README"))
        damaged = top / ".git/objects" / one[:2] / one[2:]
        damaged.unlink()
        damaged.hardlink_to(top / ".git/objects" / other[:2] / other[2:])

        assert gitpython.compare(*head_of(store)).differing == f"the file {S3.path}"


def test_what_gitpython_cannot_read_is_told(top: Path) -> None:
    with made(top) as store:
        put(store, bucket())
        tree = git(top, "rev-parse", "HEAD^{tree}")
        Path(top, ".git/objects", tree[:2], tree[2:]).unlink()

        with pytest.raises(StoreBroken, match=r"cannot read|missing"):
            gitpython.compare(*head_of(store))
