"""The problems that a change to a repository adds, in every profile that it touches (docs/contract.md).

Read from Git's objects: the index or a commit against what it starts from. Profiles are found by their manifest, in any
folder.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from zenprofile.core import inherited, layout, profile_check
from zenprofile.core.change import Changed
from zenprofile.core.entity import FORMAT, KINDS, MANIFEST, Key, key_of_path
from zenprofile.core.snapshot import DocumentSnapshot, Loaded, Overlay, Snapshot, data_of
from zenprofile.drivers.local import tree
from zenprofile.errors import Invalid, Problem
from zenprofile.git.objects import Objects, Pair, TreeEntry
from zenprofile.githooks import earlier_documents
from zenprofile.githooks.context import HookContext

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog

SECRETS = inherited.SECRETS
_FOLDERS = {kind.folder: kind for kind in KINDS.values()}
_MANIFEST_TEXT = f"format: {FORMAT}\n".encode()
Pairs = Mapping[str, Pair]
_NEITHER: Pair = (None, None)


class RangeCheck:
    """Checks changes of one repository. The caller closes the objects."""

    def __init__(self, hook: HookContext, objects: Objects, catalog: "Catalog") -> None:
        self._hook = hook
        self._objects = objects
        self._catalog = catalog

    def added_problems(self, base: str, pairs: Pairs, since: str = "") -> list[Problem]:
        """List the problems that a change adds, files named from the repository's top.

        Args:
            base: the tree that it starts from.
            pairs: what it changes, by path.
            since: the commit that it starts from, in whose history its documents may have been; "" for none.
        """
        problems: list[Problem] = []
        past = earlier_documents.PathHistory(self._hook, since)
        for root in self.roots(base, pairs):
            found = _ProfileChange(self, root, base, pairs, past).problems()
            problems += [problem._replace(file=root + problem.file) for problem in found]
        return sorted(problems, key=lambda p: (p.file, p.line, p.column))

    def between(self, old: str, new: str, since: str = "") -> list[Problem]:
        """List the problems that a tree adds to another one, which a commit may have."""
        return self.added_problems(old, self._objects.diff(old, new), since)

    def secrets(self, old: str, new: str) -> list[Problem]:
        """List the secrets in plain text that a tree's documents add to another one's, looking at nothing else."""
        pairs = self._objects.diff(old, new)
        found: list[Problem] = []
        for root in self.roots(old, pairs):
            problems = _ProfileChange(self, root, old, pairs).own_problems()
            found += [p._replace(file=root + p.file) for p in problems if p.code in SECRETS]
        return found

    def changes(self, old: str, new: str) -> list[Changed]:
        """List the entities that differ between two trees, in all profiles."""
        pairs = self._objects.diff(old, new)
        found = []
        for root in self.roots(old, pairs):
            for key, pair in sorted(_documents(root, pairs).items()):
                before, after = (data_of(key, self._text(entry)) for entry in pair)
                found.append(Changed(key, before, after))
        return found

    def roots(self, base: str, pairs: Pairs) -> list[str]:
        """Return the folders of the profiles that a change touches, each with a slash behind it ("" for the top)."""
        candidates = {root for path in pairs for root in _candidates(path)}
        return sorted(root for root in candidates if self._has_manifest(base, pairs, root))

    def _has_manifest(self, base: str, pairs: Pairs, root: str) -> bool:
        path = root + MANIFEST
        return path in pairs or self._objects.entry(base, path) is not None

    def _text(self, entry: TreeEntry | None) -> str | None:
        """Return a document, "" for one that is there and cannot be a document, None for none."""
        if entry is None:
            return None
        if entry.mode not in tree.FILES:
            return ""
        return self._objects.read(entry.oid, "blob").decode("utf-8", "surrogateescape")

    def snapshot(self, base: str, root: str, names: Iterable[str]) -> Snapshot:
        """Return the documents of one profile in a tree; of all at once, only those that mention one of the names."""
        return _Mentioning(tree.TreeDocuments(self._objects, base, root), self._catalog, names)

    @property
    def objects(self) -> Objects:
        """The repository's objects."""
        return self._objects

    @property
    def catalog(self) -> "Catalog":
        """The schemas that ship."""
        return self._catalog


