"""What git's index says of a checkout: which files are tracked, which profiles it holds, what is left out."""

import os

from zenprofile.core.entity import MANIFEST
from zenprofile.errors import NotFound

FOLDER = ".zenprofile"  # of a profile at the top of a repository


def profiles_below(top: str, near: set[str]) -> list[str]:
    """Return the folders of the profiles in a repository, as its index and its work tree have them, and those near."""
    from zenprofile.git.repository import find

    repository = find(top)
    if repository is None or not _may_track(repository.git_file("index")):
        return sorted(near)
    from zenprofile.git import runner

    args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", MANIFEST, f"*/{MANIFEST}"]
    rows = runner.run(args, top, extra={"GIT_LITERAL_PATHSPECS": "0"}).out.split(b"\0")
    places = {os.path.dirname(os.path.join(top, os.fsdecode(row))) for row in rows if row}
    return sorted({*places, *near})


def check_profile_checked_out(top: str) -> None:
    """Refuse a repository ("": none) whose profile is not checked out: no other is to be taken for it."""
    git = os.path.join(top, ".git") if top else ""
    if git and _is_empty(os.path.join(top, FOLDER)):
        _check_no_empty_submodule(top)
    if os.path.isfile(git):
        from zenprofile.git.repository import find

        repository = find(top)
        git = repository.git_file("") if repository else git
    if not git or not os.path.lexists(os.path.join(git, "info", "sparse-checkout")):
        return
    if _may_track(os.path.join(git, "index"), f"{FOLDER}/{MANIFEST}"):
        message = f"the profile in {FOLDER} is left out of this work tree by its sparse checkout"
        raise NotFound(message, hint=f"git sparse-checkout add {FOLDER}", file=os.path.join(top, FOLDER))


def _is_empty(folder: str) -> bool:
    try:
        return not os.listdir(folder)
    except OSError:
        return False


def _check_no_empty_submodule(top: str) -> None:
    """Refuse a repository whose profile is a submodule that is not checked out: git leaves an empty folder for it."""
    from zenprofile.git import runner
    from zenprofile.git.repository import find

    if find(top) is None:
        return
    if runner.run(["ls-files", "-s", "--", FOLDER], top).out.startswith(b"160000 "):
        message = f"the profile in {FOLDER} is a submodule that is not checked out"
        raise NotFound(message, hint=f"git submodule update --init {FOLDER}", file=os.path.join(top, FOLDER))


def may_hold_several(top: str) -> bool:
    """Return whether a repository's index may name several profiles; no process is started."""
    from zenprofile.git.repository import find

    repository = find(top)
    return repository is not None and _named_in(repository.git_file("index"), MANIFEST) > 1


def _may_track(index: str, name: str = MANIFEST) -> bool:
    """Return whether git's index may name a profile. Spares most reads a process."""
    return _named_in(index, name) > 0


def _named_in(index: str, name: str) -> int:
    """Count how often an index holds a name: its entries have it as it is."""
    try:
        with open(index, "rb") as file:
            return file.read().count(name.encode())
    except OSError:
        return 0


def is_tracked(file: str) -> bool:
    """Return whether git tracks a file."""
    from zenprofile.git import runner
    from zenprofile.git.repository import find

    root, name = os.path.split(file)
    if find(root) is None:
        return False
    return runner.run(["ls-files", "--error-unmatch", "--", name], root, ok=(0, 1)).status == 0
