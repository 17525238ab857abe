"""Documents as files: validate them, and sort their keys in the schema's order."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from zenprofile.core import profile_check
from zenprofile.core.change import Change, Edit, Recorded
from zenprofile.core.entity import COMPONENT_TYPES, KINDS, MANIFEST, Key, key_of_path
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import Invalid, NotFound, Problem, Unsupported, UsageError
from zenprofile.store.base import Store
from zenprofile.store.capabilities import InWorkTree

# Where documents stand below a profile, whether there are any or not.
_FOLDERS = frozenset(
    folder
    for kind in KINDS.values()
    for folder in (kind.folder, *(f"{kind.folder}/{type_}" for type_ in COMPONENT_TYPES if kind.typed))
)


class PathSelection(NamedTuple):
    """Which documents a command is about.

    Attributes:
        root: folder of the profile that holds them; "" for the active profile.
        below: files and folders below the profile, with forward slashes; empty for all.
    """

    root: str
    below: tuple[str, ...]


class Formatted(NamedTuple):
    """What `fmt` did or would do: files whose text differs, problems of those it could not read, what was recorded."""

    files: list[str]
    problems: list[Problem]
    recorded: Recorded | None


def select_paths(given: Sequence[str]) -> PathSelection:
    """Find the profile that files and folders belong to.

    A path that exists belongs to the folder above it (or to itself) that holds a profile; one that does not is taken as
    a document of the active profile (``stacks/prod.yaml``).

    Raises:
        NotFound: a path exists and is in no profile, or is neither there nor one of a profile's folders or documents.
        UsageError: they belong to several profiles.
    """
    roots: dict[str, list[str]] = {}
    for path in given:
        root = _root_of(path) if os.path.lexists(path) else ""
        place = _below(path, root)
        if not root and not place.endswith(".yaml") and place not in _FOLDERS:
            raise NotFound(f"there is no file or folder {path}", hint="name one of a profile, such as stacks/prod.yaml")
        roots.setdefault(root, []).append(place)
    if len(roots) > 1:
        raise UsageError("these paths belong to several profiles", hint="name those of one profile at a time")
    for root, below in roots.items():
        return PathSelection(root, () if "" in below else tuple(below))
    return PathSelection("", ())


class ValidationResult(NamedTuple):
    """The result of validating a profile, or some of its documents.

    Attributes:
        problems: what is invalid.
        warnings: of documents that can be read here, that other readers refuse them.
        number: of documents.
    """

    problems: list[Problem]
    warnings: list[str]
    number: int


def validate_selection(snapshot: Snapshot, below: Sequence[str] = ()) -> ValidationResult:
    """Validate a profile, or some of its documents.

    Raises:
        NotFound: a path names no document.
    """
    if below:
        _selected(snapshot, below)
    loaded = snapshot.load()
    problems = profile_check.check_loaded(snapshot, loaded)
    plain = {entity.key for entity in loaded.entities if entity.tabs is False}
    keys = profile_check.keys_of(snapshot, loaded)
    if below:
        problems = [problem for problem in problems if _within(problem.file, below)]
        keys = [key for key in keys if _within(key.path, below)]
    return ValidationResult(problems, _warnings(snapshot, [key for key in keys if key not in plain]), len(keys))


def count(snapshot: Snapshot, below: Sequence[str] = ()) -> int:
    """Count a profile's documents, or some of them."""
    keys = snapshot.keys()
    return sum(not below or _within(key.path, below) for key in keys)


def _root_of(path: str) -> str:
    folder = os.path.abspath(path)
    while True:
        if os.path.isfile(os.path.join(folder, MANIFEST)):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            message = f"{path} is in no profile: no folder above it holds a {MANIFEST}"
            raise NotFound(message, hint="name a file or folder of a profile, such as .zenprofile/stacks/prod.yaml")
        folder = above


def _below(path: str, root: str) -> str:
    if not root:
        return path.replace(os.sep, "/").removeprefix("./").rstrip("/")
    below = os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
    return "" if below == "." else below


