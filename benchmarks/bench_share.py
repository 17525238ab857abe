"""Pull, push and merge as whole processes, beside git fetch, git push and git merge of the same files."""

import itertools
import subprocess
import sys
from pathlib import Path

import profiles
from measure import Run, Table, process, rounds
from profiles import COMMAND, git

_DOCUMENT = """\
name: shared-{n}
type: artifact_store
flavor: s3
description: of team {theirs}
labels:
  purpose: training
  stage: production
configuration:
  path: s3://bucket-{n}
  client_kwargs:
    region: {ours}
"""
_DRIVER = "import sys; ours = open(sys.argv[2]).read(); open(sys.argv[2], 'w').write(ours)"
_PORCELAIN = "import git, sys; git.Repo(sys.argv[1]).git.merge('-q', '--no-edit', 'theirs')"


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure on remotes that are paths."""
    _talk(table, home, 200 if quick else 1000, 5 if quick else 15)
    for number, limit in ((1, "1x"), (10, "1.5x"), (100, "3x")):
        _merge(table, home, number, limit, 3 if quick else 9)


def _clones(home: Path, size: int, *names: str) -> tuple[Path, list[Path]]:
    """Make a bare repository, with a clone of each name that is a profile here."""
    bare = home / f"{names[0]}.git"
    first = profiles.repository(home / f"{names[0]}-first", size)
    git(home, "clone", "-q", "--bare", str(first), str(bare))
    clones = []
    for name in names:
        git(home, "clone", "-q", str(bare), name)
        clones.append(home / name)
    return bare, clones


def _talk(table: Table, home: Path, size: int, count: int) -> None:
    _, (colleague, fetching, pulling) = _clones(home, size, "colleague", "fetching", "pulling")
    _, (git_pushing,) = _clones(home, size, "git-pushing")
    _, (pushing,) = _clones(home, size, "pushing")
    numbers = itertools.count()

    def commit(folder: Path) -> None:
        path = folder / "stacks" / f"new-{next(numbers)}.yaml"
        path.write_text(f"name: {path.stem}\ncomponents:\n  orchestrator: orchestrator-1\n")
        git(folder, "add", "stacks")
        git(folder, "commit", "-q", "-m", "new")

    def arrive() -> None:
        commit(colleague)
        git(colleague, "push", "-q")

    profiles.registered("pushing", pushing)
    profiles.registered("pulling", pulling)
    found = rounds(
        {
            "start": process(COMMAND, "describe", "--profile", "pulling"),
            "fetch": process("git", "fetch", "-q", cwd=fetching),
            "pull": process(COMMAND, "pull", "--profile", "pulling"),
            "git push": process("git", "push", "-q", cwd=git_pushing),
            "push": process(COMMAND, "push", "--profile", "pushing"),
        },
        count,
        {"fetch": arrive, "git push": lambda: commit(git_pushing), "push": lambda: commit(pushing)},
    )
    ours = found["pull"] - found["start"]
    table.row(f"zenprofile pull less start-up, {size:,} files", ours, found["fetch"], "git fetch", "<= 1.2x")
    ours = found["push"] - found["start"]
    table.row(f"zenprofile push less start-up, {size:,} files", ours, found["git push"], "git push", "<= 1.2x")


def _write(folder: Path, number: int, ours: str, theirs: str, message: str) -> None:
    for n in range(number):
        path = folder / "components" / "artifact_store" / f"shared-{n}.yaml"
        path.write_text(_DOCUMENT.format(n=n, ours=ours, theirs=theirs))
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def _merge(table: Table, home: Path, number: int, limit: str, count: int) -> None:
    """Both sides change the same entities, in lines far enough apart for git."""
    _, (ours, peer) = _clones(home, 200, f"merge-{number}", f"merge-peer-{number}")
    _write(ours, number, "eu-0", "a", "base")
    git(ours, "push", "-q")
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ours, capture_output=True, text=True, check=True)
    base = asked.stdout.strip()
    _write(ours, number, "eu-0", "b", "theirs")
    git(ours, "push", "-q")
    git(peer, "pull", "-q")
    git(peer, "branch", "theirs")
    for folder in (ours, peer):
        git(folder, "reset", "-q", "--hard", base)
        _write(folder, number, "eu-1", "a", "ours")
        git(folder, "tag", "ours")
    profiles.registered(f"merge-{number}", ours)
    git(peer, "config", "merge.slow.driver", f'{sys.executable} -c "{_DRIVER}" %O %A %B')

    def again(folder: Path, attributes: str = "") -> Run:
        def reset() -> None:
            git(folder, "reset", "-q", "--hard", "ours")
            (folder / ".git" / "info" / "attributes").write_text(attributes)

        return reset

    name = f"merge-{number}"
    merge = process("git", "merge", "-q", "--no-edit", "theirs", cwd=peer)
    found = rounds(
        {
            "start": process(COMMAND, "describe", "--profile", name),
            "fetch": process("git", "fetch", "-q", cwd=ours),
            "merge": merge,
            "driver": merge,
            "porcelain": process(sys.executable, "-c", _PORCELAIN, peer),
            "pull": process(COMMAND, "pull", "--profile", name),
        },
        count,
        {
            "merge": again(peer),
            "driver": again(peer, "*.yaml merge=slow\n"),
            "porcelain": again(peer),
            "pull": again(ours),
        },
    )
    pulled = found["pull"] - found["start"] - found["fetch"]
    what = f"{number} changed on both sides"
    against = "git merge"
    row = f"zenprofile pull less start-up and fetch, {what}"
    table.row(row, pulled, found["merge"], against, f"<= {limit}")
    table.row(f"git merge with a driver process a file, {what}", found["driver"], found["merge"], against)
    table.row(f"GitPython's porcelain, whole process, {what}", found["porcelain"], found["merge"], against)
