"""The end of a log-in, and the header for the admin's page, which is not one of ours."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workshops.admin.log_in import SESSION_COOKIE, session_token
from workshops.admin.progress import access
from workshops.admin.progress.rendering import page
from workshops.admin.tables import AdminSession


async def log_out(request: Request) -> Response:
    """End the log-in and lead to where the next one begins."""
    access.read_form(request)
    await AdminSession.remove_session(session_token(request.scope))
    base = request.scope.get("root_path", "").rstrip("/")
    response = RedirectResponse(base.rpartition("/")[0] + "/admin/", HTTPStatus.SEE_OTHER)
    response.delete_cookie(SESSION_COOKIE)
    return response


async def show_header(request: Request) -> Response:
    """Show the header alone: the admin puts it above its tables."""
    return page(request, "header.html")


SESSION_ROUTES = (
    Route("/log-out/", log_out, methods=["POST"]),
    Route("/header/", show_header),
)
