"""Server-sent events that tell a page when to read itself again.

They say which workshops changed, or null for "any may have", at most once a second. What
a page shows then, with its filters and for its operator, it gets by its own URL.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from workshops.projection import listening
from workshops.statements.execution import replicas_hold_it

LIFETIME = 600.0
"""Seconds after which a stream ends, and the browser asks for a new one, if still logged in."""

PULSE = 15.0
"""Seconds after which a silent stream says that it is alive: proxies end silent ones."""

_PAUSE = 1.0  # seconds between two events


async def stream(request: Request) -> StreamingResponse:
    """Send the changes since the page was made, of the workshop that it shows or of all."""
    query = request.query_params
    events = _events(query.getlist("workshop"), _moment(query.get("since", "")))
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _events(workshop_ids: list[str], since: datetime | None) -> AsyncIterator[str]:
    clock = asyncio.get_running_loop().time
    end = clock() + LIFETIME
    yield "retry: 2000\n\n"
    async with listening(*workshop_ids, since=since) as subscription:
        while clock() < end and not subscription.closed:
            try:
                changed = await asyncio.wait_for(subscription.next(), PULSE)
            except TimeoutError:
                yield ": nothing new\n\n"
                continue
            if subscription.closed:
                return
            await replicas_hold_it()  # what the page then reads
            yield f"data: {json.dumps(None if changed is None else sorted(changed))}\n\n"
            await asyncio.sleep(_PAUSE)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else None


LIVE_ROUTES = (Route("/live/", stream),)
