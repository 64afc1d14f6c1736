"""The web application: which address gives what."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from isolab.lessons.model import Lesson
from webapp import sockets
from webapp.assets import Assets
from webapp.checks import Checks
from webapp.course import Course
from webapp.guard import Access, Guard
from webapp.pages import NAMES, Pages, drawn
from webapp.terminals import Limits, Terminals, TooMany

LONGEST = 4096
"""Bytes of a request's body."""


class _Asked(msgspec.Struct):
    """A terminal that the page asks for."""

    lesson: str
    place: str


def application(
    course: Course,
    access: Access,
    *,
    xterm: Path | None,
    no_terminals: str = "",
    limits: Limits | None = None,
) -> ASGIApp:
    """The course, behind its guard.

    Args:
        course: The lessons and their lab.
        access: Who may ask.
        xterm: The folder with xterm.js; None where it is not on this machine.
        no_terminals: What the page says then.
        limits: Of the terminals.
    """
    served = _Served(course, xterm, no_terminals, limits or Limits())
    return Guard(Starlette(routes=served.routes(), lifespan=served.lifespan), access)


class _Served:
    """What the addresses share."""

    def __init__(self, course: Course, xterm: Path | None, words: str, limits: Limits) -> None:
        self._course = course
        self._checks = Checks(course)
        self._terminals = Terminals(os.environ, limits)
        self._assets = Assets(xterm)
        self._pages = Pages(course, self._checks, words)

    def routes(self) -> list[Route | WebSocketRoute]:
        return [
            Route("/", self._first),
            Route("/static/{name}", self._static),
            Route("/terminals", self._open, methods=["POST"]),
            Route("/terminals/{id}", self._end, methods=["DELETE"]),
            WebSocketRoute("/terminals/{id}", self._connect),
            Route("/{language}/", self._index),
            Route("/{language}/{lesson}", self._lesson),
            Route("/{language}/{lesson}/claims", self._claims),
            Route("/{language}/{lesson}/drawing", self._drawing),
            Route("/{language}/{lesson}/check", self._check, methods=["POST"]),
        ]

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Terminals end with the server, and a check comes to its end."""
        sweeping = asyncio.create_task(self._terminals.sweep())
        yield
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
        await self._terminals.end_all()
        await self._checks.end()

    async def _first(self, request: Request) -> Response:
        return RedirectResponse(f"/{self._course.language}/{self._course.first}", 303)

    async def _static(self, request: Request) -> Response:
        return self._assets.answer(request.path_params["name"])

    async def _index(self, request: Request) -> Response:
        language: str = request.path_params["language"]
        if language not in NAMES:
            return Response(status_code=404)
        progress = await asyncio.to_thread(self._course.progress)
        return HTMLResponse(self._pages.index(language, progress))

    async def _lesson(self, request: Request) -> Response:
        lesson = self._asked(request)
        progress = await asyncio.to_thread(self._course.progress)
        lab = progress.at(lesson)
        places = await asyncio.to_thread(self._course.places, lab.plan) if lab.up else ()
        language = request.path_params["language"]
        return HTMLResponse(self._pages.page(language, lesson, progress, places))

    async def _claims(self, request: Request) -> Response:
        lesson = self._asked(request)
        progress = await asyncio.to_thread(self._course.progress)
        return HTMLResponse(self._pages.claims(request.path_params["language"], lesson, progress))

    async def _drawing(self, request: Request) -> Response:
        """With the states of this moment; without them while a check keeps the lab busy."""
        lesson = self._asked(request)
        progress = await asyncio.to_thread(self._course.progress)
        lab = progress.at(lesson)
        states = None
        if lab.up and not self._checks.busy:
            states = await asyncio.to_thread(self._course.states, lab.plan)
        return HTMLResponse(drawn(lab, request.path_params["language"], lesson, states))

    async def _check(self, request: Request) -> Response:
        lesson = self._asked(request)
        progress = await asyncio.to_thread(self._course.progress)
        lab = progress.at(lesson)
        if not lab.up:
            return _refused(409, "the lab is not up")
        if not self._checks.start(lesson, lab.plan):
            return _refused(409, "another check is at work")
        return Response(status_code=202)

    async def _open(self, request: Request) -> Response:
        """A terminal at a place of a lesson's lab; the command line is the server's own."""
        asked = await _body(request)
        lesson = asked and self._pages.lesson(self._course.language, asked.lesson)
        if asked is None or lesson is None:
            return _refused(404, "no such lesson")
        progress = await asyncio.to_thread(self._course.progress)
        lab = progress.at(lesson)
        places = await asyncio.to_thread(self._course.places, lab.plan) if lab.up else ()
        place = next((place for place in places if place.name == asked.place), None)
        if place is None:
            return _refused(404, "no such place")
        try:
            return JSONResponse({"id": self._terminals.open(place.argv)}, 201)
        except TooMany:
            return _refused(429, "too many terminals")

    async def _end(self, request: Request) -> Response:
        await self._terminals.end(request.path_params["id"])
        return Response(status_code=204)

    async def _connect(self, socket: WebSocket) -> None:
        await sockets.connect(socket, self._terminals)

    def _asked(self, request: Request) -> Lesson:
        """The lesson of the address; the answer is 404 where there is none."""
        asked = self._pages.lesson(request.path_params["language"], request.path_params["lesson"])
        if asked is None:
            raise HTTPException(404, "")
        return asked


async def _body(request: Request) -> _Asked | None:
    """A small JSON object; None where it is something else."""
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > LONGEST:
            return None
    try:
        return msgspec.json.decode(read, type=_Asked)
    except msgspec.DecodeError:
        return None


def _refused(code: int, why: str) -> Response:
    return JSONResponse({"error": why}, code)
