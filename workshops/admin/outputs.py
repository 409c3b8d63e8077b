"""Outputs that were taken away from steps: they are kept for a while, and can be put back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from workshops import operations
from workshops.columns import utc_now
from workshops.errors import ConflictError, NotFoundError
from workshops.statements.execution import Record, fetch, fetch_row
from workshops.statements.workshops import lock_belongings
from workshops.tables import WorkshopStep

KEPT_DAYS = 30
"""How long a removed output can be put back; the trigger that keeps it says so too."""


async def forget_old_outputs() -> None:
    """Delete the removed outputs that are too old; those of a deleted workshop go with it."""
    await fetch("DELETE FROM workshops_admin.removed_outputs WHERE removed_at < $1", _oldest())


def _oldest() -> datetime:
    return utc_now() - timedelta(days=KEPT_DAYS)


class NothingKeptError(
    NotFoundError, says="Nothing that was removed from step {step_id} is kept any longer."
):
    """No removed output of the step is kept."""

    step_id: str


class NotEmptyError(
    ConflictError,
    says="Step {step_id} has an output again, which must not be lost: reset it first.",
):
    """The step has an output again."""

    step_id: str


async def reset_step(workshop_id: str, step_id: str) -> None:
    """Make a step open again, and keep its output.

    A trigger keeps it too, whatever takes it away; on a cluster there is none.
    """
    await lock_belongings(workshop_id)
    kept = await fetch_row(
        "SELECT to_jsonb(s)::text FROM workshop_steps s"
        " WHERE workshop_id = $1 AND step_id = $2 AND output IS NOT NULL",
        workshop_id,
        step_id,
    )
    if kept is not None:
        await fetch("SELECT workshops_admin.keep_output($1::jsonb)", kept[0])
    await operations.reset_step(workshop_id, step_id)


async def removed_outputs(workshop_id: str) -> dict[str, Record]:
    """Return what can be put back into the steps of a workshop, by the key of the step's row.

    Of each output its size in bytes, when it was taken away, and by whom.
    """
    rows = await fetch(
        "SELECT r.step_row_id, octet_length(r.output::text) AS size, r.removed_at, r.operator"
        " FROM workshops_admin.removed_outputs r JOIN workshop_steps s ON s.id = r.step_row_id"
        " WHERE r.workshop_id = $1 AND s.output IS NULL AND r.removed_at >= $2",
        workshop_id,
        _oldest(),
    )
    return {row["step_row_id"]: row for row in rows}


async def restore_output(workshop_id: str, step_id: str) -> None:
    """Put back what the last reset of a step took away. It is in progress then.

    Raises:
        NotFoundError: nothing of this step is kept.
        ConflictError: the step has an output again.
    """
    await lock_belongings(workshop_id)
    row = await fetch_row(
        "SELECT s.id, s.output IS NULL, r.output::text, r.started_at"
        " FROM workshops_admin.removed_outputs r JOIN workshop_steps s ON s.id = r.step_row_id"
        " WHERE s.workshop_id = $1 AND s.step_id = $2 AND r.removed_at >= $3",
        workshop_id,
        step_id,
        _oldest(),
    )
    if row is None:
        raise NothingKeptError(step_id)
    row_id, is_empty, output, started_at = row
    if not is_empty:
        raise NotEmptyError(step_id)
    step = await operations.save_step_output(workshop_id, step_id, json.loads(output))
    if started_at is not None:
        changes: dict[Any, Any] = {WorkshopStep.started_at: started_at}
        await WorkshopStep.update(changes).where(
            WorkshopStep.id == step.id, WorkshopStep.workshop_id == workshop_id
        )
    await fetch("DELETE FROM workshops_admin.removed_outputs WHERE step_row_id = $1", row_id)
