"""What every request passes before the study's own code sees it, and what every response carries."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 4096
# Nothing from elsewhere, nothing inline, no frame around it; pictures may come from memory (preloaded).
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Refuses foreign hosts, cross-site and oversized requests; adds the headers above to every response."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope["method"], headers)
        body = b""
        if refusal is None and scope["method"] == "POST":
            body, refusal = await _body(receive)
        if refusal is not None:
            await _refuse(send, *refusal)
            return

        async def received() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_ENCODED]
            await send(message)

        await self._app(scope, received, sent)

    def _refusal(self, method: str, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        # Another name for this machine is how a foreign page would reach a server on loopback.
        if self._hosts and _name(host) not in self._hosts:
            return 421, "this server does not answer for that host; see --public-url"
        if method not in ("GET", "HEAD", "POST"):
            return 405, "not a request of a study"
        return _post_refusal(headers, host) if method == "POST" else None


def _post_refusal(headers: dict[str, str], host: str) -> tuple[int, str] | None:
    origin = headers.get("origin")
    same = origin is None or _split(origin).netloc == (host or None)
    if not same or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return 403, "cross-site requests are refused"
    # A form of a foreign page cannot send this type without asking first.
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return 415, "answers are JSON"
    length = headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 9 or int(length) > BODY_LIMIT:
        return 413, "too large"
    return None


def _name(host: str) -> str:
    return _split(f"//{host}").hostname or ""


def _split(address: str) -> SplitResult:
    """The parts of an address; none where it is no address."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


async def _body(receive: Receive) -> tuple[bytes, tuple[int, str] | None]:
    """The whole body, which is refused once it is longer than it may be, whatever its header says."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"", (400, "incomplete")
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return b"", (413, "too large")
        if not message.get("more_body", False):
            return body, None


_ENCODED = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


async def _refuse(send: Send, status: int, reason: str) -> None:
    text = f'{{"error": "{reason}"}}'.encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*head, *_ENCODED]})
    await send({"type": "http.response.body", "body": text})
