"""Git's settings for a repository: identity, signing, line ends, filters. One git process reads them all."""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from zenprofile.errors import StoreBroken, Unsafe, ZenprofileError
from zenprofile.git import runner
from zenprofile.git.repository import Repository, find

if TYPE_CHECKING:
    import subprocess

_LIST = ["config", "--list", "-z"]
_FILTERS = ("filter", "working-tree-encoding", "ident")
_ahead: "dict[str, GitConfig]" = {}  # by the work tree's top


class Identity(NamedTuple):
    """Who makes a commit.

    Attributes:
        name: as git shows it.
        email: likewise.
        own: whether it is git's own identity; else it stands in for a missing one.
    """

    name: str
    email: str
    own: bool


class GitConfig:
    """The settings of one repository at one moment, every scope and include of git's followed.

    Git is asked at once and its answer read when it is needed: other work fits in between. Where none may be needed,
    `close` ends it.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._process: subprocess.Popen[bytes] | None = _start_listing(repository)
        self._read: dict[str, str] = {}
        self._first: dict[str, str] = {}

    @property
    def _values(self) -> dict[str, str]:
        if not self._read:
            process, self._process = self._process or _start_listing(self._repository), None
            out = runner.finish(process, _LIST).out.decode("utf-8", "replace")
            for line in out.split("\0"):
                name, written, value = line.partition("\n")
                self._read[name] = value if written else "true"  # a name alone stands for true, "name =" does not
                self._first.setdefault(name, self._read[name])
            self._check_sources_agree(self._read.get("core.worktree"))
        return self._read

    @property
    def is_pending(self) -> bool:
        """Whether git's answer is still to be read."""
        return self._process is not None

    def close(self) -> None:
        """End git where its answer was not needed; who needs it after all asks again."""
        if self._process is not None:
            runner.end(self._process)
            self._process = None

    def _check_sources_agree(self, tree: str | None) -> None:
        if tree is None:
            return
        git_dir = self._repository.git_dir
        if os.path.realpath(git_dir / tree) != os.path.realpath(self._repository.top):
            message = f"core.worktree in {git_dir / 'config'} points at another folder: {tree!r}"
            raise Unsafe(message, hint="git config --unset core.worktree")

    def get(self, name: str) -> str:
        """Return a setting's last value, "" where it is not set. The name is in lower case."""
        return self._values.get(name, "")

    def first(self, name: str) -> str:
        """Return a setting's first value, "" where it is not set: of several URLs git fetches from that one."""
        _ = self._values
        return self._first.get(name, "")

    def remotes(self) -> list[str]:
        """Return the names of the remotes that have a URL, in the order of the settings."""
        ends = (name.removeprefix("remote.").removesuffix(".url") for name in self._values if name.endswith(".url"))
        return [end for end in ends if f"remote.{end}.url" in self._values]

    def has_promisor_remote(self) -> bool:
        """Return whether a remote is a promisor of missing objects: the clone is a partial one."""
        return any(
            name.startswith("remote.") and name.endswith(".promisor") and self.is_true(name) for name in self._values
        )

    def url_rewrites(self) -> list[str]:
        """Return the URL prefixes that git substitutes (``url.BASE.insteadOf``)."""
        ends = (".insteadof", ".pushinsteadof")
        return [name[4:].rpartition(".")[0] for name in self._values if name.startswith("url.") and name.endswith(ends)]

    def rewrites_pushes(self) -> bool:
        """Return whether push URLs may differ from fetch URLs."""
        return any(name.startswith("url.") and name.endswith(".pushinsteadof") for name in self._values)

    def is_true(self, name: str) -> bool:
        """Return whether a setting is true."""
        if name not in self._values:
            return False
        return self._values[name].lower() in {"true", "yes", "on", "1"}

    @property
    def signs_commits(self) -> bool:
        """Whether commits are signed."""
        return self.is_true("commit.gpgsign")

    @property
    def hooks_folder(self) -> str:
        """The folder where git looks for hooks, as the settings name it; of no meaning where they switch hooks off."""
        named = self._values.get("core.hookspath")
        if named is None:
            return self._repository.common_file("hooks")
        return os.path.normpath(os.path.join(self._repository.folder, os.path.expanduser(named or os.devnull)))

    @property
    def filters_off(self) -> tuple[str, ...]:
        """Settings that keep every configured filter from running.

        Raises:
            Unsafe: a filter has a name that git's command line cannot say.
        """
        names = {name.split(".", 1)[1].rpartition(".")[0] for name in self._values if name.startswith("filter.")}
        odd = next((name for name in names if "=" in name), None)
        if odd is not None:
            raise Unsafe(
                f"git has a filter named {odd[:140]!r}", hint="name it without '=', or take it out of git's settings"
            )
        return tuple(
            f"filter.{name}.{setting}"
            for name in sorted(names)
            for setting in ("clean=", "smudge=", "process=", "required=false")
        )

    def identity(self, role: str, user: str, email: str = "") -> Identity:
        """Return the author or committer: git's own identity, else the profile's user.

        Args:
            role: ``author`` or ``committer``.
            user: the profile's active user.
            email: given, it is the user's who signs, whatever git's identity is.
        """
        if email:
            return Identity(_header_text(user), _header_text(email), own=True)
        upper = f"GIT_{role.upper()}_"
        name = os.environ.get(upper + "NAME") or self.get(f"{role}.name") or self.get("user.name")
        address = os.environ.get(upper + "EMAIL") or self.get(f"{role}.email") or self.get("user.email")
        address = address or os.environ.get("EMAIL", "")
        if name and address:
            return Identity(_header_text(name), _header_text(address), own=True)
        return Identity(_header_text(user), f"{_header_text(user)}@zenprofile.invalid", own=False)

    def check_no_filters(self, paths: Iterable[str], index: str = "") -> frozenset[str]:
        """Refuse paths to which attributes give a filter or an encoding.

        Args:
            paths: below the work tree's top.
            index: a file whose entries say what attributes there are; "" for the work tree's files.

        Returns:
            Those whose line ends git turns into LF when it stores them.
        """
        turned = self.get("core.autocrlf").lower() in {"true", "input", "yes", "on", "1"}
        wanted = list(paths)
        if not index and not self._has_attributes(wanted):
            return frozenset(wanted) if turned else frozenset()
        names = [*_FILTERS, "text", "eol"]
        stdin = b"".join(os.fsencode(path) + b"\0" for path in wanted)
        args = ["check-attr", *(["--cached"] if index else []), "-z", "--stdin", *names]
        extra = {"GIT_INDEX_FILE": index} if index else None
        words = runner.run(args, self._repository.top, stdin=stdin, extra=extra).out.split(b"\0")
        lf: set[str] = set(wanted) if turned else set()
        for raw, name, value in zip(words[0::3], words[1::3], words[2::3], strict=False):
            path, attribute, setting = os.fsdecode(raw), name.decode(), value.decode("utf-8", "replace")
            if attribute in _FILTERS and setting not in {"unspecified", "unset"}:
                message = f"git's attributes give it {attribute}={setting}, which zenprofile does not run"
                raise Unsafe(message, hint="take the profile out of that line of .gitattributes", file=path)
            _line_ends(lf, path, attribute, setting)
        return frozenset(lf)

    def _has_attributes(self, paths: Iterable[str]) -> bool:
        top, common = self._repository.folder, self._repository.common_file("info/attributes")
        folders = {""}
        for path in paths:
            parts = path.split("/")[:-1]
            folders.update("/".join(parts[:n]) for n in range(1, len(parts) + 1))
        home = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
        places = [
            *(os.path.join(top, folder, ".gitattributes") for folder in folders),
            common,
            self.get("core.attributesfile"),
            os.path.join(home, "git", "attributes"),
            "/etc/gitattributes",
        ]
        return any(place and os.path.lexists(os.path.expanduser(place)) for place in places)


