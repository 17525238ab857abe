"""The one commit path: every write to a work tree goes through `record`."""

import contextlib
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from zenprofile.drivers.local import journal, signing
from zenprofile.drivers.local.journal import JournalEntry, Move
from zenprofile.errors import Locked, ZenprofileError
from zenprofile.fs import atomic, lock
from zenprofile.git import index, runner
from zenprofile.git.config import GitConfig, timestamp
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Head, Repository

_ROUNDS = 20  # tries against a branch that others move at the same time


class FileChange(NamedTuple):
    """A file to be written: path below the top, the content that the work tree holds and is to hold (None: no file)."""

    path: str
    before: bytes | None
    after: bytes | None


class Author(NamedTuple):
    """What a commit needs to know beside its files.

    Attributes:
        user: the profile's active user, who signs where git has no identity.
        warn: takes a warning for the user.
        run_hooks: whether the repository's own commit hooks run.
        email: of a user for whom this machine only writes, behind a server; "" where git's own identity signs.
        machine: tells the machine of that user's from others; "" for this one.
        key: the idempotency key of the change; "" for none.
        made: commits that were made before the lock was taken (`signing.run_before_lock`); None makes them in place.
    """

    user: str
    warn: Callable[[str], None]
    run_hooks: bool = False
    email: str = ""
    machine: str = ""
    key: str = ""
    prepared_commits: signing.PreparedCommits | None = None


def write_uncommitted(
    repository: Repository,
    changes: Sequence[FileChange],
    message: str,
    undone: str = "",
    machine: str = "",
    key: str = "",
) -> None:
    """Write files without a commit (mode manual). The caller holds the lock.

    ``undone`` is the record of the change that this one takes back, ``machine`` and ``key`` as `Author` has them.

    Raises:
        StoreBroken, Locked: as `journal.apply`.
    """
    entries = tuple(JournalEntry(c.path, c.before, c.after, "") for c in changes)
    move = Move(entries, message, kind=_kind(undone), undone=undone, machine=machine, key=key)
    objects = Objects(repository)
    try:
        apply(repository, objects, move)
    finally:
        objects.close()


def _kind(undone: str) -> str:
    return "undo" if undone else "change"


def record(
    repository: Repository,
    changes: Sequence[FileChange],
    message: str,
    author: Author,
    undone: str = "",
    settings: GitConfig | None = None,
) -> str:
    """Write files and commit them, and nothing else, on the branch of HEAD. The caller holds the lock.

    Args:
        repository: where.
        changes: the files; one whose work tree is as it is to be is committed as it stands.
        message: the commit's.
        author: who.
        undone: the record of the change that this one takes back; "" for none.
        settings: of the repository, where they were asked for already.

    Returns:
        The new commit's id; "" where nothing differs from what is committed already.

    Raises:
        Paused: the user is in the middle of something, or HEAD is detached.
        Unsafe: attributes give a path a filter.
        Locked: another git holds the index, or moves the branch again and again.
        StoreBroken: no space, no permission.
        signing.Unmade: the commit is to be made first, without the lock.
        runner.GitError: signing failed, or a hook refused.
    """
    head = repository.check_ready()
    settings = settings or GitConfig(repository)
    objects = Objects(repository)
    try:
        for number in range(_ROUNDS):
            with objects.batch():
                entries = _write_blobs(objects, settings, changes)
                before = objects.tree_of(head.oid)
                wanted = {e.path: objects.entry_keeping_mode(before, e.path, e.oid) for e in entries}
                tree = objects.write_edited_tree(before, wanted)
                # Later on, somebody's plain commit may have taken the change along: it still gets its own word.
                if not number and head.oid and tree == before:
                    break
                draft = signing.Draft(tree, (head.oid,) if head.oid else (), message)
                new = make_commit(repository, objects, settings, draft, author)
            by = {"undone": undone, "machine": author.machine, "key": author.key}
            move = Move(entries, message, head.ref, head.oid, new, _kind(undone), **by)
            if _try_apply(repository, objects, move, head):
                _after_commit(repository, objects, settings, author)
                return new
            head = repository.check_ready()
        else:
            raise Locked("the branch is moved by somebody else all the time", hint="repeat the command")
        # All is as it was committed: what goes back was never in a commit, and an empty one would say nothing.
        write_uncommitted(repository, changes, message, undone, author.machine, author.key)
        index.set_entries(repository, objects, wanted.items())
        return ""
    finally:
        objects.close()
        settings.close()


def _write_blobs(objects: Objects, settings: GitConfig, changes: Sequence[FileChange]) -> tuple[JournalEntry, ...]:
    """Write the blobs of a change."""
    lf = settings.check_no_filters(c.path for c in changes)
    entries = []
    for path, before, after in changes:
        oid = ""
        if after is not None:
            oid = objects.write("blob", after.replace(b"\r\n", b"\n") if path in lf else after)
        entries.append(JournalEntry(path, before, after, oid))
    return tuple(entries)


def _try_apply(repository: Repository, objects: Objects, move: Move, head: Head) -> bool:
    """Apply a commit; False where another process has moved the branch meanwhile (nothing is changed then)."""
    try:
        apply(repository, objects, move)
    except runner.GitError:
        if repository.head() == head:
            raise
        return False
    return True


