"""A repository read from its files: folders, HEAD, refs, the operation in progress. Starts no process."""

import contextlib
import functools
import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from zenprofile.errors import Paused, StoreBroken, Unsafe
from zenprofile.fs import nofollow, shared
from zenprofile.git import folders

if TYPE_CHECKING:
    from pathlib import Path

_DIGITS = "0123456789abcdef"
# What git, or this project, reads without a look at what it is.
_FILES = (
    *("HEAD", "config", "config.worktree", "index", "packed-refs", "commondir", "shallow", "objects/info/alternates"),
    *("info/attributes", "info/exclude", "info/grafts"),
)
# What git leaves in its folder while the user is in the middle of something.
_UNDER_WAY = {
    "MERGE_HEAD": ("a merge", "git merge --continue or --abort"),
    "rebase-merge": ("a rebase", "git rebase --continue or --abort"),
    "rebase-apply": ("a rebase or git am", "git rebase --continue or --abort"),
    "CHERRY_PICK_HEAD": ("a cherry-pick", "git cherry-pick --continue or --abort"),
    "REVERT_HEAD": ("a revert", "git revert --continue or --abort"),
    "BISECT_LOG": ("a bisect", "git bisect reset"),
}
# What is written once, at the beginning, where what is left is written again and again.
_BEGUN_BY = {"rebase-merge": "rebase-merge/onto", "rebase-apply": "rebase-apply/onto", "BISECT_LOG": "BISECT_START"}


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
        folder: the work tree's top, as text: a read needs no `Path`, which costs start-up.
        prefix: the store's folder below the top with a slash behind it, or "".
    """

    def __init__(self, folder: str, git_dir: str, store: str) -> None:
        self.folder = folder
        self._git_dir = git_dir
        self._common_dir = folders.common_dir(git_dir)
        below = os.path.relpath(store, folder)
        self.prefix = "" if below == "." else below.replace(os.sep, "/") + "/"

    @property
    def top(self) -> "Path":
        """The work tree's top."""
        return _path(self.folder)

    @property
    def git_dir(self) -> "Path":
        """The git folder: of a linked work tree, its own one."""
        return _path(self._git_dir)

    @property
    def common_dir(self) -> "Path":
        """Where objects and branches are."""
        return _path(self._common_dir)

    @property
    def own_dir(self) -> "Path":
        """The folder for zenprofile's own files: lock, journal, log of this machine's changes."""
        return _path(self.own_file(""))

    def git_file(self, name: str) -> str:
        """Return the path of a file in the git folder."""
        return os.path.join(self._git_dir, name)

    def own_file(self, name: str) -> str:
        """Return the path of a file of zenprofile's own; the folder's for ""."""
        return os.path.join(self._git_dir, "zenprofile", name).rstrip("/")

    def profile_file_name(self, name: str) -> str:
        """Return the name of a file of one profile's: several may lie in one repository."""
        if not self.prefix:
            return name
        import hashlib

        stem, ending = os.path.splitext(name)
        return f"{stem}-{hashlib.sha256(self.prefix.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}{ending}"

    def with_prefix(self, prefix: str) -> "Repository":
        """Return the same repository for another profile in it, by the profile's folder."""
        return Repository(self.folder, self._git_dir, os.path.join(self.folder, prefix))

    def common_file(self, name: str) -> str:
        """Return the path of a file in the folder where objects and branches are; the folder's for ""."""
        return os.path.join(self._common_dir, name).rstrip("/")

    @property
    def is_sha256(self) -> bool:
        """Whether object ids are SHA-256, and not SHA-1."""
        try:
            config = folders.text_of(self._common_dir, "config")
        except OSError:
            return False
        return "objectformat" in config.lower() and bool(
            re.search(r"^\s*objectformat\s*=\s*\"?sha256", config, re.MULTILINE | re.IGNORECASE)
        )

    @functools.cached_property
    def shared_mode(self) -> int:
        """Who shares the repository (``core.sharedRepository``), as `zenprofile.fs.shared` has it."""
        try:
            config = folders.text_of(self._common_dir, "config")
        except OSError:
            return shared.NOT
        if "sharedrepository" not in (lower := config.lower()) and "[include" not in lower:
            return shared.NOT
        from zenprofile.git import runner

        args = ["config", "-z", "--get-regexp", r"^core\.sharedrepository$"]
        output = runner.run(args, self.folder, ok=(0, 1, 128)).out.decode("utf-8", "replace").split("\0")
        last = output[-2] if len(output) > 1 else "\n"
        return shared.parse_setting(last.partition("\n")[2] if "\n" in last else "true")  # a name alone stands for true

    def head(self) -> Head:
        """Read HEAD.

        Raises:
            StoreBroken: it cannot be read.
        """
        try:
            text = folders.text_of(self._git_dir, "HEAD")
        except OSError as error:
            message = f"{os.path.join(self._git_dir, 'HEAD')} cannot be read: {error.strerror}"
            raise StoreBroken(message, hint="is this a git repository still? try: git status") from None
        if text.startswith("ref:"):
            ref = text[4:].strip()
            if not is_ref(ref):
                message = f"{os.path.join(self._git_dir, 'HEAD')} names {ref[:140]!r}, which is no branch"
                raise StoreBroken(message, hint="try: git symbolic-ref HEAD refs/heads/main")
            if ref == "refs/heads/.invalid":  # reftable keeps HEAD elsewhere
                return self._head_by_git()
            return Head(ref, self.ref(ref))
        return Head("", text if _is_hash(text) else "")

    def _head_by_git(self) -> Head:
        from zenprofile.git import runner

        ref = runner.run(["symbolic-ref", "-q", "HEAD"], self.folder, ok=(0, 1)).out.decode().strip()
        oid = (
            runner.run(["rev-parse", "-q", "--verify", "HEAD^{commit}"], self.folder, ok=(0, 1, 128))
            .out.decode()
            .strip()
        )
        return Head(ref, oid)

    def ref(self, name: str, links: int = 5) -> str:
        """Return the object id of a ref, "" where there is no such ref; symbolic ones are followed so many times.

        Raises:
            StoreBroken: it cannot be read.
        """
        if not is_ref(name) or not links:
            return ""
        if self.has_ref_tables():
            from zenprofile.git import runner

            return runner.run(["rev-parse", "-q", "--verify", name], self.folder, ok=(0, 1, 128)).out.decode().strip()
        for folder in (self._git_dir, self._common_dir):
            try:
                text = folders.text_of(folder, name)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                continue
            except OSError as error:
                message = f"{os.path.join(folder, name)} cannot be read: {error.strerror}"
                raise StoreBroken(message, hint="try: git fsck") from None
            if _is_hash(text):
                return text
            if text.startswith("ref: "):
                return self.ref(text[5:].strip(), links - 1)
        return self._packed_ref(name)

    def has_ref_tables(self) -> bool:
        """Return whether refs and their logs are kept in git's tables, which git alone reads."""
        return os.path.isdir(os.path.join(self._common_dir, "reftable"))

    def _packed_ref(self, name: str) -> str:
        try:
            packed = folders.text_of(self._common_dir, "packed-refs")
        except OSError:
            return ""
        found = re.search(rf"^([0-9a-f]+) {re.escape(name)}$", packed, re.MULTILINE)
        return found.group(1) if found else ""

    def has_refs(self, prefix: str) -> bool:
        """Return whether there is a ref below a prefix (``refs/remotes/origin/``)."""
        found = self.refs(prefix)
        if found is not None:
            return bool(found)
        from zenprofile.git import runner

        args = ["for-each-ref", "--count=1", "--format=1", prefix.rstrip("/")]
        return bool(runner.run(args, self.folder).out.strip())

    def refs(self, prefix: str) -> set[str] | None:
        """Return the full names of the refs below a prefix (``refs/remotes/origin/``); None where only git can tell."""
        if self.has_ref_tables():
            return None
        walked = os.walk(os.path.join(self._common_dir, prefix))
        paths = (os.path.join(folder, name) for folder, _, names in walked for name in names)
        found = {os.path.relpath(path, self._common_dir) for path in paths}
        with contextlib.suppress(OSError):
            packed = folders.text_of(self._common_dir, "packed-refs")
            found.update(re.findall(rf"^[0-9a-f]+ ({re.escape(prefix)}.*)$", packed, re.MULTILINE))
        return found

    def operation_in_progress(self) -> tuple[str, str]:
        """Return git's operation in progress (merge, rebase, ...) and how to end it; ("", "") for none."""
        for name, what in _UNDER_WAY.items():
            if os.path.exists(os.path.join(self._git_dir, name)):
                return what
        return ("", "")

    def begun_by(self) -> str:
        """Return the file that git wrote when what is under way was begun; HEAD where nothing is."""
        found = (name for name in _UNDER_WAY if os.path.exists(os.path.join(self._git_dir, name)))
        name = next(found, "HEAD")
        return os.path.join(self._git_dir, _BEGUN_BY.get(name, name))

    def check_ready(self) -> Head:
        """Return HEAD where a commit may be made.

        Raises:
            Paused: a merge, rebase, cherry-pick, revert or bisect is under way, or HEAD is detached.
        """
        what, how = self.operation_in_progress()
        if what:
            raise Paused(f"{what} is under way in {self.folder}; nothing was written", hint=f"end it first: {how}")
        head = self.head()
        if not head.ref:
            message = f"HEAD is detached in {self.folder}: a commit made here could be lost; nothing was written"
            raise Paused(message, hint="switch to a branch first: git switch BRANCH")
        return head


