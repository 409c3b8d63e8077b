"""How the summaries follow the order of the steps."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T15:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Find the current steps of all workshops at once when the order of steps changes"

# Only the current step of a workshop depends on the order. All steps are read once,
# instead of once for each workshop; locking comes first, as in workshop_summaries_refresh.
BY_STEPS = """
    PERFORM FROM workshop_summaries ORDER BY workshop_id FOR UPDATE;
    WITH places AS (
        SELECT id, row_number() OVER (ORDER BY "order", id) AS place FROM step_definitions
    ), current AS (
        SELECT s.workshop_id, min(places.place) AS place
        FROM workshop_steps s JOIN places ON places.id = s.step_id
        WHERE s.status <> 'complete' GROUP BY s.workshop_id
    )
    UPDATE workshop_summaries kept SET current_step_id = places.id
    FROM current JOIN places USING (place)
    WHERE kept.workshop_id = current.workshop_id AND kept.current_step_id <> places.id;
"""

BY_WORKSHOPS = "PERFORM workshop_summaries_refresh(ARRAY (SELECT id FROM workshops));"

FUNCTION = """
CREATE OR REPLACE FUNCTION workshop_summaries_on_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %(schema)s, pg_temp AS $$
BEGIN
    %(work)s
    RETURN NULL;
END $$
"""


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    async def work_by(work: str) -> None:
        [row] = await MigrationTable.raw("SELECT quote_ident(current_schema()) AS schema")
        await MigrationTable.raw(FUNCTION % {**row, "work": work})

    async def work_by_steps():
        await work_by(BY_STEPS)

    async def work_by_workshops():
        await work_by(BY_WORKSHOPS)

    manager.add_raw(work_by_steps)
    manager.add_raw_backwards(work_by_workshops)

    return manager
