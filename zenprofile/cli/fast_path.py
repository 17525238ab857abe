"""What a prompt or a script says all the time, done without the option parser: it costs more than the answer.

The same functions stand behind the parser's commands, for every other spelling.
"""

from collections.abc import Callable, Sequence
from typing import Any

from zenprofile import __version__
from zenprofile.cli import output
from zenprofile.cli.session import Session
from zenprofile.machine.active import as_json, lacks_stack, missing_stack_message
from zenprofile.machine.profiles import Profile

_OF_NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

_COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "ACTIVE": lambda row: "\N{WHITE RIGHT POINTING BACKHAND INDEX}" if row["active"] else "",
    "PROFILE NAME": lambda row: f"{row['name']} (local)" if row["checkout"] else row["name"],
    "STORE TYPE": lambda row: row["store_type"],
    "URL": lambda row: row["store_url"],
    "ACTIVE STACK": lambda row: row["active_stack"],
}


def version(session: Session) -> None:
    """Print the version."""
    session.echo(f"zenprofile {__version__}")


def get(session: Session) -> None:
    """Print the name of the active profile."""
    name = session.active.existing().name
    session.show({"name": name, "scope": session.scope}, lambda: output.safe_text(name))


def list_(session: Session) -> None:
    """Print this machine's profiles; those that are invalid are named on stderr too."""
    session.tolerate_broken_root()
    session.announce(about_profiles=True)
    profiles = sorted(session.profiles.state().profiles.values())
    if session.active.profile is not None and session.active.is_checkout:
        profiles.insert(0, session.active.profile)
    rows = [as_json(profile, session.active) for profile in profiles]
    session.show(rows, lambda: _table([{**r, "checkout": p.checkout} for p, r in zip(profiles, rows, strict=True)]))
    for profile, row in zip(profiles, rows, strict=True):
        if profile.problem:
            session.warn_all([f"the profile '{profile.name}' is invalid: {profile.problem}"])
        elif lacks_stack(profile, row["active_stack"]):
            session.warn_all([f"profile '{profile.name}': {missing_stack_message(row['active_stack'])}"])


def describe(session: Session, name: str = "") -> None:
    """Print a profile ("": the active one), and warn of what in it is gone."""
    from zenprofile.usecases import profiles as usecase

    session.tolerate_broken_root()
    session.announce(about_profiles=True)
    active = session.active
    named_so = active.is_checkout and name == active.name and name not in session.profiles.names()
    profile = session.profiles.find(name) if name and not named_so else session.profile
    data = as_json(profile, active)
    session.show(data, lambda: _properties(data, profile))
    store = session.open(profile)
    session.warn_all(usecase.missing_names(store.snapshot(), data["active_stack"], data["active_user"]))


def _properties(data: dict[str, Any], profile: Profile) -> str:
    fields = ["name", "store_url", "store_type", "active_stack", "active_user", *(["path"] if profile.path else [])]
    title = f"'{profile.name}' Profile Configuration{' (ACTIVE)' if data['active'] else ''}"
    return output.properties(title, [(field.upper(), data[field]) for field in fields])


def _status(session: Session) -> int:
    from zenprofile.cli import remote_commands

    return remote_commands.status(session)


def _pull(session: Session) -> None:
    from zenprofile.cli import remote_commands

    remote_commands.pull(session)


def _push(session: Session) -> None:
    from zenprofile.cli import remote_commands

    remote_commands.push(session)


def _validate(session: Session) -> int:
    from zenprofile.cli import validation

    return validation.validate(session)


def _list_stacks(session: Session) -> None:
    from zenprofile.cli import reading
    from zenprofile.usecases.selection import Selection

    reading.list_stacks(session, None, Selection())


def _list_components(session: Session) -> None:
    from zenprofile.cli import reading
    from zenprofile.usecases.selection import Selection

    reading.list_components(session, Selection())


def _describe_stack(session: Session, *names: str) -> None:
    from zenprofile.cli import reading

    reading.describe_stacks(session, names, None)


def _describe_component(session: Session, name: str, type_: str = "") -> None:
    from zenprofile.cli import reading

    reading.describe(session, reading.COMPONENT, (name,), type_, None)


def _log(session: Session, most: str = "") -> None:
    from zenprofile.cli import reading
    from zenprofile.usecases.history import LogFilter

    reading.log(session, "", LogFilter(most=int(most) if most else None))


def _register_component(session: Session, name: str, type_: str, flavor: str, *set_: str) -> None:
    from zenprofile.cli import writing
    from zenprofile.core.entity import Key

    writing.register(session, Key("component", type_, name), flavor, set_)


