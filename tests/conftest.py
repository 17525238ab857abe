"""What every test stands on: a machine of its own, without the developer's home, git configuration or keyring."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ("databases",)  # one set of servers for all suites that use them

# No example has a deadline: other work on the machine would miss it. What CI's own profile sets stays.
settings.register_profile("whole", parent=settings(), deadline=None)
settings.register_profile("quick", parent=settings(), deadline=None, max_examples=10)  # see `generated.examples`
settings.load_profile("whole")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So it is in what a shell runs in the background, and children inherit it: no test could interrupt its own.
    signal.signal(signal.SIGINT, signal.default_int_handler)

GIT_CONFIGURATION = """\
[user]
\tname = Ada Lovelace
\temail = ada@example.com
[init]
\tdefaultBranch = main
[commit]
\tgpgSign = false
[protocol "file"]
\tallow = always
"""
SCRUBBED = ("GIT_", "ZENPROFILE_", "ZENML_", "XDG_", "SSH_", "EDITOR", "VISUAL", "PAGER", "CLICOLOR", "FORCE_COLOR")


@pytest.fixture(autouse=True)
def machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty home, git's configuration above, and no keyring; returns the home."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(SCRUBBED):
            monkeypatch.delenv(name)
    settings = home / ".gitconfig"
    settings.write_text(GIT_CONFIGURATION, encoding="utf-8")
    for name, value in {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "GIT_CONFIG_GLOBAL": str(settings),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "ZENPROFILE_CONFIG_DIR": str(home / "zenprofile"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "COLUMNS": "80",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }.items():
        monkeypatch.setenv(name, value)
    return home
