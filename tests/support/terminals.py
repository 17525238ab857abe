"""A real terminal (tmux's), driven by keys and looked at as a person sees it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from watchers import until


class Terminal:
    """A program in a terminal of its own."""

    def __init__(
        self, home: Path, environment: Mapping[str, str], *words: str, columns: int = 100, lines: int = 30
    ) -> None:
        self._socket = str(home / "tmux")
        self._environment = {**environment, "TERM": "xterm", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"}
        size = ("-x", str(columns), "-y", str(lines))
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(home), *words)

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-S", self._socket, *words]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        return done.stdout

    def screen(self) -> str:
        """Return what the screen shows."""
        return self._tmux("capture-pane", "-p")

    def shows(self, text: str) -> None:
        """Wait until the screen shows a text."""
        until(lambda: text in self.screen(), f"'{text}' on the screen")

    def types(self, *keys: str) -> None:
        """Press keys, named as tmux names them."""
        self._tmux("send-keys", *keys)

    def ended(self) -> None:
        """Wait until the program ends."""
        until(lambda: not self._tmux("list-sessions"), "the program ends")
        self.close()

    def close(self) -> None:
        """Close the terminal, whatever runs in it."""
        self._tmux("kill-server")
