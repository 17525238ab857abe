"""Commands on users, teams, roles and projects, with ZenML's verbs."""

from typing import Any

import click

from zenprofile.cli import output, showing, subjects
from zenprofile.cli import verbs as v
from zenprofile.cli.options import Command, Group, at_option, command, message_option
from zenprofile.cli.session import Session
from zenprofile.cli.subject import Subject
from zenprofile.cli.subjects import Decorator
from zenprofile.core.entity import Data, Key

_USER = Subject("user", "user", "ada")
_TEAM = Subject("team", "team", "platform")
_ROLE = Subject("role", "role", "maintainer")
_PROJECT = Subject("project", "project", "recommender")


def _of_people(kind: str) -> Any:
    subject = Subject(kind, kind, "")
    return subjects.names_of(subject)


_users = click.option(
    "--user", "users", multiple=True, metavar="USER", shell_complete=_of_people("user"), help="A user."
)
_members = click.option(
    "--user", "users", multiple=True, required=True, metavar="USER", shell_complete=_of_people("user"), help="A user."
)
_teams = click.option(
    "--team", "teams", multiple=True, metavar="TEAM", shell_complete=_of_people("team"), help="A team."
)
_in_project = click.option(
    "--project", default="", metavar="PROJECT", shell_complete=_of_people("project"), help="In this project alone."
)


def _create_command(subject: Subject) -> Command:
    # A list that people fill by hand as well is there from the start.
    lists: Data = {"team": {"members": []}, "role": {"assignments": []}}.get(subject.kind, {})
    members: Decorator = _users if subject.kind == "team" else lambda function: function

    @command("create", examples=[subject(f"create {subject.example}")])
    @click.argument("name")
    @members
    @subjects.details_options
    @click.pass_obj
    def create(session: Session, /, name: str, users: tuple[str, ...] = (), **values: Any) -> None:
        from zenprofile.usecases import entities

        wanted = subjects.details(values)
        data = {"name": name, **lists, **({"members": list(dict.fromkeys(users))} if users else {})}
        recorded = entities.register(session.store(), subject.kind, wanted.applied_to(data), wanted.message)
        showing.report_written(session, recorded, Key(subject.kind, "", name), "Created")

    create.help = f"Create a {subject.noun}."
    return create


@click.group("user", cls=Group, examples=["zenprofile user create ada --email ada@example.com"])
def user() -> None:
    """Users."""


def _user_options(function: Any) -> Any:
    for option in (
        click.option("--full-name", metavar="TEXT", help='The name in full; "" takes it away.'),
        click.option("--email", metavar="ADDRESS", help='The address; "" takes it away.'),
    ):
        function = option(function)
    return function


@user.command(examples=['zenprofile user create ada --email ada@example.com --full-name "Ada Lovelace"'])
@click.argument("name")
@_user_options
@subjects.details_options
@click.pass_obj
def create(session: Session, /, name: str, email: str | None, full_name: str | None, **values: Any) -> None:
    """Create a user."""
    from zenprofile.usecases import entities

    wanted = subjects.details(values)
    data = entities.optional(wanted.applied_to({"name": name}), email=email or None, full_name=full_name or None)
    recorded = entities.register(session.store(), "user", data, wanted.message)
    showing.report_written(session, recorded, Key("user", "", name), "Created")


@user.command(examples=["zenprofile user update ada --email ada@example.org"])
@subjects.name_argument(_USER)
@_user_options
@subjects.details_options
@subjects.unset_label_option
@click.pass_obj
def update(session: Session, /, name: str, email: str | None, full_name: str | None, **values: Any) -> None:
    """Change a user's address, name, description and labels."""
    from zenprofile.usecases import entities

    fields = {"email": email, "full_name": full_name}
    changed = {field: value or None for field, value in fields.items() if value is not None}
    key = _USER.find(session.store().snapshot(), name)
    showing.report_written(
        session, entities.describe(session.store(), key, subjects.details(values), **changed), key, "Updated"
    )


@user.command("get", examples=["zenprofile user get"])
@click.pass_obj
def get_user(session: Session) -> None:
    """Print the name of the profile's active user."""
    name = _active_user(session)
    session.show({"name": name}, lambda: output.safe_text(f"The active user is: '{name}'"))


@user.command("set", examples=["zenprofile user set ada"])
@subjects.name_argument(_USER)
@click.pass_obj
def set_user(session: Session, name: str) -> None:
    """Make a user the profile's active one on this machine: the author of its changes."""
    from zenprofile.usecases import current

    current.set_user(session.profiles, session.profile, session.store(), name)
    session.show({"name": name}, lambda: output.safe_text(f"Active user set to: '{name}'"))


@click.group("team", cls=Group, examples=["zenprofile team add platform --user ada"])
def team() -> None:
    """Teams and their members."""


