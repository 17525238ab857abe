"""The command ``browse``."""

import click

from zenprofile.cli import output
from zenprofile.cli.options import command
from zenprofile.cli.session import Session
from zenprofile.errors import Unsupported


@command(examples=["zenprofile browse", "zenprofile browse --profile team --no-open"])
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one.")
@click.option("--no-open", is_flag=True, help="Print the link, and open no browser.")
@click.pass_obj
def browse(session: Session, port: int, no_open: bool) -> None:
    """Show the active profile in a browser on this machine, until it is interrupted.

    The link signs one browser in, once; nobody on another machine can reach the page. A profile that is on a server
    opens there.
    """

    def ready(link: str) -> None:
        output.print_result(link)
        if not no_open:
            click.launch(link)

    profile = session.profile
    if profile.store_type == "rest":
        ready(profile.store_url)
        return
    try:
        from zenprofile.server import browse as page
    except ModuleNotFoundError as error:
        hint = "install them: pip install 'zenprofile[server]'"
        raise Unsupported(f"the page needs '{error.name}', which is not installed", hint=hint) from None
    from zenprofile.usecases import serving

    page.browse(serving.served(session.profiles, profile, session.timeout), profile.active_user, port, ready)
