"""How a Git store is, and why: what `status` tells, without asking the remote."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zlib import crc32

from zenprofile.drivers.local import state_files, watch_record
from zenprofile.errors import Problem
from zenprofile.git import hook_paths
from zenprofile.git.config import GitConfig
from zenprofile.git.repository import Repository
from zenprofile.store import dates
from zenprofile.store.sharing import OpenConflicts, Relation, StoreStatus

if TYPE_CHECKING:
    from zenprofile.drivers.local.store import LocalStore

_StateText = tuple[str, str, str, str]  # the state's word, since when, why, what to do
_LAST = 253_402_300_800  # seconds; the year 10000
_SETTLE = "zenprofile conflicts, then zenprofile resolve ENTITY --ours|--theirs"
_HOOKS = ("pre-commit", "pre-merge-commit", "pre-push")


def state(
    store: "LocalStore",
    relation: Relation,
    open_: OpenConflicts,
    touched: Callable[[], list[str]],
    settings: GitConfig,
    rewritten: tuple[str, str] = ("", ""),
) -> StoreStatus:
    """Return how a store is.

    Args:
        store: which.
        relation: of its branch to the remote's.
        open_: its conflicts.
        touched: as `zenprofile.git.worktree_status.WorktreeStatus` has it.
        settings: of its repository.
        rewritten: what is said of a remote that lacks commits that it had, and what to do.
    """
    repository = store.repository
    if repository is None:
        number = len(store.snapshot().keys())
        told = ("uncommitted", "", "nothing is committed yet", "zenprofile commit")
        return StoreStatus(*told, relation, (), open_, (), "missing", number)
    # What does not depend on the edits comes first: git still looks for them.
    last, hooks = state_files.load_last_contact(repository), _hooks(settings.hooks_folder)
    paths = touched()
    changes = tuple(store.uncommitted(paths)) if paths else ()
    problems, documents = _validated(store, repository, clean=not paths)
    invalid = tuple(problems)
    found = _state_text(repository, relation, open_, len(changes), invalid, last, rewritten)
    word, since, reason, advice = _watcher_state(repository, found)
    return StoreStatus(word, since, reason, advice, relation, changes, open_, invalid, hooks, documents)


def _other_profile_blocks(open_: OpenConflicts) -> tuple[str, str]:
    """Return which other profile of the repository has conflicts, and what to do."""
    place = open_.elsewhere[0].place if open_.elsewhere else ""
    number = sum(conflict.place == place for conflict in open_.elsewhere)
    return f"{number} to settle in the profile at '{place}'", f"in that folder: {_SETTLE}"


def _state_text(
    repository: Repository,
    relation: Relation,
    open_: OpenConflicts,
    edits: int,
    invalid: tuple[Problem, ...],
    last: dict[str, Any],
    rewritten: tuple[str, str],
) -> _StateText:
    """Return the state's word, since when, why and what to do: the first of these that holds."""
    what, how = repository.operation_in_progress()
    ahead, behind = _commits(relation.ahead), _commits(relation.behind)
    when, in_conflict = _when(last.get("when")), _when(state_files.in_conflict_since(repository))
    failed, failure = last.get("state", ""), str(last.get("detail", ""))
    waits = _waits_for_review(relation)
    begun = _since(repository.begun_by())
    rows: tuple[tuple[bool, str, str, str, str], ...] = (
        (bool(what), "paused", begun, f"{what} is under way", how),
        (not relation.branch, "paused", begun, "HEAD is detached", "git switch BRANCH"),
        (
            bool(open_.conflicts), "conflict", in_conflict,
            f"{len(open_.conflicts)} to settle",
            "git pull" if all(c.class_ == "outside" for c in open_.conflicts) else _SETTLE,
        ),
        (bool(open_.elsewhere), "conflict", in_conflict, *_other_profile_blocks(open_)),
        (bool(invalid), "invalid", "", f"{invalid[0] if invalid else ''}", "fix it; zenprofile validate names all"),
        (bool(edits), "uncommitted", "", f"{edits} edited by hand", "zenprofile commit"),
        (not relation.remote, "unshared", "", "there is no remote", "zenprofile remote set URL"),
        (failed == "offline", "offline", when, f"{failure}; {ahead} not pushed", "zenprofile sync"),
        (failed == "blocked", "blocked", when, f"{failure}; {ahead} not pushed", "fix access, then: zenprofile sync"),
        (bool(rewritten[0]), "blocked", "", *rewritten),
        (bool(waits) and not relation.behind, "ahead", "", waits, _behind_text(relation)),
        (
            bool(relation.ahead and relation.behind), "diverged", "",
            f"{ahead} here, {behind} at the remote", "zenprofile sync",
        ),
        (bool(relation.behind), "behind", "", f"{behind} at the remote", "zenprofile pull"),
        (bool(relation.ahead), "ahead", "", f"{ahead} not pushed", "zenprofile push"),
        (not relation.theirs, "ahead", "", _no_branch(relation), "zenprofile sync"),
    )  # fmt: skip
    for holds, word, since, reason, advice in rows:
        if holds:
            return word, since, reason, advice
    confirmed = failed == "synced" and failure == relation.ours
    return "synced", when if confirmed else "", "the remote has what is here, when it was last looked at", ""


