"""Logging in to a server, and out again."""

from collections.abc import Callable
from typing import NamedTuple

from zenprofile.errors import Unsupported, UsageError, ZenprofileError
from zenprofile.machine import logins, passwords
from zenprofile.machine.profiles import Profile, Profiles
from zenprofile.store import registry
from zenprofile.store.capabilities import KnowsUser
from zenprofile.usecases.profiles import options_of


class Login(NamedTuple):
    """Who is logged in, as what, and where the token is kept (``keyring`` or a variable)."""

    user: str
    role: str
    kept: str


def login(profiles: Profiles, profile: Profile, timeout: float, ask: Callable[[], str]) -> Login:
    """Try a token, and keep it in the keyring; the profile's active user is the token's from then on.

    Args:
        profiles: of this machine.
        profile: one on a server.
        timeout: seconds without any answer after which it gives up.
        ask: gives the token, where no variable does.

    Raises:
        AccessDenied: the server does not take it; nothing is kept then.
        ZenprofileError: no keyring here keeps it.
    """
    _check_on_server(profile)
    given = logins.from_variables(profile.name)
    text = given or ask().strip()
    if not text or not text.isascii() or not text.isprintable():
        raise UsageError("that is no token", hint="an admin makes one: zenprofile server token create USER")
    user, role = _identify(profile, profiles, timeout, text)
    if given:
        profiles.change(profile.name, active_user=user)
        return Login(user, role, "variable")
    if not passwords.save(profile.name, logins.keyring_entry(profile, profiles.folder), text):
        hint = f"set {logins.variable(profile.name)} (or {logins.VARIABLE}) to the token instead"
        raise ZenprofileError("the token is right, but no keyring here keeps it", hint=hint)
    profiles.change(profile.name, password=True, active_user=user)
    return Login(user, role, "keyring")


def _identify(profile: Profile, profiles: Profiles, timeout: float, text: str) -> tuple[str, str]:
    store = registry.open_store(profile.store_url, options_of(profiles, profile, timeout, text))
    try:
        if not isinstance(store, KnowsUser):
            raise Unsupported(f"the store of '{profile.name}' knows no tokens", hint="nothing to log in to")
        return store.user_and_role()
    finally:
        store.close()


def logout(profiles: Profiles, profile: Profile) -> None:
    """Take a profile's token out of the keyring."""
    _check_on_server(profile)
    passwords.delete(profile.name, logins.keyring_entry(profile, profiles.folder))
    profiles.change(profile.name, password=False)


def _check_on_server(profile: Profile) -> None:
    if profile.store_type != "rest":
        message = f"the profile '{profile.name}' is not on a server, so there is nothing to log in to"
        raise Unsupported(message, hint="choose one with --profile whose URL starts with https://")
