"""Screens that the docs show, on a real terminal: a table in a narrow window, a tree, a diff, a real vim, a walk.

In docs/tasks/terminal.md a ``text`` block is what the screen shows once its first line was typed behind the prompt (or,
where it begins with no ``$``, as it is then), and a comment ``<!-- keys: ... -->`` is what is pressed after it.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminals import Terminal
from watchers import until

from tests.e2e.test_docs import ROOT, Session, lasting, make_remotes, pattern

PAGE = ROOT / "docs" / "tasks" / "terminal.md"
PART = re.compile(r"^```(console|text)\n(.*?)^```$|^<!-- keys: (.*?) -->$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    make_remotes(tmp_path / "remote")
    made = Session(tmp_path / "ana", tmp_path / "remote")
    yield made
    made.close()


@pytest.fixture
def terminal(session: Session) -> Iterator[Terminal]:
    environment = {
        "HOME": str(session.home),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "GIT_CONFIG_NOSYSTEM": "1",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "EDITOR": "vim -u NONE -N -n",
        "PS1": "$ ",
    }
    made = Terminal(session.home, environment, "bash", "--noprofile", "--norc", columns=64, lines=24)
    made.shows("$")
    made.types(f"cd {session.home / 'work'}", "Enter")
    yield made
    made.close()


@pytest.mark.slow
def test_the_screens_of_the_docs_are_those_of_a_terminal(session: Session, terminal: Terminal) -> None:
    for part in PART.finditer(PAGE.read_text(encoding="utf-8")):
        language, body, keys = part.groups()
        if keys:
            terminal.types(*keys.split())
        elif language == "text":
            _must_show(terminal, body)
        else:
            for command in re.findall(r"^\$ (.*)$", body, re.MULTILINE):
                session.run(command)


def _must_show(terminal: Terminal, shown: str) -> None:
    first, _, rest = shown.partition("\n")
    if first.startswith("$ "):
        terminal.types("C-l")
        terminal.types(first.removeprefix("$ "), "Enter")
        # A long line wraps as it is typed.
        shown = f"...\n{rest}"
    expected = pattern(lasting(shown.rstrip("\n") + "\n") + "...\n")
    try:
        until(lambda: expected.match(lasting(terminal.screen())), "the screen of the docs")
    except AssertionError:
        pytest.fail(f"shown:\n{shown}\non the screen:\n{terminal.screen()}")
