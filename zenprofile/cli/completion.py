"""The scripts that make a shell ask `zenprofile.cli.completing` what may follow."""

import click

from zenprofile.cli import completing, completing_values, output
from zenprofile.cli.options import command
from zenprofile.cli.session import Session

_BASH = """\
_zenprofile() {
    local IFS=$'\\n'
    COMPREPLY=($(_ZENPROFILE_COMPLETE=words zenprofile "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _zenprofile zenprofile"""

_ZSH = """\
#compdef zenprofile
_zenprofile() {
    local line
    local -a found
    for line in "${(@f)$(_ZENPROFILE_COMPLETE=words zenprofile "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] && found+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
    done
    if (( ${#found} )); then _describe -V zenprofile found; else _files; fi
}
compdef _zenprofile zenprofile"""

_FISH = """\
function __zenprofile
    set -l words (commandline -opc) (commandline -ct)
    set -l found (_ZENPROFILE_COMPLETE=words zenprofile $words[2..] 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --no-files --keep-order --command zenprofile --arguments '(__zenprofile)'"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@command(
    examples=[
        'eval "$(zenprofile completion bash)"     # in ~/.bashrc',
        'eval "$(zenprofile completion zsh)"      # in ~/.zshrc, below compinit',
        "zenprofile completion fish > ~/.config/fish/completions/zenprofile.fish",
    ]
)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(_SCRIPTS)))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and names in a shell."""
    output.result(_SCRIPTS[shell])


def entity_names(context: click.Context, folder: str, incomplete: str = "") -> list[str]:
    """Return names of entities for the parser's own completion; see `zenprofile.cli.completing.entity_names`."""
    found = completing.entity_names(context.ensure_object(Session), folder)
    return [name for name in found if name.startswith(incomplete)]


def entities(context: click.Context, incomplete: str = "") -> list[str]:
    """Return entities in full for the parser's own completion; see `zenprofile.cli.completing.entities`."""
    found = completing.entities(context.ensure_object(Session))
    return [name for name in found if name.startswith(incomplete)]


def flavors(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a flavor of the component type that the command line names, or of any."""
    found = completing_values.flavors(context.ensure_object(Session), _type_of(context))
    return [name for name in found if name.startswith(incomplete)]


def settings(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the keys that the flavor's schema has, as ``KEY=``."""
    found = completing_values.settings(_type_of(context), str(context.params.get("flavor") or ""))
    return [name for name in found if name.startswith(incomplete)]


def _type_of(context: click.Context) -> str:
    """Return the component type that ``--type`` or the group names; "" for none."""
    from zenprofile.core.entity import COMPONENT_TYPES

    group = (context.parent.info_name or "").replace("-", "_") if context.parent else ""
    return str(context.params.get("type_") or (group if group in COMPONENT_TYPES else ""))


def revisions(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete branches and tags of the repository that the active profile lies in."""
    found = completing_values.revisions(context.ensure_object(Session))
    return [name for name in found if name.startswith(incomplete)]


def label_keys(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the keys of labels that entities have."""
    found = completing_values.label_keys(context.ensure_object(Session))
    return [name for name in found if name.startswith(incomplete)]
