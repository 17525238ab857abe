"""Authentication and authorization: tokens in the header or the page's cookie, and roles."""

from zenprofile.errors import AccessDenied
from zenprofile.server import sessions
from zenprofile.server.cache import bearer
from zenprofile.server.exchange import HttpError, Principal, Request
from zenprofile.store import tokens

_CHALLENGE = (("WWW-Authenticate", 'Bearer realm="zenprofile"'),)


def recognize(request: Request, text: str) -> Principal | None:
    """Return whose token a text is, or None."""
    count, cache = request.site.change_count(), request.site.cache
    known = cache.principal(count, text)
    if known is not None:
        return known
    token = request.site.tokens.get(tokens.id_of(text)) if tokens.id_of(text) else None
    if not tokens.matches(token, text) or token is None:
        return None
    found = Principal(token.user, token.role, token.id)
    cache.add_principal(count, text, found)
    return found


def principal_of_cookie(request: Request) -> Principal | None:
    """Return who the page's cookie says is signed in, or None."""
    text = sessions.token_of(request)
    return recognize(request, text) if text else None


def require(request: Request) -> Principal:
    """Return who asks the API.

    Raises:
        HttpError: 401 without a valid token; 429 after too many wrong ones.
    """
    text = bearer(request.headers.get("authorization", ""))
    if not text:
        error = AccessDenied("this needs a token", hint="log in: zenprofile login")
        raise HttpError(401, error, _CHALLENGE)
    return recognize_limited(request, text)


def recognize_limited(request: Request, text: str) -> Principal:
    """Return whose token a text is, and count the wrong ones of each address.

    Raises:
        HttpError: 401 where it is wrong; 429 where too many were.
    """
    found = recognize(request, text)
    if found is not None:
        return found
    brake = request.site.rate_limiter
    wait = brake.wait(request.address)
    if wait:
        error = AccessDenied("too many wrong tokens from this address", hint=f"wait {wait} seconds")
        raise HttpError(429, error, (("Retry-After", str(wait)),))
    brake.note_wrong_token(request.address)
    error = AccessDenied("the token is wrong or was revoked", hint="ask for a new one, then: zenprofile login")
    raise HttpError(401, error, _CHALLENGE)


def allow(principal: Principal, needed: str) -> None:
    """Raise unless a principal has a role or a higher one.

    Raises:
        HttpError: 403.
    """
    if not tokens.role_includes(principal.role, needed):
        message = f"this needs the role {needed}; the token of {principal.user} has {principal.role}"
        raise HttpError(403, AccessDenied(message, hint=f"ask for a token with --role {needed}"))
