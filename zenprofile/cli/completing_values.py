"""What may stand behind an option, for the shell: found without the option parser, which takes longer than all else."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

from zenprofile.cli import completing_names
from zenprofile.cli.session import Session
from zenprofile.core.entity import COMPONENT_TYPES
from zenprofile.errors import ZenprofileError
from zenprofile.fs import nofollow

# A document's labels, on lines of their own or within braces, and the keys in such a piece.
_LABELS = r"(?m)^labels:((?:\s*\{[^}]*\})|(?:\n[ ]+.*)+)"
_KEY = r"(?m)(?:^ +|[{,] *)[\"']?([\w./-]+)[\"']?:"

# ZenML's letters of component types in `stack register`; the other types have their name alone.
STACK_LETTERS = {
    "orchestrator": "-o",
    "metadata_store": "-m",
    "artifact_store": "-a",
    "container_registry": "-c",
    "secrets_manager": "-x",
    "step_operator": "-s",
    "feature_store": "-f",
    "model_deployer": "-d",
    "experiment_tracker": "-e",
    "alerter": "-al",
    "annotator": "-an",
    "data_validator": "-dv",
}


_SHORT = {"-l": "--label", "-f": "--flavor", "-t": "--type"}


class CommandLine(NamedTuple):
    """A command line up to an option whose value is asked for; name, type and flavor are "" where it has none."""

    group: str
    verb: str
    name: str
    type: str
    flavor: str


def option_values(session: Session, words: Sequence[str]) -> list[str] | None:
    """Return the possible values of the last word, an option; None where only the parser knows."""
    line = _line(words)
    find = _finder(line, words[-1])
    if find is None:
        return None
    chosen = _value(words, "--profile")
    session.chosen = chosen or session.chosen
    return find(session, line)


def _line(words: Sequence[str]) -> CommandLine:
    group, verb, name = [*("" if word.startswith("-") else word for word in words[:3]), "", "", ""][:3]
    own = group.replace("-", "_")
    type_ = own if own in COMPONENT_TYPES else _value(words, "--type", "-t").replace("-", "_")
    return CommandLine(group, verb, name, type_, _value(words, "--flavor", "-f"))


def _value(words: Sequence[str], *flags: str) -> str:
    """Return the value that the line gives an option; "" for none."""
    return next((value for flag, value in pairwise(words) if flag in flags), "")


Find = Callable[[Session, CommandLine], list[str]]


def _finder(line: CommandLine, flag: str) -> Find | None:
    if line.group == "stack" and line.verb in {"register", "update"}:
        return _members(flag)
    of_components = line.group == "component" or line.group.replace("-", "_") in COMPONENT_TYPES
    table: dict[str, tuple[bool, Find]] = {
        "--at": (True, lambda session, _: revisions(session)),
        "--to": (True, lambda session, _: revisions(session)),
        "--rev": (True, lambda session, _: revisions(session)),
        "--label": (line.verb in {"list", "tree"}, lambda session, _: label_keys(session)),
        "--flavor": (of_components, lambda session, found: flavors(session, found.type)),
        "--set": (of_components, lambda session, found: settings(*_flavor_of(session, found))),
        "--type": (line.group in {"component", "flavor"}, lambda _, __: list(COMPONENT_TYPES)),
    }
    fits, find = table.get(_SHORT.get(flag, flag), (False, None))
    return find if fits else None


def _members(flag: str) -> Find | None:
    """Return what finds the components that an option of a stack's takes."""
    for type_ in COMPONENT_TYPES:
        if flag in {STACK_LETTERS.get(type_), f"--{type_}", f"--{type_.replace('_', '-')}"}:
            return lambda session, _: completing_names.entity_names(session, f"components/{type_}")
    return None


def flavors(session: Session, type_: str) -> list[str]:
    """Return the flavors of a component type, or ("") of any."""
    from zenprofile import resources

    catalog = resources.catalog()
    known = {flavor for each in ([type_] if type_ else COMPONENT_TYPES) for flavor in catalog.flavors(each)}
    known.update(completing_names.entity_names(session, f"flavors/{type_}" if type_ else "flavors"))
    return sorted(known)


def _flavor_of(session: Session, line: CommandLine) -> tuple[str, str]:
    """Return the type and flavor of the component that a line registers, or of the one there that it updates."""
    *_, of_name, name = ["", *line.name.split("/")]
    named = line.type or of_name
    root = completing_names.root_of(session) if line.verb == "update" else ""
    for type_ in ([named] if named else COMPONENT_TYPES) if root else ():
        with suppress(ZenprofileError, OSError), nofollow.folder(root, f"components/{type_}") as fd:
            text = (nofollow.read_at(fd, f"{name}.yaml", name) or b"").decode("utf-8", "replace")
            found = re.search(r"(?m)^flavor:[ ]*[\"']?([\w.-]+)", text)
            if found:
                return type_, found[1]
    return line.type, line.flavor


def settings(type_: str, flavor: str) -> list[str]:
    """Return the keys that the schema of a flavor that ships has, as ``KEY=``."""
    from zenprofile import resources

    schema = resources.catalog().flavor(type_, flavor)
    properties = schema.raw.get("properties", {}) if schema is not None else {}
    return sorted(f"{key}=" for key in properties)


def revisions(session: Session) -> list[str]:
    """Return branches and tags of the repository that the active profile lies in."""
    from zenprofile.git import runner

    root = completing_names.root_of(session)
    args = ["for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags"]
    try:
        found = runner.run(args, root) if root else None
    except (ZenprofileError, OSError):
        return []
    return ["HEAD", *(found.out.decode("utf-8", "replace").split() if found else ())]


def label_keys(session: Session) -> list[str]:
    """Return the keys of labels that entities have.

    Of files, as their lines look: to read every document as data would take too long behind a tab key.
    """
    root = completing_names.root_of(session)
    if root:
        return sorted({key for folder in completing_names.folders(root) for key in _labels_in(root, folder)})
    session.quiet = True
    try:
        loaded = session.store().snapshot().load()
    except ZenprofileError:
        return []
    labels = (entity.data.get("labels") for entity in loaded.entities)
    return sorted({key for each in labels if isinstance(each, dict) for key in each})


def _labels_in(root: str, folder: str) -> Iterator[str]:
    with suppress(ZenprofileError, OSError), nofollow.folder(root, folder) as fd:
        for name in os.listdir(fd):
            with suppress(ZenprofileError):  # a link, say, spoils only itself
                raw = nofollow.read_at(fd, name, name) if name.endswith(".yaml") else None
                yield from _keys((raw or b"").decode("utf-8", "replace"))


def _keys(text: str) -> list[str]:
    if "labels:" not in text:
        return []
    return [key for block in re.findall(_LABELS, text) for key in re.findall(_KEY, block)]
