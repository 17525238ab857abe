"""Commands on documents as files: validate, fmt, schema export."""

import click

from zenprofile.cli import output, reports, validation
from zenprofile.cli.options import Group, command, message_option
from zenprofile.cli.session import Session
from zenprofile.errors import Problem
from zenprofile.usecases import documents

_paths = click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")


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
    return validation.validate(session, paths, rev, form, staged=staged)


@command(examples=["zenprofile fmt", "zenprofile fmt --check", "zenprofile fmt stacks/prod.yaml"])
@_paths
@click.option("--check", is_flag=True, help="Change nothing; end with status 1 where a document would change.")
@message_option
@click.pass_obj
def fmt(session: Session, paths: tuple[str, ...], check: bool, message: str) -> int:
    """Bring documents' keys into the schema's order, with LF line ends; comments move with what they belong to.

    A document whose keys are in order keeps every byte. Prints the files that changed (or would).
    """
    from zenprofile.cli.showing import fail_with_problems

    files: list[str] = []
    problems: list[Problem] = []
    number = 0
    for each in validation.open_profiles(session, paths):
        result = documents.fmt(each.store, each.below, dry=check, message=message)
        files += [each.place + file for file in result.files]
        problems += [each.locate(problem) for problem in result.problems]
        count = documents.count(each.store.snapshot(), each.below)
        number += count
        session.hint(each.summary(count))
    if files or session.format != "table":
        session.show(_files(files), lambda: "\n".join(map(output.safe_text, files)))
    fail_with_problems(session, problems)
    return 1 if (check and files) or validation.report_nothing_found(session, number, paths) else 0


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
