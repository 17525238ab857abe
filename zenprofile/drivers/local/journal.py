"""The journal of a change to a work tree, and the recovery that the next opening does by it.

Order of a change: objects, journal, files, index entries, ref, journal put away. Killed before
the ref moved, nothing was promised: the files go back. Where the user's own ``git commit`` took a part along, or where
no commit was meant, the rest of the change follows, so that nothing is lost. A finished journal is this machine's
record of the change (`undo` reads it).
"""

import contextlib
import json
import os
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from zenprofile.drivers.local import outside_files
from zenprofile.errors import ConflictError, Locked, StoreBroken, Unreachable
from zenprofile.fs import atomic, nofollow, shared
from zenprofile.git import index, runner, stale_locks
from zenprofile.git.objects import EXECUTABLE, FILE, Objects
from zenprofile.git.repository import Repository, is_ref

if TYPE_CHECKING:
    from pathlib import Path

JOURNAL = "journal"
CHANGES = "changes"
BACKUP = "refs/zenprofile/before/"
KEPT_CHANGES = 200
_ID = re.compile("[0-9a-f]{0,64}")


class JournalEntry(NamedTuple):
    """One file of a change.

    Attributes:
        path: below the work tree's top.
        before: what the work tree holds; None for no file.
        after: what it is to hold.
        oid: the blob that index and commit get; "" for none.
    """

    path: str
    before: bytes | None
    after: bytes | None
    oid: str


class Move(NamedTuple):
    """A change of a work tree and, where it is committed, of the branch.

    Attributes:
        entries: the files.
        message: what it does, in words.
        ref: the branch's full name; "" where the change stays an uncommitted edit.
        old: the commit that it starts from; "" on a branch without commits.
        new: the commit that the branch is to get.
        kind: ``change``, ``merge`` for what came from a remote (never undone), or ``undo``.
        outside: the old commit's tree with the files outside the profile as they are to be; "" where none changes.
        undone: of an ``undo``, the name of the record that it takes back.
        machine: of a client for whom a server made it; "" for this machine.
        key: the change's idempotency key; "" for none.
    """

    entries: tuple[JournalEntry, ...]
    message: str
    ref: str = ""
    old: str = ""
    new: str = ""
    kind: str = "change"
    outside: str = ""
    undone: str = ""
    machine: str = ""
    key: str = ""


def write(repository: Repository, move: Move) -> None:
    """Write the journal, durably."""
    record = {
        "format": 1,
        "prefix": repository.prefix,
        "when": int(time.time()),
        **move._asdict(),
        "entries": [[e.path, _text(e.before), _text(e.after), e.oid] for e in move.entries],
    }
    # One file that is not committed is old or new by itself; of that, the journal is only the record for `undo`.
    durable = bool(move.ref) or len(move.entries) > 1
    content = json.dumps(record).encode("ascii")
    atomic.replace(repository.own_file(JOURNAL), content, durable=durable, sharing=repository.shared_mode)


def read(path: "str | Path") -> tuple[Move, dict[str, Any]] | None:
    """Return a journal's change and its whole record; None where there is none, or where it is damaged.

    One that names what no change of ours names (a copied git folder may hold any) counts as damaged.
    """
    try:
        record = nofollow.read_json(path)
        entries = tuple(JournalEntry(str(p), _bytes(b), _bytes(a), str(o)) for p, b, a, o in record["entries"])
        fields = {name: str(record[name]) for name in ("message", "ref", "old", "new", "kind", "outside")}
        more = {name: str(record.get(name, "")) for name in ("undone", "machine", "key")}
        move = Move(entries, **fields, **more)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return (move, record) if _is_ours(move) else None


def _is_ours(move: Move) -> bool:
    ids = (move.old, move.new, move.outside, *(entry.oid for entry in move.entries))
    paths = all(nofollow.is_inside(entry.path) for entry in move.entries)
    return paths and is_ref(move.ref or "refs/heads/x") and all(_ID.fullmatch(oid) for oid in ids)


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "surrogateescape")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogateescape")


def archive(repository: Repository, move: Move) -> None:
    """Move the finished journal to this machine's log of changes; remove the oldest records.

    Records are named by their time, and follow each other by name even where the clock was set back.
    """
    folder = repository.own_file(CHANGES)
    shared.make_folder(folder, repository.shared_mode)
    names = sorted(os.listdir(folder))
    last = max((int(name[:20]) for name in names if name[:20].isdecimal()), default=0)
    name = f"{max(time.time_ns(), last + 1):020d}.json"
    if move.key:
        from zenprofile.drivers.local import idempotency_keys

        with contextlib.suppress(OSError):  # the change stands, be there space for its key or not
            idempotency_keys.save(repository, move.key, move.new or name)
    os.rename(repository.own_file(JOURNAL), os.path.join(folder, name))
    for old in [*names, name][:-KEPT_CHANGES]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, old))


