"""Canaries: real commits, merges and a push by git itself that show whether hooks and merge driver fire.

They happen in a temporary git folder that shares the repository's settings, hooks and attributes as a linked work tree
does, with an index, a work tree, objects and a remote of its own. Nothing in the repository changes.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from typing import NamedTuple

from zenprofile.git import runner
from zenprofile.git.hook_paths import HooksFolder
from zenprofile.git.repository import Repository
from zenprofile.git.runner import GitResult

VARIABLE = "ZENPROFILE_CANARY"
_DEADLINE = 300.0  # seconds; the pre-commit framework may install what its hooks need
_TOOLS = (".pre-commit-config.yaml", ".pre-commit-config.yml", "lefthook.yml", "lefthook.yaml", "lefthook-local.yml")
_OF_FRAMEWORK = ("validate", "refs")  # what .pre-commit-hooks.yaml runs instead
_PROJECT = "name: zenprofile-canary\ndescription: {}\nlabels:\n  a: {}\n  b: {}\n"
_SPOILED = "name: zenprofile-spoiled\nwhat: is this\n"
_FLAGS = ("commit.gpgsign=false", "tag.gpgsign=false", "core.autocrlf=false", "merge.conflictStyle=merge")


# Settings of where a repository is, not of what it does.
_OF_THE_PLACE = ("core.worktree", "core.bare", "core.hookspath", "extensions.", "include")


class CanaryResult(NamedTuple):
    """The result of a canary.

    Attributes:
        fired: whether the hook was run.
        worked: whether it did its work: it stopped what is invalid, or merged what git alone cannot.
        said: the last line that git printed.
    """

    fired: bool
    worked: bool
    output: str


class Canary:
    """A temporary place for canaries. Use it as a context.

    Args:
        repository: whose hooks are tried.
        place: where they are.
        root: a profile's folder, with a slash behind it.
        manifest: the profile's manifest: its name and its text.
    """

    def __init__(self, repository: Repository, place: HooksFolder, root: str, manifest: tuple[str, str]) -> None:
        self._repository = repository
        self._root = root
        self._manifest = manifest
        self._token = secrets.token_hex(8)
        self._folder = tempfile.mkdtemp(prefix="zenprofile-canary-")
        self._git = os.path.join(self._folder, "git")
        self._work = os.path.join(self._folder, "work")
        objects = os.path.join(self._folder, "objects")
        for folder in (self._git, self._work, objects):
            os.mkdir(folder)
        real = os.path.join(str(repository.common_dir), "objects")
        # The folder of hooks as it is found from the real work tree; elsewhere it could be another one.
        self._flags = (*_FLAGS, *([f"core.hooksPath={place.folder or os.devnull}"] if place.scope else []))
        self._extra = {
            "GIT_DIR": self._git,
            "GIT_WORK_TREE": self._work,
            "GIT_INDEX_FILE": os.path.join(self._git, "index"),
            "GIT_OBJECT_DIRECTORY": objects,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": real,
            "GIT_PROTOCOL_FROM_USER": "1",  # the push goes to a folder
            VARIABLE: self._token,
            **{f"GIT_{role}_NAME": "zenprofile canary" for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": "canary@zenprofile.invalid" for role in ("AUTHOR", "COMMITTER")},
        }
        self._base = ""

    def __enter__(self) -> "Canary":
        """Lay the first commit: a profile with one project, and the configuration of a tool that rules here."""
        self._write(self._git, "commondir", str(self._repository.common_dir) + "\n")
        self._write(self._work, ".git", f"gitdir: {self._git}\n")  # as in a linked work tree: managers look for it
        self._on("symbolic-ref", "HEAD", "refs/zenprofile/canary", text="ref: refs/zenprofile/canary")
        self._leave_out_the_same()
        self._flags = (*self._real_settings(), *self._flags)
        for name in _TOOLS:
            path = os.path.join(str(self._repository.top), name)
            if os.path.isfile(path):
                shutil.copy(path, os.path.join(self._work, name))
                self._run("add", "-f", "--", name)
        self._base = self._commit({self._manifest[0]: self._manifest[1], **_project("base", "base", "base")}, "")
        return self

    def _leave_out_the_same(self) -> None:
        """Copy the sparse checkout's settings: a driver named in a skipped .gitattributes is not run."""
        patterns = self._repository.git_file("info/sparse-checkout")
        if os.path.isfile(patterns):
            os.mkdir(os.path.join(self._git, "info"))
            shutil.copy(patterns, os.path.join(self._git, "info", "sparse-checkout"))

    def _real_settings(self) -> list[str]:
        """Return the settings that hold in the real repository and not here: includes by its folder or branch."""
        args = ["config", "--list", "-z"]
        real = runner.run(args, self._repository.top, hooks=True).out.split(b"\0")
        here = set(self._run(*args).out.split(b"\0"))
        rows = (os.fsdecode(row).partition("\n") for row in real if row not in here)
        return [
            f"{name}{'=' if written else ''}{value}"
            for name, written, value in rows
            if name and "=" not in name and not name.startswith(_OF_THE_PLACE)
        ]

    def __exit__(self, *_: object) -> None:
        """Take everything away."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def pre_commit(self) -> CanaryResult:
        """Try to commit what is invalid."""
        self._at(self._base)
        self._stage({"projects/zenprofile-spoiled.yaml": _SPOILED})
        return self._result_of_refusal("pre-commit", self._run("commit", "-q", "-m", "canary", ok=False))

    def pre_merge_commit(self) -> CanaryResult:
        """Try to merge what is invalid."""
        spoiled = self._commit({"projects/zenprofile-spoiled.yaml": _SPOILED}, self._base)
        self._at(self._commit(_project("ours", "base", "base"), self._base))
        return self._result_of_refusal("pre-merge-commit", self._run("merge", "-q", "-m", "canary", spoiled, ok=False))

    def pre_push(self) -> CanaryResult:
        """Try to push what is invalid, to a repository that goes with the canary."""
        remote = os.path.join(self._folder, "remote.git")
        kind = runner.run(["rev-parse", "--show-object-format"], self._repository.top).out.decode().strip()
        runner.run(["init", "-q", "--bare", f"--object-format={kind}", remote], self._folder)
        known = f"{self._extra['GIT_OBJECT_DIRECTORY']}\n{self._extra['GIT_ALTERNATE_OBJECT_DIRECTORIES']}\n"
        self._write(os.path.join(remote, "objects", "info"), "alternates", known)
        self._at(self._commit({"projects/zenprofile-spoiled.yaml": _SPOILED}, self._base))
        return self._result_of_refusal("pre-push", self._run("push", "-q", remote, "HEAD:refs/heads/canary", ok=False))

    def post_merge(self) -> CanaryResult:
        """Merge fast-forward."""
        self._at(self._base)
        later = self._commit(_project("later", "base", "base"), self._base)
        return self._result("post-merge", self._run("merge", "-q", "--ff-only", later, ok=False))

    def post_checkout(self) -> CanaryResult:
        """Check out another commit."""
        self._at(self._base)
        later = self._commit(_project("later", "base", "base"), self._base)
        return self._result("post-checkout", self._run("checkout", "-q", "--detach", later, ok=False))

    def post_rewrite(self) -> CanaryResult:
        """Amend a commit."""
        self._at(self._base)
        return self._result("post-rewrite", self._run("commit", "-q", "--amend", "-m", "canary again", ok=False))

    def merge_driver(self) -> CanaryResult:
        """Merge two changes of neighbouring lines, in which git alone sees a conflict."""
        theirs = self._commit(_project("base", "base", "theirs"), self._base)
        self._at(self._commit(_project("base", "ours", "base"), self._base))
        ran = self._run("merge", "-q", "-m", "canary", theirs, ok=False)
        merged = self._run("show", f":{self._root}projects/zenprofile-canary.yaml", ok=False).out.decode()
        return CanaryResult(
            self._has_fired("merge-driver", ran), merged == _PROJECT.format("base", "ours", "theirs"), _last(ran)
        )

    def _result_of_refusal(self, event: str, ran: GitResult) -> CanaryResult:
        return CanaryResult(self._has_fired(event, ran), ran.status != 0, _last(ran))

    def _result(self, event: str, ran: GitResult) -> CanaryResult:
        return CanaryResult(self._has_fired(event, ran), ran.status == 0, _last(ran))

    def _has_fired(self, event: str, ran: GitResult) -> bool:
        output = ran.err + ran.out.decode("utf-8", "replace")
        names = (event, *_OF_FRAMEWORK) if event.startswith("pre-") else (event,)
        return any(f"{self._token} {name}" in output for name in names)

    def _at(self, commit: str) -> None:
        """Stand on a commit, with its files in the work tree; HEAD is on no branch."""
        for name in ("MERGE_HEAD", "MERGE_MSG", "MERGE_MODE", "ORIG_HEAD", "AUTO_MERGE"):
            path = os.path.join(self._git, name)
            if os.path.exists(path):
                os.unlink(path)
        self._on("update-ref", "--no-deref", "HEAD", commit, text=commit)
        self._run("read-tree", "--reset", commit)
        self._run("checkout-index", "-q", "-f", "-a")

    def _on(self, *args: str, text: str) -> None:
        """Set HEAD: to a text; by git where refs are kept in tables, of which a work tree has some of its own."""
        if not self._repository.has_ref_tables():
            self._write(self._git, "HEAD", text + "\n")
            return
        tables = os.path.join(self._git, "reftable")
        shutil.rmtree(tables, ignore_errors=True)
        os.mkdir(tables)
        self._write(self._git, "HEAD", "ref: refs/heads/.invalid\n")
        self._run(*args)

    def _stage(self, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            oid = self._run("hash-object", "-w", "--stdin", stdin=text.encode()).out.decode().strip()
            self._run("update-index", "--add", "--cacheinfo", f"100644,{oid},{self._root}{path}")

    def _commit(self, files: Mapping[str, str], parent: str) -> str:
        """Make a commit by plumbing, which runs no hook; "" for a parent begins."""
        if parent:
            self._run("read-tree", "--reset", parent)
        self._stage(files)
        tree = self._run("write-tree").out.decode().strip()
        parents = ["-p", parent] if parent else []
        return self._run("commit-tree", "-m", "canary", *parents, tree).out.decode().strip()

    def _run(self, *args: str, stdin: bytes = b"", ok: bool = True) -> GitResult:
        return runner.run(
            list(args),
            self._work,
            stdin=stdin,
            flags=self._flags,
            extra=self._extra,
            hooks=True,
            deadline=_DEADLINE,
            ok=(0,) if ok else tuple(range(256)),
        )

    @staticmethod
    def _write(folder: str, name: str, text: str) -> None:
        with open(os.path.join(folder, name), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)


def _project(description: str, first: str, second: str) -> dict[str, str]:
    return {"projects/zenprofile-canary.yaml": _PROJECT.format(description, first, second)}


def _last(ran: GitResult) -> str:
    return next((line.strip() for line in reversed(ran.err.splitlines()) if line.strip()), "")
