"""Stores that ZenML 0.13 wrote: a folder with ``stacks.yaml``, or a database; read as they are, never written."""

import os
from functools import partial

from zenprofile.core.change import Change
from zenprofile.drivers.zenml013 import folder
from zenprofile.drivers.zenml013.store import LegacyStore
from zenprofile.errors import Unsupported
from zenprofile.store.base import Options
from zenprofile.store.registry import nothing_there_error
from zenprofile.store.url import is_clone_url, path_of


def _root(url: str, options: Options) -> str:
    if not is_clone_url(url):
        return os.path.realpath(path_of(url))
    from zenprofile.store import clones

    return os.path.join(os.path.realpath(options.clone), clones.parse(url).subdirectory).rstrip("/")


class _ReadOnly:
    """What both have in common; see `zenprofile.store.base.Driver`."""

    name = ""

    def create(self, url: str, options: Options, defaults: Change) -> LegacyStore:
        raise Unsupported("zenprofile makes no stores of ZenML 0.13", hint="leave it to ZenML")


class FolderDriver(_ReadOnly):
    """Folders; see `zenprofile.store.base.Driver`."""

    name = "local"

    def holds(self, url: str, options: Options) -> bool:
        return folder.holds(_root(url, options))

    def open(self, url: str, options: Options) -> LegacyStore:
        if not self.holds(url, options):
            raise nothing_there_error(url)
        return LegacyStore(self.name, url, partial(folder.read, _root(url, options)))


class DatabaseDriver(_ReadOnly):
    """SQLite and MySQL; see `zenprofile.store.base.Driver`."""

    name = "sql"

    def holds(self, url: str, options: Options) -> bool:
        from zenprofile.drivers.zenml013 import database

        return database.holds(url, options)

    def open(self, url: str, options: Options) -> LegacyStore:
        from zenprofile.drivers.zenml013 import database

        if not self.holds(url, options):
            raise nothing_there_error(url)
        return LegacyStore(self.name, url, partial(database.read, url, options))


FOLDER = FolderDriver()
DATABASE = DatabaseDriver()
