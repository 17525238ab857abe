"""The commands ``hooks install | uninstall | status``."""

from typing import Any

import click

from zenprofile.cli import output
from zenprofile.cli.options import Group
from zenprofile.cli.session import Session
from zenprofile.errors import ZenprofileError
from zenprofile.git.repository import Repository
from zenprofile.githooks import install as usecase

_server = click.option(
    "--server", metavar="BARE_REPO", help="The hook of a bare repository that others push to, of no profile."
)
_print = click.option("--print", "dry", is_flag=True, help="Show all that would be written, and write nothing.")


@click.group(
    "hooks", cls=Group, examples=["zenprofile hooks install", "zenprofile hooks install --server /srv/git/stacks.git"]
)
def hooks() -> None:
    """Git's hooks and merge driver, which keep out what is invalid."""


def _repository(session: Session, server: str | None) -> tuple[Repository, str | None]:
    """Return the repository, and the active profile's folder in it."""
    if server is not None:
        return usecase.server(server), None
    repository = usecase.of_store(session.store())
    return repository, repository.prefix


@hooks.command(
    examples=[
        "zenprofile hooks install",
        "zenprofile hooks install --print",
        "zenprofile hooks install --server /srv/git/stacks.git",
    ]
)
@_server
@_print
@click.option("--force", is_flag=True, help="Beside another tool's configuration, or in a folder of your own choice.")
@click.option("--driver", is_flag=True, help="The merge driver alone.")
@click.pass_obj
def install(session: Session, server: str | None, dry: bool, force: bool, driver: bool) -> None:
    """Put the hooks and the merge driver into the profile's repository.

    A hook that is there already is kept and runs first. Where pre-commit, lefthook or husky rule, nothing is written:
    the lines for their configuration are printed.
    """
    repository, prefix = _repository(session, server)
    if driver:
        result = usecase.install_driver(repository, prefix, dry=dry)
    else:
        result = usecase.install(repository, prefix, dry=dry, force=force)
    _report(session, result, dry=dry, nothing="Nothing to do: the hooks are installed.")


@hooks.command(examples=["zenprofile hooks uninstall"])
@_server
@_print
@click.pass_obj
def uninstall(session: Session, server: str | None, dry: bool) -> None:
    """Take the hooks and the merge driver away; what was there before comes back as it was."""
    result = usecase.uninstall(_repository(session, server)[0], dry=dry)
    _report(session, result, dry=dry, nothing="Nothing to do: no hooks of zenprofile's are installed.")


@hooks.command(examples=["zenprofile hooks status", "zenprofile hooks status -o json"])
@_server
@click.pass_obj
def status(session: Session, server: str | None) -> None:
    """Say how each hook and the merge driver is; `doctor` proves that they fire."""
    state = usecase.status(*_repository(session, server))
    session.show(state, lambda: _table(state))


def _table(state: dict[str, Any]) -> str:
    rows = [(row["event"], row["state"], row["detail"]) for row in state["hooks"]]
    rows += [("merge driver", state["driver"], "")] if state["driver"] else []
    lines = [output.table(("HOOK", "STATE", "WHY"), rows, state["folder"] or "git runs no hooks here")]
    lines += [f"core.hooksPath is set ({state['scope']}) in {state['origin']}"] * bool(state["scope"])
    lines += [f"{tool} rules here: {file}" for tool, file in state["tools"].items()]
    return "\n".join([lines[0], *map(output.safe_text, lines[1:])])


_WORDS = {
    "write": "Written",
    "keep": "Kept, to run first",
    "restore": "Put back",
    "remove": "Removed",
    "set": "Set",
    "unset": "Unset",
}


def _report(session: Session, result: usecase.InstallResult, *, dry: bool, nothing: str) -> None:
    if session.format != "table":
        session.show(usecase.as_json(result), str)
    for step in result.steps:
        line = output.safe_text(f"{_WORDS[step.what]}: {step.file}")
        shown = f"\n{step.content}" if dry and step.content else ""
        session.echo(f"Would be {line[0].lower()}{line[1:]}{shown}" if dry else line)
    for _, snippet in result.snippets:
        session.echo(snippet.rstrip("\n"))
    for note in result.notes:
        session.note(output.safe_text(note))
    if not result.steps and not result.snippets and not result.left:
        session.echo(nothing)
    if result.left:
        names = "; ".join(f"{hook.file}: {hook.detail}" for hook in result.left)
        hint = "call zenprofile from it ('zenprofile hook NAME \"$@\"'), or move it away and install again"
        raise ZenprofileError(f"left as they are: {names}", hint=hint)