def validate(snapshot: Snapshot) -> list[Problem]:
    """List the problems of a profile."""
    return profile_check.check_all(snapshot)


def _warnings(snapshot: Snapshot, keys: Sequence[Key]) -> list[str]:
    """List warnings about documents that other YAML readers refuse."""
    found = []
    snapshot.prefetch(keys)
    for key in keys:
        text = _readable(snapshot, key)
        if "\t" in text:
            from zenprofile.core.document import tabs

            place = tabs.find_first(text)
            if place:
                where = f"{key.path}:{place[0]}:{place[1]}"
                found.append(f"{where}: a tab that PyYAML's own loaders refuse; zenprofile fmt")
    return found


def _readable(snapshot: Snapshot, key: Key) -> str:
    try:
        text = snapshot.text(key) or ""
        snapshot.get(key)
    except Invalid:
        return ""
    return text


def prefix(store: Store) -> str:
    """Return the profile's folder in its repository, with a slash behind it; "" for the top or no repository."""
    repository = store.repository if isinstance(store, InWorkTree) else None
    return repository.prefix if repository is not None else ""


def path_of(store: Store, entity: str = "") -> str:
    """Return the folder of a profile that is kept in files, or the file of an entity in it.

    Raises:
        Unsupported: the store keeps no files.
        NotFound, Ambiguous: as `lookup.resolve`.
    """
    from zenprofile.usecases import lookup

    if not isinstance(store, InWorkTree):
        message = f"a profile of type '{store.driver}' has no folder"
        raise Unsupported(message, hint="zenprofile apply -f and zenprofile edit change its documents")
    return os.path.join(store.folder, lookup.resolve(store.snapshot(), entity).path) if entity else store.folder


def relative_path(store: Store, file: str) -> str:
    """Return the path of a document relative to the current folder; of a file that does not exist, unchanged."""
    root = store.folder if isinstance(store, InWorkTree) else ""
    path = os.path.join(root, *file.split("/"))
    if not root or (file != MANIFEST and key_of_path(file) is None) or not os.path.lexists(path):
        return file
    try:
        return min(os.path.relpath(path), path, key=len)
    except OSError:  # the current folder is gone
        return path


def fmt(store: Store, below: Sequence[str] = (), *, dry: bool = False, message: str = "") -> Formatted:
    """Format documents, in one change. Unreadable ones stay as they are and are reported.

    Args:
        store: whose documents.
        below: files and folders; empty for all.
        dry: only say which files differ.
        message: why.

    Raises:
        NotFound: a path names no document.
    """
    from zenprofile.core.document.formatter import formatted
    from zenprofile.store.prepare import revision_of

    snapshot = store.snapshot()
    edits, problems = [], []
    keys = _selected(snapshot, below)
    snapshot.prefetch(keys)
    for key in keys:
        try:
            text = snapshot.text(key)
            new = None if text is None else formatted(key.kind, text)
        except Invalid as error:
            problems += [problem._replace(file=key.path) for problem in error.problems]
            continue
        if text is not None and new != text:
            edits.append(Edit(key, revision_of(key, text), new))
    files = [edit.key.path for edit in edits]
    recorded = None if dry or not edits else store.apply(Change(tuple(edits), message))
    return Formatted(files, problems, recorded)


def _selected(snapshot: Snapshot, below: Sequence[str]) -> list[Key]:
    """List the keys of documents among paths.

    Raises:
        NotFound: a path is neither a document nor a folder of some, nor a file that is none of ours.
    """
    keys = snapshot.keys()
    if not below:
        return keys
    for path in below:
        if path != MANIFEST and not any(_within(key.path, (path,)) for key in keys) and not _is_foreign(path):
            raise NotFound(
                f"there is no document {path}", hint="name one as it stands below the profile: stacks/prod.yaml"
            )
    return [key for key in keys if _within(key.path, below)]


def _is_foreign(path: str) -> bool:
    """Return whether a path is no document's by its name: a README beside them is passed over."""
    return not path.endswith(".yaml")


def _within(file: str, below: Iterable[str]) -> bool:
    return any(file == path or file.startswith(f"{path}/") for path in below)
