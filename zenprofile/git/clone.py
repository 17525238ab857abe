"""A clone that zenprofile makes and keeps: of a repository that a stranger may have filled.

Whole history is fetched, since merges, ``blame`` and ``--at`` read it, offline too; of a profile that is a part of a
larger repository only without big files, where the server allows that. No link, hook, filter or submodule takes effect.
"""

import os
import shutil
from pathlib import Path

from zenprofile.errors import NotFound, Unreachable, ZenprofileError
from zenprofile.fs import atomic
from zenprofile.git import remote_errors, runner
from zenprofile.git.remote import STRICT, Progress
from zenprofile.store.clones import CloneUrl, parse
from zenprofile.store.url import without_secrets

_BIG = "2m"  # no document of a profile is that large
_REFS = "refs/remotes/origin/"
_NO_FILTERS = b"* -text !eol !filter -ident !working-tree-encoding !diff !merge\n"
# What the address of each scheme may lead to; a person's own url.*.insteadOf may turn https into ssh.
_PROTOCOLS = {"file": "file", "http": "http"}
_SAFE = "https:ssh"


def clone(url: str, folder: Path, *, timeout: float, progress: Progress = None) -> None:
    """Clone a repository; its branch is checked out. An empty one gives a work tree without commits.

    Args:
        url: as `zenprofile.store.clones.parse` takes it.
        folder: to be made; nothing is left of it where the clone fails.
        timeout: seconds without any movement after which it ends.
        progress: gets what git says of its progress, as it comes; not made safe for a terminal.

    Raises:
        NotFound: there is no such repository, or what is named is a tag.
        Unreachable, AccessDenied: the other side.
        Unsafe, UsageError: the URL.
        StoreBroken: no space, no permission.
    """
    wanted, shown = parse(url), without_secrets(url)
    draft = folder.with_name(f".{folder.name}.new")
    try:
        _remove(draft)  # of a process that was killed
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        atomic.raise_write_error(error, folder)
    talk = _RemoteGit(shown, timeout, progress)
    try:
        named = runner.run(["config", "--get", "init.defaultBranch"], folder.parent, ok=(0, 1)).out.decode().strip()
        extra = _extra(wanted.url)
        talk.run(_arguments(wanted, draft), folder.parent, extra, (f"init.defaultBranch={named or 'main'}",))
        branch = _set_head(draft, wanted, shown)
        if branch:
            _check_out(draft, branch, talk, extra)
        else:
            talk.check_speaks_git(draft, extra)
        own = draft / ".git" / "zenprofile"
        own.mkdir()
        (own / "made").touch()
        (own / "unused").touch()  # whoever opens it first for work takes this away
        draft.rename(folder)
    except OSError as error:
        _remove(draft)
        atomic.raise_write_error(error, folder)
    except BaseException:
        _remove(draft)
        raise


class _RemoteGit:
    """Runs git commands against one remote and names the remote in errors."""

    def __init__(self, shown: str, timeout: float, progress: Progress) -> None:
        self._shown = shown
        self._timeout = timeout
        self._progress = progress

    def run(self, args: list[str], cwd: Path, extra: dict[str, str], flags: tuple[str, ...] = ()) -> runner.GitResult:
        flags = (*STRICT, "protocol.file.allow=always", "gc.autoDetach=false", *flags)
        try:
            ran = runner.run_network(
                args, cwd, timeout=self._timeout, progress=self._progress, flags=flags, extra=extra
            )
        except Unreachable:
            raise remote_errors.timeout_error(self._shown, self._timeout, kept=False) from None
        if ran.status:
            raise remote_errors.failure(ran.err, self._shown, kept=False)
        return ran

    def check_speaks_git(self, folder: Path, extra: dict[str, str]) -> None:
        """Refuse a web page, which git takes for an empty repository; see `zenprofile.git.remote.check_speaks_git`."""
        ran = self.run(["ls-remote", "--", "origin"], folder, {**extra, "GIT_TRACE_PACKET": "1"})
        if "packet:" not in ran.err:
            raise Unreachable(f"what answers at {self._shown} is no git server", hint="look at the URL and the network")


def _arguments(wanted: CloneUrl, folder: Path) -> list[str]:
    args = ["clone", "--progress", "--no-checkout", "--no-recurse-submodules", "--template=", "--origin=origin"]
    args += ["--no-local", "--config=core.symlinks=false", "--config=submodule.recurse=false"]
    if wanted.subdirectory:
        args.append(f"--filter=blob:limit={_BIG}")
    return [*args, "--", wanted.url, str(folder)]


def _extra(url: str) -> dict[str, str]:
    allowed = _PROTOCOLS.get(url.partition(":")[0], _SAFE)
    return {} if "GIT_ALLOW_PROTOCOL" in os.environ else {"GIT_ALLOW_PROTOCOL": allowed}


def _set_head(folder: Path, wanted: CloneUrl, shown: str) -> str:
    """Choose the branch, make it the one of HEAD, and return its short name; "" where the remote has none at all."""
    output = runner.run(["for-each-ref", "--format=%(refname)%00%(symref)", "refs/remotes/origin"], folder).out.decode()
    refs = dict(line.split("\0") for line in output.splitlines())
    there = [name.removeprefix(_REFS) for name in refs if name != f"{_REFS}HEAD"]
    head = runner.run(["symbolic-ref", "-q", "HEAD"], folder, ok=(0, 1)).out.decode().strip()
    own = head.removeprefix("refs/heads/") or "main"
    branch = wanted.branch or refs.get(f"{_REFS}HEAD", "").removeprefix(_REFS) or _guess_branch(own, there, shown)
    start = branch
    if there and branch not in there:  # it begins here, where the remote's own choice is
        tag = runner.run(["rev-parse", "-q", "--verify", f"refs/tags/{branch}"], folder, ok=(0, 1, 128)).status == 0
        if tag:
            hint = f"write @BRANCH behind the URL; it has {', '.join(there[:10])}"
            raise NotFound(f"{shown} has no branch '{branch}': that is a tag", hint=hint)
        start = refs.get(f"{_REFS}HEAD", "").removeprefix(_REFS) or _guess_branch(own, there, shown)
    runner.run(["symbolic-ref", "HEAD", f"refs/heads/{branch}"], folder)
    if head and own != branch:
        runner.run(["update-ref", "-d", head], folder)
        runner.run(["config", "--remove-section", f"branch.{own}"], folder, ok=(0, 1, 2, 128))
    for key, value in (("remote", "origin"), ("merge", f"refs/heads/{branch}")):
        runner.run(["config", f"branch.{branch}.{key}", value], folder)
    if there:
        runner.run(["update-ref", f"refs/heads/{branch}", f"{_REFS}{start}"], folder)
    return branch if there else ""


def _guess_branch(own: str, there: list[str], shown: str) -> str:
    """Choose a branch where the remote's HEAD names one that does not exist."""
    if not there or own in there:
        return own
    likely = [name for name in ("main", "master") if name in there] or there
    if len(likely) == 1:
        return likely[0]
    hint = f"write @BRANCH behind the URL; it has {', '.join(there[:10])}"
    raise ZenprofileError(f"{shown} does not say which of its branches is meant", hint=hint)


def _check_out(folder: Path, branch: str, talk: _RemoteGit, extra: dict[str, str]) -> None:
    """Write the work tree, every file as it is stored."""
    attributes = folder / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_bytes(_NO_FILTERS)
    talk.run(["reset", "--hard", "-q", f"refs/heads/{branch}"], folder, extra)
    attributes.unlink()


def _remove(folder: Path) -> None:
    if os.path.lexists(folder):
        shutil.rmtree(folder)
