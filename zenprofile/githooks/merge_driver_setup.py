"""The merge driver's place in a repository: git's setting, and a marked block of attributes for the profiles' files."""

import os
import re
import sys
from collections.abc import Iterable
from typing import NamedTuple

from zenprofile import resources
from zenprofile.core.entity import KINDS, MANIFEST
from zenprofile.errors import StoreBroken, ZenprofileError
from zenprofile.git import hook_paths
from zenprofile.git.repository import Repository

DRIVER = "zenprofile"
DRIVER_NAME = "merge of profiles' documents by meaning (zenprofile)"
_START, _END = "# >>> zenprofile >>>", "# <<< zenprofile <<<"
_JOINED = f"{_START} (no line end before)"
_BLOCK = re.compile(rb"(\n?)# >>> zenprofile >>>( \(no line end before\))?\n(?:.*\n)*?# <<< zenprofile <<<\n")


class InstallStep(NamedTuple):
    """One thing that `install` or `uninstall` does.

    Attributes:
        what: ``write``, ``keep`` (an existing hook beside ours), ``restore``, ``remove`` or ``set``.
        file: that is written, or the setting.
        content: its new content.
    """

    what: str
    file: str
    content: str = ""


def installation() -> tuple[str, str]:
    """Return this installation: its interpreter (one name of the several that it has), and the program's file."""
    python = os.path.abspath(sys.executable)
    usual = os.path.join(os.path.dirname(python), "python3")
    package = os.path.dirname(os.path.abspath(resources.__file__))
    return usual if os.access(usual, os.X_OK) else python, os.path.join(package, "__main__.py")


def quoted(text: str) -> str:
    """Return a text as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def steps(repository: Repository, prefix: str | None) -> list[InstallStep]:
    """Return what sets the merge driver, as far as it is not set already."""
    found = []
    if hook_paths.merge_driver(repository, DRIVER) != command():
        found.append(InstallStep("set", f"merge.{DRIVER}", command()))
    file = attributes(repository)
    before = content(file)
    after = _with_block(before, _patterns(repository, prefix))
    if after != before:
        found.append(InstallStep("write", file, after.decode("utf-8", "surrogateescape")))
    return found


def command() -> str:
    """Return git's command of the merge driver; without zenprofile it leaves what git itself merges, for a person."""
    python, main = (quoted(place).replace("%", "%%") for place in installation())
    call = "hook merge-driver %O %A %B %L %P"
    return (
        f"if [ -x {python} ] && [ -e {main} ]; then {python} -P {main} {call}; "
        f"elif command -v zenprofile >/dev/null 2>&1; then zenprofile {call}; else (exit 9); fi; "
        "s=$?; [ $s -le 1 ] || { git merge-file --marker-size=%L %A %O %B; s=1; }; exit $s"
    )


def _patterns(repository: Repository, prefix: str | None) -> list[str]:
    roots = {*hook_paths.profile_prefixes(repository, MANIFEST), *([] if prefix is None else [prefix])}
    return [
        _pattern(f"{root}{kind.folder}/", "*/*.yaml" if kind.typed else "*.yaml")
        for root in sorted(roots)
        for kind in KINDS.values()
    ]


def _pattern(folder: str, rest: str) -> str:
    """Return a line of git's attributes for files below a folder, whatever its name holds."""
    escaped = re.sub(r"([\\*?\[\]])", r"\\\1", folder)
    plain = f"/{escaped}{rest}"
    if re.search(r"[\s\"\\]", plain):
        plain = '"' + re.sub(r"([\\\"])", r"\\\1", plain).replace("\t", "\\t").replace("\n", "\\n") + '"'
    return f"{plain} merge={DRIVER}"


def attributes(repository: Repository) -> str:
    """Return the file of attributes that belongs to the repository alone."""
    return os.path.join(str(repository.common_dir), "info", "attributes")


def content(file: str) -> bytes:
    """Return a file's content, b"" where there is none."""
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise unwritable(file, error) from None


def _with_block(before: bytes, lines: Iterable[str]) -> bytes:
    rest = without_block(before)
    start = f"\n{_JOINED}" if rest and not rest.endswith(b"\n") else _START
    return rest + os.fsencode("\n".join([start, *lines, _END, ""]))


def without_block(text: bytes) -> bytes:
    """Return attributes without our block, as they were before it."""
    return _BLOCK.sub(lambda found: b"" if found[2] else found[1], text)


def unwritable(file: str, error: OSError) -> ZenprofileError:
    """Return the error of a file that cannot be written."""
    return StoreBroken(f"{file} cannot be written: {error.strerror}", hint="ask its owner, or fix it with chmod")
