"""What `status`, `pull` and `push` do and print; usable without the option parser."""

import contextlib
import os
from typing import TYPE_CHECKING, Any

from zenprofile.cli import output, profile_paths
from zenprofile.machine.profiles import folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zenprofile.cli.session import Session
    from zenprofile.core.change import Changed
    from zenprofile.store.base import Store
    from zenprofile.store.sharing import OpenConflicts, Relation, Sharing, StoreStatus

# What ``status`` says of a profile that has no remote side: it is shared by what it is.
_SHARED: dict[str, Any] = {
    "profile": "",
    "state": "synced",
    "since": "",
    "reason": "it is shared already: there is nothing to send or fetch",
    **dict.fromkeys(("next", "branch", "upstream", "push_to"), ""),
    **dict.fromkeys(("ahead", "behind"), 0),
    **{name: [] for name in ("proposed", "changes", "conflicts", "invalid")},
    **dict.fromkeys(("remote", "hooks"), ""),
    "documents": 0,
}


def side_of(session: "Session", nothing: Any = None, **empty: Any) -> "Sharing | None":
    """Return the remote side of the active profile; None, after a message, where there is none.

    Args:
        session: of the command.
        nothing: what JSON then says.
        empty: what JSON then says beside that the profile is shared already.
    """
    with _asked_ahead(session):
        return _side_of(session, session.store(), nothing, **empty)


def _side_of(
    session: "Session", store: "Store", nothing: Any = None, *, state: bool = False, **empty: Any
) -> "Sharing | None":
    from zenprofile.store.capabilities import Shareable

    found = store.sharing(session.progress, state=state) if isinstance(store, Shareable) else None
    if found is None:
        line = f"A profile of type '{store.driver}' is shared already: there is nothing to send or fetch."
        shared = {"state": "shared", "store_type": store.driver, **empty}
        session.show(shared if nothing is None else nothing, lambda: line)
    return found


def status(session: "Session") -> int:
    """Say how profiles are: edits, problems, conflicts, and where they stand against their remotes.

    These are the ones of the repository that one stands in, else the active one; stderr says which. Returns the exit
    status: 1 where no document was found.
    """
    from zenprofile.store.capabilities import InWorkTree

    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    folders = _folders(session)
    with _asked_ahead(session):
        profiles = _profiles(session, folders)
        names = [name for name, *_ in profiles]
        for name, place, store in profiles:
            side = _side_of(session, store, _SHARED | {"profile": name}, state=True)
            if side is None:
                return 0
            found = _with_relative_paths(side.state(), store)
            folder = store.folder if isinstance(store, InWorkTree) else store.url
            session.hint(profile_paths.summary(found.documents, place.rstrip("/") or folder))
            rows.append(_as_json(name, found))
            label = f"{name} ({place.rstrip('/') or '.'})" if names.count(name) > 1 else name
            lines += _format_status(label, found, rows[-1]["conflicts"])
    first = next((row for row in rows if row["profile"] == session.active.name), rows[0])
    data = {**first, "profiles": rows} if len(rows) > 1 else first
    session.show(data, lambda: "\n".join(map(output.safe_text, lines)))
    if any(row["documents"] for row in rows):
        return 0
    session.warn("no documents were found")
    return 1


@contextlib.contextmanager
def _asked_ahead(session: "Session") -> "Iterator[None]":
    """Let git read its settings while the active profile's store is opened: what it does next waits for them."""
    profile = session.active.profile
    folder = folder_of(profile) if profile is not None else ""
    if not folder:
        yield
        return
    from zenprofile.git.config import asked_ahead

    with asked_ahead(folder):
        yield


def _folders(session: "Session") -> "Sequence[str]":
    """Return the folders of the profiles of the repository that one stands in; none where one is named.

    Raises:
        NotFound: there is none, in a repository on a machine without profiles.
    """
    from zenprofile.usecases import repository_profiles

    if session.chosen or os.environ.get("ZENPROFILE_ACTIVE_PROFILE"):
        return ()
    folders = repository_profiles.nearby_folders()
    if folders == [] and not session.profiles.exist():
        raise profile_paths.no_profile_error()
    return folders or ()


def _profiles(session: "Session", folders: "Sequence[str]") -> "list[tuple[str, str, Store]]":
    """Open the profiles of folders; without any, the active one.

    Each is its name, the way to its folder from the current one ("" for none), and its store.
    """
    from zenprofile.usecases import repository_profiles

    found = []
    for folder in folders:
        profile = repository_profiles.profile_of(session.profiles, session.active, folder)
        store = session.store() if profile is session.active.profile else session.open(profile)
        found.append((profile.name, profile_paths.relative_folder(folder), store))
    return found or [(session.active.name, "", session.store())]


