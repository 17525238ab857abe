"""Where a profile may be created: in an empty folder, or in a working tree that has no other profile."""

import os

from zenprofile.core.entity import MANIFEST
from zenprofile.errors import InUse, Unsafe
from zenprofile.fs import atomic
from zenprofile.git import runner
from zenprofile.git.repository import Repository, find
from zenprofile.store.base import Options

_GIT_FOLDER = ("HEAD", "objects", "refs")
_GITLINK = b"160000"
_SHOWN = 3  # names in a message


def check_free(root: str, options: Options) -> None:
    """Refuse a place where a profile would take over something else. Writes nothing.

    Args:
        root: the folder, absolute and without links; it need not exist.
        options: ``own`` of a place of zenprofile's, ``force`` where other files may lie there, ``new`` where a
            repository may get a second profile, ``clone`` of a clone that zenprofile made.

    Raises:
        Unsafe: a bare repository, git's own folder, or a submodule's place.
        InUse: a folder outside git that holds other files, or a repository whose profile stands elsewhere.
    """
    if options.own:
        return
    _check_not_git_folder(root)
    repository = find(root) if os.path.isdir(root) else find(_nearest(root))
    if repository is None:
        if not options.force:
            _check_empty(root)
        return
    _check_no_submodule(repository, root)
    if not options.new:
        _check_no_profile(repository, root, cloned=bool(options.clone))


def _nearest(folder: str) -> str:
    """Return the lowest folder on the way that exists."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def _check_not_git_folder(root: str) -> None:
    at = root
    while at != os.path.dirname(at) and not os.path.lexists(os.path.join(at, ".git")):
        if all(os.path.lexists(os.path.join(at, name)) for name in _GIT_FOLDER):
            message = f"{at} is a bare repository or git's own folder; a profile there would take it over"
            raise Unsafe(message, hint=f"to work on a clone of it: --url git+file://{at}")
        at = os.path.dirname(at)


def _check_empty(root: str) -> None:
    try:
        found = sorted(name for name in os.listdir(root) if not name.startswith(atomic.TEMPORARY))
    except OSError:  # it is not there yet, or whoever writes to it says what is wrong
        return
    if found:
        shown = ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
        message = f"{root} is in no git repository and holds other files: {shown}"
        raise InUse(message, hint="name a folder of its own, such as ./stacks; to use this one all the same: --force")


def _check_no_submodule(repository: Repository, root: str) -> None:
    below = os.path.relpath(root, repository.folder).replace(os.sep, "/")
    steps = below.split("/") if below != "." else []
    ways = ["/".join(steps[: number + 1]) for number in range(len(steps))]
    if not ways:
        return
    rows = runner.run(["ls-files", "-s", "-z", "--", *ways], repository.folder).out.split(b"\0")
    named = {os.fsdecode(row.partition(b"\t")[2]) for row in rows if row.startswith(_GITLINK)}
    taken = next((way for way in ways if way in named), "")
    if taken:
        message = f"{os.path.join(repository.folder, taken)} is the place of a submodule"
        hint = f"check it out first: git submodule update --init {taken}; or name another folder"
        raise Unsafe(message, hint=hint)


def _check_no_profile(repository: Repository, root: str, *, cloned: bool) -> None:
    args = ["ls-files", "-z", "--", MANIFEST, f"*/{MANIFEST}"]
    listed = runner.run(args, repository.folder, extra={"GIT_LITERAL_PATHSPECS": "0"}).out.split(b"\0")
    found = [os.fsdecode(path).removesuffix(MANIFEST).rstrip("/") for path in listed if path]
    for place in ("", ".zenprofile"):
        if place not in found and os.path.lexists(os.path.join(repository.folder, place, MANIFEST)):
            found.append(place)
    if not found:
        return
    first = sorted(found)[0]
    shown = ", ".join(f"'{place or '.'}'" for place in sorted(found)[:_SHOWN])
    below = os.path.relpath(root, repository.folder).replace(os.sep, "/")
    if below in found:
        message = f"the profile at '{below}' is left out of this work tree by its sparse checkout"
        raise InUse(message, hint=f"check it out first: git sparse-checkout add {below}")
    way = (
        (f"#subdirectory={first}" if first else "no #subdirectory")
        if cloned
        else f"--url {_relative(repository, first)}"
    )
    message = f"the repository has a profile at {shown}, and none at '{below}'"
    raise InUse(message, hint=f"for that one: {way}; for one more profile here: --new")


def _relative(repository: Repository, place: str) -> str:
    return os.path.join(repository.folder, place).rstrip("/")
