"""The page's sign-in: a cookie that holds the token, which no script can read and no other site can send.

No session is kept on the server: any of several knows it, and a revoked token ends it at once.
"""

from http.cookies import CookieError, SimpleCookie

from zenprofile.server.exchange import Request

_NAME = "zenprofile"


def token_of(request: Request) -> str:
    """Return the token that the cookie holds; "" for none."""
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(_name(request))
    except CookieError:
        return ""
    return found.value if found else ""


def signed_in(request: Request, token: str) -> tuple[str, str]:
    """Return the header that signs a browser in, until it is closed."""
    return _header(request, token, "")


def signed_out(request: Request) -> tuple[str, str]:
    """Return the header that signs a browser out."""
    return _header(request, "", "; Max-Age=0")


def _header(request: Request, value: str, more: str) -> tuple[str, str]:
    secure = "; Secure" if request.site.settings.secure else ""
    return "Set-Cookie", f"{_name(request)}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}"


def _name(request: Request) -> str:
    # A browser takes a __Host- cookie by https alone, for this host and no other.
    return f"__Host-{_NAME}" if request.site.settings.secure else _NAME