def _waits_for_review(relation: Relation) -> str:
    """Return what waits for review; "" for nothing."""
    rows = [f"{_commits(p.commits)} on {p.branch}{f' ({p.url})' if p.url else ''}" for p in relation.proposed]
    if not rows or (relation.theirs and not relation.ahead):
        return ""
    closed = any(p.closed for p in relation.proposed)
    return ("no longer at the remote, and not merged: " if closed else "waiting for review: ") + "; ".join(rows)


def _no_branch(relation: Relation) -> str:
    return "the remote has no such branch yet" if relation.ours else "the remote has never been looked at"


def _behind_text(relation: Relation) -> str:
    closed = any(p.closed for p in relation.proposed)
    return "zenprofile propose, or zenprofile pull --take-theirs" if closed else "zenprofile sync, once it is merged"


def _watcher_state(repository: Repository, found: _StateText) -> _StateText:
    """Return the state that a running watcher reports, where it explains why nothing is committed or pushed."""
    word, *_ = found
    watcher = watch_record.load_state(repository)
    state = watcher.get("state", "")
    explains = {
        "held": {"invalid", "uncommitted"},
        "paused": {"uncommitted", "ahead", "behind", "diverged", "synced"},
        "offline": {"offline", "ahead", "behind", "diverged"},
        "blocked": {"blocked", "ahead", "behind", "diverged"},
    }
    if word not in explains.get(state, set()) or not watch_record.is_running(repository):
        return found
    again = f"; the watcher tries again at {watcher['next_at']}" if watcher.get("next_at") and state != "held" else ""
    reason, advice = (str(watcher.get(key, "")) for key in ("reason", "next"))
    return state, str(watcher.get("since", "")), f"{reason}{again}", advice


def _when(seconds: Any) -> str:
    if type(seconds) is not int or not 0 <= seconds < _LAST:
        return ""
    return dates.rfc3339(seconds)


def _commits(number: int) -> str:
    return "1 commit" if number == 1 else f"{number} commits"


def _since(path: str) -> str:
    try:
        return dates.rfc3339(os.stat(path).st_mtime)
    except OSError:
        return ""


def _validated(store: "LocalStore", repository: Repository, *, clean: bool) -> tuple[list[Problem], int]:
    """List the problems of the working tree, and count its documents; of one without edits both are kept, by commit."""
    if not clean:
        return _validate(store)
    head = repository.head()
    commit = f"{head.oid} {repository.prefix} {store.schemas}"
    kept = state_files.load(repository, _validation_file(repository))
    found, number = _problems(kept.get("problems")), kept.get("documents")
    if found is not None and isinstance(number, int) and head.oid and kept.get("commit") == commit:
        return found, number
    objects = store.objects(repository)
    tree = f"{objects.subtree(objects.tree_of(head.oid), repository.prefix)} {store.schemas}"
    if found is None or not isinstance(number, int) or kept.get("tree") != tree:
        found, number = _validate(store)
    rows = [list(problem) for problem in found]
    data = {"commit": commit, "tree": tree, "problems": rows, "documents": number}
    state_files.save_unsynced(repository, _validation_file(repository), data)
    return found, number


def _validation_file(repository: Repository) -> str:
    """Return the name of the file that keeps it: each profile of a repository has its own."""
    prefix = repository.prefix.encode("utf-8", "surrogateescape")
    return f"verdict-{crc32(prefix):08x}.json" if prefix else "verdict.json"


def _problems(rows: Any) -> list[Problem] | None:
    """Return problems as they were kept; None for what is none of ours."""
    kinds = [str, int, int, str, str, str, str]
    if not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) and [type(value) for value in row] == kinds for row in rows):
        return None
    return [Problem(*row) for row in rows]


def _validate(store: "LocalStore") -> tuple[list[Problem], int]:
    from zenprofile.core import profile_check

    snapshot = store.snapshot()
    return profile_check.check_all(snapshot), len(snapshot.keys())


def _hooks(folder: str) -> str:
    # Those that husky writes do nothing but run the files beside their folder.
    folders = [folder, os.path.dirname(folder)] if os.path.basename(folder) == "_" else [folder]
    found = sum(
        any(b"zenprofile" in hook_paths.read_start(os.path.join(place, name)) for place in folders) for name in _HOOKS
    )
    return "installed" if found == len(_HOOKS) else "partly" if found else "missing"
