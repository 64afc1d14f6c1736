"""Who may ask: only the page itself, in a browser that has shown the token.

A page of another site can make a browser send requests here. So each request has to name this
server as its host (a name that was rebound to the loopback address does not), whatever changes
something and each websocket has to come from this origin, and all have to carry the cookie.
"""

import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# xterm.js writes its rules into style elements of its own; scripts come from files alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
READING = ("GET", "HEAD")
NO_COOKIE = "Open the address that ./lab learn --serve has printed: it has the token.\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The secrets of one run of the server."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Stands in the printed address."""
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """The cookie that the token is exchanged for."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a browser may call this server."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    @property
    def cookie(self) -> str:
        """Its name; browsers share cookies among all ports of a host."""
        return f"isolab-{self.port}"

    @property
    def address(self) -> str:
        """What the learner opens."""
        return f"http://{self.hosts[0]}/?token={self.token}"


class Guard:
    """In front of the application; refuses what does not come from its own page."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or pass the request on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal:
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._app(scope, receive, send)
            return
        await (refusal or self._app)(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        """What is answered in the application's place; None where it may answer."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._access.hosts:
            return PlainTextResponse("This server is not the one that was asked for.\n", 421)
        changes = scope["type"] == "websocket" or scope["method"] not in READING
        if changes and headers.getlist("origin") != [f"http://{hosts[0]}"]:
            return PlainTextResponse("This did not come from the course's page.\n", 403)
        if not changes and not _is_own_or_navigation(headers):
            return PlainTextResponse("This did not come from the course's page.\n", 403)
        if not changes and scope["path"] == "/" and self._has_token(scope):
            return self._exchanged()
        if not self._has_cookie(headers):
            return PlainTextResponse(NO_COOKIE, 401)
        return None

    def _has_token(self, scope: Scope) -> bool:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return len(given) == 1 and _same(given[0], self._access.token)

    def _has_cookie(self, headers: Headers) -> bool:
        pairs = [pair.strip().partition("=") for pair in headers.get("cookie", "").split(";")]
        given = [value for name, _, value in pairs if name == self._access.cookie]
        return len(given) == 1 and _same(given[0], self._access.session)

    def _exchanged(self) -> Response:
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            self._access.cookie, self._access.session, httponly=True, samesite="strict", path="/"
        )
        return answer


def _is_own_or_navigation(headers: Headers) -> bool:
    """Whether the page itself reads, or a person follows a link; old browsers do not say."""
    if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        return True
    return (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == (
        "navigate",
        "document",
    )


def _same(given: str, secret: str) -> bool:
    return secrets.compare_digest(given.encode(), secret.encode())


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending
