"""Scripts and styles that an upgrade may change."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles


class FreshFiles(StaticFiles):
    """Files of which browsers keep a copy, and ask each time whether it is still the one.

    Told nothing, they guess for how long it is: days, of files that are a month old.
    """

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the answer with a file, or that the browser's copy is the one."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
