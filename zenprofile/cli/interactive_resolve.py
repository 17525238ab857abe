"""`resolve` on a terminal: it shows each conflict with both sides, asks, and settles the choices at the end."""

from typing import TYPE_CHECKING, Any

import click

from zenprofile.cli import output
from zenprofile.cli.conflict_words import format_conflict
from zenprofile.cli.resolving import edit_document, report_resolved
from zenprofile.cli.session import Session
from zenprofile.core import paths
from zenprofile.store.sharing import PullResult, Sharing, Typed

if TYPE_CHECKING:
    from zenprofile.core.merge.data import Choice
    from zenprofile.core.merge.documents import Conflict

_ANSWERS = {
    "o": "ours",
    "t": "theirs",
    "e": "edit the document",
    "s": "skip",
    "b": "back",
    "u": "undo the last choice",
    "q": "quit, and settle what was chosen",
}
_QUESTION = f"{', '.join(f'[{letter}] {what}' for letter, what in _ANSWERS.items())}"


def resolve_interactively(session: Session, side: Sharing, entity: str, field: str) -> None:
    """Ask about each open conflict (of an entity or field, where one is named), then settle what was chosen."""
    from zenprofile.usecases import lookup

    seen: set[tuple[Any, ...]] = set()
    left, result = 0, PullResult(moved=False, changes=(), notes=(), equal=False)
    settled = False
    while True:
        open_ = list(side.open_conflicts().conflicts)
        key = lookup.find_conflict([c.key for c in open_], entity) if entity and not seen else None
        asked = [c for c in open_ if (c.key, c.path) not in seen and key in {None, c.key}]
        asked = [c for c in asked if not field or paths.show(c.path) == field]
        if not asked:
            break
        seen |= {(c.key, c.path) for c in asked}
        chosen = _Dialogue(side, asked).chosen()
        for conflict, choice in chosen:
            left, result = side.resolve(conflict.key, None if isinstance(choice, Typed) else conflict.path, choice)
            settled = True
        if not left or entity:
            break
    if settled:
        report_resolved(session, left, result)
    else:
        session.echo("Nothing was settled." if seen else "There are no conflicts.")


class _Dialogue:
    """One walk over conflicts: where it is, and what was chosen."""

    def __init__(self, side: Sharing, asked: "list[Conflict]") -> None:
        from zenprofile.usecases import sharing

        self._side = side
        self._asked = asked
        rows = sharing.conflicts(side, who=True)
        self._rows = {(row["kind"], row["type"], row["name"], row["path"]): row for row in rows}
        self._choices: dict[int, Choice | Typed] = {}
        self._order: list[int] = []

    def chosen(self) -> "list[tuple[Conflict, Choice | Typed]]":
        """Ask, and return the choices; a document that was edited settles all conflicts of its entity."""
        at = 0
        while 0 <= at < len(self._asked):
            at = self._answered(at)
        whole = {self._asked[n].key for n, choice in self._choices.items() if isinstance(choice, Typed)}
        return [
            (self._asked[n], choice)
            for n, choice in sorted(self._choices.items())
            if isinstance(choice, Typed) or self._asked[n].key not in whole
        ]

    def _answered(self, at: int) -> int:
        """Ask about one conflict and return which one is next."""
        conflict = self._asked[at]
        row = self._rows[(*conflict.key, paths.show(conflict.path))]
        chosen = self._choices.get(at)
        click.echo(f"\n{at + 1} of {len(self._asked)}: {format_conflict(row, when=True)}")
        if chosen is not None:
            click.echo(f"  chosen: {chosen if isinstance(chosen, str) else 'as edited'}")
        answer = click.prompt(_QUESTION, type=click.Choice(list(_ANSWERS)), show_choices=False, prompt_suffix=": ")
        if answer in ("o", "t", "e"):
            return self._choose(at, answer)
        if answer == "b":
            return max(at - 1, 0)
        if answer == "u":
            return self._undone(at)
        return at + 1 if answer == "s" else len(self._asked)

    def _choose(self, at: int, answer: str) -> int:
        conflict = self._asked[at]
        if conflict.class_ == "outside":
            click.echo("Files outside the profile are git's to merge: git pull")
            return at + 1
        try:
            self._choices[at] = (
                edit_document(self._side, conflict.key) if answer == "e" else "ours" if answer == "o" else "theirs"
            )
        except click.UsageError as error:
            click.echo(output.safe_text(error.message))
            return at
        self._order.append(at)
        return at + 1

    def _undone(self, at: int) -> int:
        """Take the last choice back and return to its conflict."""
        if not self._order:
            return at
        last = self._order.pop()
        self._choices.pop(last, None)
        return last
