"""The page: where its resources join the table of routes."""

from zenprofile.server import sessions
from zenprofile.server.exchange import HTML, Answer, Asked, Operation, Refused, Resource


def home(asked: Asked) -> Answer:
    """Answer with the start page."""
    visitor = asked.visitor
    return Answer(200, f"<!doctype html><title>zenprofile</title><p>{visitor.user if visitor else ''}".encode(), HTML)


def denied(asked: Asked) -> Answer:
    """Answer to who asks for a page and is not signed in."""
    return Answer(401, b"<!doctype html><title>Sign in</title>", HTML)


def sign_in(asked: Asked) -> Answer:
    """Sign a browser in by the form's field ``token``."""
    from urllib.parse import parse_qs

    from zenprofile.server import auth

    asked.sent("application/x-www-form-urlencoded")
    token = parse_qs((asked.body or b"").decode("utf-8", "replace")).get("token", [""])[0].strip()
    try:
        auth.guarded(asked, token)
    except Refused:
        return denied(asked)
    return Answer(303, b"", HTML, (("Location", "/"), sessions.signed_in(asked, token)))


def sign_out(asked: Asked) -> Answer:
    """Sign a browser out."""
    return Answer(303, b"", HTML, (("Location", "/"), sessions.signed_out(asked)))


RESOURCES: tuple[Resource, ...] = (
    Resource("/", {"GET": Operation(home, "The page", access="open")}),
    Resource("/sign-in", {"POST": Operation(sign_in, "Sign in by a form", access="open", limit=4096)}),
    Resource("/sign-out", {"POST": Operation(sign_out, "Sign out", access="open", limit=4096)}),
)
