"""Earlier versions of documents, also in a moved folder: problems that they had are not new."""

from zenprofile.core import inherited, profile_check
from zenprofile.errors import Problem
from zenprofile.githooks.context import HookContext

# What depends on other documents is judged by those of now; a secret is never right.
_OF_NOW = inherited.SECRETS | {profile_check.REFERENCE, profile_check.IN_USE, profile_check.CLASH}


class PathHistory:
    """The history up to a commit."""

    def __init__(self, hook: HookContext, commit: str) -> None:
        """Take the repository, and what the change starts from ("": nothing)."""
        self._hook = hook
        self._commit = commit

    def had(self, path: str, oid: str) -> bool:
        """Return whether a blob ever stood at a path."""
        return bool(self._rows(path, f"--find-object={oid}"))

    def last(self, path: str) -> str:
        """Return the blob that a path had before it was deleted; "" where it never was."""
        found = self._rows(path, "--diff-filter=D")
        return found[0].split(" ")[2] if found else ""

    def _rows(self, path: str, *which: str) -> list[str]:
        if not self._commit:
            return []
        args = ["-1", "--format=", "--raw", "--no-abbrev", "--no-renames", "-z", *which, self._commit, "--", path]
        out = self._hook.git("log", *args, ok=(0, 128)).out.decode("utf-8", "surrogateescape")
        return [row for row in out.split("\0") if row.startswith(":")]

    def stood_before(self, problem: Problem, path: str, oid: str) -> bool:
        """Return whether a problem came back with just the document that once stood there."""
        return problem.code not in _OF_NOW and self.had(path, oid)
