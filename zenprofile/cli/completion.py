"""Shell completion: scripts, and what stands for names."""

import os

import click

from zenprofile.cli import output
from zenprofile.cli.options import command

_NAMES_IN = "components", "flavors"
SHELLS = ("bash", "zsh", "fish")


@command(
    examples=[
        'eval "$(zenprofile completion bash)"     # in ~/.bashrc',
        'eval "$(zenprofile completion zsh)"      # in ~/.zshrc',
        "zenprofile completion fish > ~/.config/fish/completions/zenprofile.fish",
    ]
)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and names in a shell."""
    from click.shell_completion import get_completion_class

    from zenprofile.cli.commands import cli
    from zenprofile.cli.main import COMPLETION

    kind = get_completion_class(shell)
    if kind is not None:
        output.result(kind(cli, {}, "zenprofile", COMPLETION).source())


def entity_names(context: click.Context, folder: str, incomplete: str = "") -> list[str]:
    """Return names of entities as the files of a local store have them; [] of any other store.

    Args:
        context: of the completion.
        folder: below the profile: ``stacks``, ``components/artifact_store``, or ``components`` for every type.
        incomplete: what was typed.
    """
    from zenprofile.cli.session import Session
    from zenprofile.errors import ZenprofileError
    from zenprofile.store.url import path_of

    try:
        profile = context.ensure_object(Session).active.existing()
    except ZenprofileError:
        return []
    if profile.store_type != "local":
        return []
    root = os.path.join(profile.path or path_of(profile.store_url), folder)
    folders = [root, *(os.path.join(root, type_) for type_ in _listed(root))] if folder in _NAMES_IN else [root]
    found = {name.removesuffix(".yaml") for at in folders for name in _listed(at) if name.endswith(".yaml")}
    return sorted(name for name in found if name.startswith(incomplete))


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
