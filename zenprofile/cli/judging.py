"""What `validate` and `fmt` judge, and what `validate` prints. Plainly spelt, it comes without the option parser."""

import os
from typing import NamedTuple

from zenprofile.cli import output, whereabouts
from zenprofile.cli.session import Session
from zenprofile.errors import Problem
from zenprofile.store.base import Snapshot, Store
from zenprofile.store.capabilities import Foreign, InWorkTree
from zenprofile.usecases import documents, repository_profiles


class Judged(NamedTuple):
    """A profile that a command is about: its store, which of its documents, and its folder's path for messages."""

    store: Store
    below: tuple[str, ...]
    place: str

    def placed(self, problem: Problem, *, from_top: bool = False) -> Problem:
        """Return a problem whose file leads there from the current folder, or from the repository's top."""
        before = documents.prefix(self.store) if from_top else self.place
        return problem._replace(file=before + problem.file)

    def told(self, number: int) -> str:
        """Say what is judged."""
        folder = self.store.folder if isinstance(self.store, InWorkTree) else self.store.url
        return whereabouts.told(number, self.place.rstrip("/") or folder)


def judged(session: Session, paths: tuple[str, ...]) -> list[Judged]:
    """Open what paths name; without any, the profiles of the repository that one stands in, else the active one.

    Raises:
        NotFound: there is none, in a repository on a machine without profiles.
    """
    if paths or session.chosen or os.environ.get("ZENPROFILE_ACTIVE_PROFILE"):
        chosen = documents.chosen(paths)
        if paths and not chosen.root and not repository_profiles.any_known(session.profiles):
            raise whereabouts.not_there(paths[0])
        store = _store(session, chosen.root)
        return [Judged(store, chosen.below, whereabouts.way_to(chosen.root) if chosen.root else session.place())]
    folders = repository_profiles.folders()
    if folders:
        return [Judged(_store(session, folder), (), whereabouts.way_to(folder)) for folder in folders]
    if folders is not None and not session.profiles.exist():
        raise whereabouts.none_here()
    return [Judged(session.store(), (), session.place())]


def _store(session: Session, root: str) -> Store:
    """Open the profile in a folder ("" for the active one), as this machine knows it where it does."""
    if not root:
        return session.store()
    from zenprofile.store import registry as opener
    from zenprofile.store.base import Options

    profile = repository_profiles.profile_at(session.profiles, root)
    if profile is not None:
        return session.open(profile)
    return session.keep(opener.open_store(root, Options(timeout=session.timeout)))


def validate(
    session: Session,
    paths: tuple[str, ...] = (),
    rev: str | None = None,
    form: str | None = None,
    *,
    staged: bool = False,
) -> int:
    """Print the problems of documents, and return the exit status."""
    problems: list[Problem] = []
    number = 0
    for each in judged(session, paths):
        snapshot = _staged(each.store) if staged else each.store.snapshot(rev)
        found = documents.judge(snapshot, each.below)
        problems += [each.placed(problem, from_top=form is not None) for problem in found.problems]
        session.warn_all(each.place + line for line in found.warnings)
        session.warn_all(each.store.notes() if isinstance(each.store, Foreign) else ())
        number += found.number
        session.hint(each.told(found.number))
    if form is not None:
        from zenprofile.cli import reports

        text = reports.FORMS[form](problems)
        if text:
            output.result(text)
    elif problems or session.format != "table":
        data = {"valid": not problems, "problems": [problem._asdict() for problem in problems]}
        session.show(data, lambda: "\n".join(map(_line, problems)))
    return 1 if problems or nothing(session, number, paths) else 0


def nothing(session: Session, number: int, paths: tuple[str, ...]) -> bool:
    """Say that nothing was found to judge, where it is so: no job that looks at nothing is to be green."""
    if not number and not paths:
        session.warn("no documents were found")
    return not number and not paths


def _staged(store: Store) -> Snapshot:
    from zenprofile.githooks import index_snapshot

    return index_snapshot.of_store(store)


def _line(problem: Problem) -> str:
    hint = f" ({problem.hint})" if problem.hint else ""
    place = f"{problem.file}:{max(problem.line, 1)}:{max(problem.column, 1)}"
    return output.safe_text(f"{place}: {problem.message}{hint}")