class _Mentioning(DocumentSnapshot):
    """A snapshot that reads few documents where it is asked who refers to something."""

    def __init__(self, documents: tree.TreeDocuments, catalog: "Catalog", names: Iterable[str]) -> None:
        super().__init__(documents, catalog)
        self._all = documents
        # A name can be written with escapes: what holds a backslash is read as well.
        self._words = [b"\\", *(name.encode("utf-8", "surrogateescape") for name in names)]

    def load(self, kind: str = "", type_: str = "") -> Loaded:
        return DocumentSnapshot(_FilteredDocuments(self._all, self._words), self._catalog).load(kind, type_)


class _FilteredDocuments:
    """Documents of which those without any of some words are not listed."""

    def __init__(self, documents: tree.TreeDocuments, words: list[bytes]) -> None:
        self._documents = documents
        self._words = words
        self.raw = documents.raw

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        return [key for key in self._documents.keys(kind, type_) if self._holds(key)]

    def _holds(self, key: Key) -> bool:
        try:
            raw = self._documents.raw(key) or b""
        except Invalid:
            return False
        return any(word in raw for word in self._words)


@contextlib.contextmanager
def open_check(hook: HookContext) -> Iterator[RangeCheck]:
    """Yield a check of a hook's repository, with the schemas that ship."""
    from zenprofile import resources

    objects = hook.objects()
    try:
        yield RangeCheck(hook, objects, resources.catalog())
    finally:
        objects.close()


