"""A repository as its files show it: where its folders are, its HEAD and refs, what is under way. Starts no process."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from zenprofile.errors import Paused, StoreBroken, Unsafe

_HASH = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
# What git leaves in its folder while the user is in the middle of something.
_UNDER_WAY = {
    "MERGE_HEAD": ("a merge", "git merge --continue or --abort"),
    "rebase-merge": ("a rebase", "git rebase --continue or --abort"),
    "rebase-apply": ("a rebase or git am", "git rebase --continue or --abort"),
    "CHERRY_PICK_HEAD": ("a cherry-pick", "git cherry-pick --continue or --abort"),
    "REVERT_HEAD": ("a revert", "git revert --continue or --abort"),
    "BISECT_LOG": ("a bisect", "git bisect reset"),
}


class Head(NamedTuple):
    """Where HEAD is.

    Attributes:
        ref: the branch's full name (``refs/heads/main``); "" where HEAD is detached.
        oid: the commit (hex); "" on a branch without commits.
    """

    ref: str
    oid: str

    @property
    def branch(self) -> str:
        """The branch's short name; "" where HEAD is detached."""
        return self.ref.removeprefix("refs/heads/")


class Repository:
    """A work tree and its git folder.

    Attributes:
        top: the work tree's top.
        git_dir: its git folder: of a linked work tree, its own one.
        common_dir: where objects and branches are.
        prefix: the store's folder below the top with a slash behind it, or "".
    """

    def __init__(self, top: Path, git_dir: Path, store: Path) -> None:
        self.top = top
        self.git_dir = git_dir
        self.common_dir = _common_dir(git_dir)
        below = store.relative_to(top).as_posix()
        self.prefix = "" if below == "." else below + "/"

    @property
    def own_dir(self) -> Path:
        """The folder for zenprofile's own files: lock, journal, log of this machine's changes."""
        return self.git_dir / "zenprofile"

    def head(self) -> Head:
        """Read HEAD.

        Raises:
            StoreBroken: it cannot be read.
        """
        try:
            text = (self.git_dir / "HEAD").read_text("utf-8", "replace").strip()
        except OSError as error:
            message = f"{self.git_dir / 'HEAD'} cannot be read: {error.strerror}"
            raise StoreBroken(message, hint="is this a git repository still? try: git status") from None
        if text.startswith("ref:"):
            ref = text[4:].strip()
            if ref == "refs/heads/.invalid":  # reftable keeps HEAD elsewhere
                return self._head_by_git()
            return Head(ref, self.ref(ref))
        return Head("", text if _HASH.match(text) else "")

    def _head_by_git(self) -> Head:
        from zenprofile.git import runner

        ref = runner.run(["symbolic-ref", "-q", "HEAD"], self.top, ok=(0, 1)).out.decode().strip()
        oid = (
            runner.run(["rev-parse", "-q", "--verify", "HEAD^{commit}"], self.top, ok=(0, 1, 128)).out.decode().strip()
        )
        return Head(ref, oid)

    def ref(self, name: str) -> str:
        """Return the object id of a ref, "" where there is no such ref."""
        if (self.common_dir / "reftable").is_dir():
            from zenprofile.git import runner

            return runner.run(["rev-parse", "-q", "--verify", name], self.top, ok=(0, 1, 128)).out.decode().strip()
        for folder in (self.git_dir, self.common_dir):
            try:
                text = (folder / name).read_text("ascii", "replace").strip()
            except OSError:
                continue
            if _HASH.match(text):
                return text
            if text.startswith("ref: "):
                return self.ref(text[5:])
        return self._packed_ref(name)

    def _packed_ref(self, name: str) -> str:
        try:
            packed = (self.common_dir / "packed-refs").read_text("utf-8", "replace")
        except OSError:
            return ""
        found = re.search(rf"^([0-9a-f]+) {re.escape(name)}$", packed, re.MULTILINE)
        return found.group(1) if found else ""

    def under_way(self) -> tuple[str, str]:
        """Say what the user is in the middle of, and how to end it; ("", "") for nothing."""
        for name, what in _UNDER_WAY.items():
            if (self.git_dir / name).exists():
                return what
        return ("", "")

    def must_be_ready(self) -> Head:
        """Return HEAD where a commit may be made.

        Raises:
            Paused: a merge, rebase, cherry-pick, revert or bisect is under way, or HEAD is detached.
        """
        what, how = self.under_way()
        if what:
            raise Paused(f"{what} is under way in {self.top}; nothing was written", hint=f"end it first: {how}")
        head = self.head()
        if not head.ref:
            message = f"HEAD is detached in {self.top}: a commit made here could be lost; nothing was written"
            raise Paused(message, hint="switch to a branch first: git switch BRANCH")
        return head


def find(store: Path) -> Repository | None:
    """Return the repository that a store's folder is in, or None.

    Raises:
        Unsafe: git does not trust it: somebody else owns it.
        StoreBroken: it is damaged.
    """
    store = Path(os.path.realpath(store))
    for top in (store, *store.parents):
        git = top / ".git"
        if not os.path.lexists(git):
            continue
        git_dir = _git_dir(git)
        if git_dir is not None:
            _must_be_trusted(top, git, git_dir)
            return Repository(top, git_dir, store)
    return None


def _git_dir(git: Path) -> Path | None:
    """Return the git folder that a ``.git`` is or names; None where it is neither (git looks further up then)."""
    if git.is_dir():
        return git if (git / "HEAD").exists() and (git / "objects").exists() | (git / "commondir").exists() else None
    try:
        text = git.read_text("utf-8", "replace")
    except OSError:
        return None
    if not text.startswith("gitdir: "):
        return None
    named = (git.parent / text[len("gitdir: ") :].rstrip("\n")).resolve()
    if not named.is_dir():
        raise StoreBroken(f"{git} names {named}, which is not there", hint="try: git worktree repair")
    return named


def _common_dir(git_dir: Path) -> Path:
    try:
        return (git_dir / (git_dir / "commondir").read_text("utf-8").strip()).resolve()
    except OSError:
        return git_dir


def _must_be_trusted(*places: Path) -> None:
    """Follow git's rule of ownership (safe.directory), also for what Python does by itself."""
    mine = {os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdigit():
        mine.add(int(os.environ["SUDO_UID"]))
    try:
        owned = all(os.lstat(place).st_uid in mine for place in places)
    except OSError as error:
        raise StoreBroken(f"{error.filename}: {error.strerror}", hint="try: git status") from None
    if owned:
        return
    from zenprofile.git import runner

    try:
        runner.run(["rev-parse", "--git-dir"], places[0])
    except Unsafe as error:
        hint = f"if you trust it: git config --global --add safe.directory '{places[0]}'"
        raise Unsafe(f"{places[0]}: {error.message}", hint=hint) from None
