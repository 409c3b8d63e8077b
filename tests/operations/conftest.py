"""A new workshop for each test, and all that is stored of it."""

from __future__ import annotations

from typing import Any

import pytest

from workshops import operations
from workshops.tables import TABLES, Workshop

OWNER = "user_ada"


@pytest.fixture
async def workshop(database: str) -> Workshop:
    """A draft workshop with its ten steps, owned by ``OWNER``."""
    return await operations.create_workshop(
        clerk_user_id=OWNER,
        title="A bakery without waste",
        original_idea="Sell yesterday's bread before it is thrown away.",
    )


@pytest.fixture
async def active(workshop: Workshop) -> Workshop:
    """A workshop whose first step is started."""
    return await operations.set_workshop_status(workshop.id, "active")


async def complete_all(workshop: Workshop) -> None:
    """Complete every step of a workshop, in order."""
    while (step := await operations.current_step(workshop.id)) is not None:
        await operations.complete_step(workshop.id, step.step_id)


async def stored() -> list[list[dict[str, Any]]]:
    """Everything that the database holds, to show that nothing has changed."""
    return [
        await table.select().order_by(table._meta.primary_key).output(load_json=True)
        for table in TABLES
    ]
