"""Answers that are ready, for as long as the store says that nothing was written: no thread, no query, no encoding.

Nothing here counts by itself: each request first asks the store for its mark, and another mark empties all of this.
Tokens are in the same store, so that a revoked one ends at once.
"""

import hashlib
import threading
from typing import TYPE_CHECKING, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from zenprofile.server.exchange import Answer, Principal
from zenprofile.server.sending import send_answer, unless_known
from zenprofile.store import tokens

if TYPE_CHECKING:
    from zenprofile.server.site import Site

_MOST_BYTES = 32 * 1024 * 1024
_MOST_TOKENS = 1000
_EACH = 500  # bytes that an answer takes beside its body
# Path, query, and what else the answer depends on: Accept of the API, who looks at a page.
Place = tuple[str, bytes, "str | Principal | None"]


class _Moment:
    """What is ready while the store has one mark."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.principals: dict[bytes, Principal] = {}
        self.answers: dict[Place, Answer] = {}
        self.bytes = 0


class Ready:
    """What is ready at the store's present mark. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moment = _Moment("")

    def principal(self, mark: str, token: str) -> Principal | None:
        """Return whose token a text is, where that was found at this mark."""
        moment = self._moment
        return moment.principals.get(_digest(token)) if mark and moment.mark == mark else None

    def answer(self, mark: str, place: Place) -> Answer | None:
        """Return what was answered at this mark."""
        moment = self._moment
        return moment.answers.get(place) if mark and moment.mark == mark else None

    def admit(self, mark: str, token: str, principal: Principal) -> None:
        """Keep whose token a text is, as it was looked up after the store had this mark."""
        with self._lock:
            moment = self._at(mark)
            if moment is not None and len(moment.principals) < _MOST_TOKENS:
                moment.principals[_digest(token)] = principal

    def keep(self, mark: str, place: Place, answer: Answer) -> None:
        """Keep an answer that was made after the store had this mark."""
        size = len(answer.body) + len(place[0]) + len(place[1]) + _EACH
        with self._lock:
            moment = self._at(mark)
            if moment is not None and place not in moment.answers and moment.bytes + size <= _MOST_BYTES:
                moment.answers[place] = answer
                moment.bytes += size

    def _at(self, mark: str) -> _Moment | None:
        """Return the moment of a mark, a new one where the store has moved on."""
        if mark and self._moment.mark != mark:
            self._moment = _Moment(mark)
        return self._moment if mark else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("latin-1", "replace")).digest()


class _Wanted(NamedTuple):
    token: str
    place: Place
    known: str


def _wanted(scope: Scope) -> _Wanted:
    token = accept = known = ""
    for name, value in reversed(scope["headers"]):  # of several equal ones the first counts
        if name == b"authorization":
            token = bearer(value.decode("latin-1"))
        elif name == b"accept":
            accept = value.decode("latin-1")
        elif name == b"if-none-match":
            known = value.decode("latin-1")
    return _Wanted(token, (scope["path"], scope["query_string"], accept), known)


def bearer(header: str) -> str:
    """Return the token that an Authorization header brings; "" for none."""
    scheme, _, text = header.partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


class Layer:
    """Answers what is ready, and hands on everything else."""

    def __init__(self, app: ASGIApp, site: "Site") -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._found(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if answer is None:
            await self._app(scope, receive, send)
        else:
            await send_answer(answer, send)

    def _found(self, scope: Scope) -> Answer | None:
        mark = self._site.mark()
        if not mark:
            return None
        wanted = _wanted(scope)
        ready = self._site.ready
        principal = ready.principal(mark, wanted.token)
        answer = ready.answer(mark, wanted.place)
        if answer is None or principal is None or not tokens.may(principal.role, "viewer"):
            return None
        return unless_known(answer, wanted.known)
