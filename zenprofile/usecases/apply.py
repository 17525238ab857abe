"""Create and update entities from given documents, in one change."""

from collections.abc import Container, Iterable, Sequence
from pathlib import Path

from zenprofile.core.change import Change, Changed, Edit, Recorded, same
from zenprofile.core.document import edit, reader
from zenprofile.core.document.positions import Positions
from zenprofile.core.entity import MANIFEST, Data, Key, key_of_path, normal
from zenprofile.core.snapshot import Snapshot, data_of
from zenprofile.errors import InUse, Invalid, NotFound, Problem, UsageError
from zenprofile.fs import nofollow
from zenprofile.store import changelog
from zenprofile.store.base import Store
from zenprofile.store.prepare import prepare, revision_of, stored
from zenprofile.usecases import streams
from zenprofile.usecases.selection import has_label
from zenprofile.usecases.streams import InputDocument

_MOST_BYTES = 64 << 20  # of one stream


def read_inputs(files: Iterable[str], standard_input: str) -> list[InputDocument]:
    """Read documents from files, folders laid out as a profile, and (``-``) standard input.

    Args:
        files: names of files and folders; ``-`` for standard input.
        standard_input: what it holds.

    Raises:
        NotFound: there is no such file, or nothing in it.
        Invalid: a document cannot be read, or two are of one entity; the error carries every problem.
    """
    found: list[InputDocument] = []
    problems: list[Problem] = []
    for file in files:
        try:
            found += streams.read(standard_input, "<stdin>") if file == "-" else _read_path(file)
        except Invalid as error:
            problems += error.problems
    problems += _duplicates(found)
    if problems:
        raise Invalid.of(problems)
    if not found:
        raise NotFound("no document was given", hint="a document begins with 'kind: stack'")
    return found


def _read_path(file: str) -> list[InputDocument]:
    path = Path(file)
    if path.is_dir():
        return _read_folder(path)
    if key_of_path(file) is not None:  # from the current folder, which is not the profile's
        file = f"./{file}"
    raw = nofollow.read(path.parent.resolve(), path.name, _MOST_BYTES)
    if raw is None:
        raise NotFound(f"there is no file {file}", hint="name a file, a folder, or - for standard input")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        message, hint = "the file is no UTF-8 text", "save it as UTF-8"
        raise Invalid.of([Problem(file, 1, 1, "", message, hint, "encoding")]) from None
    return streams.read(text, file)


def _read_folder(folder: Path) -> list[InputDocument]:
    """Read a folder laid out as a profile; each document's kind is its folder's, its text stays as it is."""
    found: list[InputDocument] = []
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*.yaml")):
        key = key_of_path(path.relative_to(folder).as_posix())
        if key is None:
            if path.name != MANIFEST and path.parent == folder:
                found += streams.read(path.read_text(encoding="utf-8"), str(path))
            continue
        file = str(path) if folder != Path() else f"./{path}"
        try:
            raw = nofollow.read(folder.resolve(), key.path)
            text = reader.decode(raw or b"", file)
            found.append(InputDocument(key, reader.read(text, file), text, file, 0, Positions(text)))
        except Invalid as error:
            problems += [problem._replace(file=file) for problem in error.problems]
    if problems:
        raise Invalid.of(problems)
    return found


def _duplicates(documents: Iterable[InputDocument]) -> list[Problem]:
    seen: dict[Key, InputDocument] = {}
    problems = []
    for document in documents:
        first = seen.setdefault(document.key, document)
        if first is not document:
            message = f"{document.key} is given twice, first in {first.file}:{first.line + 1}"
            problems.append(
                Problem(document.file, document.line + 1, 1, "", message, "keep one of them", "given-twice")
            )
    return problems


def apply(
    store: Store,
    documents: Sequence[InputDocument],
    prune: Sequence[str],
    active: Container[str],
    message: str,
    *,
    dry: bool,
) -> Recorded:
    """Create and update entities so that they are what documents say, in one change; equal ones stay as they are.

    Args:
        store: where.
        documents: at most one an entity.
        prune: labels; entities that have each of them and are not given are deleted. Empty: none is.
        active: names of stacks that are active on this machine; they are not deleted.
        message: why.
        dry: only check and say what would change.

    Raises:
        Invalid: the result is invalid; problems stand at their places in what was given.
        InUse, Stale, Exists: as `Store.apply`.
    """
    snapshot = store.snapshot()
    edits = [each for document in documents for each in _edit(snapshot, document)]
    edits += _prune_edits(snapshot, documents, prune, active)
    change = Change(tuple(edits), message)
    try:
        if dry:
            from zenprofile import resources

            prepare(snapshot, change, resources.catalog())
            return Recorded("", "", "", message, tuple(_changed(snapshot, each) for each in edits))
        return store.apply(change) if edits else changelog.nothing(message)
    except Invalid as error:
        raise Invalid.of(_locate(error.problems, documents)) from None


def _edit(snapshot: Snapshot, document: InputDocument) -> list[Edit]:
    """Return what makes an entity what a document says; a document that is there keeps its comments and its order."""
    old = stored(snapshot, document.key)
    if old is None:
        return [Edit(document.key, None, document.text)]
    before = data_of(document.key, old)
    if _equal(document.key, before, document.data):
        return []
    text = document.text if not before else edit.edit(old, document.data, document.key.kind)
    return [Edit(document.key, revision_of(document.key, old), text)]


def _equal(key: Key, one: Data | None, other: Data) -> bool:
    return one is not None and same(normal(key, one), normal(key, other))


def _prune_edits(
    snapshot: Snapshot, documents: Sequence[InputDocument], labels: Sequence[str], active: Container[str]
) -> list[Edit]:
    if not labels:
        return []
    kept = {document.key for document in documents}
    edits = []
    for entity in snapshot.load().entities:
        if entity.key not in kept and all(has_label(entity, label) for label in labels):
            if entity.key.kind == "stack" and entity.key.name in active:
                hint = "make another one active first: zenprofile stack set NAME"
                raise InUse(f"stack '{entity.key.name}' would be pruned, and is the active stack", hint=hint)
            edits.append(Edit(entity.key, entity.revision, None))
    return edits


def _changed(snapshot: Snapshot, made: Edit) -> Changed:
    return Changed(made.key, data_of(made.key, stored(snapshot, made.key)), data_of(made.key, made.text))


def _locate(problems: Iterable[Problem], documents: Iterable[InputDocument]) -> list[Problem]:
    by_path = {document.key.path: document for document in documents}
    return [by_path[p.file].locate(p) if p.file in by_path else p for p in problems]


def check_prune_labels(prune: bool, labels: Sequence[str]) -> None:
    """Refuse ``--prune`` without labels: it would delete everything that is not given.

    Raises:
        UsageError: one of the two is missing.
    """
    if prune != bool(labels):
        raise UsageError("--prune and -l KEY=VALUE go together", hint="only what has the label is ever deleted")
