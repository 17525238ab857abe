"""What git's hooks, the merge driver and the pre-commit framework run: ``zenprofile hook NAME ...``.

Hooks that validate end with 1 where a check failed or could not be made; those that tell end with 0, whatever happens.
They are started without the option parser: git waits for them at every commit.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Sequence

from zenprofile.errors import Problem, UsageError
from zenprofile.git import quiet
from zenprofile.githooks import context as gifts
from zenprofile.githooks import push_check
from zenprofile.githooks.range_check import opened

SHOWN = 50  # problems or changes
CANARY = "ZENPROFILE_CANARY"  # a word of `doctor`'s that a hook which fires says back
Say = Callable[[str], None]
_FORCE = {
    "pre-commit": "git commit --no-verify",
    "pre-merge-commit": "git merge --no-verify",
    "pre-push": "git push --no-verify",
}


def run(arguments: Sequence[str], say: Say) -> int:
    """Run one hook and return its exit status.

    Args:
        arguments: its name, and what git gives it.
        say: prints a line to stderr, made safe.

    Raises:
        UsageError: there is no such hook.
        ZenprofileError: a check could not be made; git must stop.
    """
    name, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if name not in _HOOKS:
        raise UsageError(f"there is no hook {name[:60]!r}", hint=f"there are: {', '.join(_HOOKS)}")
    if os.environ.get(CANARY):
        say(f"{os.environ[CANARY]} {name}")
    if os.environ.get("ZENPROFILE") == "0" and name != "merge-driver":
        return 0
    if name not in _TELLING:
        return _HOOKS[name](rest, say)
    with contextlib.suppress(Exception):  # git has done its work: nothing may look as if it had failed
        _HOOKS[name](rest, say)
    return 0


def _refused(problems: Sequence[Problem], what: str, say: Say) -> int:
    if not problems:
        return 0
    for problem in problems[:SHOWN]:
        say(line(problem))
    if len(problems) > SHOWN:
        say(f"... and {len(problems) - SHOWN} more")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    by_force = f" (by force: {_FORCE[what]})" if what in _FORCE else ""
    say(f"zenprofile: refused for {count}{by_force}")
    return 1


def line(problem: Problem) -> str:
    """Return a problem as ``file:line:column: message (hint)``."""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.file}:{max(problem.line, 1)}:{max(problem.column, 1)}: {problem.message}{hint}"


def _commit(_: Sequence[str], say: Say) -> int:
    """Check what the index that git gave changes against HEAD."""
    return _index("pre-commit", say)


def _merge(_: Sequence[str], say: Say) -> int:
    """Check the merged index against HEAD."""
    return _index("pre-merge-commit", say)


def _index(name: str, say: Say) -> int:
    given = gifts.by_git()
    with opened(given) as gate:
        head = given.repository.head().oid
        base = gate.objects.tree_of(head)
        return _refused(gate.added(base, gifts.staged(given, base), head), name, say)


def _push(arguments: Sequence[str], say: Say) -> int:
    """Check each pushed tip as a whole, and each new commit for secrets."""
    if os.environ.get("PRE_COMMIT"):  # the framework has read what git wrote, and says it in variables
        from zenprofile.githooks import framework

        return _refused(framework.pushed(), "pre-push", say)
    remote = arguments[0] if arguments else ""
    given = gifts.by_git()
    known = [f"--remotes={remote}"] if remote and not remote.startswith("-") else ["--remotes"]
    rows = ((row[1], row[3], row[2]) for row in gifts.lines(sys.stdin, 4))
    with opened(given) as gate:
        return _refused(push_check.brought(given, gate, rows, known), "pre-push", say)


def _receive(_: Sequence[str], say: Say) -> int:
    """Check every received ref, by object id in quarantine; the default branch is not deleted."""
    given = gifts.by_git()
    rows = [(new, old, ref) for old, new, ref in gifts.lines(sys.stdin, 3)]
    default = given.git("symbolic-ref", "-q", "HEAD", ok=(0, 1)).out.decode().strip()
    if any(gifts.zeros(new) and ref == default for new, _, ref in rows):
        say(f"zenprofile: the default branch {default.removeprefix('refs/heads/')} is not deleted")
        return 1
    with opened(given) as gate:
        return _refused(push_check.brought(given, gate, rows, ["--all"]), "pre-receive", say)


def _merged(_: Sequence[str], say: Say) -> int:
    """Tell what a merge or a fast-forward brought."""
    return _tell("ORIG_HEAD", "HEAD", say)


def _rewritten(arguments: Sequence[str], say: Say) -> int:
    """Tell what a rebase brought; an amended commit is its author's own."""
    command = arguments[0] if arguments else os.environ.get("PRE_COMMIT_REWRITE_COMMAND", "")
    return _tell("ORIG_HEAD", "HEAD", say) if command == "rebase" else 0


