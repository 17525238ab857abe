"""How two commits stand to each other."""

from zenprofile.git import runner
from zenprofile.git.repository import Repository


def is_in(repository: Repository, commit: str, other: str) -> bool:
    """Say whether a commit ("": none) is the other one or one of its ancestors."""
    if commit == other or not commit:
        return True
    if not other:
        return False
    # 128: one of them is not here, such as a commit that was thrown away.
    args = ["merge-base", "--is-ancestor", commit, other]
    return runner.run(args, repository.top, ok=(0, 1, 128)).status == 0


def count(repository: Repository, ours: str, theirs: str) -> tuple[int, int]:
    """Count the commits that only ours ("": none) has, and that only theirs has."""
    if ours == theirs:
        return 0, 0
    if not ours or not theirs:
        one = int(runner.run(["rev-list", "--count", ours or theirs], repository.top).out)
        return (one, 0) if ours else (0, one)
    out = runner.run(["rev-list", "--left-right", "--count", f"{ours}...{theirs}"], repository.top).out
    ahead, behind = out.split()
    return int(ahead), int(behind)


def bases(repository: Repository, ours: str, theirs: str) -> list[str]:
    """Return the best common ancestors of two commits; none where one is "" or histories share nothing."""
    if not ours or not theirs:
        return []
    return runner.run(["merge-base", "--all", ours, theirs], repository.top, ok=(0, 1)).out.decode().split()
