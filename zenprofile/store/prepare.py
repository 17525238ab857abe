"""What every driver does before it writes a change: compare it with what is stored, and check its result."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from zenprofile.core import change as changes
from zenprofile.core import document_check, profile_check
from zenprofile.core.change import Change, Changed, Edit
from zenprofile.core.entity import Data, Key, revision
from zenprofile.core.secrets import own_flavors, plaintext
from zenprofile.core.snapshot import Overlay, Snapshot, data_of, parse
from zenprofile.errors import Exists, InUse, Invalid, NotFound, Problem, Stale, ZenprofileError

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog


class Prepared(NamedTuple):
    """A change that may be written as it is.

    Attributes:
        writes: the documents that differ, with their text before and after (None: there is none). Empty: nothing to do.
        changes: the same as data, for history and words.
        message: why: the change's own, else what it does in words.
        sound: whose new documents hold by themselves, without a secret that they allow.
    """

    writes: tuple[tuple[Key, str | None, str | None], ...]
    changes: tuple[Changed, ...]
    message: str
    sound: frozenset[Key] = frozenset()


def prepare(before: Snapshot, change: Change, catalog: "Catalog") -> Prepared:
    """Check a change against a snapshot that cannot move meanwhile (the caller holds its lock or transaction).

    Raises:
        Stale: an entity has another revision than its edit replaces.
        Exists: an entity that must not exist does, in some spelling of case.
        NotFound: an entity that is to be replaced or deleted is gone.
        Invalid: the change adds problems, of which the error carries every one; or its message holds a secret.
        InUse: the change takes away what another entity refers to.
    """
    plaintext.refuse(change.message, "the message")
    texts = {edit.key: edit.text for edit in change.edits}
    if len(texts) != len(change.edits):
        raise ValueError("a change holds at most one edit for each entity")
    # Before anything is read at such a place: a name may be a way out of the store.
    new = [(edit.key, edit.text) for edit in change.edits if edit.replaces is None and edit.text is not None]
    misnamed = [problem for key, text in new for problem in document_check.misnamed(key, text, catalog)]
    if misnamed:
        raise Invalid.of(misnamed)
    writes = []
    after = Overlay(before, texts, catalog)
    before.prefetch({*texts, *_targets(after, texts)})
    replaced: dict[Key, Data | None] = {}
    for edit in change.edits:
        old, replaced[edit.key] = _replaced_document(before, edit, texts)
        if old != edit.text:
            writes.append((edit.key, old, edit.text))
    writes.sort(key=lambda write: write[0])
    differing = {key: new for key, _, new in writes}
    problems = profile_check.added_problems(before, differing, catalog, after)
    if problems:
        from zenprofile.core import inherited

        stems = {edit.key: edit.stem for edit in change.edits if edit.stem is not None}
        problems = inherited.without_inherited(problems, before, after, catalog, stems)
    if problems:
        raise _refusal(problems)
    changed = tuple(Changed(key, replaced[key], after.data(key)) for key, _, _ in writes)
    sound = frozenset(key for key, text in differing.items() if text and _is_sound(key, text, after))
    with own_flavors.using_only(own_flavors.SnapshotFlavors(before)):
        return Prepared(tuple(writes), changed, change.message or changes.summary(changed), sound)


def _targets(after: Overlay, keys: Iterable[Key]) -> set[Key]:
    """Return what new documents refer to, as far as they can be read."""
    datas = ((key, after.data(key)) for key in keys)
    return {target for key, data in datas if data for _, target in profile_check.references(key, data)}


def _is_sound(key: Key, text: str, after: Overlay) -> bool:
    return not after.problems(key) and plaintext.ALLOWED not in text


def _replaced_document(before: Snapshot, edit: Edit, texts: dict[Key, str | None]) -> tuple[str | None, Data | None]:
    """Return the document that an edit replaces, and its data; a look before whether it is the one that is meant."""
    key = edit.key
    if edit.replaces is None:
        other = before.spelling(key)
        # A rename that only changes case deletes the old spelling in the same change.
        if other is not None and (other == key or texts.get(other, "") is not None):
            spelled = "" if other == key else f" as '{other.name}' (two names differ by more than case)"
            raise Exists(f"{_describe(key)} exists already{spelled}", hint="choose another name, or update it")
        return None, None
    old = stored(before, key)
    if old is None:
        raise NotFound(f"there is no {_describe(key)}", hint=f"see 'zenprofile {key.kind} list'")
    data = data_of(key, old)
    if (revision(key, data) if data else revision_of(key, old)) != edit.replaces:
        message = f"{_describe(key)} was changed by somebody else meanwhile"
        raise Stale(message, hint="nothing was written; look at it again and repeat the command", file=key.path)
    return old, data


def stored(snapshot: Snapshot, key: Key) -> str | None:
    """Return what is stored in a document's place, so that it can be replaced; bytes that are no text as surrogates.

    Raises:
        Invalid: it is no plain file, or far too large.
    """
    raw = snapshot.raw(key)
    return raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else raw


def revision_of(key: Key, text: str) -> str:
    """Return the revision of a document; of one that cannot be read, a fingerprint of its text."""
    try:
        return revision(key, parse(key, text).data)
    except Invalid:
        import hashlib

        return "unreadable-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _describe(key: Key) -> str:
    return f"{key.type} '{key.name}'" if key.kind == "component" else f"{key.kind} '{key.name}'"


def _refusal(problems: list[Problem]) -> ZenprofileError:
    taken = [p for p in problems if p.code == profile_check.IN_USE]
    if len(taken) < len(problems):
        return Invalid.of(problems)
    message = "; ".join(p.message for p in taken)
    return InUse(message, hint=taken[0].hint, problems=taken)
