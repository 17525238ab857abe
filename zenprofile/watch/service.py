"""A watcher as a service of the user's own: a systemd unit, or on macOS a launchd agent, that starts it at login."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from zenprofile.core import names
from zenprofile.errors import StoreBroken, UsageError, ZenprofileError
from zenprofile.fs import atomic
from zenprofile.watch import processes

_KEPT = ("ZENPROFILE_CONFIG_DIR", "GIT_SSH_COMMAND", "PATH")
_UNIT = """\
# Written by `zenprofile watch service install`; `zenprofile watch service uninstall` removes it.
[Unit]
Description=zenprofile watch: profile {name}

[Service]
Type=exec
ExecStart={command}
{environment}WorkingDirectory={folder}
Restart=on-failure
RestartSec=30
TimeoutStopSec=10

[Install]
WantedBy=default.target
"""
_AGENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>{label}</string>
  <key>ProgramArguments</key>
  <array>
{arguments}
  </array>
{place}  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
</dict>
</plist>
"""


class Service(NamedTuple):
    """How a profile's service is.

    Attributes:
        name: of the unit.
        path: of its file; "" where services are installed by hand.
        installed: whether the file is there.
        active: what systemd says (``active``, ``failed``, ...); "" where it cannot be asked.
        advice: what to do by hand, a line each.
    """

    name: str
    path: str
    installed: bool
    active: str
    advice: tuple[str, ...]


def unit_name(profile: str) -> str:
    """Return the name of a profile's systemd unit."""
    if names.why_not(profile):
        raise UsageError(f"'{profile[:40]}' is no name of a profile", hint="see: zenprofile list")
    return f"zenprofile-watch-{profile}.service"


def unit(profile: str, command: Sequence[str], folder: str = "") -> str:
    """Return the text of a profile's systemd unit; it runs in a folder, "" for the user's home."""
    lines = [f"Environment={_quoted(f'{name}={value}')}\n" for name, value in _surroundings()]
    return _UNIT.format(
        name=profile,
        command=" ".join(map(_quoted, command)),
        environment="".join(lines),
        folder=folder.replace("%", "%%") or "%h",
    )


def _quoted(word: str) -> str:
    """Return a word as systemd reads it: quoted, without its specifiers and variables."""
    if any(ord(character) < 32 for character in word):
        raise UsageError("a control character stands in the command or environment", hint="take it out")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def agent(profile: str, command: Sequence[str], folder: str = "") -> str:
    """Return the text of a profile's launchd agent; it runs in a folder, "" for the user's home."""
    arguments = "\n".join(f"    <string>{escape(word)}</string>" for word in command)
    values = [f"    <key>{name}</key><string>{escape(value)}</string>\n" for name, value in _surroundings()]
    place = f"  <key>EnvironmentVariables</key>\n  <dict>\n{''.join(values)}  </dict>\n" if values else ""
    place += f"  <key>WorkingDirectory</key><string>{escape(folder or os.path.expanduser('~'))}</string>\n"
    return _AGENT.format(label=f"org.zenprofile.watch.{profile}", arguments=arguments, place=place)


def _surroundings() -> list[tuple[str, str]]:
    """List what a service keeps of the environment of the command that installs it."""
    return [(name, os.environ[name]) for name in _KEPT if os.environ.get(name, "").strip()]


def unit_path(profile: str) -> str:
    """Return where the user's systemd looks for the unit."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    base = base if base.startswith("/") else os.path.expanduser("~/.config")
    return os.path.join(base, "systemd", "user", unit_name(profile))


def install(profile: str, command: Sequence[str], folder: str = "") -> tuple[Service, str]:
    """Install a profile's service and start it, as far as this system lets us.

    Args:
        profile: its name.
        command: that the service runs.
        folder: where it runs; "" for the user's home.

    Returns:
        How it is then, and the text that was installed (or is to be, by hand).

    Raises:
        StoreBroken: the file cannot be written.
        ZenprofileError: systemd does not take it.
    """
    unit_name(profile)
    if not _has_systemd():
        text = agent(profile, command, folder) if sys.platform == "darwin" else unit(profile, command, folder)
        return status(profile), text
    text, path = unit(profile, command, folder), unit_path(profile)
    try:
        atomic.replace(path, text.encode(), 0o644)
    except OSError as error:
        raise StoreBroken(f"{path} cannot be written: {error.strerror}", hint="look at its folder") from None
    code, output = processes.run(["systemd-analyze", "verify", "--user", path])
    if code not in {0, 127} and unit_name(profile) in output:
        os.unlink(path)
        raise ZenprofileError(
            f"systemd does not take the unit: {output.splitlines()[0][:300]}", hint="nothing is installed"
        )
    if _is_reachable():
        processes.run(["systemctl", "--user", "daemon-reload"])
        processes.run(["systemctl", "--user", "enable", "--now", unit_name(profile)])
    return status(profile), text


def uninstall(profile: str) -> bool:
    """Stop and remove a profile's service; return whether there was one."""
    path = unit_path(profile)
    if not os.path.lexists(path):
        return False
    if _is_reachable():
        processes.run(["systemctl", "--user", "disable", "--now", unit_name(profile)])
    os.unlink(path)
    if _is_reachable():
        processes.run(["systemctl", "--user", "daemon-reload"])
    return True


def status(profile: str) -> Service:
    """Return how a profile's service is."""
    name = unit_name(profile)
    if not _has_systemd():
        place = f"~/Library/LaunchAgents/org.zenprofile.watch.{profile}.plist"
        mac = (f"write it to {place}", f"launchctl bootstrap gui/$UID {place}")
        other = ("there is no systemd here: have your system start the command of ExecStart at login",)
        return Service(name, "", installed=False, active="", advice=mac if sys.platform == "darwin" else other)
    path = unit_path(profile)
    installed = os.path.lexists(path)
    if not _is_reachable():
        advice = (f"systemctl --user enable --now {name}",) if installed else ()
        return Service(name, path, installed, "", advice)
    active = processes.run(["systemctl", "--user", "is-active", name])[1].partition("\n")[0] if installed else ""
    return Service(name, path, installed, active, ())


def _has_systemd() -> bool:
    return sys.platform == "linux" and shutil.which("systemctl") is not None


def _is_reachable() -> bool:
    """Return whether the user's own systemd runs and answers."""
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    return bool(folder) and os.path.exists(os.path.join(folder, "systemd", "private"))
