"""The progress pages beside the admin, and operators who are logged in to them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from workshops import operations
from workshops.columns import utc_now
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Workshop


@pytest.fixture
async def stranger(site: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """The client of somebody who is not logged in."""
    transport = httpx.ASGITransport(app=site)
    async with httpx.AsyncClient(transport=transport, base_url="http://admin.test") as client:
        yield client


async def make_workshop(*, complete: int = 0, **columns: Any) -> Workshop:
    """Return a new workshop with its first steps complete and the next one started."""
    workshop = await operations.create_workshop(
        **{
            "clerk_user_id": "user_ada",
            "title": "A bakery without waste",
            "original_idea": "Sell yesterday's bread before it is thrown away.",
            **columns,
        }
    )
    for step in STEP_CATALOG[:complete]:
        await operations.complete_step(workshop.id, step.id, output={"summary": f"On {step.name}"})
    return workshop


async def make_old(workshop: Workshop, *, days: int = 0, minutes: int = 0) -> datetime:
    """Let everything in a workshop have happened so long ago; return when."""
    moment = utc_now() - timedelta(days=days, minutes=minutes)
    await Workshop.raw(
        "UPDATE workshops SET created_at = {}, updated_at = {} WHERE id = {}",
        moment,
        moment,
        workshop.id,
    )
    await Workshop.raw(
        "UPDATE workshop_steps SET created_at = {}, updated_at = {} WHERE workshop_id = {}",
        moment,
        moment,
        workshop.id,
    )
    return moment


def titles(page: str) -> list[str]:
    """Return the titles on the board, in order."""
    return re.findall(r'class="title"><a href="[^"]+">([^<]*)</a>', page)
