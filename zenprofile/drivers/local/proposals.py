"""Branches that `propose` has pushed for review, and their state, in a file in the git folder."""

import re
from collections.abc import Callable
from typing import NamedTuple

from zenprofile.drivers.local import state_files
from zenprofile.fs import nofollow
from zenprofile.git.repository import Repository

_ADDRESS = r"https?://[^\s'\"<>]+"


class Proposal(NamedTuple):
    """A branch that was pushed for review.

    Attributes:
        branch: its short name at the remote.
        followed: short name of the branch here whose commits it has.
        oid: its commit, as far as this machine knows.
        url: the host's address of the request, or for making one; "" where the host named none.
        commits: how many it had that the remote had not.
        closed: whether its branch is gone at the remote while its changes did not arrive.
    """

    branch: str
    followed: str
    oid: str
    url: str
    commits: int
    closed: bool = False


def load(repository: Repository) -> list[Proposal]:
    """Return the proposals that were not seen merged; what is no such record counts as none."""
    try:
        found = nofollow.read_json(repository.own_file(state_files.PROPOSALS))
        rows = found if isinstance(found, list) else []
        kept = [Proposal(**row) for row in rows if isinstance(row, dict)]
    except (OSError, ValueError, TypeError):
        return []
    return [p for p in kept if all(isinstance(text, str) for text in p[:4]) and isinstance(p.commits, int)]


def save(repository: Repository, found: list[Proposal]) -> None:
    """Replace the saved proposals."""
    state_files.save(repository, state_files.PROPOSALS, [proposal._asdict() for proposal in found])


def first_url(output: str) -> str:
    """Return the first address in what a host printed; "" for none."""
    found = re.search(_ADDRESS, output)
    return found.group().rstrip(".,)") if found else ""


def name(user: str, oid: str) -> str:
    """Return the name of a branch for a proposal."""
    kept = re.sub(r"[^A-Za-z0-9_-]+", "-", user).strip("-").lower() or "someone"
    return f"zenprofile/{kept}-{oid[:8]}"


def update(
    repository: Repository, followed: str, look: Callable[[Proposal], str], arrived: Callable[[str], bool]
) -> list[str]:
    """Update the proposals of a branch: save those that still wait, return a line about each other one.

    Args:
        repository: where.
        followed: short name of the branch.
        look: asks the remote where a proposal's branch is; "" where it is gone.
        arrived: says whether all that a commit brings is in the followed branch as the remote has it.
    """
    found, notes = load(repository), []
    kept: list[Proposal] = []
    for proposal in found:
        if proposal.followed != followed:
            kept.append(proposal)
        elif arrived(proposal.oid):
            notes.append(f"the proposal {proposal.branch} was merged")
        elif proposal.closed or look(proposal):
            kept.append(proposal)
        else:
            kept.append(proposal._replace(closed=True))
            notes.append(
                f"the proposal {proposal.branch} is gone at the remote and was not merged: its commits are kept here; "
                "offer them again (zenprofile propose), send them (zenprofile push), or leave them (zenprofile pull "
                "--take-theirs)"
            )
    if kept != found:
        save(repository, kept)
    return notes


def waiting(repository: Repository, followed: str) -> tuple[Proposal, ...]:
    """Return a branch's proposals that are neither merged nor taken back."""
    return tuple(proposal for proposal in load(repository) if proposal.followed == followed)