@team.command("add", examples=["zenprofile team add platform --user ada --user bob"])
@subjects.name_argument(_TEAM)
@_members
@message_option
@click.pass_obj
def add_members(session: Session, name: str, users: tuple[str, ...], message: str) -> None:
    """Add users to a team."""
    from zenprofile.usecases import people

    showing.report_written(session, people.add(session.store(), name, users, message), Key("team", "", name), "Updated")


@team.command("remove", examples=["zenprofile team remove platform --user bob"])
@subjects.name_argument(_TEAM)
@_members
@message_option
@click.pass_obj
def remove_members(session: Session, name: str, users: tuple[str, ...], message: str) -> None:
    """Take users out of a team."""
    from zenprofile.usecases import people

    showing.report_written(
        session, people.remove(session.store(), name, users, message), Key("team", "", name), "Updated"
    )


@click.group("role", cls=Group, examples=["zenprofile role assign maintainer --team platform --project recommender"])
def role() -> None:
    """Roles, and who has them where."""


@role.command(examples=["zenprofile role assign maintainer --team platform --project recommender"])
@subjects.name_argument(_ROLE)
@_users
@_teams
@_in_project
@message_option
@click.pass_obj
def assign(session: Session, /, name: str, **values: Any) -> None:
    """Assign a role to users and teams: in one project or, without one, in all."""
    from zenprofile.usecases import people

    showing.report_written(session, people.assign(session.store(), name, **values), Key("role", "", name), "Updated")


@role.command(examples=["zenprofile role revoke maintainer --team platform --project recommender"])
@subjects.name_argument(_ROLE)
@_users
@_teams
@_in_project
@message_option
@click.pass_obj
def revoke(session: Session, /, name: str, **values: Any) -> None:
    """Take a role from users and teams, in the project that it was assigned for."""
    from zenprofile.usecases import people

    showing.report_written(session, people.revoke(session.store(), name, **values), Key("role", "", name), "Updated")


@role.group("assignment", examples=["zenprofile role assignment list"])
def assignment() -> None:
    """Assignments of roles."""


@assignment.command("list", examples=["zenprofile role assignment list", "zenprofile role assignment list -o json"])
@at_option
@click.pass_obj
def list_assignments(session: Session, at: str | None) -> None:
    """List who has which role, and where."""
    from zenprofile.usecases import people

    loaded = session.store().snapshot(at).load("role")
    rows = people.assignments(loaded.entities)
    session.show(rows, lambda: _assignments(rows))
    showing.fail_with_problems(session, loaded.problems)


def _assignments(rows: list[Data]) -> str:
    fields = ("role", "user", "team", "project")
    return output.table(fields, [[row.get(field, "") for field in fields] for row in rows])


@click.group("project", cls=Group, examples=["zenprofile project create recommender"])
def project() -> None:
    """Projects."""


@project.command("set", examples=["zenprofile project set recommender"])
@subjects.name_argument(_PROJECT)
@click.pass_obj
def set_project(session: Session, name: str) -> None:
    """Make a project the active one of the repository (see init)."""
    from zenprofile.usecases import current

    _PROJECT.find(session.store().snapshot(), name)
    current.set_project(session.profiles, session.active, name)
    session.show({"name": name}, lambda: output.safe_text(f"Active project set to: '{name}'"))


@project.command("get", examples=["zenprofile project get"])
@click.pass_obj
def get_project(session: Session) -> None:
    """Print the name of the repository's active project."""
    from zenprofile.usecases import current

    session.announce()
    name = current.project(session.active)
    session.show({"name": name}, lambda: output.safe_text(f"The active project is: '{name}'"))


@project.command("unset", examples=["zenprofile project unset"])
@click.pass_obj
def unset_project(session: Session) -> None:
    """Leave the repository without an active project."""
    from zenprofile.usecases import current

    session.announce()
    current.set_project(session.profiles, session.active, "")
    session.show({"name": ""}, lambda: "No project is active.")


def _active_user(session: Session) -> str:
    """Return the name of the active user; warns where there is no such user any more."""
    name = session.profile.active_user
    if Key("user", "", name) not in session.now().keys("user"):
        session.warn_all([f"the active user '{name}' does not exist: 'zenprofile user set NAME' names another"])
    return name


for _group, _subject, _table in (
    (user, _USER, showing.rows_of(("full_name", "email", "description"), _active_user)),
    (team, _TEAM, showing.rows_of(("members", "description"))),
    (role, _ROLE, showing.rows_of(("description",))),
    (project, _PROJECT, showing.rows_of(("description",))),
):
    v.add(
        _group,
        v.list_command(_subject, _table),
        v.describe_command(_subject),
        v.rename_command(_subject),
        v.delete_command(_subject),
    )
    if _group is not user:
        v.add(_group, _create_command(_subject), v.update_command(_subject))
