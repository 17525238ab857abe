"""Edits by hand in a document that a command writes: they become part of the command's change."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from zenprofile.core import document_check, inherited
from zenprofile.core.entity import Key
from zenprofile.core.snapshot import Snapshot, flavor_of
from zenprofile.drivers.local import tree
from zenprofile.errors import Invalid, Problem
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    from zenprofile.drivers.local.store import LocalStore

Write = tuple[Key, str | None, str | None]  # a document before and after


def check_no_new_secrets(store: "LocalStore", repository: Repository, writes: Iterable[Write]) -> bool:
    """Refuse to write secrets that the last commit does not have, also those in edits by hand.

    Returns:
        Whether a command takes such a secret away: its record would keep it.

    Raises:
        Invalid: what is to be written holds one.
    """
    edited = [(key, old, new) for key, old, new in writes if old is not None and _differs(store, repository, key, old)]
    if not edited:
        return False
    objects, catalog = store.objects(repository), store.catalog()
    committed = tree.snapshot(objects, repository.head().oid, repository.prefix, catalog)
    now = store.snapshot()
    found = [problem for key, _, new in edited for problem in _new_secrets(store, key, new, committed, now)]
    if found:
        raise Invalid.of(found)
    return any(_new_secrets(store, key, old, committed, now) for key, old, _ in edited)


def _differs(store: "LocalStore", repository: Repository, key: Key, old: str) -> bool:
    """Return whether a document has edits by hand."""
    objects = store.objects(repository)
    entry = objects.entry(objects.tree_of(repository.head().oid), repository.prefix + key.path)
    return entry is None or entry.oid != objects.oid("blob", old.encode("utf-8", "surrogateescape"))


def _new_secrets(store: "LocalStore", key: Key, text: str | None, committed: Snapshot, now: Snapshot) -> list[Problem]:
    """List the secrets in a document that the commit's does not have."""
    if text is None:
        return []
    try:
        had = Counter(problem.identity for problem in _secrets(store, key, committed.text(key) or "", committed))
    except Invalid:
        had = Counter()
    return [problem for problem in _secrets(store, key, text, now) if not had[problem.identity]]


def _secrets(store: "LocalStore", key: Key, text: str, among: Snapshot) -> list[Problem]:
    problems = document_check.check_document(
        key, text, store.catalog(), lambda type_, name: flavor_of(among, type_, name)
    )[1]
    return [problem for problem in problems if problem.code in inherited.SECRETS]
