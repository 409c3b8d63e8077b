"""What the progress pages filter and sort by: see workshops/admin/progress/summaries.py."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T12:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Keep a summary row of every workshop's progress"

TABLE = """
CREATE TABLE workshop_summaries (
    workshop_id text PRIMARY KEY REFERENCES workshops (id) ON DELETE CASCADE,
    created_at timestamp(3) NOT NULL,
    last_activity_at timestamp(3) NOT NULL,
    steps_complete smallint NOT NULL,
    steps_total smallint NOT NULL,
    progress smallint NOT NULL,
    status text NOT NULL,
    current_step_id text NOT NULL,
    clerk_user_id text NOT NULL,
    org_id text,
    title text COLLATE "C" NOT NULL
)
"""

# Titles apart: the index on them is costly to write, and a summary changes with every
# activity.
TITLES = """
CREATE TABLE workshop_titles (
    workshop_id text PRIMARY KEY REFERENCES workshops (id) ON DELETE CASCADE,
    title text COLLATE "C" NOT NULL
)
"""

# What pg_trgm does, which not every server has: with an index on the pairs of
# neighbouring characters, LIKE '%word%' looks at few titles.
PAIRS = """
CREATE FUNCTION workshop_title_pairs(title text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT substr(title, n, 2)) FROM generate_series(1, length(title) - 1) n
$$
"""

# Locking comes first, in a statement of its own: whoever waited for the lock must
# compute with a snapshot that sees what the other transaction committed.
# SECURITY DEFINER: an application that shares the database needs no right on the
# summary to write its own tables. The plan is the same for all rows, and making it
# takes longer than running it.
REFRESH = """
CREATE FUNCTION workshop_summaries_refresh(ids text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %(schema)s, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    PERFORM FROM workshop_summaries WHERE workshop_id = ANY (ids) ORDER BY workshop_id FOR UPDATE;
    INSERT INTO workshop_summaries AS kept
    SELECT w.id, w.created_at, GREATEST(w.updated_at, steps.updated_at, visits.started_at),
        steps.complete, steps.total,
        CASE WHEN steps.total = 0 THEN 0 ELSE steps.complete * 100 / steps.total END,
        w.status, COALESCE(steps.current_step_id, ''), w.clerk_user_id, w.org_id, lower(w.title)
    FROM workshops w
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE s.status = 'complete') AS complete, count(*) AS total,
            max(s.updated_at) AS updated_at,
            (array_agg(s.step_id ORDER BY d."order", d.id)
                FILTER (WHERE s.status <> 'complete'))[1] AS current_step_id
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = w.id
    ) steps
    CROSS JOIN LATERAL (
        SELECT max(s.started_at) AS started_at FROM sessions s WHERE s.workshop_id = w.id
    ) visits
    WHERE w.id = ANY (ids)
    ON CONFLICT (workshop_id) DO UPDATE SET
        created_at = EXCLUDED.created_at,
        last_activity_at = EXCLUDED.last_activity_at,
        steps_complete = EXCLUDED.steps_complete,
        steps_total = EXCLUDED.steps_total,
        progress = EXCLUDED.progress,
        status = EXCLUDED.status,
        current_step_id = EXCLUDED.current_step_id,
        clerk_user_id = EXCLUDED.clerk_user_id,
        org_id = EXCLUDED.org_id,
        title = EXCLUDED.title
    WHERE kept IS DISTINCT FROM EXCLUDED;
    INSERT INTO workshop_titles AS kept
    SELECT s.workshop_id, s.title FROM workshop_summaries s
    LEFT JOIN workshop_titles t ON t.workshop_id = s.workshop_id
    WHERE s.workshop_id = ANY (ids) AND t.title IS DISTINCT FROM s.title
    ON CONFLICT (workshop_id) DO UPDATE SET title = EXCLUDED.title;
END $$
"""

# A new workshop has no steps yet, or the trigger on them has summed them up before.
ON_WORKSHOPS = """
CREATE FUNCTION workshop_summaries_on_workshops() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %(schema)s, pg_temp AS $$
BEGIN
    INSERT INTO workshop_summaries
    SELECT id, created_at, updated_at, 0, 0, 0, status, '', clerk_user_id, org_id, lower(title)
    FROM changed ON CONFLICT DO NOTHING;
    INSERT INTO workshop_titles SELECT id, lower(title) FROM changed ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""

# For a statement that inserted or deleted rows of a child table.
ON_ROWS = """
CREATE FUNCTION workshop_summaries_on_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %(schema)s, pg_temp AS $$
BEGIN
    PERFORM workshop_summaries_refresh(ARRAY (SELECT DISTINCT workshop_id FROM changed));
    RETURN NULL;
END $$
"""

