"""Sending responses: 304 where the client has it already, and the messages of ASGI."""

from starlette.types import Send

from zenprofile.server.exchange import Response


def unless_known(answer: Response, known: str) -> Response:
    """Return an answer, or 304 without its body where the client's ``If-None-Match`` names its ETag."""
    if not known or answer.status != 200:
        return answer
    tag = next((value for name, value in answer.headers if name == "ETag"), "")
    return answer._replace(status=304, body=b"") if tag and (known.strip() == "*" or tag in known) else answer


async def send_response(answer: Response, send: Send, *, head: bool = False) -> None:
    """Send an answer; its headers alone where it is to a HEAD."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.body or answer.status not in {204, 304}:
        headers.append((b"content-type", answer.type.encode("latin-1")))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
