"""What the summary of a workshop is, as one SELECT; and whether the stored ones are that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from workshops.statements.execution import engine, shares_database
from workshops.statements.records import DELETED_AT, PROGRESS

PATIENCE = 24 * 3600.0
"""Seconds after which the driver gives a statement up; a server decides that for itself."""

COLUMNS = (
    "workshop_id",
    "created_at",
    "last_activity_at",
    "steps_complete",
    "steps_total",
    "progress",
    "status",
    "current_step_id",
    "clerk_user_id",
    "org_id",
    "title",
)
"""The columns of ``workshops_admin.summaries``, in their order."""


def _listed(shared: bool) -> str:
    """Return the condition that a workshop is not one that another application has deleted."""
    return f" AND {DELETED_AT.format('w')} IS NULL" if shared else ""


def summaries(only: str | None = None, *, shared: bool = False) -> str:
    """Return the SELECT of the summaries as the product's tables have them now.

    :param only: What the identifier of the workshop is compared with, such as ``= $1``;
        None for all workshops.
    :param shared: Leave out those that another application has marked as deleted.

    The current step is the first that is not complete in the order of the definitions,
    '' when all are complete or there are none. The last activity is the latest of what
    the product's users did: the creation, ``updated_at`` of the workshop and of its steps,
    and the start of its sessions. Where an operator wrote a row last, the time before that
    counts (``operator_changes``).
    """

    def wanted(column: str) -> str:
        return "true" if only is None else f"{column} {only}"

    def activity(table: str, alias: str, moment: str) -> tuple[str, str]:
        by_operator = f"by_operator_{alias}"
        return (
            f"CASE WHEN {by_operator}.moment IS NULL THEN {alias}.{moment}"
            f" ELSE {by_operator}.activity_before END",
            f"LEFT JOIN workshops_admin.operator_changes {by_operator}"
            f" ON {by_operator}.workshop_id = {alias}.{'id' if alias == 'w' else 'workshop_id'}"
            f" AND {by_operator}.table_name = '{table}'"
            f" AND {by_operator}.row_id = {alias}.id"
            f" AND {by_operator}.moment = {alias}.{moment}",
        )

    own, own_join = activity("workshops", "w", "updated_at")
    worked, worked_join = activity("workshop_steps", "s", "updated_at")
    visited, visited_join = activity("sessions", "v", "started_at")
    return f"""
    SELECT w.id AS workshop_id, w.created_at,
        GREATEST({own}, steps.activity, visits.activity, w.created_at) AS last_activity_at,
        COALESCE(steps_complete, 0)::smallint AS steps_complete,
        COALESCE(steps_total, 0)::smallint AS steps_total,
        COALESCE(steps_complete * 100 / steps_total, 0)::smallint AS progress,
        w.status, COALESCE(steps.current_step_id, '') AS current_step_id,
        w.clerk_user_id, w.org_id, lower(w.title) COLLATE "C" AS title
    FROM workshops w
    {own_join}
    LEFT JOIN (
        SELECT s.workshop_id, max({worked}) AS activity, {PROGRESS}
        {worked_join}
        WHERE {wanted("s.workshop_id")} GROUP BY s.workshop_id
    ) steps ON steps.workshop_id = w.id
    LEFT JOIN (
        SELECT v.workshop_id, max({visited}) AS activity
        FROM sessions v
        {visited_join}
        WHERE {wanted("v.workshop_id")} GROUP BY v.workshop_id
    ) visits ON visits.workshop_id = w.id
    WHERE {wanted("w.id")}{_listed(shared)}"""


KEPT = {"notes": "workshop_id", "follow_ups": "id", "removed_outputs": "workshop_id"}
"""What operators keep of a workshop, by table, and the column that names it; it goes with it."""


@cache
def writing(only: str | None, *, shared: bool) -> tuple[str, ...]:
    """Return the statements that make summaries what ``summaries`` says they should be.

    What else is kept about a workshop goes when it is gone.
    """

    def gone(table: str, condition: str = "", key: str = "workshop_id") -> str:
        # The workshops are read on their own: Citus deletes from no join with them.
        wanted = "true" if only is None else f"kept.{key} {only}"
        there = "true" if only is None else f"w.id {only}"
        return (
            f"WITH there AS MATERIALIZED (SELECT w.id FROM workshops w WHERE {there}{condition})"
            f" DELETE FROM workshops_admin.{table} kept WHERE {wanted} AND NOT EXISTS"
            f" (SELECT FROM there WHERE there.id = kept.{key})"
        )

    return (
        f"INSERT INTO workshops_admin.summaries AS kept {summaries(only, shared=shared)}"
        " ON CONFLICT (workshop_id) DO UPDATE SET "
        + ", ".join(f"{column} = EXCLUDED.{column}" for column in COLUMNS[1:])
        + " WHERE (kept.*) IS DISTINCT FROM (EXCLUDED.*)",
        gone("summaries", _listed(shared)),
        gone("operator_changes"),
        *(gone(table, key=key) for table, key in KEPT.items()),
    )


@dataclass(frozen=True)
class Comparison:
    """How many summaries are not what the tables say, and the workshops of a few of them.

    ``behind`` are those that a folder has yet to compute: they are not counted. None means
    that all of them have to be computed anew, and nothing was compared.
    """

    different: int
    examples: list[str]
    behind: int | None


# One snapshot: an entry is seen together with the change that it tells of.
def _compare(shared: bool) -> str:
    return f"""
WITH waiting AS (SELECT DISTINCT workshop_id FROM workshops_admin.changes),
different AS (
    SELECT workshop_id
    FROM ({summaries(shared=shared)}) expected
    FULL JOIN workshops_admin.summaries found USING (workshop_id)
    WHERE (expected.*) IS DISTINCT FROM (found.*)
        AND workshop_id NOT IN (SELECT workshop_id FROM waiting WHERE workshop_id IS NOT NULL)
)
SELECT (SELECT count(*) FROM different) AS different,
    ARRAY (SELECT workshop_id FROM different ORDER BY workshop_id LIMIT 3) AS examples,
    (SELECT count(*) FROM waiting) AS behind,
    EXISTS (SELECT FROM waiting WHERE workshop_id IS NULL)
        OR missed < COALESCE(pg_sequence_last_value('workshops_admin.changes_missed'), 0)
        AS rebuilding
FROM workshops_admin.state
"""


async def compare() -> Comparison:
    """Compare every summary with the tables. It only reads."""
    async with engine().transaction() as transaction:
        await transaction.connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL jit = off")
        row = await transaction.connection.fetchrow(_compare(shares_database()), timeout=PATIENCE)
    if row["rebuilding"]:
        return Comparison(0, [], None)
    return Comparison(row["different"], list(row["examples"]), row["behind"])
