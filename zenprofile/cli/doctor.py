"""The command ``doctor``."""

import click

from zenprofile.cli import output
from zenprofile.cli.options import command
from zenprofile.cli.session import Session


@command(examples=["zenprofile doctor", "zenprofile doctor -o json"])
@click.pass_obj
def doctor(session: Session) -> int:
    """Prove that hooks, merge driver, remote and keyring work, by trying each; ends with 1 where one does not.

    What is not installed is told from what is there and fails.

    Commits, merges and pushes are tried in a temporary place: nothing in the repository changes.
    """
    from zenprofile.githooks import doctor as usecase

    findings = usecase.run_checks(session.store(), session.profile, str(session.profiles.folder), session.timeout)
    rows = []
    for finding in findings:
        rows.append(finding._asdict())
        session.echo(_line(finding))
    if session.format != "table":
        session.show(rows, str)
    return 0 if all(row["ok"] for row in rows) else 1


def _line(finding: "tuple[str, bool, str, str]") -> str:
    check, ok, found, remedy = finding
    advice = f"\n        {output.safe_text(f'-> {remedy}')}" if remedy else ""
    from zenprofile.githooks.doctor import NOT_INSTALLED

    word = "ok" if ok else "none" if found.startswith(NOT_INSTALLED) else "FAIL"
    return f"{word:<8}{output.safe_text(f'{check}: {found}')}{advice}"
