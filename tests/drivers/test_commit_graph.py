"""How commits stand to each other is what git says, whether git is asked or not."""

import random
import subprocess
from itertools import product
from pathlib import Path

import pytest

from zenprofile.drivers.local import outgoing
from zenprofile.git import commit_graph, runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository, find
from zenprofile.git.upstream import upstream


def git(folder: Path, *words: str, ok: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in ok, done.stderr
    return done.stdout.strip()


def commits(folder: Path, seed: int) -> list[str]:
    """Make a history at random: lines that part, some merges, a second start."""
    chance = random.Random(seed)
    git(folder, "init", "-q", "-b", "main")
    tree = git(folder, "mktree")
    made: list[str] = []
    for number in range(14):
        several = chance.random() < 0.2 and len(made) > 1
        parents = chance.sample(made, 2) if several else [chance.choice(made[-3:])] if made and number != 9 else []
        flags = [word for parent in parents for word in ("-p", parent)]
        made.append(git(folder, "commit-tree", "-m", f"{number}", *flags, tree))
    git(folder, "update-ref", "refs/heads/main", made[-1])
    return made


def compare(folder: Path, repository: Repository, made: list[str]) -> None:
    for one, other in product(made, repeat=2):
        contained = subprocess.run(["git", "merge-base", "--is-ancestor", one, other], cwd=folder, check=False)
        assert commit_graph.is_ancestor(repository, one, other) == (contained.returncode == 0)
        counted = git(folder, "rev-list", "--left-right", "--count", f"{one}...{other}").split()
        assert commit_graph.count(repository, one, other) == (int(counted[0]), int(counted[1]))
        bases = git(folder, "merge-base", "--all", one, other, ok=(0, 1)).split()
        assert sorted(commit_graph.merge_bases(repository, one, other)) == sorted(bases)
        near = commit_graph.line(repository, one, other)
        assert near is None or near == git(folder, "rev-list", one, f"^{other}").split()


@pytest.mark.parametrize("seed", range(4))
def test_any_history(tmp_path: Path, seed: int) -> None:
    made = commits(tmp_path, seed)
    repository = find(tmp_path)
    assert repository is not None
    compare(tmp_path, repository, made)


def test_a_packed_history(tmp_path: Path) -> None:
    made = commits(tmp_path, 5)
    for number, commit in enumerate(made):
        git(tmp_path, "update-ref", f"refs/heads/b{number}", commit)
    git(tmp_path, "repack", "-q", "-a", "-d")
    repository = find(tmp_path)
    assert repository is not None
    compare(tmp_path, repository, made)


def test_straight_lines_ask_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    made = [git(tmp_path, "commit-tree", "-m", "0", git(tmp_path, "mktree"))]
    tree = git(tmp_path, "rev-parse", f"{made[0]}^{{tree}}")
    for number in range(1, 5):
        made.append(git(tmp_path, "commit-tree", "-m", f"{number}", "-p", made[-1], tree))
    side = git(tmp_path, "commit-tree", "-m", "side", "-p", made[1], tree)
    repository = find(tmp_path)
    assert repository is not None
    assert commit_graph.count(repository, "", made[4]) == (0, 5)
    assert commit_graph.count(repository, made[4], "") == (5, 0)
    monkeypatch.setattr(runner, "run", None)
    assert commit_graph.count(repository, made[4], made[0]) == (4, 0)
    assert commit_graph.count(repository, side, made[4]) == (1, 3)
    assert commit_graph.merge_bases(repository, side, made[4]) == [made[1]]
    assert commit_graph.is_ancestor(repository, made[1], side)
    assert not commit_graph.is_ancestor(repository, made[2], side)


def test_a_shallow_clone_is_gits_matter(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    made = commits(tmp_path / "far", 1)
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{tmp_path / 'far'}", "near")
    repository = find(tmp_path / "near")
    assert repository is not None
    compare(tmp_path / "near", repository, [made[-1]])


@pytest.mark.parametrize("others", [[], ["side"]])
def test_what_is_unpushed_is_listed_as_git_lists_it(tmp_path: Path, others: list[str]) -> None:
    """In this process, where the remote has no other branch that may hold a part of it."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "srv")
    git(tmp_path, "clone", "-q", "srv", "mine")
    mine = tmp_path / "mine"
    for number, message in enumerate(("first", "a\nb\n\nbody\n", "\u00fc \u4e2d", " one\n", "body:\n\n\nmore")):
        git(mine, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message)
        if not number:
            git(mine, "push", "-q", "origin", "main")
    for name in others:
        git(mine, "push", "-q", "origin", f"main~2:refs/heads/{name}")
    repository = find(mine)
    assert repository is not None
    to = upstream(repository, "refs/heads/main")
    assert to is not None
    sent = outgoing.span(repository, to, repository.head().oid)
    rows = [row.split("\0") for row in git(mine, "log", "--format=%H%x00%P%x00%s", "main", *sent.beyond).splitlines()]
    assert len(rows) == (2 if others else 4)
    objects = Objects(repository)
    with outgoing.listing(repository, objects, sent, to) as listed:
        assert listed() == [(oid, parents.split(), subject) for oid, parents, subject in rows]
    objects.close()


def test_what_fetches_found_rewritten_is_told_by_the_log_and_by_git(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    made = commits(tmp_path / "far", 1)
    git(tmp_path, "clone", "-q", str(tmp_path / "far"), "near")
    for commit in (made[0], made[9]):  # an ancestor, then a start of its own
        git(tmp_path / "far", "update-ref", "refs/heads/main", commit)
        git(tmp_path / "near", "fetch", "-q")
    repository = find(tmp_path / "near")
    assert repository is not None

    assert commit_graph.tips_before_rewrite(repository, "refs/remotes/origin/main") == [made[0], made[-1]]

    (tmp_path / "near" / ".git" / "reftable").mkdir()  # git is asked; one that knows nothing of it reads files
    assert commit_graph.tips_before_rewrite(repository, "refs/remotes/origin/main") == [made[0], made[-1]]
    assert commit_graph.tips_before_rewrite(repository, "refs/remotes/origin/other") == []
