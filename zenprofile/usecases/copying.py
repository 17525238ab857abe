"""Copy the documents of one store to another, as they are written: any driver to any, in one change."""

import os
from collections.abc import Callable
from typing import NamedTuple

from zenprofile import resources
from zenprofile.core import suggestions
from zenprofile.core.change import Change, Changed, Edit, Recorded
from zenprofile.core.entity import DEFAULTS, Key
from zenprofile.core.snapshot import Snapshot, data_of, from_texts
from zenprofile.errors import Exists, NotFound, Stale, UsageError
from zenprofile.machine.active import find_active
from zenprofile.machine.profiles import Profile, Profiles
from zenprofile.store import changelog
from zenprofile.store import registry as opener
from zenprofile.store.base import Options, Store
from zenprofile.store.prepare import prepare, revision_of, stored

MERGE, MIRROR = "merge", "mirror"
_TRIES = 3
_STEP = 100  # documents between two lines of progress
Progress = Callable[[str], None]


class StoreAddress(NamedTuple):
    """A store by its address, which need not be a profile's.

    Attributes:
        url: as a profile has it.
        options: of this machine.
    """

    url: str
    options: Options

    def warning(self, warn: Callable[[str], None]) -> "StoreAddress":
        """Return it with what takes its store's warnings."""
        return self._replace(options=self.options._replace(warn=warn))

    def open(self) -> Store:
        """Open its store."""
        return opener.open_store(self.url, self.options)


class Copied(NamedTuple):
    """What a copy does to the destination, or would do.

    Attributes:
        changes: by key.
        recorded: None where nothing was written.
        begun: whether the destination is new.
        documents: number of them in the source.
    """

    changes: tuple[Changed, ...]
    recorded: Recorded | None
    begun: bool
    documents: int


def find_address(profiles: Profiles, text: str, timeout: float) -> StoreAddress:
    """Return the store that a profile's name or a URL names.

    Raises:
        NotFound: it looks like a name, and no profile has it.
        UsageError: it has to be cloned first.
        StoreBroken: the profile's entry is invalid.
    """
    from zenprofile.usecases.profiles import options_of

    state = profiles.state()
    profile = state.profiles.get(text) or find_active(profiles, text, lenient=True).profile
    if profile is not None:
        return StoreAddress(profile.store_url, options_of(profiles, profile, timeout))
    if not any(sign in text for sign in (":", os.sep)) and not os.path.lexists(text):
        near = suggestions.suffix(text, state.profiles)
        hint = "give a profile's name (zenprofile list), a URL, or a path such as ./team"
        raise NotFound(f"there is no profile '{text[:140]}'{near}", hint=hint)
    url, password = opener.split_password(opener.normal_url(text, "", os.getcwd()))
    if opener.is_clone_url(url):
        hint = "make a profile of it first: zenprofile create NAME --url URL"
        raise UsageError("a repository that has to be cloned is copied by a profile's name", hint=hint)
    # What a profile would be called where it has none: only to look for a password in the variables.
    nameless = Profile("copy", url, opener.kind_of(url))
    return StoreAddress(url, options_of(profiles, nameless, timeout, password)._replace(cache=""))


def copy(
    source: Store,
    target: StoreAddress,
    choice: str = "",
    *,
    dry: bool = False,
    message: str = "",
    progress: Progress | None = None,
) -> Copied:
    """Make a destination hold what a source holds, all or nothing; the second time it changes nothing.

    Args:
        source: where the documents are.
        target: where they go; a place that holds no profile becomes one.
        choice: what to do where the destination has other content: ``merge`` (add and update), ``mirror`` (delete
            what the source does not have as well), or "" (refuse).
        dry: only say what would be written.
        message: why.
        progress: gets how far it is, as it goes on; None where nobody looks.

    Raises:
        Exists: the destination has other content, and no choice was made.
        Invalid: a document of the source is invalid.
    """
    documents = _documents(source.snapshot(), "Read", progress)
    # Not where from: a shared store names no machine and no folder.
    message = message or f"Copy {len(documents)} documents from a store of type '{source.driver}'"
    if not opener.is_profile(target.url, target.options):
        change = Change(tuple(Edit(key, None, text) for key, text in documents.items()), message)
        changes = tuple(Changed(key, None, data_of(key, text)) for key, text in documents.items())
        if dry:
            _check(from_texts({}, resources.catalog()), change)
            return Copied(changes, None, True, len(documents))
        _report(progress, f"Writing {len(documents):,} documents")
        store = opener.create_store(target.url, target.options, change)
        try:
            # Somebody else may have begun one there meanwhile: then it has other content, or the same.
            if _documents(store.snapshot(), "Compared", progress) == documents:
                return Copied(changes, next(iter(store.history()), changelog.nothing(message)), True, len(documents))
        finally:
            store.close()
    return _copy_into(target, documents, choice, dry, message, progress)