ON_CHANGE = """
CREATE FUNCTION workshop_summaries_on_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %(schema)s, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'workshops' THEN
        PERFORM workshop_summaries_refresh(ARRAY [NEW.id]);
    ELSE
        PERFORM workshop_summaries_refresh(ARRAY [OLD.workshop_id, NEW.workshop_id]);
    END IF;
    RETURN NULL;
END $$
"""

# The change that happens most: a row got a later updated_at and nothing else that counts.
ON_ACTIVITY = """
CREATE FUNCTION workshop_summaries_on_activity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %(schema)s, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'workshops' THEN
        UPDATE workshop_summaries SET last_activity_at = NEW.updated_at
        WHERE workshop_id = NEW.id AND last_activity_at < NEW.updated_at;
    ELSE
        UPDATE workshop_summaries SET last_activity_at = NEW.updated_at
        WHERE workshop_id = NEW.workshop_id AND last_activity_at < NEW.updated_at;
    END IF;
    RETURN NULL;
END $$
"""

# The order of the definitions decides which step is the current one, everywhere.
ON_ORDER = """
CREATE FUNCTION workshop_summaries_on_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = %(schema)s, pg_temp AS $$
BEGIN
    PERFORM workshop_summaries_refresh(ARRAY (SELECT id FROM workshops));
    RETURN NULL;
END $$
"""

FUNCTIONS = (PAIRS, REFRESH, ON_WORKSHOPS, ON_ROWS, ON_CHANGE, ON_ACTIVITY, ON_ORDER)

TRIGGERS = (
    """
    CREATE TRIGGER workshop_summaries_insert AFTER INSERT ON workshops
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION workshop_summaries_on_workshops()
    """,
    """
    CREATE TRIGGER workshop_summaries_change AFTER UPDATE ON workshops FOR EACH ROW
    WHEN (OLD.status <> NEW.status OR OLD.title <> NEW.title OR OLD.created_at <> NEW.created_at
        OR OLD.clerk_user_id <> NEW.clerk_user_id OR OLD.org_id IS DISTINCT FROM NEW.org_id
        OR NEW.updated_at < OLD.updated_at)
    EXECUTE FUNCTION workshop_summaries_on_change()
    """,
    """
    CREATE TRIGGER workshop_summaries_activity AFTER UPDATE ON workshops FOR EACH ROW
    WHEN (NEW.updated_at > OLD.updated_at)
    EXECUTE FUNCTION workshop_summaries_on_activity()
    """,
    """
    CREATE TRIGGER workshop_summaries_insert AFTER INSERT ON workshop_steps
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION workshop_summaries_on_rows()
    """,
    """
    CREATE TRIGGER workshop_summaries_delete AFTER DELETE ON workshop_steps
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION workshop_summaries_on_rows()
    """,
    """
    CREATE TRIGGER workshop_summaries_change AFTER UPDATE ON workshop_steps FOR EACH ROW
    WHEN ((OLD.status = 'complete') <> (NEW.status = 'complete') OR OLD.step_id <> NEW.step_id
        OR OLD.workshop_id <> NEW.workshop_id OR NEW.updated_at < OLD.updated_at)
    EXECUTE FUNCTION workshop_summaries_on_change()
    """,
    """
    CREATE TRIGGER workshop_summaries_activity AFTER UPDATE ON workshop_steps FOR EACH ROW
    WHEN (NEW.updated_at > OLD.updated_at)
    EXECUTE FUNCTION workshop_summaries_on_activity()
    """,
    """
    CREATE TRIGGER workshop_summaries_insert AFTER INSERT ON sessions
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION workshop_summaries_on_rows()
    """,
    """
    CREATE TRIGGER workshop_summaries_delete AFTER DELETE ON sessions
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION workshop_summaries_on_rows()
    """,
    """
    CREATE TRIGGER workshop_summaries_change AFTER UPDATE ON sessions FOR EACH ROW
    WHEN (OLD.started_at <> NEW.started_at OR OLD.workshop_id <> NEW.workshop_id)
    EXECUTE FUNCTION workshop_summaries_on_change()
    """,
    """
    CREATE TRIGGER workshop_summaries_order AFTER UPDATE ON step_definitions FOR EACH ROW
    WHEN (OLD."order" <> NEW."order")
    EXECUTE FUNCTION workshop_summaries_on_order()
    """,
)

