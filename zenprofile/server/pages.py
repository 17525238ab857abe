"""The page: what people see at the server's address. It reads; nothing is written here but the cookie.

`views` reads the store, `templates/` say how it looks, and every answer is complete without a script.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zenprofile.core.entity import KINDS
from zenprofile.errors import NotFound, ZenprofileError
from zenprofile.server import sessions, views
from zenprofile.server.exchange import HTML, Answer, Asked, Operation, Refused, Resource
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


def _page(asked: Asked, template: str, status: int = 200, **values: Any) -> Answer:
    values = {"profile": asked.site.settings.profile, "visitor": asked.principal, "query": "", "kinds": KINDS, **values}
    text = _environment().get_template(template).render(values)
    return Answer(status, text.encode("utf-8", "backslashreplace"), HTML)


def _told(handle: Callable[[Asked], Answer], *, keeps: bool = True) -> Callable[[Asked], Answer]:
    """Return a handler whose errors are pages too.

    Args:
        handle: makes the page.
        keeps: whether the page stays ready for who asks while the store stays as it is: it depends on no clock.
    """

    def told(asked: Asked) -> Answer:
        asked.principal = asked.principal or asked.visitor
        mark, place = asked.site.mark() if keeps else "", (*asked.place[:2], asked.principal)
        try:
            answer = asked.site.ready.answer(mark, place) or handle(asked)
            asked.site.ready.keep(mark, place, answer)
            return answer
        except ZenprofileError as error:
            return _page(asked, "error.html", 404 if isinstance(error, NotFound) else 400, error=error)

    return told


def _number(asked: Asked) -> int:
    text = asked.one("page", "1")
    return min(max(int(text), 1), 100_000) if text.isascii() and text.isdigit() else 1


def home(asked: Asked) -> Answer:
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


def entity(asked: Asked) -> Answer:
    """Answer with an entity's page."""
    key = lookup.refer(asked.store.snapshot(), asked.params["key"])
    return _page(asked, "entity.html", **views.entity(asked.store, key))


def entities(asked: Asked) -> Answer:
    """Answer with all entities of a kind."""
    kind, page = asked.params["kind"], _number(asked)
    if kind not in KINDS:
        raise NotFound(f"there is no kind {kind[:140]!r}", hint="follow a link of the page")
    rows, total = views.of_kind(asked.store.snapshot(), kind, page)
    pages = -(-total // (5 * views.PAGE)) or 1
    return _page(asked, "kind.html", kind=kind, rows=rows, total=total, page=page, pages=pages)


def recent(asked: Asked) -> Answer:
    """Answer with recorded changes by day and person."""
    page = _number(asked)
    days, more = views.recent(asked.store, page)
    return _page(asked, "changes.html", days=days, people=views.by_person(days), page=page, more=more)


def change(asked: Asked) -> Answer:
    """Answer with one recorded change."""
    told = views.change(history.show(asked.store, asked.params["rev"]))
    return _page(asked, "change.html", told=told)


def problems(asked: Asked) -> Answer:
    """Answer with what is wrong."""
    return _page(asked, "problems.html", problems=views.problems(asked.store))


def compare(asked: Asked) -> Answer:
    """Answer with two stacks side by side."""
    snapshot = asked.store.snapshot()
    names = [key.name for key in snapshot.keys("stack")]
    one, other = asked.one("a", names[0] if names else ""), asked.one("b", names[-1] if names else "")
    rows = views.compared(snapshot, one, other) if names else []
    return _page(asked, "compare.html", names=names, one=one, other=other, rows=rows)


def search(asked: Asked) -> Answer:
    """Answer with the entities that have a text in them."""
    query = asked.one("q")
    return _page(asked, "search.html", query=query, found=views.search(asked.store.snapshot(), query))


def denied(asked: Asked) -> Answer:
    """Answer to who asks for a page and is not signed in."""
    return _page(asked, "sign-in.html", 401, wrong=False)


def sign_in(asked: Asked) -> Answer:
    """Sign a browser in by the form's field ``token``."""
    from urllib.parse import parse_qs

    from zenprofile.server import auth

    asked.sent("application/x-www-form-urlencoded")
    token = parse_qs((asked.body or b"").decode("utf-8", "replace")).get("token", [""])[0].strip()
    try:
        auth.guarded(asked, token)
    except Refused as refused:
        answer = _page(asked, "sign-in.html", refused.status, wrong=True)
        return answer._replace(headers=refused.headers)
    return Answer(303, b"", HTML, (("Location", "/"), sessions.signed_in(asked, token)))


def sign_out(asked: Asked) -> Answer:
    """Sign a browser out."""
    return Answer(303, b"", HTML, (("Location", "/"), sessions.signed_out(asked)))


def open_link(asked: Asked) -> Answer:
    """Sign in the browser that follows the one-time link of ``zenprofile browse``; the second time it is refused."""
    token = asked.site.settings.link(asked.params["code"])
    if not token:
        return denied(asked)
    return Answer(303, b"", HTML, (("Location", "/"), sessions.signed_in(asked, token)))


def _read(path: str, handle: Callable[[Asked], Answer], summary: str, *, keeps: bool = True) -> Resource:
    return Resource(path, {"GET": Operation(_told(handle, keeps=keeps), summary, access="page")})


RESOURCES: tuple[Resource, ...] = (
    Resource("/", {"GET": Operation(_told(home), "The page", access="open")}),
    Resource("/sign-in", {"POST": Operation(sign_in, "Sign in by a form", access="open", limit=4096)}),
    Resource("/sign-out", {"POST": Operation(sign_out, "Sign out", access="open", limit=4096)}),
    Resource("/open/{code}", {"GET": Operation(open_link, "Sign in by a one-time link", access="open")}),
    _read("/entity/{key:path}", entity, "An entity's page"),
    _read("/kind/{kind}", entities, "The entities of a kind"),
    _read("/changes", recent, "Recorded changes"),
    _read("/changes/{rev}", change, "One recorded change", keeps=False),
    _read("/problems", problems, "What is wrong"),
    _read("/compare", compare, "Two stacks side by side"),
    _read("/search", search, "Entities with a text in them"),
)