def _copy_into(
    target: StoreAddress,
    documents: dict[Key, str],
    choice: str,
    dry: bool,
    message: str,
    progress: Progress | None,
) -> Copied:
    store = opener.open_store(target.url, target.options)
    try:
        for attempt in range(_TRIES):
            edits, changes = _edits(store, documents, choice)
            if dry:
                _check(store.snapshot(), Change(edits, message))
            if dry or not edits:
                return Copied(changes, None, False, len(documents))
            _report(progress, f"Writing {len(edits):,} of {len(documents):,} documents")
            try:
                return Copied(changes, store.apply(Change(edits, message)), False, len(documents))
            except Stale:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError  # pragma: no cover - the last attempt raises or returns
    finally:
        store.close()


def _check(snapshot: Snapshot, change: Change) -> None:
    """Raise what writing a change would raise."""
    prepare(snapshot, change, resources.catalog())


def _documents(snapshot: Snapshot, done: str, progress: Progress | None) -> dict[Key, str]:
    """Return every document as it is written; ``done`` says in the progress what happens to each.

    Raises:
        Invalid: one is no text.
    """
    snapshot.prefetch()
    keys = snapshot.keys()
    documents: dict[Key, str] = {}
    for number, key in enumerate(keys, 1):
        text = snapshot.text(key)
        if text is not None:
            documents[key] = text
        if number % _STEP == 0 or number == len(keys):
            _report(progress, f"{done} {number:,} of {len(keys):,} documents")
    return documents


def _report(progress: Progress | None, line: str) -> None:
    if progress is not None:
        progress(line)


def _edits(store: Store, documents: dict[Key, str], choice: str) -> tuple[tuple[Edit, ...], tuple[Changed, ...]]:
    """Return what makes a store hold documents.

    Raises:
        Exists: it has other content, and no choice was made.
    """
    snapshot = store.snapshot()
    snapshot.prefetch()
    keys = snapshot.keys()
    there = {key: text for key in keys if (text := stored(snapshot, key)) is not None}
    other = [key for key, text in there.items() if documents.get(key) != text and not _is_default(key, text)]
    if other and not choice:
        more = f" and {len(other) - 1} more" if len(other) > 1 else ""
        message = f"the destination {store.url} has other content: {other[0]}{more}; nothing was written"
        hint = "--merge adds and updates, --mirror deletes as well what the source does not have; --dry-run shows it"
        raise Exists(message, hint=hint)
    wanted: dict[Key, str | None] = {key: text for key, text in documents.items() if there.get(key) != text}
    if choice != MERGE:
        wanted.update((key, None) for key in there if key not in documents)
    edits = tuple(_edit(key, there.get(key), text) for key, text in sorted(wanted.items(), key=lambda item: item[0]))
    changes = (Changed(key, data_of(key, there.get(key)), data_of(key, text)) for key, text in wanted.items())
    return edits, tuple(sorted(changes, key=lambda changed: changed.key))


def _edit(key: Key, old: str | None, new: str | None) -> Edit:
    return Edit(key, None if old is None else revision_of(key, old), new)


def _is_default(key: Key, text: str) -> bool:
    """Return whether a document is one that an empty store begins with, unchanged."""
    return data_of(key, text) == dict(DEFAULTS).get(key)