# The same sums as REFRESH, for all workshops at once.
FILL = """
INSERT INTO workshop_summaries
SELECT w.id, w.created_at, GREATEST(w.updated_at, steps.updated_at, visits.started_at),
    COALESCE(steps.complete, 0), COALESCE(steps.total, 0),
    COALESCE(steps.complete * 100 / steps.total, 0),
    w.status, COALESCE(steps.current_step_id, ''), w.clerk_user_id, w.org_id, lower(w.title)
FROM workshops w
LEFT JOIN (
    SELECT s.workshop_id, count(*) FILTER (WHERE s.status = 'complete') AS complete,
        count(*) AS total, max(s.updated_at) AS updated_at,
        (array_agg(s.step_id ORDER BY d."order", d.id)
            FILTER (WHERE s.status <> 'complete'))[1] AS current_step_id
    FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
    GROUP BY s.workshop_id
) steps ON steps.workshop_id = w.id
LEFT JOIN (
    SELECT s.workshop_id, max(s.started_at) AS started_at FROM sessions s GROUP BY s.workshop_id
) visits ON visits.workshop_id = w.id
"""

# Each serves one sort order within one status and current step, in both directions;
# the last columns let a filter be decided without a look at the row.
INDEXES = (
    "CREATE INDEX workshop_summaries_by_activity ON workshop_summaries"
    " (status, current_step_id, last_activity_at, workshop_id, created_at)",
    "CREATE INDEX workshop_summaries_by_creation ON workshop_summaries"
    " (status, current_step_id, created_at, workshop_id, last_activity_at)",
    "CREATE INDEX workshop_summaries_by_progress ON workshop_summaries"
    " (status, current_step_id, progress, last_activity_at, workshop_id, created_at)",
    # The same orders for a search, in whatever state a workshop is.
    "CREATE INDEX workshop_summaries_all_by_activity ON workshop_summaries"
    " (last_activity_at, workshop_id, created_at)",
    "CREATE INDEX workshop_summaries_all_by_creation ON workshop_summaries"
    " (created_at, workshop_id, last_activity_at)",
    "CREATE INDEX workshop_summaries_all_by_progress ON workshop_summaries"
    " (progress, last_activity_at, workshop_id, created_at)",
    "CREATE INDEX workshop_summaries_by_owner ON workshop_summaries (clerk_user_id)",
    "CREATE INDEX workshop_summaries_by_organisation ON workshop_summaries (org_id)",
    "CREATE INDEX workshop_titles_by_pair ON workshop_titles USING gin"
    " (workshop_title_pairs(title))",
)

# How many weeks there are, which the planner cannot know of an expression: without it
# the funnel sorts all workshops to count them by week.
STATISTICS = (
    "CREATE STATISTICS workshop_summaries_weeks"
    " ON (date_trunc('week', created_at)) FROM workshop_summaries"
)


async def create_summaries():
    # Nobody writes a step between the filling and the triggers.
    await MigrationTable.raw(
        "LOCK TABLE workshops, workshop_steps, sessions, step_definitions"
        " IN SHARE ROW EXCLUSIVE MODE"
    )
    [row] = await MigrationTable.raw("SELECT quote_ident(current_schema()) AS schema")
    await MigrationTable.raw(TABLE)
    await MigrationTable.raw(TITLES)
    for function in FUNCTIONS:
        await MigrationTable.raw(function % row)
    for trigger in TRIGGERS:
        await MigrationTable.raw(trigger)
    await MigrationTable.raw(FILL)
    await MigrationTable.raw(
        "INSERT INTO workshop_titles SELECT workshop_id, title FROM workshop_summaries"
    )
    for index in INDEXES:
        await MigrationTable.raw(index)
    await MigrationTable.raw(STATISTICS)
    await MigrationTable.raw("ANALYZE workshop_summaries, workshop_titles")


async def drop_summaries():
    for table in ("workshops", "workshop_steps", "sessions", "step_definitions"):
        for event in ("insert", "delete", "change", "activity", "order"):
            await MigrationTable.raw(
                f"DROP TRIGGER IF EXISTS workshop_summaries_{event} ON {table}"
            )
    await MigrationTable.raw("DROP TABLE IF EXISTS workshop_titles, workshop_summaries")
    await MigrationTable.raw("DROP FUNCTION IF EXISTS workshop_title_pairs")
    for function in ("on_workshops", "on_rows", "on_change", "on_activity", "on_order", "refresh"):
        await MigrationTable.raw(f"DROP FUNCTION IF EXISTS workshop_summaries_{function}")


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    manager.add_raw(create_summaries)
    manager.add_raw_backwards(drop_summaries)

    return manager
