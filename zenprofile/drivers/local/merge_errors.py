"""Errors of a merge that stops: conflicts to resolve, or a remote that is invalid."""

from typing import TYPE_CHECKING

from zenprofile.errors import ConflictError, Invalid, Problem

if TYPE_CHECKING:
    from zenprofile.core.merge.documents import Conflict

_SHOWN = 10  # names in a message


def open_conflicts_error(
    found: "tuple[Conflict, ...]", elsewhere: "tuple[Conflict, ...]" = (), rest: str = "nothing was moved"
) -> ConflictError:
    """Return the error of open conflicts (at least one): what they are, what was merged, how to resolve them.

    ``elsewhere`` are those of other profiles in the repository; they are named where there are no others.
    """
    if not found:
        place = elsewhere[0].place
        error = open_conflicts_error(tuple(c for c in elsewhere if c.place == place))
        hint = "in that folder: see 'zenprofile conflicts', then 'zenprofile resolve ENTITY --ours|--theirs'"
        return ConflictError(f"the profile at '{place}' has {error.message}", hint=hint)
    names = list(dict.fromkeys(_name(c) for c in found))
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    count = "1 conflict" if len(found) == 1 else f"{len(found)} conflicts"
    if all(c.class_ == "outside" for c in found):
        return ConflictError(f"{found[0].detail}; nothing was moved", hint="pull by hand: git pull")
    hint = "both values are kept: see 'zenprofile conflicts', then 'zenprofile resolve ENTITY --ours|--theirs'"
    return ConflictError(f"{count} to settle: {shown}; {rest}", hint=hint)


def _name(conflict: "Conflict") -> str:
    from zenprofile.core import paths

    return f"{conflict.key} {paths.show(conflict.path)}".strip()


def invalid_remote_error(problems: tuple[Problem, ...]) -> Invalid:
    """Return the error of a remote that brings problems (at least one)."""
    error = Invalid.of(problems)
    error.message = f"the remote's entities are invalid, nothing was moved: {error.message}"
    error.elsewhere = True
    error.hint = "have it fixed there, or take it as it is: zenprofile pull --accept-invalid"
    return error
