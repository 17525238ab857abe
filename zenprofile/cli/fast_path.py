"""What a prompt or a script asks all the time, answered without the option parser: it costs more than the answer.

The same functions stand behind the parser's commands, for every other spelling.
"""

from collections.abc import Callable
from typing import Any

from zenprofile import __version__
from zenprofile.cli import output
from zenprofile.cli.session import Session
from zenprofile.machine.active import as_json, lacks_stack, stack_gone

# Prints, and returns the exit status (None: 0).
Answer = Callable[[Session], int | None]
_COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "ACTIVE": lambda row: "\N{WHITE RIGHT POINTING BACKHAND INDEX}" if row["active"] else "",
    "PROFILE NAME": lambda row: f"{row['name']} (local)" if row["checkout"] else row["name"],
    "STORE TYPE": lambda row: row["store_type"],
    "URL": lambda row: row["store_url"],
    "ACTIVE STACK": lambda row: row["active_stack"],
}


def version(session: Session) -> None:
    """Print the version."""
    session.say(f"zenprofile {__version__}")


def get(session: Session) -> None:
    """Print the name of the active profile."""
    name = session.active.existing().name
    session.show({"name": name, "scope": session.scope}, lambda: output.safe_text(name))


def list_(session: Session) -> None:
    """Print this machine's profiles; those that are invalid are named on stderr too."""
    session.bear_broken_root()
    session.announce(about_profiles=True)
    profiles = sorted(session.profiles.state().profiles.values())
    if session.active.profile is not None and session.active.is_checkout:
        profiles.insert(0, session.active.profile)
    rows = [as_json(profile, session.active) for profile in profiles]
    session.show(rows, lambda: _table([{**r, "checkout": p.checkout} for p, r in zip(profiles, rows, strict=True)]))
    for profile, row in zip(profiles, rows, strict=True):
        if profile.problem:
            session.warn_all([f"the profile '{profile.name}' is invalid: {profile.problem}"])
        elif lacks_stack(profile, row["active_stack"]):
            session.warn_all([f"profile '{profile.name}': {stack_gone(row['active_stack'])}"])


def status(session: Session) -> int:
    """Say how profiles are (`zenprofile.cli.standing`)."""
    from zenprofile.cli import standing

    try:
        return standing.status(session)
    finally:
        session.close()


def push(session: Session) -> None:
    """Send the commits that are only here (`zenprofile.cli.standing`)."""
    from zenprofile.cli import standing

    try:
        standing.push(session)
    finally:
        session.close()


def _table(rows: list[dict[str, Any]]) -> str:
    return output.table(list(_COLUMNS), [[cell(row) for cell in _COLUMNS.values()] for row in rows])


def _in_json(answer: Answer) -> Answer:
    def run(session: Session) -> int | None:
        session.format = "json"
        return answer(session)

    return run


QUICK: dict[tuple[str, ...], Answer] = {
    ("--version",): version,
    ("get",): get,
    ("list",): list_,
    ("get", "-o", "json"): _in_json(get),
    ("list", "-o", "json"): _in_json(list_),
    ("status",): status,
    ("status", "-o", "json"): _in_json(status),
    ("push",): push,
    ("push", "-o", "json"): _in_json(push),
}
