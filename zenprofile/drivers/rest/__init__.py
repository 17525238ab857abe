"""Stores behind a server: found, begun and opened by its address."""

from typing import Any

from zenprofile.core.change import Change
from zenprofile.drivers.rest import wire
from zenprofile.drivers.rest.client import STRANGE, Client
from zenprofile.drivers.rest.store import RestStore
from zenprofile.errors import NotFound, Unreachable, Unsupported
from zenprofile.store.base import Options, Store
from zenprofile.store.registry import nothing_there_error
from zenprofile.store.url import without_secrets


class RestDriver:
    """See `zenprofile.store.base.Driver`."""

    name = "rest"

    def holds(self, url: str, options: Options) -> bool:
        """Return whether the server at a URL has a profile; it needs no token for that."""
        client = Client(url, options)
        try:
            return bool(client.get("/version")["holds"])
        except NotFound:
            hint = "look at the URL's path, and at that of the proxy"
            raise NotFound(f"the server has no profile at {without_secrets(url)}", hint=hint) from None
        except Unreachable as error:
            if error.code == STRANGE and client.is_git():
                hint = f"write git+{without_secrets(url)}, or the address of a zenprofile server"
                raise Unsupported(f"{without_secrets(url)} is a Git repository", hint=hint) from error
            raise
        finally:
            client.close()

    def create(self, url: str, options: Options, defaults: Change) -> Store:
        """Begin the server's profile, where its store is empty; an admin's token may."""
        client = Client(url, options)
        body: dict[str, Any] = {"message": defaults.message, "edits": [wire.edit(edit) for edit in defaults.edits]}
        try:
            client.put("/api/v1/profile", body)
        finally:
            client.close()
        return self.open(url, options)

    def open(self, url: str, options: Options) -> Store:
        """Open the store.

        Of one that is known nothing is asked: every answer says which version the server speaks, and the first tells
        where there is no store.
        """
        if not options.known and not self.holds(url, options):
            raise nothing_there_error(url)
        return RestStore(url, options)


DRIVER = RestDriver()
