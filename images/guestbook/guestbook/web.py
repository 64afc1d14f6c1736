"""The pages, and the two questions that machines ask."""

from typing import Protocol

from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from guestbook.entries import NAME_LENGTH, TEXT_LENGTH, Draft, Entry
from guestbook.place import Place
from guestbook.store import Unreachable

SHOWN = 50
"""Entries on the page."""


class Keeper(Protocol):
    """What the pages need of a store."""

    def recent(self, count: int) -> tuple[Entry, ...]: ...
    def add(self, draft: Draft, served_by: str) -> None: ...
    def reachable(self) -> bool: ...


def make_app(store: Keeper, place: Place) -> Flask:
    """The application over a store, answering from a place."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    add_page(app, store, place)
    add_answers(app, store)

    @app.after_request
    def seal(response: Response) -> Response:
        response.headers["X-Served-By"] = f"{place.replica}@{place.guest}"
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response

    return app


def add_page(app: Flask, store: Keeper, place: Place) -> None:
    """What people see: the entries, and the form for one more."""

    def page(draft: Draft, problem: str | None, status: int) -> tuple[str, int]:
        entries: tuple[Entry, ...] = ()
        try:
            entries = store.recent(SHOWN)
        except Unreachable:
            status = 503
            problem = problem or "The database does not answer; entries come back when it does."
        return (
            render_template(
                "page.html",
                entries=entries,
                place=place,
                draft=draft,
                problem=problem,
                name_length=NAME_LENGTH,
                text_length=TEXT_LENGTH,
            ),
            status,
        )

    @app.get("/")
    def show() -> tuple[str, int]:
        return page(Draft(name="", text=""), None, 200)

    @app.post("/")
    def post() -> AnyResponse | tuple[str, int]:
        draft = Draft.of(request.form.get("name", ""), request.form.get("text", ""))
        if problem := draft.problem():
            return page(draft, problem, 422)
        try:
            store.add(draft, str(place))
        except Unreachable:
            return page(draft, "The database does not answer; this entry is not stored.", 503)
        return redirect(url_for("show"), 303)


def add_answers(app: Flask, store: Keeper) -> None:
    """What programs ask: the entries, and whether guestbook and database work."""

    @app.get("/entries")
    def entries() -> tuple[Response, int]:
        try:
            found = store.recent(SHOWN)
        except Unreachable:
            return jsonify(error="the database does not answer"), 503
        return jsonify([as_json(entry) for entry in found]), 200

    @app.get("/healthz")
    def healthy() -> tuple[Response, int]:
        database = store.reachable()
        return jsonify(alive=True, database=database), 200 if database else 503

    @app.get("/livez")
    def alive() -> Response:
        return jsonify(alive=True)


def as_json(entry: Entry) -> dict[str, str]:
    return {
        "name": entry.name,
        "text": entry.text,
        "posted": f"{entry.posted.isoformat()}Z",
        "served_by": entry.served_by,
    }
