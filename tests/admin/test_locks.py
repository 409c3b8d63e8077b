"""In which order the operators' changes lock rows: in that of the operations."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.admin.conftest import send
from tests.conftest import Server
from tests.factories import make_workshop, step_of
from workshops.database.migrations import project_engine
from workshops.tables import Workshop, WorkshopMember, WorkshopStep

API = "/admin/api/tables"

Request = Callable[[Workshop, WorkshopStep, WorkshopMember], tuple[str, str, dict[str, Any]]]

REQUESTS: dict[str, Request] = {
    "workshop": lambda w, s, m: ("PATCH", f"{API}/workshops/{w.id}/", {"status": "active"}),
    "step": lambda w, s, m: ("PATCH", f"{API}/workshop_steps/{s.id}/", {"status": "complete"}),
    "member": lambda w, s, m: ("PATCH", f"{API}/workshop_members/{m.id}/", {"role": "editor"}),
    "removal": lambda w, s, m: ("DELETE", f"{API}/workshop_members/{m.id}/", {}),
    "deletion": lambda w, s, m: (
        "POST",
        f"/progress/workshops/{w.id}/delete/",
        {"title": w.title},
    ),
}


async def act(
    client: httpx.AsyncClient, method: str, address: str, body: dict[str, Any]
) -> httpx.Response:
    """Send a request to a table, or a form of a page."""
    if address.startswith("/progress/"):
        return await send(client, "/progress/new/", address, **body)
    return await client.request(method, address, json=body)


@pytest.mark.parametrize("name", REQUESTS)
async def test_workshop_is_locked_last(
    superuser: httpx.AsyncClient, server: Server, database: str, name: str
) -> None:
    """Who holds the steps and members of a workshop can lock it, whatever an operator is doing."""
    workshop = await make_workshop()
    step = await step_of(workshop, "empathize")
    member = WorkshopMember(workshop_id=workshop.id, clerk_user_id="user_eve", role="viewer")
    await member.save()
    method, address, body = REQUESTS[name](workshop, step, member)
    other = await server.connect(urlsplit(database).path.removeprefix("/"))
    async with project_engine().transaction():
        for table in (WorkshopStep, WorkshopMember):
            await table.raw(
                f"SELECT FROM {table._meta.tablename} WHERE workshop_id = {{}} FOR UPDATE",
                workshop.id,
            )
        asking = asyncio.get_running_loop().create_task(
            act(superuser, method, address, body), context=contextvars.Context()
        )
        waiting: list[object] = []
        while not waiting and not asking.done():
            waiting = await other.fetch(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        assert waiting
        await Workshop.raw(
            "SELECT FROM workshops WHERE id = {} FOR NO KEY UPDATE NOWAIT", workshop.id
        )
    response = await asking
    await other.close()
    assert response.status_code < 400, response.text
