"""Where git keeps a repository's files, and small ones of them: found by looking, without a process."""

import errno
import os
import stat

from zenprofile.errors import StoreBroken

_LONGEST = 64 << 20  # bytes; packed-refs of a very large repository are shorter


def find(place: str) -> tuple[str, str] | None:
    """Return the top of the work tree that a folder is in, and its git folder; None where it is in none.

    Whether git trusts them is not asked.

    Args:
        place: the folder, absolute and without links.

    Raises:
        StoreBroken: a linked work tree names a folder that is not there.
    """
    top = place
    while True:
        git = os.path.join(top, ".git")
        found = git_dir(git) if os.path.lexists(git) else ""
        if found:
            return top, found
        above = os.path.dirname(top)
        if above == top:
            return None
        top = above


def git_dir(git: str) -> str:
    """Return the git folder that a ``.git`` is or names; "" where it is neither (git looks further up then)."""
    if os.path.isdir(git):
        whole = any(os.path.exists(os.path.join(git, name)) for name in ("objects", "commondir"))
        return git if whole and os.path.lexists(os.path.join(git, "HEAD")) else ""
    try:
        text = text_of(git, "")
    except OSError:
        return ""
    if not text.startswith("gitdir: "):
        return ""
    named = os.path.realpath(os.path.join(os.path.dirname(git), text[len("gitdir: ") :]))
    if not os.path.isdir(named):
        raise StoreBroken(f"{git} names {named}, which is not there", hint="try: git worktree repair")
    return named


def common_dir(git_dir: str) -> str:
    """Return the folder where objects and branches are: the main work tree's, where a git folder is a linked one's."""
    try:
        return os.path.realpath(os.path.join(git_dir, text_of(git_dir, "commondir")))
    except OSError:
        return git_dir


def text_of(folder: str, name: str) -> str:
    """Return a small file of git's, line end aside; what is no plain file is not read, nor waited for.

    Raises:
        OSError: it is not there, or is no such file.
    """
    path = os.path.join(folder, name) if name else folder
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(fd)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LONGEST:
            raise OSError(errno.EINVAL, "no plain file of a sensible size", path)
        content = os.read(fd, found.st_size + 1)
    finally:
        os.close(fd)
    return content.decode("utf-8", "replace").rstrip("\n").strip(" \t")
