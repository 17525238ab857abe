"""Fetch and push of one branch, one git process each. A push counts only once the remote has confirmed it."""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from typing import NamedTuple

from zenprofile.errors import Unreachable, Unsafe, UsageError, ZenprofileError
from zenprofile.git import push_targets, remote_errors, runner
from zenprofile.git.config import GitConfig
from zenprofile.git.remote_lock import exclusive
from zenprofile.git.repository import Repository
from zenprofile.git.upstream import HEADS, Upstream, upstream
from zenprofile.store.url import scheme_of

Progress = Callable[[str], None] | None
# What zenprofile made itself is treated as if a stranger had filled it; old oddities are no attack.
STRICT = (
    "http.followRedirects=false",
    "transfer.fsckObjects=true",
    "fetch.fsck.zeroPaddedFilemode=ignore",
    "fetch.fsck.badTimezone=ignore",
    "fetch.fsck.missingSpaceBeforeDate=ignore",
)
_ELSEWHERE = frozenset({"ssh", "http", "https"})
_FLAGS = ("core.filesRefLockTimeout=2000", "gc.autoDetach=false")
# The user's own remote is used as git uses it, a path included; without this git takes our process for a server's.
_EXTRA = {"GIT_PROTOCOL_FROM_USER": "1"}
_RACES = (
    r"stale info|fetch first|non-fast-forward|failed to (?:update|lock)|incorrect old value|cannot lock ref"
    r"|already exists"
)
_LOCKED_THERE = r"Unable to create '(?P<lock>[^']*\.lock)': File exists"
_BROKEN_REMOTE = r"(?i)permission denied|no space left|read-only file system|disk quota"


class Fetched(NamedTuple):
    """What a fetch found.

    Attributes:
        old: the tracking ref before; "" for none.
        new: the tracking ref after; where the branch is gone it stays as it was.
        gone: whether the remote has no such branch (it never had one where ``old`` is "").
    """

    old: str
    new: str
    deleted: bool


class PushAttempt(NamedTuple):
    """What a push came to.

    Attributes:
        confirmed: whether the remote itself has said that its branch is at the commit.
        stale: whether it has commits that are not here: fetch first.
        reason: its words, where it did not take the commit; neither confirmed nor stale is a lock that it has.
        said: what the host printed, such as the address for a merge request.
        nothing: whether it had the commit already.
    """

    confirmed: bool
    stale: bool
    reason: str
    remote_message: str = ""
    up_to_date: bool = False


