"""What may follow on a command line, for the shell: commands and names without the option parser, the rest by it.

The parser is nine tenths of the time that a person waits for after pressing the tab key.
"""

from typing import NamedTuple

from zenprofile.cli import output
from zenprofile.cli.completing_names import entities, entity_names, profile_names
from zenprofile.cli.session import Session
from zenprofile.cli.table import SECTIONS, TYPED, VERBS

# Options of every command, and whether a value follows them.
_COMMON = {
    "--profile": True,
    "-o": True,
    "--output": True,
    "--timeout": True,
    "-v": False,
    "--verbose": False,
    "-q": False,
    "--quiet": False,
}
_ON_PROFILES = frozenset({"set", "describe", "rename", "delete"})
_ON_ENTITIES = frozenset({"describe", "update", "rename", "copy", "delete", "set"})
# As their first argument.
_TAKE_ENTITIES = frozenset({"blame", "edit", "log", "path", "resolve", "restore"})
_TAKE_ENTITIES |= {"override set", "override unset", "secrets allow"}
_TAKE_REVISIONS = frozenset({"show", "revert"})


class Offer(NamedTuple):
    """A word that may stand at the cursor, and what it does."""

    word: str
    help: str = ""


def main(words: list[str]) -> None:
    """Print what may stand in place of the last word, a line each: the word, a tab, what it does.

    Args:
        words: of the command line behind ``zenprofile``, up to the one at the cursor.
    """
    # bash takes '--profile=x' apart.
    words = [*(word for word in words[:-1] if word != "="), *("" if word == "=" else word for word in words[-1:])]
    offers = complete_fast(Session(), words)
    for offer in _complete_by_parser(words) if offers is None else offers:
        output.print_result(f"{output.safe_text(offer.word)}\t{output.safe_text(offer.help)}")


def complete_fast(session: Session, words: list[str]) -> list[Offer] | None:
    """Answer without the parser, or return None where it takes one.

    Args:
        session: of which the profile that the words name is chosen.
        words: as in `main`.
    """
    *before, current = words or [""]
    if before and before[-1] == "--profile":
        return _starting(profile_names(session), current)
    if before and before[-1].startswith("-"):
        from zenprofile.cli import completing_values

        found = completing_values.option_values(session, before)
        if found is not None:
            return _starting(found, current)
    plain: list[str] | None = _words_without_options(session, before)
    if plain is None or current.startswith("-"):
        return None
    return _complete_argument(session, plain, current) if plain else _commands(current)


def _complete_argument(session: Session, plain: list[str], current: str) -> list[Offer] | None:
    """Answer behind a command."""
    if plain == ["help"]:
        return _commands(current)
    verbs = VERBS.get(" ".join([TYPED if _is_type(word) else word for word in plain if word != "help"]))
    found = verbs.split() if verbs else _operands(session, plain)
    return None if found is None else _starting(found, current)


def _operands(session: Session, plain: list[str]) -> list[str] | None:
    """Return what may follow as an argument; None where the parser has to say."""
    path = " ".join(plain)
    if path in _TAKE_ENTITIES:
        return entities(session)
    if path in _TAKE_REVISIONS or plain[0] == "diff":
        from zenprofile.cli.completing_values import revisions

        return revisions(session) + (entities(session) if plain[0] == "diff" else [])
    if plain[0] in _ON_PROFILES:
        return profile_names(session) if len(plain) == 1 else []
    if len(plain) == 2 and plain[1] in _ON_ENTITIES:
        folder = _folder(plain[0])
        return entity_names(session, folder) if folder else None
    return None


def _words_without_options(session: Session, words: list[str]) -> list[str] | None:
    """Return the words that are no option; None where there is an option that only the parser knows."""
    plain, rest = [], iter(words)
    for word in rest:
        if not word.startswith("-"):
            plain.append(word)
        elif word not in _COMMON or (plain[:1] == ["stack"] and word == "-o"):
            return None
        elif _COMMON[word]:
            value = next(rest, None)
            if value is None:
                return None
            session.chosen = value if word == "--profile" else session.chosen
    return plain


def _starting(names: list[str], current: str) -> list[Offer]:
    return [Offer(name) for name in names if name.startswith(current)]


def _commands(current: str) -> list[Offer]:
    table = {name: does for section in SECTIONS.values() for name, (_, does) in section.items()}
    found = [Offer(name, does) for name, does in table.items() if name.startswith(current)]
    if found:
        return found
    from zenprofile.core.entity import COMPONENT_TYPES

    return _starting([type_.replace("_", "-") for type_ in COMPONENT_TYPES], current)


def _is_type(command: str) -> bool:
    from zenprofile.core.entity import COMPONENT_TYPES

    return command.replace("-", "_") in COMPONENT_TYPES


def _folder(command: str) -> str:
    """Return the folder of the entities that a group of commands is about; "" where it is about none."""
    from zenprofile.core.entity import KINDS

    if _is_type(command):
        return f"components/{command.replace('-', '_')}"
    return KINDS[command].folder if command in KINDS else ""


def _complete_by_parser(words: list[str]) -> list[Offer]:
    from click.shell_completion import ShellComplete

    from zenprofile.cli.commands import cli

    *before, current = words or [""]
    items = ShellComplete(cli, {}, "zenprofile", "").get_completions(before, current)
    # Other types ask the shell for files, which it offers where nothing is printed.
    return [Offer(item.value, item.help or "") for item in items if item.type == "plain"]
