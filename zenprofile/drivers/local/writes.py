"""Documents of a change as the commit path takes them: files of the repository, before and after."""

from typing import TYPE_CHECKING

from zenprofile.core.entity import FORMAT
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    from zenprofile.drivers.local.commit import FileChange

MANIFEST_TEXT = f"format: {FORMAT}\n"


def file_change(repository: Repository, path: str, old: str | None, new: str | None) -> "FileChange":
    """Return a document's change as the commit path takes it."""
    from zenprofile.drivers.local.commit import FileChange

    before, after = (None if text is None else text.encode("utf-8", "surrogateescape") for text in (old, new))
    return FileChange(repository.prefix + path, before, after)


def unchanged_file(repository: Repository, path: str, content: bytes | None) -> "FileChange":
    """Return a file that is there already as one that is to be committed as it is."""
    from zenprofile.drivers.local.commit import FileChange

    return FileChange(repository.prefix + path, content, content)
