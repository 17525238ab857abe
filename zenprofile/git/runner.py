"""The one runner that starts git: its own session, a deadline, a scrubbed environment, hardened flags.

What an operation does not need is switched off for it: hooks, the file-system monitor, external diff, submodules, the
pager, optional locks, replace refs. What a person's git needs stays theirs: ssh commands, credential helpers, proxies,
identity and signing.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from typing import IO, TYPE_CHECKING, NamedTuple

from zenprofile.errors import StoreBroken, Unreachable, Unsafe, Unsupported, ZenprofileError
from zenprofile.fs import cancellation
from zenprofile.git import interrupts

if TYPE_CHECKING:
    from pathlib import Path
    from selectors import BaseSelector, SelectorKey

LOCAL_DEADLINE = 120.0  # seconds; beyond any local operation on a profile
_GRACE, _CHILDREN_GRACE = 5.0, 1.0  # seconds that a process, and then its children, have to tidy up
# The variables of git that a person sets on purpose; all others are set by git for its own children, or by an attacker.
_KEPT = frozenset({
    "GIT_EXEC_PATH", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_ALLOW_PROTOCOL",
    "GIT_PROXY_COMMAND", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE", "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_DATE", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_HTTP_USER_AGENT", "GIT_HTTP_PROXY_AUTHMETHOD",
})  # fmt: skip
_KEPT_PREFIXES = ("GIT_SSL_", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
_SET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_EDITOR": ":",
    "GIT_PAGER": "cat",
    "GIT_GRAFT_FILE": f"{os.devnull}/none",  # there is none; of one that can be opened git prints a hint of 8 lines
    "SSH_ASKPASS_REQUIRE": "never",
    "LC_ALL": "C",
}
# A command that asks no remote talks to none: what a repository lacks could be fetched by a program that it names.
_LOCAL = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}
# For one that may, as for what a partial clone lacks.
NETWORK = {"GIT_NO_LAZY_FETCH": "0"}
_FLAGS = (
    "core.fsmonitor=false",
    "core.pager=cat",
    "diff.external=",
    "submodule.recurse=false",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.fsync=committed,reference",
    "protocol.ext.allow=never",
    "core.alternateRefsCommand=true",
)
_NO_HOOKS = "core.hooksPath=/dev/null"
# Who is told of each command once it has ended (``-v``), a line each; nobody else.
listeners: list[Callable[[str], None]] = []


class GitResult(NamedTuple):
    """A finished process.

    Attributes:
        status: its exit status; negative where a signal ended it.
        out: standard output.
        err: standard error as text, for messages.
    """

    status: int
    out: bytes
    err: str


class GitError(ZenprofileError):
    """Git refused what zenprofile asked of it."""

    code = "git"

    def __init__(self, command: str, ran: GitResult) -> None:
        reason = next((line for line in ran.err.splitlines() if line.startswith(("fatal:", "error:"))), "")
        reason = reason or (ran.err.strip().splitlines() or [f"exit status {ran.status}"])[-1]
        super().__init__(f"git {command}: {reason.strip()}", hint="put right what git names, and repeat the command")
        self.ran = ran


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment as git may see it; only with `NETWORK` among the extra it reaches a remote."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    extra = extra or {}
    return {**kept, **_SET, **({} if NETWORK.keys() <= extra.keys() else _LOCAL), **extra}


def arguments(args: Iterable[str], flags: Iterable[str] = (), *, hooks: bool = False) -> list[str]:
    """Return the whole command line of a git command, the hardened flags in front."""
    settings = [*_FLAGS, *flags] if hooks else [*_FLAGS, _NO_HOOKS, *flags]
    return ["git", *(word for setting in settings for word in ("-c", setting)), *args]


def run(
    args: list[str],
    cwd: "Path | str",
    *,
    stdin: bytes = b"",
    flags: Iterable[str] = (),
    extra: Mapping[str, str] | None = None,
    hooks: bool = False,
    deadline: float = LOCAL_DEADLINE,
    ok: tuple[int, ...] = (0,),
) -> GitResult:
    """Run git to its end.

    Args:
        args: the subcommand and its arguments.
        cwd: the top of a work tree, or a git folder.
        stdin: what it reads.
        flags: settings (``name=value``) for this command alone.
        extra: variables for this command alone.
        hooks: whether the repository's hooks run.
        deadline: seconds; then it and all its children are killed.
        ok: exit statuses that are answers and not errors.

    Raises:
        GitError: another exit status.
        Unreachable: the deadline passed.
        Unsafe: git refuses the repository because somebody else owns it.
        Unsupported: there is no git.
        StoreBroken: the folder is gone.
    """
    process = _begin(args, cwd, flags, extra, hooks=hooks)
    return finish(process, args, stdin=stdin, deadline=deadline, ok=ok)


def finish(
    process: "subprocess.Popen[bytes]",
    args: list[str],
    *,
    stdin: bytes = b"",
    deadline: float = LOCAL_DEADLINE,
    ok: tuple[int, ...] = (0,),
) -> GitResult:
    """Wait for a process that was started, as `run` does."""
    try:
        interrupts.deliver()
        out, err = process.communicate(stdin, timeout=deadline)
    except subprocess.TimeoutExpired:
        end(process)
        message = f"git {args[0]} did not end within {deadline:g} seconds"
        raise Unreachable(message, hint="try again; --timeout sets the limit") from None
    except BaseException:
        end(process)
        raise
    _remove_stale_locks(process)
    return _checked(args, GitResult(process.returncode, out, err.decode("utf-8", "replace")), ok)


def run_network(
    args: list[str],
    cwd: "Path | str",
    *,
    timeout: float,
    progress: Callable[[str], None] | None = None,
    hooks: bool = False,
    flags: Iterable[str] = (),
    extra: Mapping[str, str] | None = None,
) -> GitResult:
    """Run a git command that talks to a remote; it ends when nothing has moved for ``timeout`` seconds.

    What git says of its progress counts as movement, and goes to ``progress`` line by line. The exit status is the
    caller's to judge.

    Raises:
        Unreachable: nothing moved for that long.
        Stopped: it was told to stop (`zenprofile.fs.cancellation`).
    """
    import selectors

    waits = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": str(max(1, int(timeout)))}
    process = _begin(args, cwd, flags, {**NETWORK, **waits, **(extra or {})}, hooks=hooks)
    out, err = bytearray(), bytearray()
    pipes: dict[IO[bytes], bytearray] = {}
    assert process.stdin  # noqa: S101 - all three are pipes
    assert process.stdout  # noqa: S101
    assert process.stderr  # noqa: S101
    try:
        interrupts.deliver()
        process.stdin.close()
        with selectors.DefaultSelector() as selector:
            for pipe, into in ((process.stdout, out), (process.stderr, err)):
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ)
                pipes[pipe] = into
            last = time.monotonic()
            while selector.get_map():
                ready = _wait_readable(selector, last + timeout)
                if not ready:
                    end(process)
                    message = f"the other side did not answer: nothing moved for {timeout:g} seconds"
                    raise Unreachable(message, hint="local work is kept; try again, or set --timeout")
                last = time.monotonic()
                for item, _ in ready:
                    piece = os.read(item.fd, 65536)
                    if not piece:
                        selector.unregister(item.fileobj)
                        continue
                    pipes[item.fileobj].extend(piece)  # type: ignore[index]
                    if progress and item.fileobj is process.stderr:
                        progress(piece.decode("utf-8", "replace"))
        status = process.wait(timeout=timeout)
    except BaseException:
        end(process)
        raise
    finally:
        process.stdout.close()
        process.stderr.close()
    _remove_stale_locks(process)
    return GitResult(status, bytes(out), err.decode("utf-8", "replace"))


def _remove_stale_locks(process: "subprocess.Popen[bytes]") -> None:
    """Remove the lock files that a killed git process has left."""
    if process.returncode == -signal.SIGKILL and isinstance(process, Process):
        from zenprofile.git import stale_locks

        stale_locks.remove_own(process.folder, process.since)


def _wait_readable(selector: "BaseSelector", until: float) -> "list[tuple[SelectorKey, int]]":
    """Wait until pipes are readable, at most until a moment; return those that are.

    Raises:
        Stopped: told to stop.
    """
    while True:
        left = max(0.0, until - time.monotonic())
        ready = selector.select(cancellation.interval(left))
        cancellation.check()
        if ready or time.monotonic() >= until:
            return ready


class Process(subprocess.Popen[bytes]):
    """A process whose end is waited for without polling.

    The library sleeps between its looks, at first for half a millisecond: longer than git takes to go.

    Attributes:
        folder: where it runs.
        since: when it was started, in seconds since 1970.
        command: the subcommand and its arguments, until the listeners were told of them.
    """

    folder = ""
    since = 0.0
    command: tuple[str, ...] = ()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, as the library does."""
        if timeout is not None and self.returncode is None and hasattr(os, "pidfd_open"):
            import select

            until = time.monotonic() + timeout
            with contextlib.suppress(OSError):  # an old kernel
                fd = os.pidfd_open(self.pid)
                try:
                    poll = select.poll()
                    poll.register(fd, select.POLLIN)
                    poll.poll(timeout * 1000)
                finally:
                    os.close(fd)
            timeout = max(0.0, until - time.monotonic())
        status = super().wait(timeout)
        if listeners and self.command:
            self._notify_listeners(status)
        return status

    def _notify_listeners(self, status: int) -> None:
        import shlex

        from zenprofile.git.remote_errors import redacted

        words, self.command = self.command, ()
        line = f"{redacted(shlex.join(['git', *words]))} ({time.time() - self.since:.3f} s, status {status})"
        for listener in listeners:
            listener(line)


