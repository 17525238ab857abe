"""What `status` and `push` do and print. Both come without the option parser where they are spelt plainly."""

import sys
from typing import TYPE_CHECKING, Any

from zenprofile.cli import output

if TYPE_CHECKING:
    from zenprofile.cli.session import Session
    from zenprofile.store.sharing import Relation, Sharing

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
}


def side_of(session: "Session", nothing: Any = None) -> "Sharing | None":
    """Return the remote side of the active profile; None, having said so, where there is none to look at."""
    from zenprofile.usecases import sharing

    store = session.store()
    found = sharing.side(store, _progress if sys.stderr.isatty() and session.format == "table" else None)
    if found is None:
        line = f"A profile of type '{store.driver}' is shared already: there is nothing to send or fetch."
        session.show({"state": "shared", "store_type": store.driver} if nothing is None else nothing, lambda: line)
    return found


def _progress(text: str) -> None:
    sys.stderr.write(output.safe_text(text.replace("\r", "\n").rstrip("\n").rpartition("\n")[2]) + "\x1b[K\r")
    sys.stderr.flush()


def status(session: "Session") -> None:
    """Say how the profile is: edits, problems, conflicts, and where it stands against its remote."""
    side = side_of(session, _SHARED | {"profile": session.active.name})
    if side is None:
        return
    from zenprofile.core import change
    from zenprofile.usecases import sharing

    found = side.state()
    relation = found.relation
    data: dict[str, Any] = {
        "profile": session.active.name,
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
        "conflicts": sharing.conflict_rows(found.open),
        "invalid": [problem._asdict() for problem in found.invalid],
        "remote": relation.remote,
        "hooks": found.hooks,
    }
    lines = [_place(session.active.name, relation)]
    lines += [f"{found.state}: {found.reason}" + (f" (since {output.local_time(found.since)})" if found.since else "")]
    lines += [f"  {line}" for line in change.each_in_words(found.changes)]
    lines += [f"  {line}" for row in data["conflicts"] for line in _in_words(row)]
    lines += [f"  {problem}" for problem in found.invalid]
    lines += [f"Next: {found.next}"] if found.next else []
    session.show(data, lambda: "\n".join(map(output.safe_text, lines)))


def _in_words(row: dict[str, Any]) -> list[str]:
    from zenprofile.cli.conflicts import in_words

    return in_words(row).splitlines()


def _place(name: str, relation: "Relation") -> str:
    """Say where a profile is: branch, remote, and both branches there where they differ."""
    if not relation.remote:
        return f"{name}: branch {relation.branch or '(none)'}, no remote"
    pulled = f", pulled from {relation.upstream}" if relation.upstream != relation.push_to else ""
    return f"{name}: branch {relation.branch or '(none)'}, pushed to {relation.push_to}{pulled} ({relation.remote})"


def push(session: "Session", *, strict: bool = False, with_others: bool = False) -> None:
    """Send the commits that are only here; what is invalid is never sent."""
    from zenprofile.usecases import sharing

    side = side_of(session)
    if side is None:
        return
    done = sharing.push(side, lambda line: session.warn_all([line]), strict=strict, with_others=with_others)
    line = (
        f"Pushed {commits(done.sent)} to {done.to}; synced." if done.sent else f"Nothing to push; {done.to} is synced."
    )
    data = {"confirmed": done.confirmed, "sent": done.sent, "push_to": done.to}
    session.show(data, lambda: output.safe_text(line))


def commits(number: int) -> str:
    """Return a number of commits in words."""
    return "1 commit" if number == 1 else f"{number} commits"
