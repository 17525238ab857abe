"""What of a repository exists nowhere else, checked before its folder is deleted; no user setting hides it."""

import os
import tempfile
from collections.abc import Container

from zenprofile.git import runner
from zenprofile.git.config import GitConfig
from zenprofile.git.repository import Repository

# Ignored files too: a rule that matches by chance does not make a document worthless.
_STATUS = ["status", "--porcelain=v1", "--untracked-files=all", "--ignored=matching", "--ignore-submodules=none"]
_OWN_REFS = "refs/zenprofile/"


def describe_unshared(repository: Repository) -> str | None:
    """Return what of a repository no remote has: ``uncommitted edits``, ``3 unpushed commits``, "" for nothing.

    Looks at this machine alone: what the remotes had when they were last asked.

    Returns:
        None where no remote has ever confirmed anything.
    """
    shared = runner.run(["for-each-ref", "--count=1", "--format=%(refname)", "refs/remotes"], repository.top)
    if not shared.out.strip():
        return None
    if _is_edited(repository):
        return "uncommitted edits"
    refs = ["--branches", "--glob=refs/stash", *(["HEAD"] if repository.head().oid else [])]
    counted = runner.run(["rev-list", "--count", *refs, "--not", "--remotes"], repository.top)
    number = int(counted.out)
    return f"{number} unpushed commit{'s' if number > 1 else ''}" if number else ""


def describe_without_remote(repository: Repository, documents: Container[str]) -> str:
    """Return what a repository without a remote holds besides the documents of HEAD (paths below the profile)."""
    listed = runner.run(["for-each-ref", "--format=%(refname)"], repository.top).out.decode("utf-8", "replace")
    refs = [ref for ref in listed.splitlines() if not ref.startswith(_OWN_REFS) and ref != repository.head().ref]
    if refs:
        return f"commits of its own at {refs[0]}"
    for folder, folders, names in os.walk(repository.folder):
        if folder == repository.folder and ".git" in folders:
            folders.remove(".git")
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), repository.folder)
            if path.removeprefix(repository.prefix) not in documents:
                return f"a file that is no document of it: {path}"
    return ""


def _is_edited(repository: Repository) -> bool:
    flags = (*GitConfig(repository).filters_off, "core.untrackedCache=false", "core.ignoreStat=false")
    if runner.run(_STATUS, repository.top, flags=flags).out.strip():
        return True
    marked = runner.run(["ls-files", "-v"], repository.top).out
    if not any(line[:1].islower() or line.startswith(b"S") for line in marked.splitlines()):
        return False
    # What the index says not to look at is looked at with another one.
    with tempfile.TemporaryDirectory() as folder:
        extra = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
        flags = (*flags, "core.sparseCheckout=false")
        runner.run(["read-tree", "HEAD"], repository.top, extra=extra, flags=flags)
        found = runner.run(_STATUS, repository.top, extra=extra, flags=flags).out.splitlines()
    return any(not line.startswith(b" D") for line in found)
