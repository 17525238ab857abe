"""The page's sign-in: a cookie that holds the token, which no script can read and no other site can send.

No session is kept on the server: any of several knows it, and a revoked token ends it at once.
"""

from http.cookies import CookieError, SimpleCookie

from zenprofile.server.exchange import Request

_NAME = "zenprofile"


def token_of(asked: Request) -> str:
    """Return the token that the cookie holds; "" for none."""
    try:
        found = SimpleCookie(asked.headers.get("cookie", "")).get(_name(asked))
    except CookieError:
        return ""
    return found.value if found else ""


def signed_in(asked: Request, token: str) -> tuple[str, str]:
    """Return the header that signs a browser in, until it is closed."""
    return _header(asked, token, "")


def signed_out(asked: Request) -> tuple[str, str]:
    """Return the header that signs a browser out."""
    return _header(asked, "", "; Max-Age=0")


def _header(asked: Request, value: str, more: str) -> tuple[str, str]:
    secure = "; Secure" if asked.site.settings.secure else ""
    return "Set-Cookie", f"{_name(asked)}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}"


def _name(asked: Request) -> str:
    # A browser takes a __Host- cookie by https alone, for this host and no other.
    return f"__Host-{_NAME}" if asked.site.settings.secure else _NAME