def find(store: "str | Path") -> Repository | None:
    """Return the repository that a store's folder is in, or None.

    Raises:
        Unsafe: git does not trust it, since somebody else owns it; or it holds what no git has put there.
        StoreBroken: it is damaged.
    """
    place = os.path.realpath(store)
    found = folders.find(place)
    if found is None:
        return None
    top, git_dir = found
    check_ownership(top, os.path.join(top, ".git"), git_dir)
    repository = Repository(top, git_dir, place)
    _check_no_devices(git_dir, repository.common_file(""))
    _check_plain_files(repository.own_file(""))
    return repository


def name_of(top: str) -> str:
    """Return what a repository is called after its folder; in a linked work tree too, after the repository's own."""
    git = os.path.join(top, ".git")
    if not os.path.isfile(git):
        return os.path.basename(top)
    git_dir = folders.git_dir(git)
    common = folders.common_dir(git_dir) if git_dir else ""
    if not common or common == git_dir:
        return os.path.basename(top)
    own = os.path.basename(common)
    return os.path.basename(os.path.dirname(common)) if own.startswith(".") else own.removesuffix(".git")


def is_ref(name: str) -> bool:
    """Return whether a text may name a ref: nothing outside the folder of refs is looked at."""
    return name.startswith("refs/") and ".." not in name and name.isprintable()


