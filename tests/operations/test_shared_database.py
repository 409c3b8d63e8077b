"""A database to which another application writes too, with ways of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.operations.conftest import OWNER, complete_all
from workshops import operations
from workshops.database import DatabaseEngine
from workshops.database.migrations import project_engine
from workshops.errors import SharedDatabaseError
from workshops.tables import StepDefinition, Workshop

pytestmark = pytest.mark.usefixtures("database")

# What the application had after a year: other steps than ours, and counted from zero.
THEIR_STEPS = (
    "challenge",
    "stakeholder-mapping",
    "user-research",
    "sense-making",
    "persona",
    "journey-mapping",
    "reframe",
    "ideation",
    "brainwriting",
    "concept",
    "validate",
)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """SHARED_DATABASE=1."""
    engine = project_engine()
    assert isinstance(engine, DatabaseEngine)
    monkeypatch.setattr(engine.settings, "shared_database", True)


@pytest.mark.usefixtures("shared")
async def test_no_session_of_the_other_application_is_closed(workshop: Workshop) -> None:
    """It never ends one, and finds its chat by the newest."""
    session = await operations.record_activity(workshop.id)
    with pytest.raises(SharedDatabaseError, match="SHARED_DATABASE=1"):
        await operations.close_idle_sessions(idle_for=timedelta(0))
    assert (await operations.record_activity(workshop.id)).id == session.id


async def test_what_is_marked_as_deleted_is_not_listed(
    workshop: Workshop, shared: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the column that the other application has added, where it has."""
    other = await operations.create_workshop(clerk_user_id=OWNER, title="Kept", original_idea="")
    await operations.update_workshop(other.id, original_idea="Later than the first one.")

    async def listed(**options: str) -> list[str]:
        page = await operations.list_workshops(OWNER, limit=10, **options)  # type: ignore[arg-type]
        return [item["id"] for item in page.items]

    assert await listed() == [other.id, workshop.id]
    transaction = project_engine().transaction()
    async with transaction:
        await Workshop.raw("ALTER TABLE workshops ADD deleted_at timestamp(3)")
        await Workshop.raw("UPDATE workshops SET deleted_at = now() WHERE id = {}", workshop.id)
        assert await listed() == [other.id]
        assert await listed(status="draft") == [other.id]
        monkeypatch.undo()
        assert await listed() == [other.id, workshop.id]
        await transaction.rollback()  # type: ignore[no-untyped-call]


async def test_the_steps_are_those_of_the_table() -> None:
    """With other definitions a workshop is made, worked through, packed and completed."""
    await StepDefinition.delete(force=True)
    await StepDefinition.insert(
        *(
            StepDefinition(id=id, order=order, name=id.title(), description="One of theirs.")
            for order, id in enumerate(THEIR_STEPS)
        )
    )
    workshop = await operations.create_workshop(
        clerk_user_id=OWNER, title="A bakery", original_idea=""
    )
    detail = await operations.get_workshop(workshop.id)
    assert tuple(step["step_id"] for step in detail["steps"]) == THEIR_STEPS
    (item,) = (await operations.list_workshops(OWNER)).items
    assert (item["steps_total"], item["current_step_id"]) == (11, "challenge")

    await operations.save_step_output(workshop.id, "challenge", {"problem": "Bread is thrown away"})
    await operations.complete_step(workshop.id, "challenge")
    step = await operations.current_step(workshop.id)
    assert step is not None
    assert (step.step_id, step.status) == ("stakeholder-mapping", "in_progress")
    context = await operations.step_context(workshop.id, "user-research")
    assert [row["step_id"] for row in context] == ["challenge", "stakeholder-mapping"]
    assert context[0]["output"] == {"problem": "Bread is thrown away"}

    await complete_all(workshop)
    await operations.set_workshop_status(workshop.id, "completed")
    pack = await operations.generate_build_pack(workshop.id)
    assert pack.content is not None
    assert "Challenge" in pack.content
    assert "Bread is thrown away" in pack.content