def apply(repository: Repository, objects: Objects, move: Move) -> None:
    """Write a change's journal and apply it with readers locked out. The caller has other writers locked out.

    Raises:
        StoreBroken, Locked, Conflict, runner.GitError: as `journal.apply`; all is as before then.
    """
    with lock.exclusive(repository.own_file(lock.FILES), sharing=repository.shared_mode):
        try:
            journal.write(repository, move)
        except OSError as error:
            atomic.raise_write_error(error, repository.top)
        journal.apply(repository, objects, move)


def make_commit(
    repository: Repository, objects: Objects, settings: GitConfig, draft: signing.Draft, author: Author
) -> str:
    """Write a commit object, or take the one that was made before the lock was taken; return its id.

    It is signed where git is set to sign.

    Raises:
        signing.Unmade: a person's program has a part in it, and the caller holds the lock.
    """
    if author.prepared_commits is None or not (settings.signs_commits or author.run_hooks):
        return _written(repository, objects, settings, draft, author)
    signed = (draft, author.user, author.email)
    if signed not in author.prepared_commits:
        objects.flush()
        raise signing.UnsignedCommit(signed, lambda: _written(repository, objects, settings, draft, author))
    return author.prepared_commits[signed]


def _written(
    repository: Repository, objects: Objects, settings: GitConfig, draft: signing.Draft, author: Author
) -> str:
    tree, parents, message = draft
    who = settings.identity("author", author.user, author.email)
    committer = settings.identity("committer", author.user)
    if not who.own:
        author.warn(f"git knows no name and e-mail of yours; the commit's author is '{who.name} <{who.email}>'")
    if tree == objects.oid("tree", b""):
        objects.write("tree", b"")
    if author.run_hooks:
        objects.flush()
        message = _run_pre_commit_hooks(repository, tree, message)
    text = message.rstrip("\n") + "\n"
    dated = any(f"GIT_{role}_DATE" in os.environ for role in ("AUTHOR", "COMMITTER"))
    if settings.signs_commits or dated or settings.get("i18n.commitencoding"):
        extra = {
            "GIT_AUTHOR_NAME": who.name, "GIT_AUTHOR_EMAIL": who.email,
            "GIT_COMMITTER_NAME": committer.name, "GIT_COMMITTER_EMAIL": committer.email,
        }  # fmt: skip
        objects.flush()
        args = [
            "commit-tree",
            *(["-S"] if settings.signs_commits else []),
            *(w for p in parents for w in ("-p", p)),
            tree,
        ]
        try:
            return runner.run(args, repository.top, stdin=text.encode(), extra=extra).out.decode().strip()
        except runner.GitError as error:
            if not settings.signs_commits:
                raise
            hint = "commit.gpgsign is on: make the key usable, or: git config commit.gpgsign false"
            message = f"the commit could not be signed ({error.message}); nothing was written"
            raise ZenprofileError(message, hint=hint) from None
    now = timestamp()
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {who.name} <{who.email}> {now}", f"committer {committer.name} <{committer.email}> {now}"]
    return objects.write("commit", ("\n".join(lines) + "\n\n" + text).encode("utf-8", "replace"))


def _run_pre_commit_hooks(repository: Repository, tree: str, message: str) -> str:
    """Run pre-commit and commit-msg over the tree to be committed; return the message as they leave it."""
    # Others may be at the same at this moment: no lock is held.
    index, text = (atomic.draft_of(repository.own_file(name)) for name in ("hook-index", "hook-message"))
    extra = {"GIT_INDEX_FILE": index}
    try:
        runner.run(["read-tree", tree], repository.top, extra=extra)
        _run_hook(repository, ["pre-commit"], extra)
        with open(text, "x", encoding="utf-8", errors="surrogateescape") as file:
            file.write(message + "\n")
        _run_hook(repository, ["commit-msg", "--", text], extra)
        with open(text, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().rstrip("\n")
    finally:
        for path in (index, text):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def _run_hook(repository: Repository, args: list[str], extra: dict[str, str]) -> None:
    try:
        runner.run(["hook", "run", "--ignore-missing", *args], repository.top, extra=extra, hooks=True)
    except runner.GitError as error:
        output = " ".join(error.ran.err.split())[:500]
        message = f"the repository's {args[0]} hook refused the commit; nothing was written: {output}"
        raise ZenprofileError(message, hint="fix what it names, or: zenprofile config run-hooks off") from None


def _after_commit(repository: Repository, objects: Objects, settings: GitConfig, author: Author) -> None:
    if author.run_hooks:
        runner.run(["hook", "run", "--ignore-missing", "post-commit"], repository.top, hooks=True, ok=tuple(range(256)))
    # Git's own rule for when loose objects are packed, looked at without starting it.
    limit = settings.get("gc.auto")
    allowed = int(limit) if limit.isdigit() else 6700
    try:
        loose = len(os.listdir(repository.common_file("objects/17")))
    except OSError:
        return
    if allowed and loose > (allowed + 255) // 256:
        objects.close()
        runner.run(["gc", "--auto", "-q"], repository.top, flags=(f"gc.auto={allowed}",), ok=tuple(range(256)))
