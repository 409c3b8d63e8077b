"""Generated requests to the whole API of the admin: as superuser, as viewer and as nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.admin.conftest import make_operator
from tests.factories import make_workshop
from workshops import operations
from workshops.tables import Workshop

SAFE = ("GET", "HEAD", "OPTIONS")


async def credentials(address: str, role: str) -> dict[str, str]:
    """Return the headers of an operator of this role; of nobody, none."""
    async with httpx.AsyncClient(base_url=address) as client:
        await client.get("/admin/")
        token = client.cookies["csrftoken"]
        if role != "outsider":
            await make_operator(role, superuser=role == "superuser")
            answer = await client.post(
                "/admin/public/login/",
                json={"username": role, "password": "correct horse battery"},
                headers={"X-CSRFToken": token},
            )
            assert answer.is_success
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return {"Cookie": cookies, "X-CSRFToken": token}


async def description(address: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return the OpenAPI description of the admin's API."""
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        described: dict[str, Any] = (await client.get("/admin/api/openapi.json")).json()
    return described


@pytest.mark.parametrize("role", ["superuser", "viewer", "outsider"])
async def test_generated_requests_are_answered(address: str, role: str) -> None:
    """No request is a 5xx; who may not change things gets no success for trying."""
    workshop = await make_workshop()
    await operations.generate_build_pack(workshop.id)
    before = await Workshop.select().order_by(Workshop.id)
    headers = await credentials(address, role)
    described = await description(
        address, headers if role == "superuser" else await credentials(address, "superuser")
    )
    schema = schemathesis.openapi.from_dict(described)
    answered: list[int] = []

    def try_all() -> None:
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]

            @settings(
                max_examples=3,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def attempt(case: Any) -> None:
                response = case.call(base_url=f"{address}/admin/api", headers=headers, timeout=30)
                answered.append(response.status_code)
                sent = f"{case.method} {case.path} {response.status_code} {response.text[:200]}"
                assert response.status_code < 500, sent
                if role == "outsider" or (role == "viewer" and case.method not in SAFE):
                    assert response.status_code >= 400, sent

            attempt()

    await asyncio.to_thread(try_all)
    assert len(answered) > 100
    if role != "superuser":
        assert await Workshop.select().order_by(Workshop.id) == before
