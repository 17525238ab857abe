"""Access tokens of a server: what is kept of each, and what a store offers that keeps them beside its entities."""

import hashlib
import hmac
import secrets
from typing import NamedTuple, Protocol

# What each role may do; a later one may all that an earlier one may.
ROLES = ("viewer", "editor", "admin")
_MARK = "zpt"


class Token(NamedTuple):
    """What is kept of an access token: never the token itself.

    Attributes:
        id: names it in lists and logs; part of the token's text.
        user: whose it is; the author of what is written with it.
        role: one of `ROLES`.
        digest: SHA-256 (hex) of the token's text.
        created: RFC 3339.
    """

    id: str
    user: str
    role: str
    digest: str
    created: str


class Tokens(Protocol):
    """Where the tokens of one profile are kept."""

    def find(self) -> list[Token]:
        """List them, oldest first."""
        ...

    def get(self, id_: str) -> Token | None:
        """Return the token of an id, or None."""
        ...

    def add(self, token: Token) -> None:
        """Save a token."""
        ...

    def remove(self, id_: str) -> bool:
        """Delete a token, and return whether there was one."""
        ...


def make(user: str, role: str, created: str) -> tuple[str, Token]:
    """Return the text of a new token (256 random bits), and what is kept of it."""
    id_ = secrets.token_hex(4)
    text = f"{_MARK}_{id_}_{secrets.token_urlsafe(32)}"
    return text, Token(id_, user, role, digest(text), created)


def digest(text: str) -> str:
    """Return the SHA-256 of a token's text. The token is random: a slow hash would add nothing."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def id_of(text: str) -> str:
    """Return the id that a token's text names; "" where it is none."""
    parts = text.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == _MARK and len(text) < 200 else ""


def matches(token: Token | None, text: str) -> bool:
    """Return whether a text is the token's, compared in constant time."""
    return hmac.compare_digest(digest(text), token.digest if token else "")


def role_includes(role: str, needed: str) -> bool:
    """Return whether a role includes another one."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)
