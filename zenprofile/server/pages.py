"""The page: what people see at the server's address. It reads; nothing is written here but the cookie.

`views` reads the store, `templates/` say how it looks, and every answer is complete without a script.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zenprofile.core.entity import KINDS
from zenprofile.errors import NotFound, ZenprofileError
from zenprofile.server import auth, sessions, views
from zenprofile.server import problems as problems_of
from zenprofile.server.exchange import HTML, HttpError, Operation, Request, Resource, Response
from zenprofile.usecases import history, lookup

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("zenprofile.server", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _page(asked: Request, template: str, status: int = 200, **values: Any) -> Response:
    known = {"profile": asked.site.settings.profile, "visitor": asked.principal, "query": "", "kinds": KINDS}
    values = {**known, "path": asked.path, **values}
    text = _environment().get_template(template).render(values)
    return Response(status, text.encode("utf-8", "backslashreplace"), HTML)


def _told(handle: Callable[[Request], Response], *, cached: bool = True) -> Callable[[Request], Response]:
    """Return a handler whose errors are pages too.

    Args:
        handle: makes the page.
        cached: whether who asks gets the same page while the store stays as it is: it depends on no clock.
    """

    def told(asked: Request) -> Response:
        try:
            asked.principal = asked.principal or auth.visitor(asked)
            count, key = asked.site.change_count() if cached else "", (*asked.cache_key[:2], asked.principal)
            answer = asked.site.cache.response(count, key) or handle(asked)
            asked.site.cache.add(count, key, answer)
            return answer
        except ZenprofileError as error:
            return failed(asked, error)

    return told


def failed(asked: Request, error: ZenprofileError) -> Response:
    """Answer with what happened."""
    status = problems_of.status_of(error)
    page = _page(asked, "error.html", status, error=error)
    return page._replace(headers=problems_of.RETRY) if status == 503 else page


def _number(asked: Request) -> int:
    text = asked.one("page", "1")
    return min(max(int(text), 1), 100_000) if text.isascii() and text.isdigit() else 1


def home(asked: Request) -> Response:
    """Answer with the stacks as cards, or with the sign-in form."""
    if asked.principal is None:
        return _page(asked, "sign-in.html", wrong=False)
    snapshot = asked.store.snapshot()
    page, query = _number(asked), asked.one("q")
    cards, total = views.stacks(snapshot, query, page)
    return _page(
        asked,
        "stacks.html",
        cards=cards,
        total=total,
        query=query,
        page=page,
        pages=-(-total // views.PAGE) or 1,
        latest=views.latest(asked.store, 5),
        problems=len(views.problems(asked.store)),
    )


def entity(asked: Request) -> Response:
    """Answer with an entity's page."""
    key = lookup.refer(asked.store.snapshot(), asked.params["key"])
    return _page(asked, "entity.html", **views.entity(asked.store, key))


