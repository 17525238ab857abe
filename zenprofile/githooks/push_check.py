"""Checks of commits on their way to another repository."""

from collections.abc import Iterable, Sequence

from zenprofile.errors import Problem
from zenprofile.githooks.context import HookContext, commit_of, is_null_oid, new_commits
from zenprofile.githooks.range_check import RangeCheck


def check_refs(
    hook: HookContext, gate: RangeCheck, rows: Iterable[tuple[str, str, str]], known: Sequence[str]
) -> list[Problem]:
    """List what refs bring that is invalid.

    Args:
        hook: the repository.
        gate: opened on it.
        rows: new and old id of each ref, and its name.
        known: arguments of ``rev-list`` for what the other side has.
    """
    found: dict[tuple[str, ...], Problem] = {}
    seen: set[tuple[str, str]] = set()
    for new, old, _ in rows:
        tip = "" if is_null_oid(new) else commit_of(hook, new)
        start = "" if is_null_oid(old) else commit_of(hook, old)
        if tip and (tip, start) not in seen:
            seen.add((tip, start))
            found.update({problem.identity: problem for problem in check_tip(hook, gate, tip, start, known)})
    return list(found.values())


def check_tip(hook: HookContext, gate: RangeCheck, tip: str, start: str, known: Sequence[str]) -> list[Problem]:
    """List what one tip adds to its start, and the secrets that each commit on the way to it adds.

    Args:
        hook: the repository.
        gate: opened on it.
        tip: a commit.
        start: where the other side's ref is; "" for nowhere.
        known: arguments of ``rev-list`` for what the other side has.
    """
    objects = gate.objects
    commits, edges = new_commits(hook, tip, [*([start] if start else []), *known])
    if not commits and not start:
        return []
    bases = [start] if start else edges or [""]
    problems = _new_in_each([gate.between(objects.tree_of(base), objects.tree_of(tip), base) for base in bases])
    shown = {problem.identity for problem in problems}
    for commit in commits:
        parent = next(iter(objects.parents_of(commit)), "")
        for problem in gate.secrets(objects.tree_of(parent), objects.tree_of(commit)):
            if problem.identity not in shown:
                shown.add(problem.identity)
                problems.append(problem._replace(message=f"{problem.message} (in the commit {commit[:10]})"))
    return problems


def _new_in_each(lists: Sequence[Sequence[Problem]]) -> list[Problem]:
    """Return the problems that are new against each of several starts."""
    others = [{problem.identity for problem in one} for one in lists[1:]]
    return [problem for problem in lists[0] if all(problem.identity in other for other in others)]
