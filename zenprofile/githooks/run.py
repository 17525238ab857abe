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
from zenprofile.githooks.range_check import open_check

SHOWN = 50  # problems or changes
CANARY = "ZENPROFILE_CANARY"  # a word of `doctor`'s that a hook which fires says back
Echo = Callable[[str], None]
_FORCE = {
    "pre-commit": "git commit --no-verify",
    "pre-merge-commit": "git merge --no-verify",
    "pre-push": "git push --no-verify",
}


def run(arguments: Sequence[str], echo: Echo) -> int:
    """Run one hook and return its exit status.

    Args:
        arguments: its name, and what git gives it.
        echo: prints a line to stderr, made safe.

    Raises:
        UsageError: there is no such hook.
        ZenprofileError: a check could not be made; git must stop.
    """
    name, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if name not in _HOOKS:
        raise UsageError(f"there is no hook {name[:60]!r}", hint=f"there are: {', '.join(_HOOKS)}")
    if os.environ.get(CANARY):
        echo(f"{os.environ[CANARY]} {name}")
    if os.environ.get("ZENPROFILE") == "0" and name != "merge-driver":
        return 0
    if name not in _TELLING:
        return _HOOKS[name](rest, echo)
    with contextlib.suppress(Exception):  # git has done its work: nothing may look as if it had failed
        _HOOKS[name](rest, echo)
    return 0


def _print_problems(problems: Sequence[Problem], subject: str, echo: Echo) -> int:
    if not problems:
        return 0
    for problem in problems[:SHOWN]:
        echo(line(problem))
    if len(problems) > SHOWN:
        echo(f"... and {len(problems) - SHOWN} more")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    by_force = f" (by force: {_FORCE[subject]})" if subject in _FORCE else ""
    echo(f"zenprofile: refused for {count}{by_force}")
    return 1


def line(problem: Problem) -> str:
    """Return a problem as ``file:line:column: message (hint)``."""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.file}:{max(problem.line, 1)}:{max(problem.column, 1)}: {problem.message}{hint}"


def _pre_commit(_: Sequence[str], echo: Echo) -> int:
    """Check what the index that git gave changes against HEAD."""
    return _index("pre-commit", echo)


def _pre_merge_commit(_: Sequence[str], echo: Echo) -> int:
    """Check the merged index against HEAD."""
    return _index("pre-merge-commit", echo)


def _index(name: str, echo: Echo) -> int:
    hook = gifts.from_environment()
    with open_check(hook) as gate:
        head = hook.repository.head().oid
        base = gate.objects.tree_of(head)
        return _print_problems(gate.added_problems(base, gifts.staged(hook, base), head), name, echo)


def _pre_push(arguments: Sequence[str], echo: Echo) -> int:
    """Check each pushed tip as a whole, and each new commit for secrets."""
    if os.environ.get("PRE_COMMIT"):  # the framework has read what git wrote, and says it in variables
        from zenprofile.githooks import framework

        return _print_problems(framework.pushed(), "pre-push", echo)
    remote = arguments[0] if arguments else ""
    hook = gifts.from_environment()
    known = [f"--remotes={remote}"] if remote and not remote.startswith("-") else ["--remotes"]
    rows = ((row[1], row[3], row[2]) for row in gifts.lines(sys.stdin, 4))
    with open_check(hook) as gate:
        return _print_problems(push_check.check_refs(hook, gate, rows, known), "pre-push", echo)


def _pre_receive(_: Sequence[str], echo: Echo) -> int:
    """Check every received ref, by object id in quarantine; the default branch is not deleted."""
    hook = gifts.from_environment()
    rows = [(new, old, ref) for old, new, ref in gifts.lines(sys.stdin, 3)]
    default = hook.git("symbolic-ref", "-q", "HEAD", ok=(0, 1)).out.decode().strip()
    if any(gifts.is_null_oid(new) and ref == default for new, _, ref in rows):
        echo(f"zenprofile: the default branch {default.removeprefix('refs/heads/')} is not deleted")
        return 1
    with open_check(hook) as gate:
        return _print_problems(push_check.check_refs(hook, gate, rows, ["--all"]), "pre-receive", echo)