def _with_relative_paths(found: "StoreStatus", store: "Store") -> "StoreStatus":
    """Return a status with the files of its problems as they lead there from the current folder."""
    if not found.invalid:
        return found
    from zenprofile.usecases.documents import relative_path

    placed = tuple(p._replace(file=relative_path(store, p.file)) for p in found.invalid)
    reason = found.reason.replace(f"{found.invalid[0]}", f"{placed[0]}", 1)  # of ``invalid`` it is the first problem
    return found._replace(invalid=placed, reason=reason)


def _as_json(name: str, found: "StoreStatus") -> dict[str, Any]:
    from zenprofile.core import change

    relation = found.relation
    return {
        "profile": name,
        "state": found.state,
        "since": found.since,
        "reason": found.reason,
        "next": found.next,
        "branch": relation.branch,
        "upstream": relation.upstream,
        "push_to": relation.push_to,
        "ahead": relation.ahead,
        "behind": relation.behind,
        "proposed": [{"branch": p.branch, "url": p.url, "commits": p.commits} for p in relation.proposed],
        "changes": [change.as_json(changed) for changed in found.changes],
        "conflicts": _conflicts(found.open),
        "invalid": [problem._asdict() for problem in found.invalid],
        "remote": relation.remote,
        "hooks": found.hooks,
        "documents": found.documents,
    }


def _conflicts(open_: "OpenConflicts") -> list[dict[str, Any]]:
    if not open_.conflicts:
        return []
    from zenprofile.usecases import sharing

    return sharing.conflict_rows(open_)


def _format_status(name: str, found: "StoreStatus", conflicts: list[dict[str, Any]]) -> list[str]:
    from zenprofile.core import change

    lines = [_describe_branch(name, found.relation)]
    lines += [f"{found.state}: {found.reason}" + (f" (since {output.local_time(found.since)})" if found.since else "")]
    lines += [f"  {line}" for line in change.summary_lines(found.changes)]
    lines += [f"  {line}" for row in conflicts for line in _format_conflict(row)]
    lines += [f"  {problem}" for problem in found.invalid]
    return lines + ([f"Next: {found.next}"] if found.next else [])


def _format_conflict(row: dict[str, Any]) -> list[str]:
    from zenprofile.cli.conflict_words import format_conflict

    return format_conflict(row).splitlines()


def _describe_branch(name: str, relation: "Relation") -> str:
    """Return branch and remote of a profile in words, and both remote branches where they differ."""
    if not relation.remote:
        return f"{name}: branch {relation.branch or '(none)'}, no remote"
    pulled = f", pulled from {relation.upstream}" if relation.upstream != relation.push_to else ""
    return f"{name}: branch {relation.branch or '(none)'}, pushed to {relation.push_to}{pulled} ({relation.remote})"


def push(session: "Session", *, strict: bool = False, with_others: bool = False) -> None:
    """Send the commits that are only here; what is invalid is never sent."""
    side = side_of(session, confirmed="", sent=0, push_to="")
    if side is None:
        return
    from zenprofile.usecases import sharing

    result = sharing.push(side, lambda line: session.warn_all([line]), strict=strict, with_others=with_others)
    line = (
        f"Pushed {commits_in_words(result.sent)} to {result.to}; synced."
        if result.sent
        else f"Nothing to push; {result.to} is synced."
    )
    data = {"confirmed": result.confirmed, "sent": result.sent, "push_to": result.to}
    session.show(data, lambda: output.safe_text(line))


def pull(session: "Session", *, accept_invalid: bool = False, take_theirs: bool = False) -> None:
    """Fetch what others have changed, and merge it by meaning."""
    side = side_of(session, moved=False, changes=[], notes=[])
    if side is None:
        return
    result = side.pull(accept_invalid=accept_invalid, take_theirs=take_theirs)
    if session.format == "table":
        session.echo("Pulled:" if result.changes else "Pulled." if result.moved else "Nothing to pull.")
        report_merged(session, result.changes, result.notes)
        return
    from zenprofile.usecases import sharing

    notes = [*result.notes, *_follow_renames(session, result.changes)]
    session.show({"moved": result.moved, "changes": sharing.changes_json(result.changes), "notes": notes}, str)


def report_merged(session: "Session", changes: "Sequence[Changed]", notes: "Sequence[str]") -> None:
    """Print what a merge changed, and what it decided by itself."""
    from zenprofile.core import change

    for line in change.summary_lines(changes):
        session.echo(output.safe_text(f"  {line}"))
    session.warn_all([*notes, *_follow_renames(session, changes)])


def _follow_renames(session: "Session", changes: "Sequence[Changed]") -> list[str]:
    if all(changed.after is not None for changed in changes):
        return []  # nothing went, so nothing has another name now
    from zenprofile.usecases import incoming_renames

    return incoming_renames.follow_renames(session.profiles, session.active, changes)


def commits_in_words(number: int) -> str:
    """Return a number of commits in words."""
    return "1 commit" if number == 1 else f"{number} commits"