def entities(asked: Request) -> Response:
    """Answer with all entities of a kind."""
    kind, page = asked.params["kind"], _number(asked)
    if kind not in KINDS:
        raise NotFound(f"there is no kind {kind[:140]!r}", hint="follow a link of the page")
    rows, total = views.of_kind(asked.store.snapshot(), kind, page)
    pages = -(-total // (5 * views.PAGE)) or 1
    return _page(asked, "kind.html", kind=kind, typed=KINDS[kind].typed, rows=rows, total=total, page=page, pages=pages)


def recent(asked: Request) -> Response:
    """Answer with recorded changes by day and person."""
    page = _number(asked)
    days, more = views.recent(asked.store, page)
    return _page(asked, "changes.html", days=days, people=views.by_person(days), page=page, more=more)


def change(asked: Request) -> Response:
    """Answer with one recorded change."""
    told = views.change(history.show(asked.store, asked.params["rev"]))
    return _page(asked, "change.html", told=told)


def problems(asked: Request) -> Response:
    """Answer with what is wrong."""
    return _page(asked, "problems.html", problems=views.problems(asked.store))


def compare(asked: Request) -> Response:
    """Answer with two stacks side by side."""
    snapshot = asked.store.snapshot()
    names = [key.name for key in snapshot.keys("stack")]
    one, other = asked.one("a", names[0] if names else ""), asked.one("b", names[-1] if names else "")
    rows = views.compared(snapshot, one, other) if names else []
    return _page(asked, "compare.html", names=names, one=one, other=other, rows=rows)


def search(asked: Request) -> Response:
    """Answer with the entities that have a text in them."""
    query = asked.one("q")
    return _page(asked, "search.html", query=query, found=views.search(asked.store.snapshot(), query))


def for_people(asked: Request) -> bool:
    """Say whether a browser asks for a page, at an address that is none of the API's."""
    return (
        asked.method == "GET" and "text/html" in asked.headers.get("accept", "") and not asked.route.startswith("/api/")
    )


def nothing(asked: Request) -> Response:
    """Answer to a browser at an address that has no page."""
    if asked.principal is None:
        return denied(asked)
    return failed(asked, NotFound(f"there is no page {asked.path[:140]!r}", hint="follow a link of the page"))


def denied(asked: Request) -> Response:
    """Answer to who asks for a page and is not signed in."""
    return _page(asked, "sign-in.html", 401, wrong=False)


def sign_in(asked: Request) -> Response:
    """Sign a browser in by the form's field ``token``."""
    from urllib.parse import parse_qs

    asked.sent("application/x-www-form-urlencoded")
    token = parse_qs((asked.body or b"").decode("utf-8", "replace")).get("token", [""])[0].strip()
    try:
        auth.guarded(asked, token)
    except HttpError as refused:
        answer = _page(asked, "sign-in.html", refused.status, wrong=True)
        return answer._replace(headers=refused.headers)
    return Response(303, b"", HTML, (("Location", "/"), sessions.signed_in(asked, token)))


def sign_in_again(_: Request) -> Response:
    """Lead a browser to the form; it comes here where the answer to a wrong token is loaded again."""
    return Response(303, b"", HTML, (("Location", "/"),))


def sign_out(asked: Request) -> Response:
    """Sign a browser out."""
    return Response(303, b"", HTML, (("Location", "/"), sessions.signed_out(asked)))


def open_link(asked: Request) -> Response:
    """Sign in the browser that follows the one-time link of ``zenprofile browse``; the second time it is refused."""
    token = asked.site.settings.link(asked.params["code"])
    if not token:
        return denied(asked)
    return Response(303, b"", HTML, (("Location", "/"), sessions.signed_in(asked, token)))


def _read(path: str, handle: Callable[[Request], Response], summary: str, *, cached: bool = True) -> Resource:
    return Resource(path, {"GET": Operation(_told(handle, cached=cached), summary, access="page")})


RESOURCES: tuple[Resource, ...] = (
    Resource("/", {"GET": Operation(_told(home), "The page", access="open")}),
    Resource(
        "/sign-in",
        {
            "GET": Operation(sign_in_again, "Lead to the form", access="open"),
            "POST": Operation(sign_in, "Sign in by a form", access="open", limit=4096),
        },
    ),
    Resource("/sign-out", {"POST": Operation(sign_out, "Sign out", access="open", limit=4096)}),
    Resource("/open/{code}", {"GET": Operation(open_link, "Sign in by a one-time link", access="open")}),
    _read("/entity/{key:path}", entity, "An entity's page"),
    _read("/kind/{kind}", entities, "The entities of a kind"),
    _read("/changes", recent, "Recorded changes"),
    _read("/changes/{rev}", change, "One recorded change", cached=False),
    _read("/problems", problems, "What is wrong"),
    _read("/compare", compare, "Two stacks side by side"),
    _read("/search", search, "Entities with a text in them"),
)
