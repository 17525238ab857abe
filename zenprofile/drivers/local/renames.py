"""Renames in history: an entity deleted and one added in the same commit, equal in all but the name.

Asked only where a merge finds an entity gone on one side and changed on the other: nearly never.
"""

from collections.abc import Iterator, Sequence

from zenprofile.core.change import Content, content
from zenprofile.core.entity import KINDS, Key, key_of_path
from zenprofile.core.snapshot import data_of
from zenprofile.git import runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository

_Half = tuple[Key, str]  # an entity that went or came, and its blob


def renamed(repository: Repository, objects: Objects, bases: Sequence[str], side: str) -> dict[Key, Key]:
    """Return the old and the new key of each entity that was renamed between common ancestors and a commit.

    Renames of one entity, one after the other, count as one.
    """
    first: dict[Key, Key] = {}  # by what an entity is called now
    for removed, added in _commits(repository, bases, side):
        moved = [(first.pop(old, old), new) for old, new in _pairs(objects, removed, added)]
        first |= {new: old for old, new in moved}
    return {old: new for new, old in first.items() if old != new}


def _commits(repository: Repository, bases: Sequence[str], side: str) -> Iterator[tuple[list[_Half], list[_Half]]]:
    """Yield what each commit deleted and added, oldest first."""
    args = ["log", "--reverse", "--topo-order", "--no-merges", "--no-renames", "--raw", "-z", "--no-abbrev"]
    args += ["--diff-filter=AD", "--format=%x01", "--no-show-signature", "--no-textconv", "--no-ext-diff"]
    args += [side, *(f"^{base}" for base in bases), "--"]
    args += [repository.prefix + kind.folder for kind in KINDS.values()]
    out = runner.run(args, repository.top).out
    for commit in out.split(b"\x01"):
        halves: tuple[list[_Half], list[_Half]] = ([], [])
        words = [word for word in commit.replace(b"\n", b"").split(b"\0") if word]
        for meta, raw in zip(words[0::2], words[1::2], strict=False):
            _, _, old, new, status = meta.decode().split(" ")
            path = raw.decode("utf-8", "surrogateescape").removeprefix(repository.prefix)
            key = key_of_path(path)
            if key is not None:
                halves[status == "A"].append((key, new if status == "A" else old))
        if all(halves):
            yield halves


def _pairs(objects: Objects, removed: list[_Half], added: list[_Half]) -> Iterator[tuple[Key, Key]]:
    """Yield the unambiguous pairs; an entity that has nothing but its name matches none."""
    groups = {key[:2] for key, _ in removed} & {key[:2] for key, _ in added}
    alike: dict[Content, tuple[list[Key], list[Key]]] = {}
    for side, halves in enumerate((removed, added)):
        for key, oid in halves:
            data = data_of(key, objects.read(oid, "blob")) if key[:2] in groups else None
            if data and data.keys() - {"name", "type"}:
                alike.setdefault(content(key, data), ([], []))[side].append(key)
    yield from ((old[0], new[0]) for old, new in alike.values() if len(old) == len(new) == 1)
