"""Tokens of profiles on a server: from variables first, else from the system's keyring."""

from zenprofile.machine import passwords
from zenprofile.machine.profiles import Profile

VARIABLE = "ZENPROFILE_TOKEN"


def variable(profile: str) -> str:
    """Return the name of the variable that holds one profile's token."""
    return passwords.variable(profile, VARIABLE)


def from_variables(profile: str) -> str:
    """Return the token that a variable gives; "" for none."""
    return passwords.from_variables(profile, VARIABLE)


def token(profile: Profile, folder: str) -> str:
    """Return a profile's token; "" for none."""
    found = from_variables(profile.name)
    return found or (passwords.load(profile.name, keyring_entry(profile, folder)) if profile.password else "")


def keyring_entry(profile: Profile, folder: str) -> str:
    """Return where the keyring keeps a profile's secret: of a token the server's address is part of that.

    A token so never goes to another server that a profile of the same name has later.
    """
    return f"{folder} at {profile.store_url}" if profile.store_type == "rest" else folder
