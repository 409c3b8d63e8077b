"""The progress pages: server-rendered, beside the admin and under its log-in."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from workshops.admin.log_in import OperatorsBackend
from workshops.admin.progress.board_pages import BOARD_ROUTES
from workshops.admin.progress.definition_pages import DEFINITION_ROUTES
from workshops.admin.progress.funnel import FUNNEL_ROUTES
from workshops.admin.progress.header import HEADER_ROUTES
from workshops.admin.progress.people import PEOPLE_ROUTES
from workshops.admin.progress.rendering import STATIC, admin_of, page
from workshops.admin.progress.trends import TRENDS_ROUTES
from workshops.admin.progress.workshop import WORKSHOP_ROUTES
from workshops.admin.settings import AdminSettings


async def show_problem(request: Request, error: Exception) -> Response:
    """Show why a request was not answered, as a page."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    return page(
        request,
        "message.html",
        status_code=status,
        heading=status.phrase,
        sentence=error.detail if error.detail != status.phrase else status.description,
    )


def _send_to_login(connection: HTTPConnection, error: Exception) -> Response:
    """Lead to the admin's log-in, and from there back; a form is not sent again."""
    admin = admin_of(connection)
    if connection.scope["method"] in ("GET", "HEAD"):
        url = connection.url
        wanted = quote(url.path + (f"?{url.query}" if url.query else ""), safe="/")
        return RedirectResponse(f"{admin}?next={wanted}", HTTPStatus.SEE_OTHER)
    return PlainTextResponse(
        f"You are not logged in, so nothing was changed. Log in at {admin} and repeat it.",
        HTTPStatus.UNAUTHORIZED,
    )


def create_pages(settings: AdminSettings) -> ASGIApp:
    """Return the progress pages as an ASGI application, to be mounted at ``/progress``.

    They share the log-in of the admin, which is expected beside them at ``/admin``, and
    like it they have to be behind ``workshops.admin.protection.protect``.
    """
    pages = Starlette(
        routes=[
            *BOARD_ROUTES,
            *FUNNEL_ROUTES,
            *TRENDS_ROUTES,
            *WORKSHOP_ROUTES,
            *PEOPLE_ROUTES,
            *DEFINITION_ROUTES,
            *HEADER_ROUTES,
        ],
        middleware=[
            Middleware(
                AuthenticationMiddleware,
                backend=OperatorsBackend(),
                on_error=_send_to_login,
            )
        ],
        exception_handlers={HTTPException: show_problem},
    )
    pages.state.settings = settings
    # What pages are made of is not secret, and must not cost a look-up of the log-in.
    static = StaticFiles(directory=STATIC)
    return Starlette(routes=[Mount("/static", static), Mount("/", pages)])
