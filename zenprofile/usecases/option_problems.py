"""Problems of a document that was made from options, reworded to name the options instead of a file."""

import re

from zenprofile.core.entity import COMPONENT_TYPES, Key
from zenprofile.errors import Invalid, Problem

_CONFIGURATION = "configuration"
_MISSING = re.compile("the field '([^']+)' is missing")
_LOST = re.compile("refers to ([a-z_]+) '([^']+)', which does not exist(; did you mean)?")


def in_terms_of_options(error: Invalid, key: Key) -> Invalid:
    """Return the error of a write with the problems of the document reworded."""
    if not error.problems:
        return error
    return Invalid.of(
        _reworded(problem, key.type) if problem.file == key.path else problem for problem in error.problems
    )


def _reworded(problem: Problem, type_: str) -> Problem:
    return problem._replace(file="", line=0, column=0, hint=_hint(problem, type_) or problem.hint)


def _hint(problem: Problem, type_: str) -> str:
    kind, _, setting = problem.path.partition(".")
    is_setting = kind == _CONFIGURATION
    if problem.code == "plain-secret" and is_setting:
        return f"keep the secret elsewhere and give its reference: --set '{setting}={{{{NAME.KEY}}}}'"
    if problem.path == "flavor" and "has no flavor" in problem.message:
        return f"zenprofile flavor list --type {type_} shows those that are known; {problem.hint}"
    missing = _MISSING.match(problem.message)
    if missing and is_setting:
        return f"add --set {'.'.join(filter(None, (setting, missing[1])))}=VALUE ({problem.hint})"
    lost = _LOST.search(problem.message)
    return _command_hint(*lost.groups()) if lost else ""


def _command_hint(noun: str, name: str, near: str | None) -> str:
    group = noun.replace("_", "-")
    if near:
        return f"zenprofile {group} list shows what there is"
    if noun in COMPONENT_TYPES:
        return f"register it: zenprofile {group} register {name} --flavor FLAVOR"
    return f"create it: zenprofile {group} create {name}"
