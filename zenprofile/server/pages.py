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


def _page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    known = {"profile": request.site.settings.profile, "visitor": request.principal, "query": "", "kinds": KINDS}
    values = {**known, "path": request.path, **values}
    text = _environment().get_template(template).render(values)
    return Response(status, text.encode("utf-8", "backslashreplace"), HTML)


def _with_error_pages(handle: Callable[[Request], Response], *, cached: bool = True) -> Callable[[Request], Response]:
    """Return a handler whose errors are pages too.

    Args:
        handle: makes the page.
        cached: whether who asks gets the same page while the store stays as it is: it depends on no clock.
    """

    def told(request: Request) -> Response:
        try:
            request.principal = request.principal or auth.principal_of_cookie(request)
            count, key = request.site.change_count() if cached else "", (*request.cache_key[:2], request.principal)
            answer = request.site.cache.response(count, key) or handle(request)
            request.site.cache.add(count, key, answer)
            return answer
        except ZenprofileError as error:
            return failed(request, error)

    return told


def failed(request: Request, error: ZenprofileError) -> Response:
    """Answer with what happened."""
    status = problems_of.status_of(error)
    page = _page(request, "error.html", status, error=error)
    return page._replace(headers=problems_of.RETRY) if status == 503 else page


def _number(request: Request) -> int:
    text = request.query_value("page", "1")
    return min(max(int(text), 1), 100_000) if text.isascii() and text.isdigit() else 1


def home(request: Request) -> Response:
    """Answer with the stacks as cards, or with the sign-in form."""
    if request.principal is None:
        return _page(request, "sign-in.html", wrong=False)
    snapshot = request.store.snapshot()
    page, query = _number(request), request.query_value("q")
    cards, total = views.stacks(snapshot, query, page)
    return _page(
        request,
        "stacks.html",
        cards=cards,
        total=total,
        query=query,
        page=page,
        pages=-(-total // views.PAGE) or 1,
        latest=views.latest(request.store, 5),
        problems=len(views.problems(request.store)),
    )


def entity(request: Request) -> Response:
    """Answer with an entity's page."""
    key = lookup.resolve(request.store.snapshot(), request.params["key"])
    return _page(request, "entity.html", **views.entity(request.store, key))


def entities(request: Request) -> Response:
    """Answer with all entities of a kind."""
    kind, page = request.params["kind"], _number(request)
    if kind not in KINDS:
        raise NotFound(f"there is no kind {kind[:140]!r}", hint="follow a link of the page")
    rows, total = views.of_kind(request.store.snapshot(), kind, page)
    pages = -(-total // (5 * views.PAGE)) or 1
    return _page(
        request, "kind.html", kind=kind, typed=KINDS[kind].typed, rows=rows, total=total, page=page, pages=pages
    )


def recent(request: Request) -> Response:
    """Answer with recorded changes by day and person."""
    page = _number(request)
    days, more = views.recent(request.store, page)
    return _page(request, "changes.html", days=days, people=views.by_person(days), page=page, more=more)


def change(request: Request) -> Response:
    """Answer with one recorded change."""
    told = views.change(history.show(request.store, request.params["rev"]))
    return _page(request, "change.html", told=told)


def problems(request: Request) -> Response:
    """Answer with what is wrong."""
    return _page(request, "problems.html", problems=views.problems(request.store))


def compare(request: Request) -> Response:
    """Answer with two stacks side by side."""
    snapshot = request.store.snapshot()
    names = [key.name for key in snapshot.keys("stack")]
    one, other = (
        request.query_value("a", names[0] if names else ""),
        request.query_value("b", names[-1] if names else ""),
    )
    rows = views.compared(snapshot, one, other) if names else []
    return _page(request, "compare.html", names=names, one=one, other=other, rows=rows)


def search(request: Request) -> Response:
    """Answer with the entities that have a text in them."""
    query = request.query_value("q")
    return _page(request, "search.html", query=query, found=views.search(request.store.snapshot(), query))


def for_people(request: Request) -> bool:
    """Return whether a browser asks for a page, at an address that is none of the API's."""
    return (
        request.method == "GET"
        and "text/html" in request.headers.get("accept", "")
        and not request.route.startswith("/api/")
    )


def nothing(request: Request) -> Response:
    """Answer to a browser at an address that has no page."""
    if request.principal is None:
        return denied(request)
    return failed(request, NotFound(f"there is no page {request.path[:140]!r}", hint="follow a link of the page"))


def denied(request: Request) -> Response:
    """Answer with the sign-in form where a page needs one."""
    return _page(request, "sign-in.html", 401, wrong=False)


def sign_in(request: Request) -> Response:
    """Sign a browser in by the form's field ``token``."""
    from urllib.parse import parse_qs

    request.sent("application/x-www-form-urlencoded")
    token = parse_qs((request.body or b"").decode("utf-8", "replace")).get("token", [""])[0].strip()
    try:
        auth.recognize_limited(request, token)
    except HttpError as refused:
        answer = _page(request, "sign-in.html", refused.status, wrong=True)
        return answer._replace(headers=refused.headers)
    return Response(303, b"", HTML, (("Location", "/"), sessions.signed_in(request, token)))


def sign_in_again(_: Request) -> Response:
    """Lead a browser to the form; it comes here where the answer to a wrong token is loaded again."""
    return Response(303, b"", HTML, (("Location", "/"),))


def sign_out(request: Request) -> Response:
    """Sign a browser out."""
    return Response(303, b"", HTML, (("Location", "/"), sessions.signed_out(request)))


def open_link(request: Request) -> Response:
    """Sign in the browser that follows the one-time link of ``zenprofile browse``; the second time it is refused."""
    token = request.site.settings.link(request.params["code"])
    if not token:
        return denied(request)
    return Response(303, b"", HTML, (("Location", "/"), sessions.signed_in(request, token)))


def _read(path: str, handle: Callable[[Request], Response], summary: str, *, cached: bool = True) -> Resource:
    return Resource(path, {"GET": Operation(_with_error_pages(handle, cached=cached), summary, access="page")})


RESOURCES: tuple[Resource, ...] = (
    Resource("/", {"GET": Operation(_with_error_pages(home), "The page", access="open")}),
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
