"""A `git merge` of the user's that stopped at conflicts: documents are resolved in work tree and index."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from zenprofile.core.entity import Key, key_of_path
from zenprofile.drivers.local import conflicts
from zenprofile.drivers.local.conflicts import MergeState
from zenprofile.fs import atomic
from zenprofile.git import index, runner
from zenprofile.git.objects import Objects, TreeEntry
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    from zenprofile.core.merge.documents import Conflict
    from zenprofile.drivers.local.merge import Outcome


def load_state(repository: Repository) -> MergeState | None:
    """Return the state of the merge that the user began; None where none is in progress, or of several heads."""
    try:
        with open(repository.git_file("MERGE_HEAD"), encoding="ascii", errors="replace") as file:
            others = file.read().split()
    except OSError:
        return None
    if len(others) != 1:
        return None
    known = conflicts.load(repository)
    here = repository.head().oid
    return known if known is not None and known.theirs == others[0] else MergeState(here, others[0], (), accepted=True)


def open_conflicts(repository: Repository, found: "tuple[Conflict, ...]") -> "tuple[Conflict, ...]":
    """Return the conflicts of documents that git has left unmerged, without those a person resolved by hand."""
    left = unmerged(repository)
    return tuple(conflict for conflict in found if conflict.key in left)


def stage_resolved(
    repository: Repository, objects: Objects, outcome: "Outcome", texts: Mapping[Key, str | None]
) -> None:
    """Write and stage the documents that git has left unmerged and that have no conflict any more.

    Args:
        repository: where.
        objects: of it.
        outcome: of the merge, with what is settled.
        texts: our document of each that is unmerged, for what the merge leaves as it is here.
    """
    still = {conflict.key for conflict in outcome.conflicts}
    entries: list[tuple[str, TreeEntry | None]] = []
    for key in sorted(unmerged(repository) - still):
        text = outcome.documents.get(key, texts.get(key))
        path = repository.prefix + key.path
        if text is None:
            atomic.remove(repository.folder, path)
            entries.append((path, None))
            continue
        content = text.encode("utf-8", "surrogateescape")
        try:
            atomic.write(repository.folder, path, content)
        except OSError as error:
            atomic.raise_write_error(error, repository.folder)
        entries.append((path, TreeEntry("100644", objects.write("blob", content))))
    index.set_entries(repository, objects, entries)


def unmerged(repository: Repository) -> set[Key]:
    """Return the documents that git has left unmerged."""
    out = runner.run(["ls-files", "-u", "-z", "--", repository.prefix or "."], repository.top).out
    paths = (os.fsdecode(row.partition(b"\t")[2]) for row in out.split(b"\0") if row)
    keys = (key_of_path(path.removeprefix(repository.prefix)) for path in paths if path.startswith(repository.prefix))
    return {key for key in keys if key is not None}