def _update_component(session: Session, name: str, type_: str, flavor: str, *set_: str) -> None:
    from zenprofile.cli import reading, writing

    writing.update(session, reading.COMPONENT.find(session.store().snapshot(), name, type_), flavor, set_)


def _table(rows: list[dict[str, Any]]) -> str:
    return output.table(list(_COLUMNS), [[cell(row) for cell in _COLUMNS.values()] for row in rows])


Answer = Callable[..., int | None]

# A word is what it is; these stand for what a person names.
_NAME, _TYPE, _NUMBER, _SETTING = "NAME", "TYPE", "NUMBER", "KEY=VALUE"
COMMANDS: dict[tuple[str, ...], Answer] = {
    ("--version",): version,
    ("get",): get,
    ("list",): list_,
    ("describe",): describe,
    ("status",): _status,
    ("pull",): _pull,
    ("push",): _push,
    ("validate",): _validate,
    ("log",): _log,
    ("log", "-n", _NUMBER): _log,
    ("stack", "list"): _list_stacks,
    ("stack", "describe"): _describe_stack,
    ("stack", "describe", _NAME): _describe_stack,
    ("component", "list"): _list_components,
    ("component", "describe", _NAME): _describe_component,
    ("component", "describe", _NAME, "--type", _TYPE): _describe_component,
}

# Behind these and a NAME stand options with a value each, in any order; with what must be among them.
_WRITES: dict[tuple[str, ...], tuple[Answer, frozenset[str]]] = {
    ("component", "register"): (_register_component, frozenset({"--type", "--flavor"})),
    ("component", "update"): (_update_component, frozenset()),
}
_OPTIONS = {"--type": _TYPE, "--flavor": _NAME, "--set": _SETTING}


def find(words: Sequence[str]) -> Callable[[Session], int] | None:
    """Return what answers a command line; None where the option parser has to read it."""
    profile, plain = _without_profile(words)
    bare = plain[:-2] if plain[-2:] == ["-o", "json"] and len(plain) > 2 else plain
    format_ = "table" if bare is plain else "json"
    for shape, answer in COMMANDS.items():
        if len(shape) == len(bare) and all(map(_matches, shape, bare)):
            given = [word for word, expected in zip(bare, shape, strict=True) if expected in {_NAME, _TYPE, _NUMBER}]
            return lambda session: _run(session, answer, given, format_, profile)
    return _find_write(bare, format_, profile)


def _find_write(words: Sequence[str], format_: str, profile: str) -> Callable[[Session], int] | None:
    answer, needed = _WRITES.get(tuple(words[:2]), (None, frozenset()))
    if answer is None or len(words) < 3 or not _matches(_NAME, words[2]):
        return None
    options = _options(words[3:], needed)
    if options is None:
        return None
    return lambda session: _run(session, answer, [words[2], *options], format_, profile, writes=True)


def _options(words: Sequence[str], needed: frozenset[str]) -> list[str] | None:
    """Return type, flavor ("" for none) and settings of a write; None where the option parser has to read them."""
    pairs = list(zip(words[::2], words[1::2], strict=False))
    given = [option for option, _ in pairs if option != "--set"]
    plain = not len(words) % 2 and all(
        option in _OPTIONS and _matches(_OPTIONS[option], value) for option, value in pairs
    )
    if not plain or len(given) > len(set(given)) or not needed <= set(given):
        return None
    values = dict(pairs)
    return [
        values.get("--type", ""),
        values.get("--flavor", ""),
        *(value for option, value in pairs if option == "--set"),
    ]


def _without_profile(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Part a command line into the profile that ``--profile`` names at its start or end ("": none), and the rest."""
    for option, rest in ((words[:2], words[2:]), (words[-2:], words[:-2])):
        if option[:1] == ["--profile"] and len(option) == 2 and rest and _matches(_NAME, option[1]):
            return option[1], rest
    return "", words


def _matches(expected: str, word: str) -> bool:
    if expected == _NUMBER:
        return word.isascii() and word.isdigit() and len(word) < 9
    if expected == _TYPE:
        from zenprofile.core.entity import COMPONENT_TYPES

        return word in COMPONENT_TYPES
    if expected == _NAME:
        return word.isascii() and word[:1].isalnum() and not word.strip(_OF_NAMES)
    if expected == _SETTING:
        return "=" in word and not word.startswith("-")
    return word == expected


def _run(
    session: Session, answer: Answer, given: Sequence[str], format_: str, profile: str, *, writes: bool = False
) -> int:
    session.format, session.chosen, session.writes = format_, profile, writes
    try:
        return answer(session, *given) or 0
    finally:
        session.close()
