"""Every failure a user can meet, as one tree.

ZenprofileError          exit 1   refused or failed
├── NotFound                      no such entity, profile or change
├── Exists                        the name is taken
├── InUse                         something still refers to it
├── Ambiguous                     a bare name that fits several entities
├── Invalid                       a document or the whole is invalid; carries every problem
├── Locked                        another process holds the store (or git its index) for too long
├── Paused                        a merge, rebase, cherry-pick or bisect is under way, or HEAD is detached
├── Unsafe                        foreign ownership, links, hostile configuration, a URL that could run code
├── NewerFormat                   written by a newer zenprofile
├── Unsupported                   this store or platform cannot do it
├── StoreBroken                   the store cannot be read: missing folder, no permission, disk full, not a database
├── UsageError           exit 2   wrong usage
├── Stopped              exit 130 a long operation was told to stop
├── Stale                exit 3   an entity changed after the revision that an edit replaces
├── ConflictError        exit 3   a person must choose
├── Unreachable          exit 4   the other side did not answer in time
└── AccessDenied         exit 4   the other side did not let us in

A message is one line without secrets; the hint says what to do next.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One reason why a document, or the whole of a profile, is invalid.

    Attributes:
        file: path below the profile (``stacks/prod.yaml``), or as the user gave it; "" where there is none.
        line: of the value, from 1; 0 where there is no place.
        column: from 1, in characters.
        path: of the field, as `zenprofile.core.paths.show` writes it; "" for the document.
        message: what is wrong, without the value where that may be a secret.
        hint: what to do next.
        code: a word that does not change between releases (``unknown-field``).
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str
    code: str

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same problem after lines have moved: file, path, code, and message without a suggestion."""
        return (self.file, self.path, self.code, self.message.partition("; did you mean ")[0])

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}" if place else self.message


class ZenprofileError(Exception):
    """A failure that the user can understand and act on.

    Args:
        message: one line: what happened.
        hint: one line: what to do next.
        file: the document at fault, as shown to the user.
        line: from 1; 0 for none.
        column: from 1; 0 for none.
        problems: all of them, where there are several.
    """

    code = "failed"
    exit_status = 1
    elsewhere = False  # whether its files are not those that are here, but a remote's

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        file: str = "",
        line: int = 0,
        column: int = 0,
        problems: Iterable[Problem] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.file = file
        self.line = line
        self.column = column
        self.problems = tuple(problems)


class NotFound(ZenprofileError):
    """No entity, profile or change of that name."""

    code = "not-found"


class Exists(ZenprofileError):
    """The name is taken."""

    code = "exists"


class InUse(ZenprofileError):
    """Something else refers to it; the message names what."""

    code = "in-use"


class Ambiguous(ZenprofileError):
    """A bare name fits several entities."""

    code = "ambiguous"


class Invalid(ZenprofileError):
    """A document, or the result of a change, is invalid."""

    code = "invalid"

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "Invalid":
        """Make the error of a list of problems (at least one); its place is the first one's."""
        found = tuple(problems)
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        error = cls(
            first.message + more,
            hint=first.hint,
            file=first.file,
            line=first.line,
            column=first.column,
            problems=found,
        )
        error.code = first.code if len(found) == 1 else cls.code
        return error


class Locked(ZenprofileError):
    """Another process holds a lock that this one waited for."""

    code = "locked"


class Paused(ZenprofileError):
    """The repository is in the middle of a merge, rebase, cherry-pick or bisect, or its HEAD is detached."""

    code = "paused"


class Unsafe(ZenprofileError):
    """Going on could run or reach what the user did not ask for."""

    code = "unsafe"


class NewerFormat(ZenprofileError):
    """The store was written by a newer zenprofile."""

    code = "newer-format"


class Unsupported(ZenprofileError):
    """This store, platform or git cannot do it."""

    code = "unsupported"


class StoreBroken(ZenprofileError):
    """The store cannot be read or written: missing, no permission, disk full, not a store."""

    code = "store-broken"


class UsageError(ZenprofileError):
    """Wrong usage of a command."""

    code = "usage"
    exit_status = 2


class Stopped(ZenprofileError):
    """A long operation was told to stop; the store is as before or as after."""

    code = "stopped"
    exit_status = 130


class Stale(ZenprofileError):
    """An entity was changed after the revision that an edit replaces."""

    code = "stale"
    exit_status = 3


class ConflictError(ZenprofileError):
    """Two changes that only a person can settle; nothing is lost."""

    code = "conflict"
    exit_status = 3


class Unreachable(ZenprofileError):
    """The other side did not answer within the deadline; local work is kept."""

    code = "unreachable"
    exit_status = 4


class AccessDenied(ZenprofileError):
    """The other side did not let us in; local work is kept."""

    code = "access-denied"
    exit_status = 4
