"""Which remote and branch a branch is pulled from, and which it is pushed to: as git's own settings say."""

from typing import NamedTuple
from zlib import crc32

from zenprofile.errors import StoreBroken
from zenprofile.git import remote_errors
from zenprofile.git.config import GitConfig
from zenprofile.git.repository import Repository, is_ref

HEADS = "refs/heads/"
_REMOTES = "refs/remotes/"
# A remote that is a URL (`gh pr checkout` writes such) has no refs of git's own here.
_NAMELESS = "refs/zenprofile/remotes/"


class Upstream(NamedTuple):
    """One branch at a remote.

    Attributes:
        remote: its name in git's settings, or its URL where it has none.
        url: as it may be shown.
        branch: full name of the ref there (``refs/heads/main``).
        tracking: full name of the ref here that remembers it (``refs/remotes/origin/main``).
    """

    remote: str
    url: str
    branch: str
    tracking: str

    @property
    def short(self) -> str:
        """The branch's short name."""
        return self.branch.removeprefix(HEADS)

    @property
    def label(self) -> str:
        """Remote and branch as git shows them: ``origin/main``."""
        return f"{self.url if self.tracking.startswith(_NAMELESS) else self.remote}/{self.short}"

    @property
    def tracking_pattern(self) -> str:
        """A pattern of all refs here that remember branches of this remote."""
        return self.tracking.removesuffix(self.short) + "*"

    def with_branch(self, short: str) -> "Upstream":
        """Return another branch of the same remote."""
        return self._replace(branch=HEADS + short, tracking=self.tracking.removesuffix(self.short) + short)


def upstream(repository: Repository, branch_ref: str, settings: GitConfig | None = None) -> Upstream | None:
    """Find what a branch is pulled from: git's own settings of it, else ``origin``, else the only remote.

    Args:
        repository: where.
        branch_ref: full name of the branch.
        settings: of the repository, where the caller has read them already (one process less).

    Returns:
        None where there is no remote, or several and none of them is said to be it.

    Raises:
        StoreBroken: what it is said to be pulled from is no branch.
    """
    settings = settings or GitConfig(repository)
    short = branch_ref.removeprefix(HEADS)
    configured = settings.get(f"branch.{short}.remote")
    chosen = configured if _is_remote(settings, configured) else _default(settings)
    if not chosen or not short:
        return None
    return _side(settings, chosen, _followed(settings, short) or branch_ref if chosen == configured else branch_ref)


def _followed(settings: GitConfig, short: str) -> str:
    """Return the full name of what a branch is set to follow; "" where that is not said. Git takes short names too.

    Raises:
        StoreBroken: it is no branch.
    """
    merge = settings.get(f"branch.{short}.merge")
    if merge.startswith("refs/") and not (merge.startswith(HEADS) and is_ref(merge)):
        message = f"git's setting branch.{short}.merge names {merge[:140]!r}, which is no branch"
        raise StoreBroken(message, hint="name one: git branch --set-upstream-to=REMOTE/BRANCH")
    return merge if merge.startswith(HEADS) or not merge else HEADS + merge


def destination(
    repository: Repository, branch_ref: str, settings: GitConfig | None = None, *, followed: bool = False
) -> Upstream | None:
    """Find what a branch is pushed to, as ``git push`` does; where that would refuse to choose, a branch of its name.

    Args:
        repository: where.
        branch_ref: full name of the branch.
        settings: of the repository.
        followed: whether the branch that is followed takes pushes whatever ``push.default`` says: in a clone that
            zenprofile made.

    Returns:
        None where there is no remote.
    """
    settings = settings or GitConfig(repository)
    short = branch_ref.removeprefix(HEADS)
    up = upstream(repository, branch_ref, settings)
    configured = (settings.get(f"branch.{short}.pushremote"), settings.get("remote.pushdefault"))
    chosen = next((name for name in configured if _is_remote(settings, name)), up.remote if up else "")
    if up is None or not short:
        return _side(settings, chosen, branch_ref) if chosen and short else None
    follows = settings.get("push.default").lower() in {"upstream", "tracking"} and chosen == up.remote
    mapped = _mapped(settings.get(f"remote.{chosen}.push"), branch_ref)
    return _side(settings, chosen, mapped or (up.branch if followed or follows else branch_ref))


def _is_remote(settings: GitConfig, name: str) -> bool:
    """Return whether a setting names a remote, or is the URL of one; "." is this repository itself."""
    return name in settings.remotes() or (name != "." and (":" in name or "/" in name))


def _default(settings: GitConfig) -> str:
    names = settings.remotes()
    return "origin" if "origin" in names else names[0] if len(names) == 1 else ""


def _side(settings: GitConfig, remote: str, branch: str) -> Upstream:
    short = branch.removeprefix(HEADS)
    if remote in settings.remotes():
        url = remote_errors.redacted(settings.first(f"remote.{remote}.url"))
        return Upstream(remote, url, branch, f"{_REMOTES}{remote}/{short}")
    place = f"{_NAMELESS}{crc32(remote.encode('utf-8', 'surrogateescape')):08x}"
    return Upstream(remote, remote_errors.redacted(remote), branch, f"{place}/{short}")


def _mapped(refspec: str, branch_ref: str) -> str:
    """Return where a remote's own refspec for pushes sends a branch; "" where it says nothing of it."""
    source, colon, there = refspec.removeprefix("+").partition(":")
    if not colon or not there.startswith(HEADS):
        return ""
    front, star, end = source.partition("*")
    if not star:
        return there if source in {branch_ref, branch_ref.removeprefix(HEADS), "HEAD"} else ""
    if branch_ref.startswith(front) and branch_ref.endswith(end):
        return there.replace("*", branch_ref[len(front) : len(branch_ref) - len(end)])
    return ""


def exclude_known(repository: Repository, to: Upstream) -> list[str]:
    """Return arguments of ``rev-list`` that exclude what a remote has, as far as its tracking refs show.

    Of a remote that was never asked nothing is known; then it is what any remote has.
    """
    known = repository.has_refs(to.tracking_pattern.removesuffix("*"))
    return ["--not", f"--glob={to.tracking_pattern}"] if known else ["--not", "--remotes"]
