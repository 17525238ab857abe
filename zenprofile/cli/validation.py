"""Which profiles `validate` and `fmt` check, and what `validate` prints. Usable without the option parser."""

import os
from typing import NamedTuple

from zenprofile.cli import output, profile_paths
from zenprofile.cli.session import Session
from zenprofile.errors import Problem
from zenprofile.store.base import Snapshot, Store
from zenprofile.store.capabilities import Foreign, InWorkTree
from zenprofile.usecases import documents, repository_profiles


class CheckedProfile(NamedTuple):
    """A profile that a command is about: its store, which of its documents, and its folder's path for messages."""

    store: Store
    below: tuple[str, ...]
    place: str

    def locate(self, problem: Problem, *, from_top: bool = False) -> Problem:
        """Return a problem whose file leads there from the current folder, or from the repository's top."""
        before = documents.prefix(self.store) if from_top else self.place
        return problem._replace(file=before + problem.file)

    def summary(self, number: int) -> str:
        """Say what is judged."""
        folder = self.store.folder if isinstance(self.store, InWorkTree) else self.store.url
        return profile_paths.summary(number, self.place.rstrip("/") or folder)


def open_profiles(session: Session, paths: tuple[str, ...]) -> list[CheckedProfile]:
    """Open the profiles of paths; without paths, those of the current repository, else the active one.

    Raises:
        NotFound: there is none, in a repository on a machine without profiles.
    """
    if paths or session.chosen or os.environ.get("ZENPROFILE_ACTIVE_PROFILE"):
        chosen = documents.select_paths(paths)
        if paths and not chosen.root and not repository_profiles.any_exists(session.profiles):
            raise profile_paths.path_not_found_error(paths[0])
        store = _store(session, chosen.root)
        return [
            CheckedProfile(
                store,
                chosen.below,
                profile_paths.relative_folder(chosen.root) if chosen.root else session.relative_folder(),
            )
        ]
    folders = repository_profiles.folders()
    if folders:
        return [
            CheckedProfile(_store(session, folder), (), profile_paths.relative_folder(folder)) for folder in folders
        ]
    if folders is not None and not session.profiles.exist():
        raise profile_paths.no_profile_error()
    return [CheckedProfile(session.store(), (), session.relative_folder())]


def _store(session: Session, root: str) -> Store:
    """Open the profile in a folder ("" for the active one), as this machine knows it where it does."""
    if not root:
        return session.store()
    from zenprofile.store import registry as opener
    from zenprofile.store.base import Options

    profile = repository_profiles.profile_at(session.profiles, root)
    if profile is not None:
        return session.open(profile)
    return session.close_at_end(opener.open_store(root, Options(timeout=session.timeout)))


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
    for each in open_profiles(session, paths):
        snapshot = _staged(each.store) if staged else each.store.snapshot(rev)
        found = documents.validate_selection(snapshot, each.below)
        problems += [each.locate(problem, from_top=form is not None) for problem in found.problems]
        session.warn_all(each.place + line for line in found.warnings)
        session.warn_all(each.store.notes() if isinstance(each.store, Foreign) else ())
        number += found.number
        session.hint(each.summary(found.number))
    if form is not None:
        from zenprofile.cli import reports

        text = reports.FORMS[form](problems)
        if text:
            output.print_result(text)
    elif problems or session.format != "table":
        data = {"valid": not problems, "problems": [problem._asdict() for problem in problems]}
        session.show(data, lambda: "\n".join(map(_line, problems)))
    return 1 if problems or report_nothing_found(session, number, paths) else 0


def report_nothing_found(session: Session, number: int, paths: tuple[str, ...]) -> bool:
    """Report an error where no document was found: a CI job that checks nothing must not be green."""
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
