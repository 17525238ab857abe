"""Commands on documents as files: validate, fmt, schema export."""

import os
from typing import NamedTuple

import click

from zenprofile.cli import output, reports
from zenprofile.cli.options import Group, command, message_option
from zenprofile.cli.session import Session
from zenprofile.errors import NotFound, Problem
from zenprofile.store.base import Snapshot, Store
from zenprofile.usecases import documents

_paths = click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")


class _Judged(NamedTuple):
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
        where = self.place.rstrip("/") or getattr(self.store, "folder", self.store.url)
        shown = where if where.startswith(("./", "../", "/")) or ":" in where else f"./{where}"
        return output.safe_text(f"{number} document{'' if number == 1 else 's'} of {shown}")


def _judged(session: Session, paths: tuple[str, ...]) -> list[_Judged]:
    """Open what paths name; without any, the profiles of the repository that one stands in, else the active one.

    Raises:
        NotFound: there is none, in a repository on a machine without profiles.
    """
    if paths or session.chosen or os.environ.get("ZENPROFILE_ACTIVE_PROFILE"):
        chosen = documents.chosen(paths)
        store = _store(session, chosen.root)
        return [_Judged(store, chosen.below, _place(chosen.root) if chosen.root else session.place())]
    folders = documents.here()
    if folders:
        return [_Judged(_store(session, folder), (), _place(folder)) for folder in folders]
    if folders is not None and not session.profiles.exist():
        message = "no profile was found: no folder of this repository holds a zenprofile.yaml"
        raise NotFound(message, hint="name its folder, or check it out")
    return [_Judged(session.store(), (), session.place())]


def _place(folder: str) -> str:
    if not folder:
        return ""
    below = os.path.relpath(folder).replace(os.sep, "/")
    return "" if below == "." else f"{below}/"


def _store(session: Session, root: str) -> Store:
    """Open the profile in a folder ("" for the active one), as this machine knows it where it does."""
    if not root:
        return session.store()
    from zenprofile.store import registry as opener
    from zenprofile.store.base import Options

    profile = documents.profile_at(session.profiles, root)
    if profile is not None:
        return session.open(profile)
    store = opener.open_store(root, Options(timeout=session.timeout))
    click.get_current_context().find_root().call_on_close(store.close)
    return store


@command(
    examples=[
        "zenprofile validate",
        "zenprofile validate .zenprofile/stacks/prod.yaml",
        "zenprofile validate --rev origin/main -o json",
        "zenprofile validate --staged",
        "zenprofile validate --format sarif",
    ]
)
@_paths
@click.option("--rev", metavar="REV", help="Check it as it was at a commit, change or date.")
@click.option("--staged", is_flag=True, help="Check what git's index holds: what the next commit would.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(reports.FORMS)),
    help="Print problems as a host shows them: GitHub's annotations, SARIF, GitLab's Code Quality.",
)
@click.option("--annotations", "form", flag_value="annotations", help="The same as --format annotations.")
@click.pass_obj
def validate(session: Session, paths: tuple[str, ...], rev: str | None, staged: bool, form: str | None) -> int:
    """Check documents by themselves and what they refer to.

    Without PATH the profiles of the repository that one stands in, else the active one; with it the files and folders
    named, of whichever profile holds them, known to this machine or not. Says on stderr what it judged, prints
    file:line:column: message for each problem, and ends with status 1 where there is one, or where nothing was found.
    """
    if staged and rev:
        raise click.UsageError("Choose one of --rev and --staged.")
    problems: list[Problem] = []
    number = 0
    for judged in _judged(session, paths):
        snapshot = _staged(judged.store) if staged else judged.store.snapshot(rev)
        found = documents.validate(snapshot, judged.below)
        problems += [judged.placed(problem, from_top=form is not None) for problem in found]
        session.warn_all(judged.place + line for line in documents.warnings(snapshot, judged.below))
        count = documents.count(snapshot, judged.below)
        number += count
        session.hint(judged.told(count))
    if form is not None:
        text = reports.FORMS[form](problems)
        if text:
            output.result(text)
    elif problems or session.format != "table":
        data = {"valid": not problems, "problems": [problem._asdict() for problem in problems]}
        session.show(data, lambda: "\n".join(map(_line, problems)))
    return 1 if problems or _nothing(session, number, paths) else 0


def _nothing(session: Session, number: int, paths: tuple[str, ...]) -> bool:
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


@command(examples=["zenprofile fmt", "zenprofile fmt --check", "zenprofile fmt stacks/prod.yaml"])
@_paths
@click.option("--check", is_flag=True, help="Change nothing; end with status 1 where a document would change.")
@message_option
@click.pass_obj
def fmt(session: Session, paths: tuple[str, ...], check: bool, message: str) -> int:
    """Bring documents' keys into the schema's order, with LF line ends; comments move with what they belong to.

    A document whose keys are in order keeps every byte. Prints the files that changed (or would).
    """
    from zenprofile.cli.showing import refuse

    files: list[str] = []
    problems: list[Problem] = []
    number = 0
    for judged in _judged(session, paths):
        done = documents.fmt(judged.store, judged.below, dry=check, message=message)
        files += [judged.place + file for file in done.files]
        problems += [judged.placed(problem) for problem in done.problems]
        count = documents.count(judged.store.snapshot(), judged.below)
        number += count
        session.hint(judged.told(count))
    if files or session.format != "table":
        session.show(_files(files), lambda: "\n".join(map(output.safe_text, files)))
    refuse(session, problems)
    return 1 if (check and files) or _nothing(session, number, paths) else 0


def _files(files: list[str]) -> list[dict[str, str]]:
    return [{"file": file} for file in files]


@click.group("schema", cls=Group, examples=["zenprofile schema export .schemas"])
def schema() -> None:
    """JSON Schemas of documents."""


@schema.command(examples=["zenprofile schema export .schemas"])
@click.argument("directory", type=click.Path(file_okay=False), metavar="DIR")
@click.pass_obj
def export(session: Session, directory: str) -> None:
    """Write the schema of each kind into a folder, and yaml-schemas.json, which tells an editor whose they are."""
    from pathlib import Path

    from zenprofile.usecases import schemas

    files = [str(path) for path in schemas.export(Path(directory), schemas.place_of(session.store()))]
    session.show(_files(files), lambda: "\n".join(map(output.safe_text, files)))
