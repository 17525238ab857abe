"""Completion in shells that are not on every machine, typed as a person types: tests/setup.sh brings them."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from zenprofile.machine.profiles import Profile, Profiles

PROMPT = b"ready> "


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine with the profiles default and team, and ``zenprofile`` on its path."""
    program = tmp_path / "bin/zenprofile"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m zenprofile "$@"\n')
    program.chmod(0o755)
    with Profiles().edit() as state:
        state.put(Profile("default", str(tmp_path / "store"), "local"))
        state.put(Profile("team", str(tmp_path / "team"), "local"))
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "TERM": "dumb"}


def fish(typed: str, environment: dict[str, str]) -> list[str]:
    """Return what fish offers for a line."""
    script = f"zenprofile completion fish | source; complete --do-complete '{typed}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


def zsh(typed: str, environment: dict[str, str]) -> list[str]:
    """Return what zsh makes of the last word of a line, by a tab behind it on a terminal."""
    terminal, end = pty.openpty()
    child = subprocess.Popen(
        ["zsh", "-f", "-i"],
        env={**environment, "PS1": PROMPT.decode(), "PROMPT_EOL_MARK": ""},
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    for line in (
        "autoload -Uz compinit; compinit -u -D",
        'eval "$(zenprofile completion zsh)"',
        "show() { print -rl -- $@ >$HOME/words }",
        f"{typed}\t\x01show ",  # back to the line's start, to show its words in place of running it
        "exit",
    ):
        until(terminal, PROMPT)
        os.write(terminal, f"{line}\n".encode())
    until(terminal, None)
    os.close(terminal)
    assert child.wait() == 0
    return (Path(environment["HOME"]) / "words").read_text().split()[-1:]


def until(terminal: int, mark: bytes | None) -> None:
    """Read a terminal until a mark; without one, until its end."""
    seen = b""
    while mark is None or not seen.endswith(mark):
        try:
            got = os.read(terminal, 1)
        except OSError:  # how Linux tells the end
            got = b""
        if not got:
            assert mark is None, seen
            return
        seen += got


@pytest.mark.parametrize("shell", [fish, zsh], ids=lambda shell: shell.__name__)
def test_what_a_shell_offers(shell: Callable[..., list[str]], environment: dict[str, str]) -> None:
    assert shell("zenprofile set te", environment) == ["team"]
    assert shell("zenprofile --profile de", environment) == ["default"]
    assert shell("zenprofile artifact", environment) == ["artifact-store"]
