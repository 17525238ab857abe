"""Passwords of stores: from variables first, else from the system's keyring."""

import os
import re
from typing import Any

VARIABLE = "ZENPROFILE_STORE_PASSWORD"
_SERVICE = "zenprofile"


def variable(profile: str, base: str = VARIABLE) -> str:
    """Return the name of the variable that holds one profile's password."""
    return f"{base}_{re.sub('[^A-Z0-9]', '_', profile.upper())}"


def from_variables(profile: str, base: str = VARIABLE) -> str:
    """Return the password that a variable gives; "" for none."""
    return os.environ.get(variable(profile, base)) or os.environ.get(base) or ""


def password(profile: str, folder: str) -> str:
    """Return a profile's password; "" for none.

    Args:
        profile: its name.
        folder: the configuration folder, so that two of them do not mix.
    """
    return from_variables(profile) or load(profile, folder)


def load(profile: str, folder: str) -> str:
    """Return what the keyring keeps for a profile; "" for nothing."""
    keyring = _keyring()
    try:
        return (keyring.get_password(_SERVICE, _account(profile, folder)) if keyring else "") or ""
    except Exception:  # a backend of any kind: what it raises is its own
        return ""


def save(profile: str, folder: str, secret: str) -> bool:
    """Store a password in the keyring, and return whether it can be read back.

    A keyring that forgets counts as none.
    """
    keyring = _keyring()
    if keyring is None:
        return False
    account = _account(profile, folder)
    try:
        keyring.set_password(_SERVICE, account, secret)
        return bool(keyring.get_password(_SERVICE, account) == secret)
    except Exception:
        return False


def delete(profile: str, folder: str) -> None:
    """Remove a password from the keyring, where there is one."""
    keyring = _keyring()
    try:
        if keyring is not None:
            keyring.delete_password(_SERVICE, _account(profile, folder))
    except Exception:
        return


def _account(profile: str, folder: str) -> str:
    return f"{profile} in {folder}"


def _keyring() -> Any:
    """Return the system's keyring, or None: also where the only one keeps passwords in clear and nobody chose it."""
    try:
        import keyring

        backend = keyring.get_keyring()
        if backend.priority < 1 and "PYTHON_KEYRING_BACKEND" not in os.environ:
            return None
    except Exception:
        return None
    return backend