class _ProfileChange:
    """One change of one profile."""

    def __init__(
        self, gate: RangeCheck, root: str, base: str, pairs: Pairs, past: earlier_documents.PathHistory | None = None
    ) -> None:
        self._gate = gate
        self._root = root
        self._past = past
        self._pairs = {p[len(root) :]: pair for p, pair in pairs.items() if p.startswith(root)}
        self._documents = _documents(root, pairs)
        from_ = inherited.moved_from(root, pairs)
        if from_ is not None:  # it is held against what it was in its old place
            before = {key: old for key, (old, _) in _documents(from_, pairs).items()}
            both = {key: (before.get(key), new) for key, (_, new) in self._documents.items()}
            self._documents = {key: pair for key, pair in both.items() if pair[0] != pair[1]}
        self._before = gate.snapshot(base, root if from_ is None else from_, {key.name for key in self._documents})

    def problems(self) -> list[Problem]:
        texts, found = self._texts()
        found += self._misplaced()
        found += self._added(texts) if texts else []
        return found + self._clashes(texts) + self._manifest(texts)

    def _added(self, texts: Mapping[Key, str | None]) -> list[Problem]:
        catalog = self._gate.catalog
        found = profile_check.added_problems(self._before, texts, catalog)
        if not found:
            return []
        stems = self._stems(found)
        found = inherited.without_inherited(found, self._before, Overlay(self._before, texts, catalog), catalog, stems)
        return [problem for problem in found if not self._stood_before(problem)]

    def _stems(self, problems: Iterable[Problem]) -> dict[Key, str]:
        """Return what documents that come back had when they were deleted, of those with problems."""
        found: dict[Key, str] = {}
        for key in {key_of_path(problem.file) for problem in problems}:
            if key is None or self._past is None or self._documents.get(key, _NEITHER)[0] is not None:
                continue
            oid = self._past.last(self._root + key.path)
            if oid:
                found[key] = self._gate.objects.read(oid, "blob").decode("utf-8", "surrogateescape")
        return found

    def _stood_before(self, problem: Problem) -> bool:
        key = key_of_path(problem.file)
        entry = None if key is None else self._documents.get(key, _NEITHER)[1]
        return (
            entry is not None
            and self._past is not None
            and self._past.stood_before(problem, self._root + problem.file, entry.oid)
        )

    def own_problems(self) -> list[Problem]:
        """List the problems that the documents have by themselves and did not have before; references aside."""
        texts, _ = self._texts()
        after = Overlay(self._before, texts, self._gate.catalog)
        had = Counter(p.identity for key in texts for p in self._own_problems(key, self._before))
        found = [p for key in texts for p in self._own_problems(key, after)]
        return [problem for problem in found if not had[problem.identity]]

    def _own_problems(self, key: Key, snapshot: Snapshot) -> list[Problem]:
        return profile_check.check_one(key, snapshot, self._gate.catalog)[1]

    def _texts(self) -> tuple[dict[Key, str | None], list[Problem]]:
        """Return the changed documents, and the problems of those that may not be read."""
        after = {key: new for key, (_, new) in self._documents.items()}
        texts: dict[Key, str | None] = {}
        found: list[Problem] = []
        for key, entry in after.items():
            if entry is not None and entry.mode not in tree.FILES:
                found.append(layout.not_a_file(key.path))
            else:
                raw = None if entry is None else self._gate.objects.read(entry.oid, "blob")
                texts[key] = None if raw is None else raw.decode("utf-8", "surrogateescape")
        return texts, found

    def _misplaced(self) -> list[Problem]:
        """List files that look like documents and are none, and what is in place of a folder."""
        return [
            problem
            for path, (before, after) in self._pairs.items()
            if after is not None and (before is None or before.mode != after.mode)
            if key_of_path(path) is None
            for problem in tree.misfit(path, after)
        ]

    def _clashes(self, texts: Mapping[Key, str | None]) -> list[Problem]:
        """List new documents whose name differs only in case from one that stays."""
        new = [key for key, text in texts.items() if text is not None and self._documents[key][0] is None]
        if not new:
            return []
        stay: dict[Key, list[Key]] = {}
        for kind, type_ in {(key.kind, key.type) for key in new}:
            for key in self._before.keys(kind, type_):
                if key not in texts:
                    stay.setdefault(key.folded, []).append(key)
        return [profile_check.clash(key, stay[key.folded][0]) for key in new if key.folded in stay]

    def _manifest(self, texts: Mapping[Key, str | None]) -> list[Problem]:
        if MANIFEST not in self._pairs:
            return []
        after = self._pairs[MANIFEST][1]
        hint = f"write: format: {FORMAT}"
        if after is None:
            left = Overlay(self._before, texts, self._gate.catalog).keys()
            message = f"{MANIFEST} is taken away, and documents stay"
            problem = Problem(MANIFEST, 0, 0, "", message, "leave it, or delete the documents too", "bad-manifest")
            return [problem] if left else []
        if after.mode not in tree.FILES:
            return [layout.not_a_file(MANIFEST)]
        raw = self._gate.objects.read(after.oid, "blob")
        if raw == _MANIFEST_TEXT or _says_format(raw):
            return []
        message = f"{MANIFEST} must say 'format: {FORMAT}' and nothing else"
        return [Problem(MANIFEST, 1, 1, "format", message, hint, "bad-manifest")]


def _says_format(raw: bytes) -> bool:
    from zenprofile.core.document import reader

    try:
        return reader.read(raw, MANIFEST) == {"format": FORMAT}
    except Invalid:
        return False


def _candidates(path: str) -> list[str]:
    """Return the folders that a path would belong to if they were profiles."""
    parts = path.split("/")
    found = ["/".join(parts[:n]) for n, part in enumerate(parts) if part in _FOLDERS]
    if parts[-1] == MANIFEST:
        found.append("/".join(parts[:-1]))
    return [folder + "/" if folder else "" for folder in found]


def _documents(root: str, pairs: Pairs) -> dict[Key, Pair]:
    keyed = ((key_of_path(path[len(root) :]), pair) for path, pair in pairs.items() if path.startswith(root))
    return {key: pair for key, pair in keyed if key is not None}
