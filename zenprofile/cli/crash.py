"""Unexpected exceptions (a bug, a full disk): the traceback is saved to a file, which the error names."""

import os
import re
import sys
import traceback

from zenprofile.errors import StoreBroken, ZenprofileError
from zenprofile.fs import atomic
from zenprofile.machine import profiles

_PASSWORD = re.compile(r"(://[^\s/:@'\"]*:)[^\s'\"]+@")
_SECRET_NAME = re.compile(r"PASSWORD|TOKEN|SECRET|_KEY")


class Crash(ZenprofileError):
    """A bug of ours."""

    code = "bug"


def unexpected(error: BaseException) -> ZenprofileError:
    """Return the error that a user sees for an exception that nothing expected.

    Trouble with the disk speaks for itself; of everything else the traceback is saved.
    """
    if isinstance(error, OSError) and error.errno:
        place = f": {error.filename}" if error.filename else ""
        return StoreBroken(f"{os.strerror(error.errno)}{place}", hint="check the disk's space and the permissions")
    text = f"{type(error).__name__}, which is a mistake in zenprofile"
    try:
        saved = _save(redacted("".join(traceback.format_exception(error))))
    except OSError as failed:
        return Crash(text, hint=f"the traceback could not be saved ({failed.strerror})")
    return Crash(text, hint=f"please report it with {saved}")


def redacted(text: str) -> str:
    """Return a text without passwords in URLs and without the values of variables that name a secret."""
    text = _PASSWORD.sub(r"\1***@", text)
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= 4:
            text = text.replace(value, "***")
    return text


def _save(text: str) -> str:
    folder = os.path.join(profiles.config_folder(), "errors")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, f"traceback-{os.getpid()}.txt")
    atomic.replace(path, f"{sys.version}\n{text}".encode("utf-8", "backslashreplace"), 0o600)
    return path
