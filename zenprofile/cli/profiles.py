"""Commands on profiles: create, set, describe, list, get, rename, delete, init."""

import os

import click

from zenprofile.cli import fast_path, output
from zenprofile.cli.completers import profile_names
from zenprofile.cli.options import command
from zenprofile.cli.session import Session
from zenprofile.errors import ZenprofileError
from zenprofile.machine.active import as_json, find_active
from zenprofile.machine.profiles import Profile

_existing = click.argument("name", shell_complete=profile_names)


@command(
    examples=[
        "zenprofile create team --url ./.zenprofile",
        "zenprofile create sqlite_profile -t sql --set",
        "zenprofile create shared --url mysql://zenml@10.11.12.13/zenml",
    ]
)
@click.argument("name")
@click.option(
    "-u", "--url", default=None, metavar="URL", help="Where the entities live (default: a folder of its own)."
)
@click.option("-t", "--store-type", default="", metavar="TYPE", help="local, sql or rest, where there is no URL.")
@click.option("--user", default="", metavar="USER", help="Active user of the profile.")
@click.option("--set", "set_", is_flag=True, help="Make it the active one.")
@click.option("--force", is_flag=True, help="Also in a folder outside git that holds other files.")
@click.option("--new", is_flag=True, help="Also in a repository that has a profile elsewhere.")
@click.pass_obj
def create(
    session: Session, name: str, url: str | None, store_type: str, user: str, set_: bool, force: bool, new: bool
) -> None:
    """Create a profile, or load the one that is at a URL already.

    At an empty place, or inside a working tree, the default user, components and stack are registered. --set makes the
    profile the active one.
    """
    from zenprofile.usecases import activation
    from zenprofile.usecases import profiles as usecase

    if url is not None and not url.strip():
        raise click.UsageError("The URL is empty.")
    session.tolerate_broken_root()
    session.announce(about_profiles=True)
    wish = usecase.CreateOptions(name, url or "", store_type, user, force, new)
    steps: list[str] = []  # told once they are done: of what is refused none is
    created = usecase.create(session.profiles, wish, session.timeout, steps.append, session.progress)
    for step in steps:
        session.echo(step)
    _report(session, f"Profile '{name}' successfully created.", created.profile)
    session.warn_all(created.warnings)
    if created.profile.path:
        session.hint(f"Hooks keep invalid documents out of its clone: zenprofile hooks install --profile {name}")
    if set_:
        session.warn_all(activation.make_active(session.profiles, session.active, name, False))
        session.echo(output.safe_text(f"Active profile changed to: '{name}'"))


@command("set", examples=["zenprofile set team", "zenprofile set team --global"])
@_existing
@click.option("-g", "--global", "everywhere", is_flag=True, help="For the whole machine, also inside a repository.")
@click.pass_obj
def set_(session: Session, name: str, everywhere: bool) -> None:
    """Make a profile the active one.

    Inside a repository (see init) that is said in its .zenprofile.json, else it holds for the whole machine.
    """
    from zenprofile.usecases import activation

    session.tolerate_broken_root()
    session.announce(about_profiles=True)
    warnings = activation.make_active(session.profiles, session.active, name, everywhere)
    _report(session, f"Active profile changed to: '{name}'", session.profiles.state().profiles.get(name))
    session.warn_all(warnings)


@command(examples=["zenprofile describe", "zenprofile describe team -o json"])
@click.argument("name", default="", shell_complete=profile_names)
@click.pass_obj
def describe(session: Session, name: str) -> None:
    """Show a profile; without NAME the active one."""
    fast_path.describe(session, name)


@command("list", examples=["zenprofile list", "zenprofile list -o json"])
@click.pass_obj
def list_(session: Session) -> None:
    """List the profiles on this machine."""
    fast_path.list_(session)


@command(examples=["zenprofile get", "zenprofile get -o json"])
@click.pass_obj
def get(session: Session) -> None:
    """Print the name of the active profile."""
    fast_path.get(session)


@command(examples=["zenprofile rename team team-2"])
@_existing
@click.argument("new")
@click.pass_obj
def rename(session: Session, name: str, new: str) -> None:
    """Give a profile another name; its store stays where it is."""
    from zenprofile.usecases import profiles as usecase

    session.tolerate_broken_root()
    session.announce(about_profiles=True)
    renamed = usecase.rename(session.profiles, name, new)
    if session.active.scope == "local" and session.active.name == name:
        session.warn(f"{session.active.named_by} still names '{name}': 'zenprofile set {new}' changes it")
    _report(session, f"Profile '{name}' renamed to '{new}'.", renamed)


@command(examples=["zenprofile delete team", "zenprofile delete team --force"])
@_existing
@click.option("--force", is_flag=True, help="Also the active one, and entities that exist nowhere else.")
@click.pass_obj
def delete(session: Session, name: str, force: bool) -> None:
    """Delete a profile and what zenprofile made for it.

    A folder or database that was named by URL stays.
    """
    from zenprofile.usecases import removal

    session.tolerate_broken_root()
    session.announce(about_profiles=True)
    gone = removal.delete(session.profiles, session.active, name, force)
    _report(session, f"Profile '{name}' deleted.", gone)


@command(
    examples=["zenprofile init", "zenprofile init --profile team", "zenprofile init --store conf/stacks --profile team"]
)
@click.option(
    "--store", default="", metavar="DIR", help="The profile's folder in this checkout, for whoever clones it."
)
@click.pass_obj
def init(session: Session, store: str) -> None:
    """Mark the current folder as a repository root.

    Writes .zenprofile.json, fit to be committed: the active profile and stack of every command below this folder, and
    with --store the folder of the profile, so that every clone has it without a create.
    """
    from zenprofile.usecases import activation

    if not store:
        session.tolerate_broken_root()
        session.announce(about_profiles=True)
    data = activation.mark_root(session.profiles, None if store else session.active, os.getcwd(), store, session.chosen)
    line = f"Repository root marked by {data['file']}: '{data['profile']}', '{data['stack']}'."
    session.show(data, lambda: output.safe_text(line))


def _report(session: Session, line: str, profile: Profile | None) -> None:
    """End a command that changed a profile (None: the active one): a line for people, the profile for programs."""
    try:
        active = find_active(session.profiles, session.chosen)
    except ZenprofileError:
        active = session.active
    profile = profile or active.existing()
    session.show(as_json(profile, active), lambda: output.safe_text(line))
