"""The scripts that make a shell ask `zenprofile.cli.completing` what may follow."""

import click

from zenprofile.cli import output
from zenprofile.cli.options import command

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
    output.print_result(_SCRIPTS[shell])
