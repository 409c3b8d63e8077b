"""The order in which rows are locked, so that nobody waits in a circle.

Steps come first, by definition order, then members by key, then the workshop. Every
statement that locks more than one row keeps to it: ``statements.steps`` locks a
step, then the workshop; a transaction that will lock a workshop, or one of its
members or steps, and call an operation after that, locks all of them before.
"""

from __future__ import annotations

from typing import Any

from piccolo.table import Table

from workshops.tables import Workshop, WorkshopMember, WorkshopStep


async def lock_belongings(workshop_id: str) -> None:
    """Lock the steps and the members of a workshop until the end of the transaction."""
    await WorkshopStep.raw(
        "SELECT FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id"
        ' WHERE s.workshop_id = {} ORDER BY d."order", d.id FOR NO KEY UPDATE OF s',
        workshop_id,
    )
    await WorkshopMember.raw(
        "SELECT FROM workshop_members WHERE workshop_id = {} ORDER BY id FOR NO KEY UPDATE",
        workshop_id,
    )


async def lock_before(table: type[Table], row_id: Any) -> None:
    """Lock what operations lock before a row, if it is one that they lock."""
    if table is Workshop:
        await lock_belongings(row_id)
    elif table in (WorkshopMember, WorkshopStep):
        rows = await table.raw(
            f"SELECT workshop_id FROM {table._meta.tablename} WHERE id = {{}}", row_id
        )
        if rows:
            await lock_belongings(rows[0]["workshop_id"])
