"""What is taken away, and how long it can be had back.

The erasure of a person leaves nothing of them in the audit log either: a pseudonym that
nobody can trace takes the place of their id in its entries, and of the rows that go with
them the entries keep no values. An output that an operator has reset is kept for a while.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from workshops import operations
from workshops.admin import follow_up
from workshops.admin.audit import record_here
from workshops.admin.saved_views import forget_views
from workshops.admin.tables import AuditAction, AuditEntry
from workshops.columns import utc_now
from workshops.errors import ConflictError, NotFoundError
from workshops.statements.execution import fetch, fetch_row
from workshops.statements.locks import lock_belongings
from workshops.tables import WorkshopStep

KEPT_DAYS = 30
"""How long a removed output can be put back; the trigger that keeps it says so too."""

_THEIRS = """
SELECT w.id, part.id FROM workshops w, LATERAL (
    SELECT w.id
    UNION ALL SELECT s.id FROM workshop_steps s WHERE s.workshop_id = w.id
    UNION ALL SELECT m.id FROM workshop_members m WHERE m.workshop_id = w.id
    UNION ALL SELECT s.id FROM sessions s WHERE s.workshop_id = w.id
    UNION ALL SELECT b.id FROM build_packs b WHERE b.workshop_id = w.id
) part
WHERE w.clerk_user_id = $1 OR EXISTS (
    SELECT FROM workshop_members m WHERE m.workshop_id = w.id AND m.clerk_user_id = $1)
"""


async def erase_person(person: str) -> str:
    """Delete everything held about a person, and return in a sentence what that was.

    It has to run in a transaction, whose operator the one entry of the log names.
    """
    await AuditEntry.raw("SELECT set_config('workshops.audit_values', 'off', true)")
    parts = await fetch(_THEIRS, person)
    memberships = await fetch("SELECT id FROM workshop_members WHERE clerk_user_id = $1", person)
    deleted = await operations.delete_user_data(person)
    left = await fetch("SELECT id FROM workshops WHERE id = ANY ($1)", [row[0] for row in parts])
    stays = {row[0] for row in left}
    gone = [part for workshop, part in parts if workshop not in stays]
    gone += [row[0] for row in memberships]
    gone += await follow_up.keys_of_notes({workshop for workshop, _ in parts} - stays)
    await follow_up.forget()
    gone += await forget_views(person)
    pseudonym = f"erased_{secrets.token_hex(8)}"
    await follow_up.pseudonymise(person, pseudonym)
    # Entries about files and views hold the address of the board, where ids are spelt so.
    for spelt in {person, quote_plus(person)}:
        await fetch("SELECT workshops_admin.audit_forget($1, $2, $3)", spelt, pseudonym, gone)
    await forget_outputs()
    what = (
        f"{deleted['workshops_deleted']:,} workshops deleted, "
        f"{deleted['workshops_handed_over']:,} handed over to another owner, "
        f"{deleted['memberships_deleted']:,} memberships in others' workshops ended"
    )
    await record_here(AuditAction.erased, summary=f"{pseudonym}: {what}")
    return what


async def forget_outputs() -> None:
    """Delete the removed outputs of workshops that are deleted, and those that are too old."""
    await fetch(
        "DELETE FROM workshops_admin.removed_outputs r WHERE removed_at < $1"
        " OR NOT EXISTS (SELECT FROM workshops w WHERE w.id = r.workshop_id)",
        _oldest(),
    )


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


@dataclass(frozen=True)
class RemovedOutput:
    """An output that an operator took away with a reset; ``size`` in bytes."""

    size: int
    removed_at: datetime
    operator: str


async def removed_outputs(workshop_id: str) -> dict[str, RemovedOutput]:
    """Return what can be put back into the steps of a workshop, by the key of the step's row."""
    rows = await fetch(
        "SELECT r.step_row_id, octet_length(r.output::text), r.removed_at, r.operator"
        " FROM workshops_admin.removed_outputs r JOIN workshop_steps s ON s.id = r.step_row_id"
        " WHERE r.workshop_id = $1 AND s.output IS NULL AND r.removed_at >= $2",
        workshop_id,
        _oldest(),
    )
    return {row[0]: RemovedOutput(*row[1:]) for row in rows}


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
