"""URLs of repositories that are cloned, in pip's form: ``git+https://host/org/repo@BRANCH#subdirectory=DIR``.

Nothing heavy is imported here: whoever reads a profile's settings passes through this module.
"""

import re
from typing import NamedTuple

from zenprofile.errors import Unsafe, UsageError

# What git check-ref-format refuses in a branch, as far as one can type it.
_NO_BRANCH = r"[\s~^:?*\[\\]|\.\.|@\{|//|/\Z|\.\Z|\.lock(?:/|\Z)|(?:\A|/)[./-]|\A@\Z"
_SCP = r"[^/:]*:(?!//)"
_AUTHORITY = r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"


class CloneUrl(NamedTuple):
    """What a clone URL says.

    Attributes:
        url: as git takes it.
        branch: its short name; "" for the remote's own choice.
        subdirectory: the profile's folder in the repository, without slashes at its ends; "" for its top.
    """

    url: str
    branch: str
    subdirectory: str


def parse(url: str) -> CloneUrl:
    """Parse a clone URL.

    Args:
        url: one that `zenprofile.store.url.is_clone_url` knows.

    Raises:
        UsageError: branch or fragment are none.
        Unsafe: a query, which could hold a token; a subdirectory that leads out of the repository.
    """
    front, _, fragment = url.partition("#")
    if "?" in front:
        hint = "leave out '?' and what follows: git's credential helper gives user and token"
        raise Unsafe("the URL of a repository has a query, where a token could stand", hint=hint)
    found = re.match(_AUTHORITY, front) or re.match(_SCP, front)
    start = found.end() if found else 0
    path, mark, branch = front[start:].rpartition("@")
    if not mark:
        path, branch = branch, ""
    branch = branch.removeprefix("refs/heads/")
    if (mark and not branch) or re.search(_NO_BRANCH, branch):
        raise UsageError("what stands behind '@' in the URL is no branch", hint="write ...@main; %40 for '@' in a path")
    if not path.strip("/"):
        raise UsageError("the URL names no repository", hint="write git+https://host/org/repo@BRANCH#subdirectory=DIR")
    if path.startswith("-"):
        raise Unsafe("the URL's path would be read as an option", hint="write ssh://user@host/path")
    return CloneUrl(re.sub(r"\A[^:/@]+://", _scheme, front[:start]) + path, branch, _subdirectory(fragment))


def _scheme(found: re.Match[str]) -> str:
    return found.group().lower().removeprefix("git+")


def _subdirectory(fragment: str) -> str:
    if not fragment:
        return ""
    name, _, value = fragment.partition("=")
    if name != "subdirectory" or not value or "&" in value:
        raise UsageError("the URL's fragment is not understood", hint="write #subdirectory=DIR behind the URL")
    from urllib.parse import unquote

    value = unquote(value)
    parts = [part for part in value.split("/") if part not in {"", "."}]
    outside = value.startswith("/") or ".." in parts or "\\" in value
    if outside or not value.isprintable() or any(part.rstrip(". ").lower() in {".git", "git~1"} for part in parts):
        raise Unsafe("the URL's subdirectory leads out of its repository", hint="write a path below its top: ml/team")
    return "/".join(parts)