@contextlib.contextmanager
def asked_ahead(folder: str) -> Iterator[None]:
    """Ask git for the settings of the repository that a folder is in while its store is opened, for `asked`.

    What is wrong with the repository is said by who opens it.
    """
    top = ""
    with contextlib.suppress(ZenprofileError):
        repository = find(folder)
        if repository is not None:
            top = repository.folder
            _ahead[top] = GitConfig(repository)
    try:
        yield
    finally:
        left = _ahead.pop(top, None)
        if left is not None:
            left.close()


def asked(repository: Repository) -> GitConfig:
    """Return the settings of a repository: those that `asked_ahead` has asked for, handed out once, or new ones."""
    return _ahead.pop(repository.folder, None) or GitConfig(repository)


def _start_listing(repository: Repository) -> "subprocess.Popen[bytes]":
    # Elsewhere the runner sets `core.hooksPath` itself; here the user's is to be seen.
    return runner.start(_LIST, repository.folder, hooks=True)


def _line_ends(lf: set[str], path: str, attribute: str, setting: str) -> None:
    if attribute == "text" and setting == "unset":
        lf.discard(path)
    elif (attribute == "text" and setting in {"set", "auto"}) or (attribute == "eol" and setting != "unspecified"):
        lf.add(path)


def _header_text(text: str) -> str:
    """Return text as git takes it into a commit's header."""
    return "".join(c for c in text if c not in "<>\n\0" and c.isprintable()).strip() or "unknown"


def timestamp() -> str:
    """Return now as git writes it: seconds since 1970, and the offset."""
    now = time.time()
    if now < 0 or now > 2**40:
        raise StoreBroken("this machine's clock is out of range", hint="set the clock")
    offset = time.localtime(now).tm_gmtoff or 0
    sign = "-" if offset < 0 else "+"
    return f"{int(now)} {sign}{abs(offset) // 3600:02d}{abs(offset) % 3600 // 60:02d}"
