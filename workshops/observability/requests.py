"""What is known of each request: an identifier, how it was answered, how long it took."""

from __future__ import annotations

import functools
import inspect
import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.tracing import span

ROUTE = "workshops.route"
UNKNOWN = "(unknown)"
"""The pattern of a path that leads nowhere: such paths are without number."""

Observe = Callable[[str, str, int, float], None]
"""Is told the method, the pattern of the path, the status and the seconds."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))


class Requests:
    """The outermost layer: names each request (``X-Request-ID``) and tells what became of it.

    The identifier is the one that a proxy has given, or a new one; the answer has it too.
    An object, because uvicorn takes a ``partial`` for an application of ASGI 2.
    """

    def __init__(self, app: ASGIApp, observe: Observe | None = None) -> None:
        self.app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        noted: dict[str, str] = {}
        scope = {**scope, ROUTE: noted}
        status = 500

        async def named_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        token = REQUEST_ID.set(request_id)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        with span(f"request {method}") as note:
            try:
                await self.app(scope, receive, named_send)
            finally:
                seconds = time.perf_counter() - began
                route = UNKNOWN if status == 404 else noted.get("route", UNKNOWN)
                note(**{"http.request.method": method, "http.route": route})
                note(**{"http.response.status_code": status})
                if self._observe:
                    self._observe(method, route, status, seconds)
                fields = {"method": method, "route": route, "status": status}
                access.info("request", extra={"fields": {**fields, "seconds": round(seconds, 4)}})
                REQUEST_ID.reset(token)


async def note_route(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Be the innermost layer: note the pattern of the path, such as ``/progress/{workshop_id}``.

    Of a request that was refused before its route was found there is none: such paths are
    without number, and may name a row.
    """
    path = scope.get("path", "")  # mounts change it
    try:
        await app(scope, receive, send)
    finally:
        noted, endpoint = scope.get(ROUTE, {}), scope.get("endpoint")
        if isinstance(endpoint, StaticFiles):
            noted["route"] = f"{scope['root_path']}/{{path}}"
        elif isinstance(endpoint, functools.partial | type) or inspect.isroutine(endpoint):
            noted["route"] = pattern(path, scope.get("path_params", {}))


def pattern(path: str, parameters: dict[str, object]) -> str:
    """Return a path with the names of its parameters in place of their values."""
    names = {str(value): name for name, value in parameters.items()}
    for value, name in names.items():
        if "/" in value and path.endswith(value):  # the rest of a path
            path = f"{path[: -len(value)]}{{{name}}}"
    parts = (f"{{{names[part]}}}" if part in names else part for part in path.split("/"))
    return "/".join(parts)


REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request that this task works for."""

access = logging.getLogger("workshops.access")
"""One line a request, on the level INFO."""


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; ``extra={"fields": {...}}`` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json() -> None:
    """Let everything that is logged in this process be JSON on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    access.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)  # its own handlers would write text
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