def _checked_out(arguments: Sequence[str], say: Say) -> int:
    """Tell what a switch to another commit brought; a clone, and a rebase that tells at its end, say nothing."""
    framework = [os.environ.get(f"PRE_COMMIT_{name}", "") for name in ("FROM_REF", "TO_REF", "CHECKOUT_TYPE")]
    old, new, branch = (*(arguments or framework), "", "", "")[:3]
    if branch != "1" or old == new or gifts.zeros(old) or _replays(old, new):
        return 0
    return _tell(old, new, say)


def _replays(old: str, new: str) -> bool:
    """Say whether a rebase is under way that has commits to replay: `post-rewrite` follows, and tells it all."""
    given = gifts.by_git()
    rebases = "rebase" in os.environ.get("GIT_REFLOG_ACTION", "") or "rebase" in given.repository.under_way()[0]
    if not rebases or given.git("merge-base", "--is-ancestor", old, new, ok=(0, 1)).status == 0:
        return False
    try:
        todo = (given.repository.git_dir / "rebase-merge" / "git-rebase-todo").read_text("utf-8", "replace")
    except OSError:
        return True
    return any(line.strip() and not line.startswith("#") for line in todo.splitlines())


def _tell(before: str, after: str, say: Say) -> int:
    """Name the entities that differ, and the problems that came; under ``git merge -q`` the problems alone."""
    from zenprofile.core.change import each_in_words

    given = gifts.by_git()
    old, new = gifts.commit_of(given, before), gifts.commit_of(given, after)
    if not old or not new:
        return 0
    with opened(given) as gate:
        trees = gate.objects.tree_of(old), gate.objects.tree_of(new)
        changes = each_in_words(gate.changes(*trees))
        problems = gate.between(*trees, old)
    if changes and not quiet.asked():
        more = [f"... and {len(changes) - SHOWN} more"] if len(changes) > SHOWN else []
        say("zenprofile: changed:")
        for text in [*changes[:SHOWN], *more]:
            say(f"  {text}")
    for problem in problems[:SHOWN]:
        say(f"zenprofile: invalid: {line(problem)}")
    return 0


def _files(arguments: Sequence[str], say: Say) -> int:
    from zenprofile.githooks import framework

    return _refused(framework.validate(arguments), "pre-commit", say)


def _references(_: Sequence[str], say: Say) -> int:
    from zenprofile.githooks import framework

    return _refused(framework.references(), "pre-commit", say)


def _secrets(arguments: Sequence[str], say: Say) -> int:
    from zenprofile.githooks import framework

    return _refused(framework.secrets(arguments), "pre-commit", say)


def _fmt(arguments: Sequence[str], say: Say) -> int:
    from zenprofile.githooks import framework

    files = framework.fmt(arguments)
    for file in files:
        say(f"zenprofile: brought into order: {file}")
    return 1 if files else 0


def _drive(arguments: Sequence[str], say: Say) -> int:
    from zenprofile.githooks import merge_driver

    return merge_driver.drive(arguments, say)


_TELLING = ("post-merge", "post-rewrite", "post-checkout")
_HOOKS: dict[str, Callable[[Sequence[str], Say], int]] = {
    "pre-commit": _commit,
    "pre-merge-commit": _merge,
    "pre-push": _push,
    "pre-receive": _receive,
    "post-merge": _merged,
    "post-rewrite": _rewritten,
    "post-checkout": _checked_out,
    "validate": _files,
    "refs": _references,
    "secrets": _secrets,
    "fmt": _fmt,
    "merge-driver": _drive,
}