def fetch(
    repository: Repository,
    upstream: Upstream,
    *,
    timeout: float,
    progress: Progress = None,
    whole: bool = False,
    settings: GitConfig | None = None,
) -> Fetched:
    """Fetch the remote's branch into its tracking ref, and nothing else.

    Args:
        repository: where.
        upstream: what `upstream` has found.
        timeout: seconds without any movement after which it ends.
        progress: gets what git says of its progress, as it comes; not made safe for a terminal.
        whole: whether a shallow clone gets the history that it left out.
        settings: of the repository, where the caller has read them already.

    Raises:
        Unreachable, AccessDenied: the other side; local work is kept.
        Locked: another process talks to it all the time.
        ZenprofileError: anything else that git names.
    """
    args = ["fetch", "--progress", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance", "--refmap="]
    args += ["--no-write-fetch-head", *(["--unshallow"] if whole else [])]
    args += ["--", upstream.remote, f"+{upstream.branch}:{upstream.tracking}"]
    old = repository.ref(upstream.tracking)
    with exclusive(repository, upstream.tracking, timeout):
        ran = run_remote(repository, args, upstream.url, timeout, progress, settings=settings)
    if not ran.status:
        return Fetched(old, repository.ref(upstream.tracking), deleted=False)
    if re.search(r"(?i)couldn't find remote ref", ran.err):
        check_speaks_git(repository, upstream.remote, upstream.url, timeout)
        return Fetched(old, old, deleted=True)
    raise remote_errors.failure(ran.err, upstream.url)


def push(
    repository: Repository,
    upstream: Upstream,
    oid: str,
    *,
    timeout: float,
    had: str = "",
    progress: Progress = None,
    hooks: bool = False,
    settings: GitConfig | None = None,
) -> PushAttempt:
    """Push a commit to the remote's branch, never by force; only the remote's answer proves success.

    Args:
        repository: where.
        upstream: what `upstream` has found.
        oid: the commit.
        timeout: seconds without any movement after which it ends.
        had: what the branch there was when it was last looked at, an ancestor of the commit: only then is it moved, so
            that nothing comes back that was taken away there. "" where it is not known.
        progress: as `fetch`.
        hooks: whether the repository's own pre-push hook runs.
        settings: of the repository, where the caller has read them already.

    Raises:
        Unreachable, AccessDenied: the other side; local work is kept.
        Locked: another process talks to it all the time.
        ZenprofileError: a hook there, or a protected branch, refused it; its words are in the message.
    """
    args = ["push", "--porcelain", "--progress", "--no-follow-tags", "--recurse-submodules=no"]
    targets = push_targets.find(repository, upstream.remote, settings or GitConfig(repository))
    # A lease forces nothing here, since what it names is an ancestor: it is git's word for compare and swap.
    args += [f"--force-with-lease={upstream.branch}:{had}"] if had and not targets.urls else []
    args += ["--", upstream.remote, f"{oid}:{upstream.branch}"]
    with exclusive(repository, upstream.tracking, timeout):
        ran = run_remote(repository, args, upstream.url, timeout, progress, hooks=hooks, settings=settings)
    answers = push_targets.parse_porcelain(ran.out.decode("utf-8", "replace"), upstream.branch)
    refused = next((answer for answer in answers if answer.flag not in " *="), None)
    # Of several, each one's answer counts, and git's own word about those that gave none.
    if answers and refused is None and not ran.status:
        if targets.fetched:
            _update_tracking_ref(repository, upstream, oid)
        nothing = all(answer.flag == "=" for answer in answers)
        return PushAttempt(
            confirmed=True, stale=False, reason="", remote_message=_host_output(ran.err), up_to_date=nothing
        )
    if targets.urls:
        url = refused.url if refused is not None else " or ".join(targets.urls)
        upstream = upstream._replace(url=remote_errors.redacted(url))
    if refused is not None and not refused.summary.startswith("[remote failure]"):
        return _rejected(refused.summary, ran.err, upstream, several=bool(targets.urls))
    error = remote_errors.failure(ran.err, upstream.url)
    if isinstance(error, Unreachable) and _may_have_arrived(ran.err) and not targets.urls:
        return _verify_push(repository, upstream, oid, timeout, error)
    raise error


def ls_remote(repository: Repository, upstream: Upstream, *, timeout: float) -> str:
    """Return the commit of the remote's branch, "" where it has none. Changes nothing here.

    Raises:
        Unreachable, AccessDenied: the other side.
    """
    ran = run_remote(repository, ["ls-remote", "--", upstream.remote, upstream.branch], upstream.url, timeout)
    if ran.status:
        raise remote_errors.failure(ran.err, upstream.url)
    lines = (line.partition("\t") for line in ran.out.decode("utf-8", "replace").splitlines())
    return next((oid for oid, _, name in lines if name == upstream.branch), "")


def check_speaks_git(repository: Repository, remote: str, url: str, timeout: float) -> None:
    """Check that a remote that seems to lack the branch speaks git's protocol.

    To git any web page (that of a hotel's network, say) is an empty repository of the oldest, "dumb" kind of server;
    those that speak git are told by the packets that they send.

    Raises:
        Unreachable, AccessDenied: it is no git server, or does not answer any more.
    """
    ran = run_remote(repository, ["ls-remote", "--", remote], url, timeout, extra={"GIT_TRACE_PACKET": "1"})
    if ran.status:
        raise remote_errors.failure(ran.err, url)
    if "packet:" not in ran.err and not ran.out:
        raise Unreachable(f"what answers at {url} is no git server", hint="local work is kept; look at the network")


def set_url(repository: Repository, url: str) -> Upstream:
    """Set the remote of the branch of HEAD to a repository.

    Args:
        repository: where.
        url: a path, or any that can be cloned; a branch in it is the one that is shared with.

    Returns:
        What `upstream` finds from now on.

    Raises:
        Unsafe, UsageError: the URL is no such one.
        Paused: HEAD is on no branch.
    """
    from zenprofile.store import clones
    from zenprofile.store.url import absolute, check, is_clone_url, without_secrets

    check(url)
    if is_clone_url(url):
        wanted = clones.parse(url)
        if wanted.subdirectory not in {"", repository.prefix.rstrip("/")}:
            here = f"#subdirectory={repository.prefix.rstrip('/')}" if repository.prefix else "no #subdirectory"
            raise UsageError(f"the profile lies elsewhere in its repository: the URL needs {here}", hint="fix the URL")
    elif scheme_of(url) in {"", "file"} and url:
        wanted = clones.CloneUrl(absolute(url, os.getcwd()), "", "")
    else:
        hint = "write git+https://, git+ssh:// or a path"
        raise UsageError(f"{without_secrets(url)} is no URL of a Git repository", hint=hint)
    head = repository.check_ready()
    settings = GitConfig(repository)
    old = upstream(repository, head.ref, settings)
    name = old.remote if old else "origin"
    there = HEADS + (wanted.branch or head.branch)
    if old and settings.first(f"remote.{name}.url") != wanted.url and repository.ref(old.tracking):
        runner.run(["update-ref", "-d", old.tracking], repository.top)  # it tells of another repository
    verb = ["set-url", "--"] if old else ["add", "--"]
    runner.run(["remote", *verb, name, wanted.url], repository.top)
    for key, value in (("remote", name), ("merge", there)):
        runner.run(["config", f"branch.{head.branch}.{key}", value], repository.top)
    return Upstream(name, remote_errors.redacted(wanted.url), there, f"refs/remotes/{name}/{there.removeprefix(HEADS)}")


def run_remote(
    repository: Repository,
    args: list[str],
    url: str,
    timeout: float,
    progress: Progress = None,
    *,
    hooks: bool = False,
    extra: Mapping[str, str] | None = None,
    settings: GitConfig | None = None,
) -> runner.GitResult:
    """Run a git command against a remote in a repository; the exit status is the caller's to judge.

    Raises:
        Unreachable: nothing moved for so many seconds.
    """
    _check_no_local_programs(settings or GitConfig(repository))
    flags = (*_FLAGS, *STRICT) if os.path.exists(repository.own_file("made")) else _FLAGS
    extra = {**_EXTRA, **(extra or {})}
    try:
        return runner.run_network(
            args, repository.folder, timeout=timeout, progress=progress, hooks=hooks, flags=flags, extra=extra
        )
    except (Unreachable, subprocess.TimeoutExpired):
        raise remote_errors.timeout_error(url, timeout) from None


def _check_no_local_programs(settings: GitConfig) -> None:
    """Refuse settings that name a program for the remote's side and would run it on this machine.

    Where the other side is reached by ssh, the program is the other machine's.

    Raises:
        Unsafe: there is one.
    """
    elsewhere = all(scheme_of(base) in _ELSEWHERE for base in settings.url_rewrites())
    for name in settings.remotes():
        by_ssh = elsewhere and scheme_of(settings.first(f"remote.{name}.url")) == "ssh"
        for key in ("vcs",) if by_ssh else ("vcs", "uploadpack", "receivepack"):
            setting = f"remote.{name}.{key}"
            if settings.get(setting):
                message = f"git's setting {setting[:140]!r} names a program that would run on this machine"
                raise Unsafe(message, hint=f"look at who has set it: git config --show-origin --get {setting[:140]!r}")


def _host_output(err: str) -> str:
    """Return the lines that the host itself printed."""
    lines = (line.removeprefix("remote:").strip() for line in err.splitlines() if line.startswith("remote:"))
    return "\n".join(line for line in lines if line)


def _update_tracking_ref(repository: Repository, upstream: Upstream, oid: str) -> None:
    """Move the tracking ref where git did not: it does so only for refs that the remote's settings name."""
    if repository.ref(upstream.tracking) != oid:
        runner.run(["update-ref", "-m", "push", upstream.tracking, oid], repository.folder)


def _rejected(summary: str, err: str, upstream: Upstream, *, several: bool) -> PushAttempt:
    kind, _, reason = summary.partition("] ")
    reason = reason.strip("()") or kind.strip("[]")
    locked = re.search(_LOCKED_THERE, err)
    if locked is not None:
        return PushAttempt(confirmed=False, stale=False, reason=f"{upstream.url} is locked there by {locked['lock']}")
    if re.search(_RACES, reason) and not re.search(_BROKEN_REMOTE, err) and not several:
        return PushAttempt(confirmed=False, stale=True, reason=reason)
    host_message = remote_errors.remote_message(err)
    hint = "local work is kept; fix what it names, and push again"
    if "currently checked out" in reason:
        host_message, hint = "", "local work is kept; share through a bare repository (git init --bare)"
    raise ZenprofileError(
        f"{upstream.url} refused the push ({reason}){': ' if host_message else ''}{host_message}", hint=hint
    )


def _may_have_arrived(err: str) -> bool:
    """Return whether a push had begun to send: then the remote may have it although its answer was lost."""
    return bool(re.search(r"Writing objects|Total \d|failed to report status|Everything up-to-date", err))


def _verify_push(
    repository: Repository, upstream: Upstream, oid: str, timeout: float, error: Unreachable
) -> PushAttempt:
    """Ask the remote whether a push whose answer was lost has succeeded."""
    before = repository.ref(upstream.tracking)
    there = ls_remote(repository, upstream, timeout=timeout)
    if there == oid:
        _update_tracking_ref(repository, upstream, oid)
        return PushAttempt(confirmed=True, stale=False, reason="")
    if there in {before, ""}:
        raise error
    return PushAttempt(confirmed=False, stale=True, reason="somebody else has pushed meanwhile")