def start(
    args: list[str],
    cwd: "Path | str",
    *,
    flags: Iterable[str] = (),
    extra: Mapping[str, str] | None = None,
    hooks: bool = False,
) -> "subprocess.Popen[bytes]":
    """Start git with pipes, in a session of its own; `end` it if it does not end by itself."""
    process = _begin(args, cwd, flags, extra, hooks=hooks)
    try:
        interrupts.deliver()
    except BaseException:
        end(process)
        raise
    return process


def _begin(
    args: list[str],
    cwd: "Path | str",
    flags: Iterable[str],
    extra: Mapping[str, str] | None,
    *,
    hooks: bool,
) -> "subprocess.Popen[bytes]":
    """Start git; signals are put off until the caller, who can end it then, has them delivered."""
    interrupts.defer()
    try:
        process = Process(
            arguments(args, flags, hooks=hooks),
            cwd=cwd,
            env=environment({**NETWORK, **(extra or {})} if hooks else extra),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        interrupts.deliver()
        raise _not_started(error, cwd) from None
    except BaseException:
        interrupts.deliver()
        raise
    process.folder, process.since, process.command = os.fspath(cwd), time.time(), tuple(args)
    return process


def _not_started(error: OSError, cwd: "Path | str") -> Exception:
    if isinstance(error, PermissionError):
        return StoreBroken(f"no permission to enter {cwd}", hint="ask its owner for access")
    if not isinstance(error, FileNotFoundError):
        return error
    if not os.path.isdir(cwd):
        return StoreBroken(f"the folder {cwd} is gone", hint="put it back, or create the profile again")
    return Unsupported("git is not installed", hint="install git 2.31 or newer and put it on PATH")


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process with all its children, and wait for it.

    It is asked first: git takes its lock files away then, and so does the one that a push by path has started at the
    other side. Who does not heed that is killed.
    """
    try:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        until = time.monotonic() + _CHILDREN_GRACE
        while _signal(process, 0) and time.monotonic() < until:
            time.sleep(0.005)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()
        for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
            with contextlib.suppress(OSError):  # what was still to be written finds nobody
                pipe.close()
        _remove_stale_locks(process)


def _signal(process: "subprocess.Popen[bytes]", number: int) -> bool:
    """Send a signal to a process and its children; return whether any of them is left."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS refuses where only dead ones are left
        return False
    return True


def _checked(args: list[str], ran: GitResult, ok: tuple[int, ...]) -> GitResult:
    if ran.status in ok:
        return ran
    if "dubious ownership" in ran.err:
        message = "the repository belongs to another user, and git does not trust it"
        raise Unsafe(message, hint="if you do: git config --global --add safe.directory FOLDER")
    raise GitError(args[0], ran)
