"""Permissions of files that several users share, by git's own rule (``core.sharedRepository``)."""

import contextlib
import os
import stat

NOT, GROUP, EVERYBODY = 0, 0o660, 0o664  # added to what the umask leaves; less than 0: in place of it
_NAMED = {
    "umask": NOT, "false": NOT, "no": NOT, "off": NOT, "0": NOT, "": NOT,
    "group": GROUP, "true": GROUP, "yes": GROUP, "on": GROUP, "1": GROUP,
    "all": EVERYBODY, "world": EVERYBODY, "everybody": EVERYBODY, "2": EVERYBODY,
}  # fmt: skip


def parse_setting(value: str) -> int:
    """Parse a value of ``core.sharedRepository``; one that git refuses counts as not shared."""
    named = _NAMED.get(value.lower())
    if named is not None:
        return named
    try:
        mode = int(value, 8)
    except ValueError:
        return NOT
    return -(mode & 0o666) if mode & 0o600 == 0o600 else NOT


def adjusted(mode: int, sharing: int) -> int:
    """Return a file's or folder's mode as git would have it.

    Source: `calc_shared_perm` and `adjust_shared_perm` in git's path.c.
    """
    if not sharing:
        return mode
    bits = abs(sharing)
    if not mode & stat.S_IWUSR:
        bits &= ~0o222
    if mode & stat.S_IXUSR:
        bits |= (bits & 0o444) >> 2
    new = (mode & ~0o777) | bits if sharing < 0 else mode | bits
    if stat.S_ISDIR(mode):
        new |= (new & 0o444) >> 2
        if new & 0o060:
            new |= stat.S_ISGID
    return new


def share(place: str | int, sharing: int) -> None:
    """Set the mode of a file or folder (a path, or an open file) as git would; others' files stay as they are."""
    if not sharing:
        return
    found = os.stat(place)
    wanted = adjusted(found.st_mode, sharing)
    if wanted != found.st_mode:
        with contextlib.suppress(PermissionError):
            os.chmod(place, stat.S_IMODE(wanted))


def make_folder(path: str, sharing: int) -> None:
    """Make a folder where it is missing.

    Raises:
        FileNotFoundError: the folder above it is missing.
    """
    with contextlib.suppress(FileExistsError):
        os.mkdir(path)
    share(path, sharing)
