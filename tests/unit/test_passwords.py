"""Passwords: variables first, then a keyring that remembers."""

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from zenprofile.machine import passwords


class Memory(KeyringBackend):
    """A keyring that remembers."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


class Clear(Memory):
    """One that keeps passwords in a plain file."""

    priority = 0.5  # type: ignore[assignment] # keyring takes any number


class Broken(Memory):
    """One whose daemon is gone."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("no daemon")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    held = Memory()
    use(held, monkeypatch)
    return held


def use(backend: KeyringBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)


@pytest.mark.parametrize(
    ("profile", "variable"),
    [("team", "TEAM"), ("my-team.2", "MY_TEAM_2"), ("a_b", "A_B")],
)
def test_the_variable_of_a_profile(profile: str, variable: str) -> None:
    assert passwords.variable(profile) == f"ZENPROFILE_STORE_PASSWORD_{variable}"


def test_a_password_is_remembered_and_forgotten(memory: Memory) -> None:
    assert passwords.save("team", "/config", "s3cret")
    assert passwords.password("team", "/config") == "s3cret"
    assert passwords.password("other", "/config") == ""
    assert passwords.password("team", "/elsewhere") == ""
    passwords.delete("team", "/config")
    assert passwords.password("team", "/config") == ""
    passwords.delete("team", "/config")


def test_variables_are_looked_at_before_the_keyring(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords.save("team", "/config", "kept")
    monkeypatch.setenv("ZENPROFILE_STORE_PASSWORD", "general")
    assert passwords.password("team", "/config") == "general"
    monkeypatch.setenv("ZENPROFILE_STORE_PASSWORD_TEAM", "special")
    assert passwords.password("team", "/config") == "special"


def test_a_keyring_that_forgets_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    use(null.Keyring(), monkeypatch)
    assert not passwords.save("team", "/config", "s3cret")
    assert passwords.password("team", "/config") == ""


@pytest.mark.parametrize("backend", [Broken(), fail.Keyring()])
def test_a_keyring_that_fails_counts_as_none(backend: KeyringBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    use(backend, monkeypatch)
    assert not passwords.save("team", "/config", "s3cret")
    assert passwords.password("team", "/config") == ""
    passwords.delete("team", "/config")


def test_one_that_keeps_passwords_in_clear_is_used_only_where_it_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    use(Clear(), monkeypatch)
    assert passwords.save("team", "/config", "s3cret")
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    assert not passwords.save("team", "/config", "s3cret")
