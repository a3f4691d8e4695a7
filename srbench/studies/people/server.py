"""The web server of a study: pages for raters, pictures by trial, answers, and the researcher's view.

A rater's token in the address is all that opens the own trials; pictures have no names but the position of
their trial. All state is in the database, so that the server may end and start again at any time.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from srbench.core.records import UserError
from srbench.studies.people.answers import read_answer
from srbench.studies.people.database import Study
from srbench.studies.people.guard import Guard
from srbench.studies.people.pictures import FOLDER
from srbench.studies.people.records import Answer, OutOfTurn, Rater
from srbench.studies.people.shown import picture, state, study_texts

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

ASSETS = {"study.js": "text/javascript", "served.js": "text/javascript", "admin.js": "text/javascript",
          "study.css": "text/css"}  # fmt: skip


def asset(name: str) -> str:
    """The text of a file of the page."""
    return (files("srbench.studies.people") / "assets" / name).read_text(encoding="utf-8")


def application(study: Study, hosts: frozenset[str]) -> Starlette:
    """The study as an ASGI application that answers for these host names; for any where there are none."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.routing import Route

    site = _Site(study)
    return Starlette(
        routes=[
            Route("/", site.home),
            Route("/assets/{name}", site.asset),
            Route("/join/{key}", site.join),
            Route("/join/{key}/state", site.welcome),
            Route("/join/{key}/enrol", site.enrol, methods=["POST"]),
            Route("/r/{token}/", site.page),
            Route("/r/{token}/state", site.state),
            Route("/r/{token}/consent", site.consent, methods=["POST"]),
            Route("/r/{token}/answers", site.answer, methods=["POST"]),
            Route("/r/{token}/trials/{position}/{name}.png", site.picture),
            Route("/admin", site.admin),
            Route("/admin/progress", site.progress),
            Route("/admin/answers.csv", site.answers),
        ],
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={
            404: _not_found,
            405: _not_found,
            sqlite3.Error: _not_now,
            OSError: _not_now,
        },
    )


async def _not_found(_: Request, __: Exception) -> Response:
    return _refused(404, "there is nothing here; check the link that you were given")


async def _not_now(_: Request, error: Exception) -> Response:
    """The disk is full, the folder was moved, another program holds the database: the page tries again."""
    # The name of a rater's file is no part of the message that the log gets.
    reason = error.strerror if isinstance(error, OSError) else str(error)
    logging.getLogger("uvicorn.error").error("the study's folder cannot be used now: %s", reason)
    return _refused(503, "the study cannot be reached now")


def _refused(status: int, reason: str) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse({"error": reason}, status)


class _Site:
    """The handlers. The work of each is a few reads of a small database, so they need no threads."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._texts = study_texts(study)
        self._assets = {name: asset(name) for name in ASSETS}

    def _rater(self, request: Request) -> Rater | None:
        return self._study.rater(request.path_params["token"])

    async def home(self, _: Request) -> Response:
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("A study runs here. Use the link that you were given.\n")

    async def asset(self, request: Request) -> Response:
        from starlette.responses import Response

        name = request.path_params["name"]
        if name not in ASSETS:
            return _refused(404, "no such file")
        return Response(self._assets[name], media_type=ASSETS[name])

    async def page(self, request: Request) -> Response:
        if self._rater(request) is None:
            return _refused(404, "there is nothing here; check the link that you were given")
        return _page("../../assets/", "served.js", self._texts["title"])

    async def join(self, request: Request) -> Response:
        if not self._study.is_enrolment(request.path_params["key"]):
            return _refused(404, "there is nothing here; check the link that you were given")
        return _page("../assets/", "served.js", self._texts["title"])

    async def welcome(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        if not self._study.is_enrolment(request.path_params["key"]):
            return _refused(404, "there is nothing here; check the link that you were given")
        return JSONResponse({"texts": self._texts, "phase": "welcome", "answered": 0, "total": 0})

    async def enrol(self, request: Request) -> Response:
        """A new rater by the link that invites to the study."""
        from starlette.responses import JSONResponse

        if not self._study.is_enrolment(request.path_params["key"]):
            return _refused(404, "there is nothing here; check the link that you were given")
        try:
            rater = self._study.enrol()
        except UserError as error:
            return _refused(409, str(error))
        return JSONResponse({"address": f"../r/{rater.token}/"})

    async def state(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        rater = self._rater(request)
        if rater is None:
            return _refused(404, "no such rater")
        return JSONResponse({"texts": self._texts, **state(self._study, rater)})

    async def consent(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        rater = self._rater(request)
        if rater is None:
            return _refused(404, "no such rater")
        self._study.consent(rater.slot)
        return JSONResponse(state(self._study, Rater(rater.slot, rater.token, rater.label, consented=True)))

    async def answer(self, request: Request) -> Response:
        """Commits the answer, then says what comes next; an answer that is there already is taken as read."""
        from starlette.responses import JSONResponse

        rater = self._rater(request)
        if rater is None:
            return _refused(404, "no such rater")
        if not rater.consented:
            return _refused(403, "the study has not been started")
        try:
            position, answer = _parsed(await request.body())
            self._study.put_answer(rater.slot, position, answer)
        except OutOfTurn as error:
            found = {"error": str(error), **state(self._study, rater)}
            return JSONResponse(found, 409)
        except UserError as error:
            return _refused(422, str(error))
        return JSONResponse(state(self._study, rater))

    async def picture(self, request: Request) -> Response:
        """An image of the question at which a rater stands."""
        from starlette.responses import Response

        rater = self._rater(request)
        position = request.path_params["position"]
        if rater is None or not position.isascii() or not position.isdecimal() or len(position) > 9:
            return _refused(404, "no such picture")
        found = picture(self._study, rater, int(position), request.path_params["name"])
        if found is None:
            return _refused(404, "no such picture")
        content = (self._study.folder / FOLDER / found.file).read_bytes()
        return Response(content, media_type="image/png")

    async def admin(self, _: Request) -> Response:
        from starlette.responses import HTMLResponse

        return HTMLResponse(asset("admin.html"))

    def _is_admin(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return kind == "Bearer" and self._study.is_admin(token)

    async def progress(self, request: Request) -> Response:
        """How far the raters are, for who has the admin token."""
        from starlette.responses import JSONResponse

        if not self._is_admin(request):
            return _refused(401, "results need the admin token")
        rows = [
            {"rater": rater.slot + 1, "started": rater.consented, "answers": answers, "trials": trials}
            for rater, answers, trials in self._study.progress()
        ]
        return JSONResponse({"title": self._texts["title"], "raters": rows})

    async def answers(self, request: Request) -> Response:
        from starlette.responses import PlainTextResponse

        from srbench.studies.people.transfer import answers_csv

        if not self._is_admin(request):
            return _refused(401, "results need the admin token")
        return PlainTextResponse(answers_csv(self._study), media_type="text/csv")


def _page(assets: str, script: str, title: str) -> Response:
    from starlette.responses import HTMLResponse

    return HTMLResponse(page(assets, (script, "study.js"), title))


def page(assets: str, scripts: tuple[str, ...], title: str) -> str:
    """The HTML around a study; all else is done by its scripts."""
    from jinja2 import Environment

    template = Environment(autoescape=True).from_string(asset("study.html.j2"))
    return template.render(title=title, assets=assets, scripts=scripts)


def _parsed(body: bytes) -> tuple[int, Answer]:
    """Position and answer from what a page sent; `UserError` for anything else."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise UserError("not JSON") from None
    return read_answer(found)