def remove_last_record(repository: Repository) -> None:
    """Remove the record of the last change, which holds what nobody may keep; `undo` does not know that change."""
    folder = repository.own_file(CHANGES)
    last = max((name for name in os.listdir(folder) if name[:20].isdecimal()), default="")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(folder, last))


def discard(repository: Repository, move: Move) -> None:
    """Remove the journal and what was staged for it."""
    for entry in move.entries:
        atomic.unstage(repository.top, entry.path)
    (repository.own_dir / JOURNAL).unlink(missing_ok=True)


def recover(repository: Repository) -> None:
    """Complete or roll back a change that a killed process left half done. The caller holds the lock alone.

    Raises:
        StoreBroken: no space or no permission; the journal stays for the next try.
        Locked: somebody else's git holds the index.
    """
    path = repository.own_file(JOURNAL)
    found = read(path)
    if found is None:
        try:
            _move_damaged(path)
        except OSError as error:
            atomic.raise_write_error(error, repository.top)
        return
    move = found[0]
    remove_abandoned_locks(repository, move.ref)
    _wait_for_git(repository)
    objects = Objects(repository)
    try:
        if move.ref and _branch_contains(repository, objects, move):
            archive(repository, move)
        elif _is_to_complete(repository, objects, move):
            complete(repository, move)
            _set_modes(repository, objects, move, move.old, move.new)
            archive(repository, move)
        else:
            roll_back(repository, objects, move)
    except OSError as error:
        atomic.raise_write_error(error, repository.top)
    finally:
        objects.close()


def _move_damaged(path: str) -> None:
    """Move a damaged journal aside, in place of an earlier one."""
    import shutil

    aside = f"{path}.damaged"
    if os.path.isdir(aside) and not os.path.islink(aside):
        shutil.rmtree(aside)
    with contextlib.suppress(FileNotFoundError):
        os.rename(path, aside)


def _branch_contains(repository: Repository, objects: Objects, move: Move) -> bool:
    """Return whether the branch has the change's commit."""
    now = repository.ref(move.ref)
    if now in {move.old, move.new}:
        return now == move.new
    if not now:
        return False
    try:
        objects.read(move.new, "commit")
    except StoreBroken:
        return False
    return runner.run(["merge-base", "--is-ancestor", move.new, now], repository.top, ok=(0, 1)).status == 0


def _is_to_complete(repository: Repository, objects: Objects, move: Move) -> bool:
    """Return whether a change must be completed: no commit was meant, or the user has committed a part of it."""
    if not move.ref:
        return True
    now = repository.ref(move.ref)
    if now == move.old or not now:
        return False
    tree = objects.tree_of(now)
    for entry in move.entries:
        there = objects.entry(tree, entry.path)
        if entry.oid and there is not None and there.oid == entry.oid:
            return True
    return False


def complete(repository: Repository, move: Move) -> None:
    """Write the new content of every file that is still as before. What a person changed meanwhile stays."""
    todo = [e for e in move.entries if e.before != e.after and _read_current(repository, e.path) == e.before]
    atomic.stage_all(repository.folder, ((e.path, e.after) for e in todo if e.after is not None))
    for entry in todo:
        _write_file(repository, entry.path, entry.after)
    atomic.sync_folders(repository.folder, (e.path for e in todo if e.after is not None))
    for entry in move.entries:
        atomic.unstage(repository.top, entry.path)


def roll_back(repository: Repository, objects: Objects, move: Move) -> None:
    """Roll files and index back to before a change, where nobody has changed them since; discard the journal."""
    top = repository.folder
    if move.outside:
        outside_files.roll_back(repository, objects, move.old, move.outside)
    done = [e for e in move.entries if e.before != e.after and _read_current(repository, e.path) == e.after]
    atomic.stage_all(top, ((e.path, e.before) for e in done if e.before is not None))
    for entry in done:
        _write_file(repository, entry.path, entry.before)
    atomic.sync_folders(top, (e.path for e in done if e.before is not None))
    _set_modes(repository, objects, move, move.new, move.old)
    if move.ref:
        tree = objects.tree_of(move.old)
        staged = index.staged_blobs(repository, [e.path for e in move.entries])
        entries = []
        for entry in move.entries:
            old = objects.entry(tree, entry.path)
            if staged.get(entry.path, "") == entry.oid:
                entries.append((entry.path, old))
        index.set_entries(repository, objects, entries)
    discard(repository, move)


def _read_current(repository: Repository, path: str) -> bytes | None:
    return nofollow.read(repository.folder, path, nofollow.MOST_BYTES)


def _write_file(repository: Repository, path: str, content: bytes | None) -> None:
    if content is None:
        atomic.remove(repository.folder, path)
    else:
        atomic.publish(repository.folder, path)


