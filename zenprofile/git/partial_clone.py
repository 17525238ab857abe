"""Objects that a partial clone has not fetched yet: fetched all at once from the promisor remote."""

import re

from zenprofile.errors import ZenprofileError
from zenprofile.git import remote_errors, runner
from zenprofile.git.config import GitConfig
from zenprofile.git.repository import Repository

_LONGEST = 1 << 20  # bytes of a configuration
_BATCH = 1000  # ids on a command line
_OID = re.compile(r"\?(?:[0-9a-f]{40}|[0-9a-f]{64})")


def is_partial(repository: Repository) -> bool:
    """Return whether a repository may be a partial clone; no process is started."""
    try:
        with open(repository.common_file("config"), "rb") as file:
            return b"promisor" in file.read(_LONGEST).lower()
    except OSError:
        return False


def fetch_missing(repository: Repository, oid: str, timeout: float) -> bool:
    """Fetch all that is missing below the profile in any commit here, and return whether an object was among it.

    Args:
        repository: where.
        oid: the object.
        timeout: seconds without any movement after which it ends.

    Raises:
        Unreachable, AccessDenied: the remote; what is here stays as it was.
    """
    from zenprofile.git import remote

    settings = GitConfig(repository)
    promising = [name for name in settings.remotes() if settings.is_true(f"remote.{name}.promisor")]
    missing = _missing(repository) if promising else []
    if oid not in missing:
        return False
    url = remote_errors.redacted(settings.first(f"remote.{promising[0]}.url"))
    # As git itself brings them when it is asked for one.
    args = ["fetch", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"]
    args += ["--filter=blob:none", "--progress", promising[0]]
    for at in range(0, len(missing), _BATCH):
        words = ["-c", "fetch.negotiationAlgorithm=noop", *args, *missing[at : at + _BATCH]]
        ran = remote.run_remote(repository, words, url, timeout, settings=settings)
        if ran.status:
            raise _as_partial_clone_error(remote_errors.failure(ran.err, url))
    return True


def _missing(repository: Repository) -> list[str]:
    revs = ["--all", *filter(None, [repository.head().oid])]
    args = ["rev-list", "--objects", "--missing=print", *revs, "--", repository.prefix or "."]
    rows = runner.run(args, repository.folder).out.decode("ascii", "replace").splitlines()
    return [row[1:] for row in rows if _OID.fullmatch(row)]


def _as_partial_clone_error(error: ZenprofileError) -> ZenprofileError:
    error.message = f"this partial clone lacks what is asked for, and: {error.message}"
    return error