def _post_merge(_: Sequence[str], echo: Echo) -> int:
    """Report what a merge or a fast-forward changed."""
    return _report_changes("ORIG_HEAD", "HEAD", echo)


def _post_rewrite(arguments: Sequence[str], echo: Echo) -> int:
    """Report what a rebase changed; nothing for an amended commit."""
    command = arguments[0] if arguments else os.environ.get("PRE_COMMIT_REWRITE_COMMAND", "")
    return _report_changes("ORIG_HEAD", "HEAD", echo) if command == "rebase" else 0


def _post_checkout(arguments: Sequence[str], echo: Echo) -> int:
    """Report what a switch to another commit changed; nothing for a clone, or during a rebase (reported at its end)."""
    framework = [os.environ.get(f"PRE_COMMIT_{name}", "") for name in ("FROM_REF", "TO_REF", "CHECKOUT_TYPE")]
    old, new, branch = (*(arguments or framework), "", "", "")[:3]
    if branch != "1" or old == new or gifts.is_null_oid(old) or _replays(old, new):
        return 0
    return _report_changes(old, new, echo)


def _replays(old: str, new: str) -> bool:
    """Return whether a rebase in progress has commits to replay: `post-rewrite` follows and reports them."""
    hook = gifts.from_environment()
    rebases = (
        "rebase" in os.environ.get("GIT_REFLOG_ACTION", "") or "rebase" in hook.repository.operation_in_progress()[0]
    )
    if not rebases or hook.git("merge-base", "--is-ancestor", old, new, ok=(0, 1)).status == 0:
        return False
    try:
        todo = (hook.repository.git_dir / "rebase-merge" / "git-rebase-todo").read_text("utf-8", "replace")
    except OSError:
        return True
    return any(line.strip() and not line.startswith("#") for line in todo.splitlines())


def _report_changes(before: str, after: str, echo: Echo) -> int:
    """Print the entities that differ, and the new problems; under ``git merge -q`` the problems alone."""
    from zenprofile.core.change import summary_lines

    hook = gifts.from_environment()
    old, new = gifts.commit_of(hook, before), gifts.commit_of(hook, after)
    if not old or not new:
        return 0
    with open_check(hook) as gate:
        trees = gate.objects.tree_of(old), gate.objects.tree_of(new)
        changes = summary_lines(gate.changes(*trees))
        problems = gate.between(*trees, old)
    if changes and not quiet.is_quiet():
        more = [f"... and {len(changes) - SHOWN} more"] if len(changes) > SHOWN else []
        echo("zenprofile: changed:")
        for text in [*changes[:SHOWN], *more]:
            echo(f"  {text}")
    for problem in problems[:SHOWN]:
        echo(f"zenprofile: invalid: {line(problem)}")
    return 0


def _files(arguments: Sequence[str], echo: Echo) -> int:
    from zenprofile.githooks import framework

    return _print_problems(framework.validate(arguments), "pre-commit", echo)


def _references(_: Sequence[str], echo: Echo) -> int:
    from zenprofile.githooks import framework

    return _print_problems(framework.references(), "pre-commit", echo)


def _secrets(arguments: Sequence[str], echo: Echo) -> int:
    from zenprofile.githooks import framework

    return _print_problems(framework.secrets(arguments), "pre-commit", echo)


def _fmt(arguments: Sequence[str], echo: Echo) -> int:
    from zenprofile.githooks import framework

    files = framework.fmt(arguments)
    for file in files:
        echo(f"zenprofile: brought into order: {file}")
    return 1 if files else 0


def _merge_driver(arguments: Sequence[str], echo: Echo) -> int:
    from zenprofile.githooks import merge_driver

    return merge_driver.merge_files(arguments, echo)


_TELLING = ("post-merge", "post-rewrite", "post-checkout")
_HOOKS: dict[str, Callable[[Sequence[str], Echo], int]] = {
    "pre-commit": _pre_commit,
    "pre-merge-commit": _pre_merge_commit,
    "pre-push": _pre_push,
    "pre-receive": _pre_receive,
    "post-merge": _post_merge,
    "post-rewrite": _post_rewrite,
    "post-checkout": _post_checkout,
    "validate": _files,
    "refs": _references,
    "secrets": _secrets,
    "fmt": _fmt,
    "merge-driver": _merge_driver,
}
