"""Commands of git, kubectl and gh that people type here: translated to ours, or answered with a hint.

Looked at only where a command line would be refused; no command of ours is read in another way.
"""

import re
import shlex
from collections.abc import Sequence

import click

from zenprofile.core.entity import COMPONENT_TYPES, KINDS

# In a group: the first of these commands that it has. Nothing here deletes but what every tool deletes by.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "ls": ("list",),
    **dict.fromkeys(("show", "get", "inspect", "view"), ("describe",)),
    **dict.fromkeys(("add", "create", "new"), ("register", "create")),
    "register": ("create",),
    **dict.fromkeys(("use", "switch", "activate", "select"), ("set",)),
    **dict.fromkeys(("rm", "del"), ("delete",)),
    "mv": ("rename",),
    "cp": ("copy",),
}
# At the top only what changes no entity and deletes nothing: there `rm` might mean a profile or a component.
_AT_TOP = {
    "ls": "list",
    "use": "set",
    "switch": "set",
    "logs": "log",
    "history": "log",
    "fetch": "pull",
    "merge": "pull",
}
_ACROSS = ("get", "describe", "delete", "list")
_HINTS: dict[str, str] = {
    "clone": "zenprofile create NAME --url git+https://HOST/REPOSITORY.git clones a profile",
    "checkout": "zenprofile set NAME makes a profile the active one, --at REV reads as it was then",
    "add": "zenprofile component register NAME --type TYPE --flavor FLAVOR; edits by hand: zenprofile commit",
    "register": "zenprofile component register NAME --type TYPE --flavor FLAVOR, or zenprofile stack register NAME",
    "new": "zenprofile create NAME makes a profile",
    "rm": "zenprofile component delete NAME, zenprofile stack delete NAME, or zenprofile delete PROFILE",
    "mv": "zenprofile component rename OLD NEW, or zenprofile rename OLD NEW for a profile",
    "reset": "zenprofile undo takes the last change back, zenprofile restore ENTITY --to REV one document",
    "rebase": "zenprofile pull merges what others have changed",
    "branch": "git branch, in the folder that zenprofile path prints",
    "tag": "git tag, in the folder that zenprofile path prints",
    "stash": "git stash, in the folder that zenprofile path prints",
    "whoami": "zenprofile user get",
    "auth": "zenprofile login",
    "import": "zenprofile stack import FILE, or zenprofile apply -f FILE",
    "export": "zenprofile stack export NAME",
}
_OF_GROUP: dict[str, str] = {
    "edit": "zenprofile edit ENTITY opens a document, such as zenprofile edit stack/default",
    "set": "{path} update NAME --set KEY=VALUE",
    "remove": "{path} delete NAME",
    "apply": "zenprofile apply -f FILE",
    "diff": "zenprofile diff ENTITY ENTITY",
    "log": "zenprofile log ENTITY",
}
_PAIR = re.compile(r"[A-Za-z_][\w.]*:?=.*", re.DOTALL)
_EXTRA = re.compile(r"Got unexpected extra arguments? \((.*)\)", re.DOTALL)


