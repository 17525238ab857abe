"""Serving a profile: its store, its tokens, and when a server may listen on other addresses than loopback."""

import ipaddress
import os
from typing import NamedTuple

from zenprofile.core.change import Change
from zenprofile.core.entity import Key
from zenprofile.errors import NotFound, Unsafe, Unsupported
from zenprofile.machine.profiles import Profile, Profiles
from zenprofile.machine.tokens import FileTokens
from zenprofile.store import changelog, registry, tokens
from zenprofile.store.base import Options, Store
from zenprofile.store.capabilities import KeepsTokens
from zenprofile.store.tokens import Tokens
from zenprofile.usecases.profiles import options_of


class Served(NamedTuple):
    """A profile as a server opens it.

    Attributes:
        profile: of this machine.
        options: of its store: every write is recorded.
        kept: tokens in this machine's configuration folder, for a store that has no database.
        wrong_tokens: folder in which servers of this machine count wrong tokens together.
    """

    profile: Profile
    options: Options
    file_tokens: Tokens
    wrong_tokens: str

    def open(self) -> Store:
        """Open the store."""
        return registry.open_store(self.profile.store_url, self.options)

    def holds(self) -> bool:
        """Return whether the store is there."""
        return registry.is_profile(self.profile.store_url, self.options)

    def begin(self, change: Change, user: str) -> None:
        """Make a store that holds what a change brings, of a user's, where there is none."""
        registry.create_store(self.profile.store_url, self.options._replace(user=user), change).close()

    @property
    def syncs(self) -> bool:
        """Whether what is written goes to a remote by itself."""
        return self.profile.sync == "push"

    def tokens(self, store: Store) -> Tokens:
        """Return where tokens are kept: in the store's database, else in the configuration folder."""
        return store.tokens() if isinstance(store, KeepsTokens) else self.file_tokens


def served(profiles: Profiles, profile: Profile, timeout: float) -> Served:
    """Return a profile as a server opens it.

    Raises:
        Unsupported: it is served by another server already.
    """
    if profile.store_type == "rest":
        message = f"the profile '{profile.name}' is on a server already: {profile.store_url}"
        raise Unsupported(message, hint="serve the profile of the store behind it")
    options = options_of(profiles, profile, timeout)
    wrong = os.path.join(profiles.folder, "wrong-tokens", profile.id)
    return Served(profile, options._replace(mode="commit"), FileTokens(profiles.folder, profile.id), wrong)


def add_token(kept: Tokens, store: Store, user: str, role: str) -> str:
    """Make a token for a user of the store, keep its hash, and return its text.

    Raises:
        NotFound: there is no such user.
    """
    if store.snapshot().get(Key("user", "", user)) is None:
        raise NotFound(f"there is no user {user[:140]!r}", hint=f"make one: zenprofile user create {user[:140]}")
    text, token = tokens.make(user, role, changelog.timestamp())
    kept.add(token)
    return text


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_safe_to_listen(host: str, *, protected: bool, token: bool) -> None:
    """Refuse to listen where others reach the server, unless it is protected on its way and asks for tokens.

    Args:
        host: to listen at.
        protected: whether TLS is on, or a proxy stands in front that has it.
        token: whether any token exists.

    Raises:
        Unsafe: it would be open.
    """
    if is_loopback(host):
        return
    if not protected:
        hint = "give --tls-cert and --tls-key, or --behind-proxy where a proxy has TLS"
        raise Unsafe(f"at {host} others reach the server, and nothing protects what they send", hint=hint)
    if not token:
        hint = "make one: zenprofile server token create USER"
        raise Unsafe(f"at {host} others reach the server, and no token exists yet", hint=hint)