def _is_hash(text: str) -> bool:
    return len(text) in {40, 64} and not text.strip(_DIGITS)


def _path(text: str) -> "Path":
    from pathlib import Path

    return Path(text)


def check_ownership(*places: str) -> None:
    """Follow git's rule of ownership (safe.directory), also for what Python does by itself."""
    mine = nofollow.owners()
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


def _check_no_devices(git_dir: str, common_dir: str) -> None:
    """Refuse pipes and devices in place of git's files: git itself would wait for ever at one of them."""
    paths = {os.path.join(folder, name) for folder in (git_dir, common_dir) for name in _FILES}
    with contextlib.suppress(OSError):  # whoever needs HEAD says what is wrong with it
        paths.add(os.path.join(common_dir, folders.text_of(git_dir, "HEAD").removeprefix("ref: ")))
    for path in paths:
        try:
            mode = os.stat(path).st_mode
        except OSError:
            continue
        if not stat.S_ISREG(mode):
            raise Unsafe(f"{path} is no plain file", hint="no git has put it there: remove it, or clone anew")


def _check_plain_files(own: str) -> None:
    """Refuse links and devices among zenprofile's own files in a git folder: a copied one may hold any."""
    for folder in (own, os.path.join(own, "changes")):
        try:
            entries = list(os.scandir(folder)) if not os.path.islink(folder) else None
        except FileNotFoundError:
            return
        except NotADirectoryError:
            entries = None
        wrong = folder if entries is None else next((e.path for e in entries if not _is_plain(e)), "")
        if wrong:
            message = f"{wrong} is no plain file or folder of zenprofile's; nothing is read or written through it"
            raise Unsafe(message, hint="look at where it leads, and remove it")


def _is_plain(entry: "os.DirEntry[str]") -> bool:
    if entry.is_dir(follow_symlinks=False):
        return True
    # A lock is written in place: a second name of it may lie anywhere.
    alone = (
        not entry.name.startswith(("lock", "writing", "talking", "seeing", "watching"))
        or entry.stat(follow_symlinks=False).st_nlink == 1
    )
    return entry.is_file(follow_symlinks=False) and alone
