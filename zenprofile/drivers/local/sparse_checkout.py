"""Documents that a sparse checkout leaves out: they are read from the index, whatever the disk holds."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from zenprofile.core.entity import Key, key_of_path
from zenprofile.core.snapshot import DocumentSnapshot
from zenprofile.errors import ZenprofileError
from zenprofile.git import skip_worktree
from zenprofile.git.repository import Repository
from zenprofile.git.skip_worktree import SkippedEntry

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog
    from zenprofile.drivers.local.worktree import WorkTree
    from zenprofile.git.objects import Objects


def entries_below(repository: Repository) -> dict[str, SkippedEntry]:
    """Return the entries that are left out, by path below the profile."""
    prefix = repository.prefix
    found = skip_worktree.find(repository)
    return {path[len(prefix) :]: entry for path, entry in found.items() if path.startswith(prefix)}


def snapshot(
    work_tree: "WorkTree", left: Mapping[str, SkippedEntry], objects: "Objects", catalog: "Catalog"
) -> DocumentSnapshot:
    """Return the entities of a work tree together with those that it leaves out."""
    blobs = {key: entry.oid for path, entry in left.items() if (key := key_of_path(path)) is not None}
    return DocumentSnapshot(_Both(work_tree, blobs, objects), catalog)


class _Both:
    def __init__(self, work_tree: "WorkTree", blobs: Mapping[Key, str], objects: "Objects") -> None:
        self._work_tree = work_tree
        self._blobs = blobs
        self._objects = objects

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        """List keys as `Documents.keys` does."""
        left = (key for key in self._blobs if kind in {"", key.kind} and type_ in {"", key.type})
        return sorted({*self._work_tree.keys(kind, type_), *left})

    def raw(self, key: Key) -> bytes | None:
        """Return a document's content, as `Documents.raw` does."""
        oid = self._blobs.get(key)
        return self._work_tree.raw(key) if oid is None else self._objects.read(oid, "blob")


def check_present(repository: Repository, paths: Iterable[str], left: Mapping[str, SkippedEntry]) -> None:
    """Refuse to write documents that the work tree leaves out.

    Raises:
        ZenprofileError: one of them is; the hint says how it comes here.
    """
    path = next((path for path in paths if path in left), "")
    if not path:
        return
    whole = f"{repository.prefix}{path}"
    if left[path].how == skip_worktree.ASSUMED:
        hint = f"git update-index --no-assume-unchanged {whole}"
    else:
        folder = whole.rpartition("/")[0] or "."
        hint = f"check it out first: git sparse-checkout add {folder}, or git update-index --no-skip-worktree {whole}"
    message = f"{path} is left out of this work tree ({left[path].how}); nothing was written"
    raise ZenprofileError(message, hint=hint, file=path)