def apply(repository: Repository, objects: Objects, move: Move) -> None:
    """Apply a journalled change: files, index entries, ref. On any failure it is rolled back.

    Raises:
        Locked: somebody else's git holds the index or the ref.
        runner.GitError: the branch was moved by somebody else (``update-ref`` refused).
        StoreBroken: no space, no permission.
    """
    try:
        if move.outside:
            outside_files.check_out(repository, objects, move.old, move.outside)
        _write_files(repository, move)
        _set_modes(repository, objects, move, move.old, move.new)
        if move.ref:
            tree = objects.tree_of(move.new)
            index.set_entries(repository, objects, [(e.path, objects.entry(tree, e.path)) for e in move.entries])
            update_ref(repository, objects, move)
    except ConflictError:
        discard(repository, move)  # git refused before it touched anything
        raise
    except BaseException as error:
        if not _branch_has_moved(repository, move, error):
            with contextlib.suppress(OSError):
                roll_back(repository, objects, move)
            if isinstance(error, OSError):
                atomic.raise_write_error(error, repository.top)
            raise
        if not isinstance(error, Exception):  # a person interrupted, and it is done
            archive(repository, move)
            raise
    archive(repository, move)


def _write_files(repository: Repository, move: Move) -> None:
    todo = [entry for entry in move.entries if entry.before != entry.after]
    atomic.stage_all(repository.folder, ((e.path, e.after) for e in todo if e.after is not None))
    for entry in todo:
        if not _replace_if_unchanged(repository, entry):
            message = f"{entry.path} was changed by somebody else meanwhile; nothing was written"
            raise Locked(message, hint="look at it, and repeat the command")
    atomic.sync_folders(repository.folder, (e.path for e in todo if e.after is not None))


def _set_modes(repository: Repository, objects: Objects, move: Move, old: str, new: str) -> None:
    """Set or clear the executable bit where a merge brings that; any other change leaves a file's mode."""
    if move.kind != "merge":
        return
    before, after = objects.tree_of(old), objects.tree_of(new)
    for entry in move.entries:
        had, has = objects.entry(before, entry.path), objects.entry(after, entry.path)
        if has is not None and has.mode != (had.mode if had is not None else FILE):
            atomic.set_executable(repository.folder, entry.path, on=has.mode == EXECUTABLE)


def _replace_if_unchanged(repository: Repository, entry: JournalEntry) -> bool:
    """Replace a file's expected content by the new one; False where it holds something else."""
    if entry.after is not None:
        return atomic.publish_over(repository.folder, entry.path, entry.before)
    if _read_current(repository, entry.path) != entry.before:
        return False
    atomic.remove(repository.folder, entry.path)
    return True


def _branch_has_moved(repository: Repository, move: Move, error: BaseException) -> bool:
    """Return whether the branch has moved although git failed: after its last step (a reflog), or killed there.

    What a killed git left locked is freed.
    """
    interrupted = isinstance(error, Unreachable) or not isinstance(error, Exception)
    if interrupted or (isinstance(error, runner.GitError) and error.ran.status < 0):
        remove_abandoned_locks(repository, move.ref)
    elif not isinstance(error, runner.GitError):
        return False
    return bool(move.ref) and repository.ref(move.ref) == move.new


def update_ref(repository: Repository, objects: Objects, move: Move) -> None:
    """Move the branch from the old commit to the new one; fails where it is elsewhere.

    Where commits of others arrive, a ref keeps the commit that was here before.
    """
    label = "zenprofile: " + move.message.partition("\n")[0]
    rows = [f"update {move.ref}\0{move.new}\0{move.old or objects.null_oid}\0"]
    if move.kind == "merge" and move.old:
        rows.append(f"update {BACKUP}{move.ref.removeprefix('refs/heads/')}\0{move.old}\0\0")
    index.run_with_retry(repository, ["update-ref", "-m", label, "--stdin", "-z"], "".join(rows).encode())


def _wait_for_git(repository: Repository) -> None:
    """Wait for a git process that still checks files out after the process that started it has died.

    Raises:
        Locked: it does not end.
    """
    lock, deadline = repository.git_dir / "index.lock", time.monotonic() + index.LOCK_TIMEOUT
    while lock.exists():
        if time.monotonic() > deadline:
            message = f"another git holds {lock}; a change that was begun waits for it"
            raise Locked(message, hint="wait for it to end; if none is running, delete that file")
        time.sleep(0.02)


def remove_abandoned_locks(repository: Repository, ref: str) -> None:
    """Remove git's lock files that a killed process left while it applied a change of ours."""
    journal = repository.own_dir / JOURNAL
    try:
        since = journal.stat().st_mtime
    except FileNotFoundError:
        return
    locks = [repository.git_file(name) for name in ("index.lock", "HEAD.lock", stale_locks.TABLES)]
    shared = [f"{ref}.lock", stale_locks.TABLES] if ref else []
    stale_locks.remove(repository, [*locks, *map(repository.common_file, shared)], since)
