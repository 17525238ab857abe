"""The commands ``zenml diff``, ``zenml apply`` and ``zenml pull``."""

from typing import TYPE_CHECKING, Any

import click

from zenprofile.cli import output, showing
from zenprofile.cli.options import Group, message_option
from zenprofile.cli.session import Session

if TYPE_CHECKING:
    from zenprofile.usecases import zenml as usecase

python_option = click.option(
    "--python", default="", metavar="PATH", help="The Python that has ZenML (else ZENPROFILE_ZENML_PYTHON, or zenml's)."
)
_stack_option = click.option("--stack", "stacks", multiple=True, metavar="NAME", help="This stack alone.")


def zenml_connection(session: Session, python: str) -> "usecase.ZenmlConnection":
    """Return how to reach ZenML from here."""
    from zenprofile.usecases import zenml as usecase

    return usecase.ZenmlConnection(python, session.profiles.folder, session.timeout)


@click.group("zenml", cls=Group, examples=["zenprofile zenml diff", "zenprofile zenml apply --dry-run"])
def zenml() -> None:
    """The ZenML (0.98) that is installed and connected on this machine."""


@zenml.command(
    examples=["zenprofile zenml diff --python ~/zenml/bin/python", "zenprofile zenml diff --exit-code -o json"]
)
@python_option
@_stack_option
@click.option("--exit-code", is_flag=True, help="End with status 1 where there is a difference.")
@click.pass_obj
def diff(session: Session, python: str, stacks: tuple[str, ...], exit_code: bool) -> int:
    """Show what differs between ZenML and the profile: before is ZenML's side, after the profile's."""
    from zenprofile.usecases import zenml as usecase

    wanted = usecase.PlanOptions(session.profile.name, stacks=frozenset(stacks))
    plan, remote = usecase.diff(zenml_connection(session, python), session.store(), wanted)
    session.warn_all([*plan.notes, *(problem.message for problem in plan.refusals)])
    rows = usecase.as_rows(plan, remote)
    if rows or session.format != "table":
        session.show(rows, lambda: "\n".join([showing.differences(plan.changes), *_last(rows)]))
    return 1 if exit_code and rows else 0


def _last(rows: list[dict[str, Any]]) -> list[str]:
    """Say when ZenML's side was last changed."""
    lines = []
    for row in rows:
        if "zenml" in row:
            name = "/".join(part for part in (row["kind"], row["type"], row["name"]) if part)
            whose = f", registered by {row['zenml']['user']}" if row["zenml"]["user"] else ""
            lines.append(output.safe_text(f"{name}: last changed in ZenML {row['zenml']['updated']} (UTC){whose}"))
    return lines


@zenml.command(
    examples=[
        "zenprofile zenml apply --dry-run",
        "zenprofile zenml apply --prune --as team        # in CI: what an earlier apply made, and is gone, goes",
    ]
)
@python_option
@_stack_option
@click.option("--dry-run", "dry", is_flag=True, help="Only print what would change.")
@click.option("--prune", is_flag=True, help="Delete what an earlier apply made and the profile no longer has.")
@click.option("--as", "owner", default="", metavar="NAME", help="Mark what is made as this name's (the profile's).")
@click.pass_obj
def apply(session: Session, python: str, stacks: tuple[str, ...], dry: bool, prune: bool, owner: str) -> None:
    """Make ZenML match the profile. A second time nothing is sent; an apply that failed goes on where it ended."""
    from zenprofile.errors import UsageError
    from zenprofile.usecases import zenml as usecase

    if prune and stacks:
        raise UsageError("--prune and --stack exclude each other", hint="prune the whole profile")
    wanted = usecase.PlanOptions(owner or session.profile.name, prune, frozenset(stacks))

    def planned(plan: usecase.Plan) -> None:
        session.warn_all(plan.notes)
        if plan.steps:
            session.echo(showing.differences(usecase.sent_changes(plan)))

    def done(step: usecase.Step) -> None:
        session.echo(output.safe_text(f"Done: {step.words}."))

    plan = usecase.apply(zenml_connection(session, python), session.store(), wanted, done, dry=dry, planned=planned)
    if session.format != "table":
        from zenprofile.core.change import as_json

        session.show([as_json(changed) for changed in usecase.sent_changes(plan)], str)
        return
    if dry:
        session.result(usecase.step_lines(plan))
    elif not plan.steps:
        session.echo("ZenML matches the profile already.")


@zenml.command(examples=["zenprofile zenml pull", "zenprofile zenml pull -m 'What ZenML had'"])
@python_option
@message_option
@click.pass_obj
def pull(session: Session, python: str, message: str) -> None:
    """Take ZenML's stacks, components and custom flavors into the profile, in one change; nothing is deleted."""
    from zenprofile.usecases import history
    from zenprofile.usecases import zenml as usecase

    recorded, notes = usecase.pull(zenml_connection(session, python), session.store(), message)
    session.warn_all(notes)
    lines = [f"{showing.DONE[changed.action]} {showing.display_name(changed.key)}." for changed in recorded.changes]
    data = history.as_json(recorded) if recorded.changes else {}
    session.show(data, lambda: "\n".join(map(output.safe_text, lines or ["Nothing to take over."])))
