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
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from workshops.admin.accounts import AdminSession
from workshops.admin.log_in import SESSION_COOKIE, OperatorsBackend, session_token
from workshops.admin.progress import funnel
from workshops.admin.progress.board_pages import BOARD_ROUTES
from workshops.admin.progress.definition_pages import DEFINITION_ROUTES
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.exports import EXPORT_ROUTES
from workshops.admin.progress.live import LIVE_ROUTES
from workshops.admin.progress.people import PEOPLE_ROUTES
from workshops.admin.progress.rendering import STATIC, admin_of, page, read_form
from workshops.admin.progress.search import SEARCH_ROUTES
from workshops.admin.progress.trends_pages import TRENDS_ROUTES
from workshops.admin.progress.workshop import WORKSHOP_ROUTES
from workshops.admin.settings import AdminSettings


async def show_funnel(request: Request) -> Response:
    """Show the funnel of the period that the URL asks for."""
    view = funnel.read_funnel(request.query_params)
    found = await funnel.fetch_funnel(view, await step_definitions())
    return page(
        request,
        "funnel.html",
        live="",
        view=view,
        funnel=found,
        highest=max((week.created for week in found.weeks), default=0),
        choices=funnel,
    )


async def show_header(request: Request) -> Response:
    """Show the header alone: the admin puts it above its tables."""
    return page(request, "header.html")


async def log_out(request: Request) -> Response:
    """End the log-in and lead to where the next one begins."""
    read_form(request)
    await AdminSession.remove_session(session_token(request.scope))
    response = RedirectResponse(admin_of(request), HTTPStatus.SEE_OTHER)
    response.delete_cookie(SESSION_COOKIE)
    return response


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
            Route("/steps/", show_funnel),
            *WORKSHOP_ROUTES,
            *PEOPLE_ROUTES,
            *EXPORT_ROUTES,
            *LIVE_ROUTES,
            *TRENDS_ROUTES,
            *SEARCH_ROUTES,
            Route("/log-out/", log_out, methods=["POST"]),
            Route("/header/", show_header),
            *DEFINITION_ROUTES,
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
