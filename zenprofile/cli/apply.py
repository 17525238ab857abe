"""The commands ``apply`` and ``edit``."""

import sys

import click

from zenprofile.cli import output, showing
from zenprofile.cli.options import command, message_option
from zenprofile.cli.session import Session
from zenprofile.cli.subjects import any_entity
from zenprofile.errors import NotFound, ZenprofileError


@command(
    examples=[
        "zenprofile apply -f stacks.yaml",
        "zenprofile apply -f ./profile --dry-run",
        "zenprofile component list -o json | zenprofile apply --profile other -f -",
        "zenprofile apply -f team.yaml --prune -l managed-by=ci",
    ]
)
@click.option("-f", "--file", "files", multiple=True, required=True, metavar="FILE|DIR|-", help="What to apply.")
@click.option("--dry-run", "dry", is_flag=True, help="Only check, and print what would change.")
@click.option("--prune", is_flag=True, help="Delete what has the labels of -l and is not given.")
@click.option("-l", "--label", "labels", multiple=True, metavar="KEY=VALUE", help="Which entities --prune may delete.")
@message_option
@click.pass_obj
def apply(
    session: Session, files: tuple[str, ...], dry: bool, prune: bool, labels: tuple[str, ...], message: str
) -> None:
    """Make entities what documents say, all in one change; the second time nothing changes.

    A document has a kind (kind: stack); several stand in a file, with --- between. A folder is laid out as a profile.
    """
    from zenprofile.errors import Invalid
    from zenprofile.usecases import apply as usecase
    from zenprofile.usecases import current, history
    from zenprofile.usecases.undo import renames

    usecase.check_prune_labels(prune, labels)
    try:
        documents = usecase.read_inputs(files, sys.stdin.read() if "-" in files else "")
        active = {session.active_stack, session.profile.active_stack}
        recorded = usecase.apply(session.store(), documents, labels, active, message, dry=dry)
    except Invalid as error:
        showing.fail_with_problems(session, error.problems)
        raise
    if dry:
        from zenprofile.core.change import as_json

        session.show([as_json(changed) for changed in recorded.changes], lambda: showing.differences(recorded.changes))
        return
    for old, new in renames(recorded.changes).items():
        current.follow_rename(session.profiles, session.active, old, new)
    lines = [f"{showing.DONE[changed.action]} {showing.display_name(changed.key)}." for changed in recorded.changes]
    data = history.as_json(recorded) if recorded.changes else {}
    session.show(data, lambda: "\n".join(map(output.safe_text, lines or ["Nothing to change."])))


@command(examples=["zenprofile edit stack/prod", "EDITOR='code --wait' zenprofile edit s3-prod"])
@click.argument("entity", shell_complete=any_entity)
@message_option
@click.pass_obj
def edit(session: Session, entity: str, message: str) -> None:
    """Change an entity's document in $VISUAL or $EDITOR.

    A text that is invalid opens again, with its problems as comments that are not kept. Where nothing is saved, nothing
    changes, and the status is 1.
    """
    from zenprofile.usecases import editing, lookup

    store = session.store()
    key = lookup.resolve(store.snapshot(), entity)
    recorded = editing.edit(store, key, _in_editor, message)
    showing.report_written(session, recorded, key, "Updated")


def _in_editor(file: str) -> None:
    """Wait until a person has left the editor.

    Raises:
        NotFound: there is no editor.
        ZenprofileError: it failed.
    """
    import os
    import shutil

    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    editor = named or next((name for name in ("sensible-editor", "vim", "nano", "vi") if shutil.which(name)), "")
    if not editor:
        raise NotFound("there is no editor", hint="set VISUAL or EDITOR, such as: export EDITOR=nano")
    try:
        click.edit(filename=file, editor=editor)
    except click.ClickException as error:
        message = f"the editor failed, nothing was changed: {error.format_message()}"
        raise ZenprofileError(message, hint="set VISUAL or EDITOR to one that works") from None
