"""The progress pages of a database to which another application writes too."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.admin.progress.conftest import make_workshop, titles
from workshops import operations, projection
from workshops.database import DatabaseEngine
from workshops.database.migrations import project_engine
from workshops.tables import StepDefinition, Workshop

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def soft_deletes(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """SHARED_DATABASE=1, and the column that the other application has added."""
    engine = project_engine()
    assert isinstance(engine, DatabaseEngine)
    monkeypatch.setattr(engine.settings, "shared_database", True)
    await Workshop.raw("ALTER TABLE workshops ADD deleted_at timestamp(3)")
    yield
    await Workshop.raw("ALTER TABLE workshops DROP deleted_at")


@pytest.mark.usefixtures("soft_deletes")
async def test_what_is_marked_as_deleted_is_on_its_own_page_only(
    superuser: httpx.AsyncClient,
) -> None:
    """Board and funnel leave it out until the mark goes; its page says when it was deleted."""
    await make_workshop(title="Kept")
    gone = await make_workshop(title="Gone")
    assert sorted(titles((await superuser.get("/progress/")).text)) == ["Gone", "Kept"]
    await Workshop.raw(
        "UPDATE workshops SET deleted_at = '2026-01-02 03:04' WHERE id = {}", gone.id
    )
    assert titles((await superuser.get("/progress/")).text) == ["Kept"]
    assert (await projection.compare()).different == 0
    page = (await superuser.get(f"/progress/workshops/{gone.id}/")).text
    assert "has marked this workshop as deleted" in page
    assert "2026-01-02 03:04" in page
    await Workshop.raw("UPDATE workshops SET deleted_at = NULL")
    assert sorted(titles((await superuser.get("/progress/")).text)) == ["Gone", "Kept"]
    assert "as deleted" not in (await superuser.get(f"/progress/workshops/{gone.id}/")).text


async def test_the_steps_are_those_of_the_table(superuser: httpx.AsyncClient) -> None:
    """With other definitions, counted from zero, the pages follow these."""
    await StepDefinition.delete(force=True)
    await StepDefinition.insert(
        *(
            StepDefinition(id=id, order=order, name=name, description="One of theirs.")
            for order, (id, name) in enumerate(
                (("challenge", "Challenge"), ("persona", "Persona"), ("validate", "Validate"))
            )
        )
    )
    workshop = await operations.create_workshop(
        clerk_user_id="user_1", title="Theirs", original_idea=""
    )
    await operations.complete_step(workshop.id, "challenge")
    assert titles((await superuser.get("/progress/?step=persona")).text) == ["Theirs"]
    assert titles((await superuser.get("/progress/?step=challenge")).text) == []
    page = (await superuser.get(f"/progress/workshops/{workshop.id}/")).text
    assert "1 of 3 steps done" in page
    assert "Empathize" not in page
    assert "Persona" in (await superuser.get("/progress/steps/")).text
