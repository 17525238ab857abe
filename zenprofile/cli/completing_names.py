"""Names of profiles and entities, for the shell: found by a look at files, without reading any."""

import os

from zenprofile.cli.session import Session
from zenprofile.errors import ZenprofileError
from zenprofile.machine.active import find_active
from zenprofile.machine.profiles import folder_of


def profile_names(session: Session) -> list[str]:
    """Return the names of this machine's profiles, and of the one in the checkout."""
    try:
        names = session.profiles.names()
        active = session.active if names else find_active(session.profiles)
        return sorted({*names, active.name}) if active.is_checkout else names
    except ZenprofileError:
        return []


def entity_names(session: Session, folder: str) -> list[str]:
    """Return names of entities as the files of a local store have them; [] of any other store.

    Args:
        session: of the active profile.
        folder: below the profile: ``stacks``, ``components/artifact_store``, or ``components`` for every type.
    """
    top = root_of(session)
    if not top:
        return []
    root = os.path.join(top, folder)
    folders = [root, *(os.path.join(root, type_) for type_ in _listed(root) if not type_.endswith(".yaml"))]
    return sorted({name.removesuffix(".yaml") for at in folders for name in _listed(at) if name.endswith(".yaml")})


def entities(session: Session) -> list[str]:
    """Return every entity of a local store in full (``stack/prod``), by its files; [] of any other store."""
    from zenprofile.core.entity import KINDS

    top = root_of(session)
    found: list[str] = []
    for kind in KINDS.values() if top else ():
        root = os.path.join(top, kind.folder)
        places = [(f"{kind.name}/{type_}", os.path.join(root, type_)) for type_ in _listed(root)] if kind.typed else []
        for prefix, folder in places or [(kind.name, root)]:
            names = (name.removesuffix(".yaml") for name in _listed(folder) if name.endswith(".yaml"))
            found += [f"{prefix}/{name}" for name in names]
    return sorted(found)


def folders(root: str) -> list[str]:
    """Return the folders of documents below a profile's: ``stacks``, ``components/artifact_store`` and so on."""
    from zenprofile.core.entity import KINDS

    found = []
    for kind in KINDS.values():
        types = _listed(os.path.join(root, kind.folder)) if kind.typed else []
        found += [f"{kind.folder}/{type_}" for type_ in types] if kind.typed else [kind.folder]
    return found


def root_of(session: Session) -> str:
    """Return the folder of the active profile's documents, or "" where it has none."""
    try:
        return folder_of(session.active.existing())
    except ZenprofileError:
        return ""


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