def translate(context: click.Context, args: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Return a group's command line translated to our commands; unchanged where nothing is known about it.

    Args:
        context: of the group.
        args: the line behind the group's name, its first word no option.
        commands: the names of the group's commands.
    """
    if context.parent is None:
        return _at_top(list(args), commands)
    word = next((name for name in _SYNONYMS.get(args[0], ()) if name in commands), args[0])
    return list(args) if args[0] in commands else [word, *args[1:]]


def _at_top(args: list[str], commands: Sequence[str]) -> list[str]:
    word, *rest = args
    if word == "profile" and rest:  # as ZenML 0.13 spells it
        return rest
    if word in _ACROSS and rest:
        return _noun_first(word, rest) or args
    if word == "log":  # git's `-3`; a line a change is what there is
        return [word, *(re.sub(r"^-(\d+)$", r"--max-count=\1", each) for each in rest if each != "--oneline")]
    if word in commands:
        return args
    group = _group(word)
    return [group, "list", *rest] if group else [_AT_TOP.get(word, word), *rest]


def _noun_first(verb: str, rest: list[str]) -> list[str]:
    """Return ``stack describe prod`` for kubectl's ``describe stack prod``; [] for what may mean a profile."""
    noun, *names = rest
    kind, slash, _ = noun.partition("/")
    named = bool(slash) or bool(names and not names[0].startswith("-"))
    if verb == "get":
        verb = "describe" if named else "list"
    group = _group(kind)
    if not group or not (named or verb == "list"):
        return []
    return [group, verb, *(rest if slash else names)]


def _group(noun: str) -> str:
    """Return the group of commands that a noun, singular or plural, names; "" for none."""
    for word in (noun, noun.removesuffix("s"), re.sub("ies$", "y", noun)):
        if word in KINDS:
            return word
        if word.replace("-", "_") in COMPONENT_TYPES:
            return word.replace("_", "-")
    return ""


def hint_for_command(context: click.Context, word: str) -> str:
    """Return the hint for a word that is no command; "" where nothing is known."""
    if context.command.name == "remote" and word == "add":
        return "zenprofile remote set URL"
    if context.command.name == "config":
        return "zenprofile config shows the settings"
    if context.parent is None:
        return _HINTS.get(word, "")
    return _OF_GROUP.get(word, "").format(path=context.command_path) if _group(str(context.command.name)) else ""


def hint_for_usage(error: click.UsageError) -> str:
    """Return the hint for a command line that the parser refuses; "" where nothing is known."""
    context = error.ctx
    if context is None:
        return ""
    if isinstance(error, click.NoSuchOption):
        return _hint_for_option(context, error)
    if isinstance(error, click.MissingParameter):
        return _hint_for_missing(context, error)
    extra = _EXTRA.search(error.format_message())
    return _hint_for_extra(context, extra[1].split()) if extra else ""


def _has_option(context: click.Context, name: str) -> bool:
    return any(parameter.name == name for parameter in context.command.params)


def _hint_for_option(context: click.Context, error: click.NoSuchOption) -> str:
    name = error.option_name
    if name == "-V":
        return "write --version"
    if (
        _has_option(context, "set_")
        and name.startswith("--")
        and not error.possibilities
        and _has_option(context, "flavor")
    ):
        return f"a setting is given as --set {name[2:].replace('-', '_')}=VALUE"
    return ""


_OF_MISSING = {
    "type_": "such as --type artifact_store",
    "users": "write --user NAME",
    "files": "write -f FILE, -f DIR, or -f - for standard input",
    "entity": "such as stack/NAME or component/TYPE/NAME",
}
_OF_NAMED = frozenset({"describe", "delete", "update", "rename", "copy", "set"})


def _hint_for_missing(context: click.Context, error: click.MissingParameter) -> str:
    name = (error.param.name if error.param else "") or ""
    if name == "flavor":
        return f"zenprofile flavor list --type {context.params.get('type_') or 'TYPE'} shows the flavors"
    if name == "rev":
        example = "--to HEAD~1" if isinstance(error.param, click.Option) else "HEAD"
        return f"such as {example}; zenprofile log shows the changes"
    if name in {"name", "names"} and context.command.name in _OF_NAMED:
        return f"{context.command_path.rpartition(' ')[0]} list shows the names"
    return _OF_MISSING.get(name, "")


def _hint_for_extra(context: click.Context, words: list[str]) -> str:
    path = context.command_path
    if _has_option(context, "set_") and all(_PAIR.fullmatch(word) for word in words):
        return "write " + " ".join(f"--set {shlex.quote(word)}" for word in words)
    waiting = (
        [text for text in context.params.get("set_") or () if "=" not in text] if _has_option(context, "flavor") else []
    )
    if waiting and len(words) == 1:
        return f"write --set {shlex.quote(f'{waiting[-1]}={words[0]}')}"
    if path == "zenprofile create":
        return f"write --url {shlex.quote(words[0])}"
    if path.endswith(" get") and context.parent is not None and context.parent.parent is not None:
        return f"{path.removesuffix('get')}describe {' '.join(map(shlex.quote, words))}"
    if _has_option(context, "users"):
        return "write " + " ".join(f"--user {shlex.quote(word)}" for word in words)
    return ""
