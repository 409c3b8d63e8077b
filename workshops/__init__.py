"""WorkshopPilot's data: six PostgreSQL tables, operations on them, and an admin.

From an idea to its build pack, inside any coroutine::

    from workshops import Workshop, WorkshopStep, operations

    workshop = await operations.create_workshop(
        clerk_user_id="user_1", title="A bakery without waste", original_idea="Sell old bread."
    )
    await operations.complete_step(workshop.id, "empathize", output={"people": ["bakers"]})
    step = await operations.current_step(workshop.id)  # define, in progress
    rows = await Workshop.select(Workshop.title, Workshop.steps(WorkshopStep.status))
    pack = await operations.generate_build_pack(workshop.id, format_type="pdf")
    filename, media_type, content = await operations.render_build_pack(pack.id)

- ``workshops.tables``: the Piccolo tables, with relations that are selected like columns
- ``workshops.operations``: what changes and reads them, safely and in few round trips
- ``workshops.types``: typed rows; ``workshops.errors``: what can go wrong
- ``workshops.database``: the engine and its settings, for a ``piccolo_conf.py``
- ``workshops.app``: the ASGI application with the admin
"""

from workshops import operations
from workshops.states import FormatType, MemberRole, StepStatus, Visibility, WorkshopStatus
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)

__all__ = [
    "BuildPack",
    "FormatType",
    "MemberRole",
    "Session",
    "StepDefinition",
    "StepStatus",
    "Visibility",
    "Workshop",
    "WorkshopMember",
    "WorkshopStatus",
    "WorkshopStep",
    "operations",
]
