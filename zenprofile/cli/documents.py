"""Commands on documents as files: validate, fmt, schema export."""

import click

from zenprofile.cli import output
from zenprofile.cli.options import Group, command, message_option
from zenprofile.cli.session import Session
from zenprofile.errors import Problem
from zenprofile.store.base import Snapshot, Store
from zenprofile.usecases import documents

_paths = click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")


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
        "zenprofile validate .zenprofile --rev HEAD --annotations",
    ]
)
@_paths
@click.option("--rev", metavar="REV", help="Check it as it was at a commit, change or date.")
@click.option("--staged", is_flag=True, help="Check what git's index holds: what the next commit would.")
@click.option("--annotations", is_flag=True, help="Print problems as GitHub shows them beside a change's lines.")
@click.pass_obj
def validate(session: Session, paths: tuple[str, ...], rev: str | None, staged: bool, annotations: bool) -> int:
    """Check documents by themselves and what they refer to.

    Without PATH the active profile; else the files and folders named, of whichever profile holds them, known to this
    machine or not. Prints file:line:column: message for each problem and ends with status 1.
    """
    if staged and rev:
        raise click.UsageError("Choose one of --rev and --staged.")
    chosen = documents.chosen(paths)
    store = _store(session, chosen.root)
    snapshot = _staged(store) if staged else store.snapshot(rev)
    problems = documents.validate(snapshot, chosen.below)
    session.warn_all(documents.warnings(snapshot, chosen.below))
    if annotations:
        prefix = documents.prefix(store)
        problems = [problem._replace(file=prefix + problem.file) for problem in problems]
    data = {"valid": not problems, "problems": [problem._asdict() for problem in problems]}
    if problems or session.format != "table":
        session.show(data, lambda: "\n".join(map(_annotation if annotations else _line, problems)))
    return 1 if problems else 0


def _staged(store: Store) -> Snapshot:
    from zenprofile.githooks import index_snapshot

    return index_snapshot.of_store(store)


def _annotation(problem: Problem) -> str:
    """Return a problem as a command of GitHub's workflows; what would end a value early stands escaped."""
    hint = f" ({problem.hint})" if problem.hint else ""
    file, title = (_escaped(output.safe_text(text)).replace(":", "%3A").replace(",", "%2C") for text in problem[0::6])
    place = f"file={file},line={max(problem.line, 1)},col={max(problem.column, 1)},title={title}"
    return f"::error {place}::{_escaped(output.safe_text(problem.message + hint))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


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

    chosen = documents.chosen(paths)
    done = documents.fmt(_store(session, chosen.root), chosen.below, dry=check, message=message)
    if done.files or session.format != "table":
        session.show(_files(done.files), lambda: "\n".join(map(output.safe_text, done.files)))
    refuse(session, done.problems)
    return 1 if check and done.files else 0


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
