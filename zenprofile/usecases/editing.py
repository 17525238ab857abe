"""Change an entity's document in an editor: what is invalid opens again with its problems as comments."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable

from zenprofile.core.change import Change, Edit, Recorded
from zenprofile.core.entity import Key
from zenprofile.errors import InUse, Invalid, NotFound, Problem, Stale, ZenprofileError
from zenprofile.store.base import Store
from zenprofile.store.prepare import revision_of, stored

_MARK = "#!"  # begins a line that says a problem; such lines are never stored
_NOTHING = "nothing was saved, nothing was changed"
_ROUNDS = 20  # a script in the editor's place would go on for ever


def edit(store: Store, key: Key, open_editor: Callable[[str], None], message: str = "") -> Recorded:
    """Let a person change a document until it is valid, and write it.

    Args:
        store: where.
        key: of the entity.
        open_editor: opens a file and returns when the editor has been left.
        message: why.

    Raises:
        NotFound: there is no such entity.
        Invalid: a text was saved again as it was although it is invalid, or was so after many rounds; it is kept in a
            file that the hint names.
        Stale: somebody else changed the entity meanwhile; the text is kept in a file that the hint names.
        ZenprofileError: nothing was saved.
    """
    old = stored(store.snapshot(), key)
    if old is None:
        raise NotFound(f"there is no {key}", hint="see: zenprofile stack list, zenprofile component list")
    folder = tempfile.mkdtemp(prefix="zenprofile-edit-")  # nobody else may read it
    file = os.path.join(folder, f"{key.name}.yaml")
    try:
        recorded = _edit_until_valid(store, key, old, file, open_editor, message)
    except (Invalid, InUse, Stale) as error:
        error.hint = f"what you wrote is kept in {file}; {error.hint}".rstrip("; ")
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return recorded


def _edit_until_valid(
    store: Store, key: Key, old: str, file: str, open_editor: Callable[[str], None], message: str
) -> Recorded:
    text = old
    problems: Iterable[Problem] = ()
    rounds = 0
    while True:
        rounds += 1
        shown = _add_problem_comments(text, problems)
        with open(file, "w", encoding="utf-8", errors="surrogateescape", newline="") as opened:
            opened.write(shown)
        open_editor(file)
        saved = _read_saved(file)
        if saved is None or not saved.strip() or saved == old:
            raise ZenprofileError(_NOTHING, hint=f"zenprofile edit {key} opens it again")
        try:
            return store.apply(Change((Edit(key, revision_of(key, old), saved),), message))
        except (Invalid, InUse) as error:
            if (saved == text and problems) or rounds == _ROUNDS:
                raise
            text, problems = saved, error.problems


def _add_problem_comments(text: str, problems: Iterable[Problem]) -> str:
    lines = [f"{_MARK} line {p.line}: {p.message}{f'; {p.hint}' if p.hint else ''}\n" for p in problems]
    return "".join(lines) + text


def _read_saved(file: str) -> str | None:
    """Return what a person saved, without the lines that say problems; None where the file is gone."""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape", newline="") as opened:
            lines = opened.readlines()
    except FileNotFoundError:
        return None
    return "".join(line for line in lines if not line.startswith(_MARK))
