"""What is installed beside the six tables: the audit log's triggers and the change log.

``workshops/projection/__init__.py`` says how the change log is used. Every statement may be
run again: ``piccolo workshops migrate`` runs them all when ``missing`` names something, for
instance after another program has dropped a table or the whole schema.
"""

from collections.abc import Iterator
from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-24T11:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Log what operators do, and which workshops change"

PRODUCT_TABLES = {
    "workshops": "id",
    "workshop_members": "workshop_id",
    "workshop_steps": "workshop_id",
    "sessions": "workshop_id",
    "build_packs": "workshop_id",
}
"""The tables of a workshop's rows, and the column that names the workshop."""

# As the first migration of this app makes them.
ADMIN_TABLES = (
    "CREATE SCHEMA IF NOT EXISTS workshops_admin",
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.admin_sessions (
        token varchar(100) NOT NULL DEFAULT '',
        user_id integer NOT NULL REFERENCES piccolo_user (id) ON DELETE CASCADE,
        expiry_date timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP + INTERVAL '1 hour',
        max_expiry_date timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP + INTERVAL '7 days',
        id serial PRIMARY KEY
    )
    """,
    "CREATE INDEX IF NOT EXISTS admin_sessions_token ON workshops_admin.admin_sessions (token)",
    "CREATE INDEX IF NOT EXISTS admin_sessions_user_id ON workshops_admin.admin_sessions (user_id)",
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.admin_second_factors (
        user_id integer NOT NULL REFERENCES piccolo_user (id) ON DELETE CASCADE,
        secret text NOT NULL DEFAULT '',
        recovery_codes text[] NOT NULL DEFAULT '{}',
        recovery_codes_used_at timestamptz[] NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
        revoked_at timestamptz,
        last_used_at timestamptz,
        last_used_code text,
        id serial PRIMARY KEY
    )
    """,
    "CREATE INDEX IF NOT EXISTS admin_second_factors_user_id"
    " ON workshops_admin.admin_second_factors (user_id)",
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.admin_audit_log (
        id bigserial PRIMARY KEY,
        created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'utc'),
        operator text,
        operator_id integer,
        action text NOT NULL,
        table_name text,
        row_id text,
        summary text,
        changes jsonb,
        address text,
        request_line text
    )
    """,
    "CREATE INDEX IF NOT EXISTS admin_audit_log_created_at"
    " ON workshops_admin.admin_audit_log (created_at)",
    "CREATE INDEX IF NOT EXISTS admin_audit_log_operator"
    " ON workshops_admin.admin_audit_log (operator)",
    "CREATE INDEX IF NOT EXISTS admin_audit_log_row_id ON workshops_admin.admin_audit_log (row_id)",
    # Whoever drops piccolo_user drops the keys to it too. A new operator must not get the
    # log-ins and second factors of an old one, whose number it may have.
    *(
        f"""
        DO $do$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM pg_constraint
                WHERE conrelid = 'workshops_admin.{table}'::regclass AND contype = 'f'
            ) THEN
                TRUNCATE workshops_admin.{table};
                ALTER TABLE workshops_admin.{table} ADD FOREIGN KEY (user_id)
                    REFERENCES piccolo_user (id) ON DELETE CASCADE;
            END IF;
        END $do$
        """
        for table in ("admin_sessions", "admin_second_factors")
    ),
    # What operators have taken out of steps, to be put back: the last of each step.
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.removed_outputs (
        step_row_id text PRIMARY KEY,
        workshop_id text NOT NULL,
        output jsonb NOT NULL,
        started_at timestamp(3),
        removed_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'utc'),
        operator text NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS removed_outputs_workshop_id"
    " ON workshops_admin.removed_outputs (workshop_id)",
)

# Secrets and operators' e-mail addresses are hidden, long texts shortened. With
# workshops.audit_values = off (a person's data is erased) it says nothing: one entry tells
# of the whole. Where the log is missing an operator's write fails:
# none goes unlogged.
AUDIT_WRITE = """
CREATE OR REPLACE FUNCTION workshops_admin.audit_write(
    changed_table text, operation text, old_row jsonb, new_row jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb;
    told text;
BEGIN
    IF current_setting('workshops.audit_values', true) = 'off' THEN
        RETURN;
    END IF;
    old_row := COALESCE(old_row, '{}');
    new_row := COALESCE(new_row, '{}');
    SELECT jsonb_object_agg(field, jsonb_build_array(was, becomes)),
        string_agg(
            CASE operation
                WHEN 'INSERT' THEN format('%s: %s', field, left(becomes, 60))
                WHEN 'DELETE' THEN format('%s: %s', field, left(was, 60))
                ELSE format('%s: %s → %s',
                    field, COALESCE(left(was, 60), 'NULL'), COALESCE(left(becomes, 60), 'NULL'))
            END, '; ' ORDER BY field)
    INTO changed, told
    FROM (
        SELECT key AS field,
            CASE WHEN hidden AND old_row ->> key <> '' THEN '(hidden)'
                WHEN length(old_row ->> key) > 200 THEN left(old_row ->> key, 200) || '…'
                ELSE old_row ->> key END AS was,
            CASE WHEN hidden AND new_row ->> key <> '' THEN '(hidden)'
                WHEN length(new_row ->> key) > 200 THEN left(new_row ->> key, 200) || '…'
                ELSE new_row ->> key END AS becomes
        FROM jsonb_object_keys(old_row || new_row) AS key,
            LATERAL (SELECT key IN (
                'password', 'share_token', 'email',
                'token', 'secret', 'recovery_codes', 'last_used_code')) AS secret (hidden)
        WHERE old_row -> key IS DISTINCT FROM new_row -> key
            AND COALESCE(old_row ->> key, new_row ->> key) IS NOT NULL
            AND key <> 'id' AND (operation <> 'UPDATE' OR key <> 'updated_at')
    ) fields;
    IF operation = 'UPDATE' AND changed IS NULL THEN
        RETURN;  -- nothing but updated_at, or not even that
    END IF;
    INSERT INTO workshops_admin.admin_audit_log
        (operator, operator_id, action, table_name, row_id, summary, changes, address, request_line)
    VALUES (
        current_setting('workshops.operator'),
        NULLIF(current_setting('workshops.operator_id', true), '')::integer,
        CASE operation WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END,
        changed_table,
        COALESCE(new_row ->> 'id', old_row ->> 'id'),
        told,
        changed,
        NULLIF(current_setting('workshops.address', true), ''),
        NULLIF(current_setting('workshops.request', true), '')
    );
END $$
"""

# An UPDATE can do one thing, whatever it says: put a pseudonym in the place of a person, and
# with that take the values out of an entry.
AUDIT_KEEP = """
CREATE OR REPLACE FUNCTION workshops_admin.audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person text := current_setting('workshops.audit_person', true);
    name text := current_setting('workshops.audit_pseudonym', true);
    kept workshops_admin.admin_audit_log;
BEGIN
    IF TG_OP = 'UPDATE' AND person <> '' THEN
        IF TG_LEVEL = 'STATEMENT' THEN
            RETURN NULL;
        END IF;
        kept := OLD;
        kept.request_line := regexp_replace(OLD.request_line, person, name, 'g');
        kept.summary := regexp_replace(OLD.summary, person, name, 'g');
        kept.changes := regexp_replace(OLD.changes::text, person, name, 'g')::jsonb;
        IF NEW.changes IS NULL THEN
            kept.summary := NULL;
            kept.changes := NULL;
        END IF;
        RETURN kept;
    END IF;
    RAISE EXCEPTION 'The audit log can only be added to.' USING ERRCODE = 'insufficient_privilege';
END $$
"""

# Of a long id the entries hold the beginning only. As JSON an id may be spelt otherwise. A
# part of a longer word is another person's.
AUDIT_FORGET = r"""
CREATE OR REPLACE FUNCTION workshops_admin.audit_forget(person text, pseudonym text, gone text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    pattern text;
BEGIN
    SELECT '(?<!\w)(' || string_agg(
        regexp_replace(spelt, '([^[:alnum:]_])', '\\\1', 'g'), '|' ORDER BY length(spelt) DESC
    ) || ')(?!\w)' INTO pattern
    FROM (
        SELECT DISTINCT spelt FROM (
            VALUES (person), (left(person, 200)), (left(person, 60))
        ) raw (id), LATERAL (
            VALUES (id), (substr(to_json(id)::text, 2, length(to_json(id)::text) - 2))
        ) spelling (spelt)
    ) spellings;
    PERFORM set_config('workshops.audit_person', pattern, true),
        set_config('workshops.audit_pseudonym', pseudonym, true);
    UPDATE workshops_admin.admin_audit_log SET changes = changes
    WHERE summary ~ pattern OR changes::text ~ pattern OR request_line ~ pattern;
    UPDATE workshops_admin.admin_audit_log SET changes = NULL WHERE row_id = ANY (gone);
    PERFORM set_config('workshops.audit_person', '', true);
END $$
"""

KEEP_OUTPUT = """
CREATE OR REPLACE FUNCTION workshops_admin.keep_output(step jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM workshops_admin.removed_outputs
    WHERE removed_at < now() AT TIME ZONE 'utc' - interval '30 days' OR step_row_id = step ->> 'id';
    INSERT INTO workshops_admin.removed_outputs
        (step_row_id, workshop_id, output, started_at, operator)
    VALUES (step ->> 'id', step ->> 'workshop_id', step -> 'output',
        (step ->> 'started_at')::timestamp, current_setting('workshops.operator'));
END $$
"""

# The order of the appended entries says nothing, so no index keeps it. They are dead
# soon after they are written.
PROJECTION_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.changes (
        workshop_id text,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)
    """,
    "CREATE SEQUENCE IF NOT EXISTS workshops_admin.changes_waiting"
    " OWNED BY workshops_admin.changes.workshop_id",
    "CREATE SEQUENCE IF NOT EXISTS workshops_admin.changes_missed",
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.state (
        as_of timestamptz,
        missed bigint NOT NULL DEFAULT 0
    )
    """,
    "INSERT INTO workshops_admin.state SELECT WHERE NOT EXISTS (SELECT FROM workshops_admin.state)",
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.summaries (
        workshop_id text PRIMARY KEY,
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
    """,
    # Each is in the order of a sort. The further columns let a filter be decided in the index,
    # where few of the rows that are met match; the last one counts and finds stages.
    "CREATE INDEX IF NOT EXISTS summaries_by_activity ON workshops_admin.summaries"
    " (last_activity_at, workshop_id, status, current_step_id, created_at)",
    "CREATE INDEX IF NOT EXISTS summaries_by_creation ON workshops_admin.summaries"
    " (created_at, workshop_id, status, current_step_id, last_activity_at)",
    "CREATE INDEX IF NOT EXISTS summaries_by_progress ON workshops_admin.summaries"
    " (progress, last_activity_at, workshop_id, status, current_step_id, created_at)",
    "CREATE INDEX IF NOT EXISTS summaries_by_stage ON workshops_admin.summaries"
    " (status, current_step_id, last_activity_at, created_at)",
    "CREATE INDEX IF NOT EXISTS summaries_by_owner ON workshops_admin.summaries (clerk_user_id)",
    "CREATE INDEX IF NOT EXISTS summaries_by_organisation ON workshops_admin.summaries (org_id)",
    # Where the extension can be had (it is trusted since PostgreSQL 13): without it, a
    # search reads all summaries.
    """
    DO $do$
    DECLARE
        place text;
    BEGIN
        BEGIN
            CREATE EXTENSION IF NOT EXISTS pg_trgm;
        EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
            NULL;
        END;
        SELECT nspname INTO place FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE extname = 'pg_trgm';
        IF place IS NOT NULL THEN
            EXECUTE format('CREATE INDEX IF NOT EXISTS summaries_by_title'
                ' ON workshops_admin.summaries USING gin (title %I.gin_trgm_ops)', place);
        END IF;
    END $do$
    """,
    # Rows whose latest time is an operator's: the time of the activity before, or NULL
    # where an operator added the row.
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.operator_changes (
        workshop_id text NOT NULL,
        table_name text NOT NULL,
        row_id text NOT NULL,
        moment timestamp(3) NOT NULL,
        activity_before timestamp(3),
        PRIMARY KEY (workshop_id, table_name, row_id)
    )
    """,
    # The title is looked up, not joined: so a page is sorted and cut to its few rows
    # among the narrow summaries, before any workshop is read.
    """
    CREATE OR REPLACE VIEW workshops_admin.workshop_progress AS
    SELECT s.workshop_id AS id,
        COALESCE((SELECT w.title FROM workshops w WHERE w.id = s.workshop_id), s.title) AS title,
        s.clerk_user_id,
        s.org_id,
        s.status,
        NULLIF(s.current_step_id, '') AS current_step_id,
        s.steps_complete,
        s.steps_total,
        s.progress,
        s.last_activity_at,
        s.created_at
    FROM workshops_admin.summaries s
    """,
)

# What an operator's write leaves as the time of the last activity in the row.
REMEMBER = """
CREATE OR REPLACE FUNCTION workshops_admin.remember_activity(
    changed_table text, workshop text, old_moment timestamp, new_row jsonb, new_moment timestamp
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO workshops_admin.operator_changes AS kept
    SELECT workshop, changed_table, new_row ->> 'id', new_moment, old_moment
    WHERE new_moment IS DISTINCT FROM old_moment
    ON CONFLICT (workshop_id, table_name, row_id) DO UPDATE SET
        moment = EXCLUDED.moment,
        activity_before = CASE kept.moment WHEN EXCLUDED.activity_before THEN kept.activity_before
            ELSE EXCLUDED.activity_before END
$$
"""

OPERATOR_WROTE = """
CREATE OR REPLACE FUNCTION workshops_admin.operator_wrote(
    changed_table text, operation text, workshop text, old_row jsonb, new_row jsonb
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment text := CASE changed_table WHEN 'workshops' THEN 'updated_at'
        WHEN 'workshop_steps' THEN 'updated_at' WHEN 'sessions' THEN 'started_at' END;
BEGIN
    PERFORM workshops_admin.audit_write(changed_table, operation, old_row, new_row);
    IF changed_table = 'workshop_steps' AND operation = 'UPDATE'
        AND old_row ->> 'output' IS NOT NULL AND new_row ->> 'output' IS NULL
    THEN
        PERFORM workshops_admin.keep_output(old_row);
    END IF;
    IF new_row IS NOT NULL AND moment IS NOT NULL THEN
        PERFORM workshops_admin.remember_activity(changed_table, workshop,
            (old_row ->> moment)::timestamp, new_row, (new_row ->> moment)::timestamp);
    END IF;
END $$
"""

# A writer waits for nobody here: it appends a row that nobody else sees, once a
# transaction for each workshop in a row.
APPEND = """
CREATE OR REPLACE FUNCTION workshops_admin.append_change(old_id text, new_id text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass('workshops_admin.changes') IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO workshops_admin.changes (workshop_id)
    SELECT set_config('workshops.appended', id, true)
    FROM (SELECT DISTINCT id FROM unnest(ARRAY [old_id, new_id]) AS id) changed
    WHERE id IS DISTINCT FROM current_setting('workshops.appended', true);
    IF random() < 0.01 THEN
        PERFORM workshops_admin.bound_changes();
    END IF;
END $$
"""

# What each hundredth change does. Of more than a million that wait, it removes twice as many
# as have come since the last time, and leaves a trace of it. Nobody waits for that: those
# that another one has locked are left to him. The trace comes last, and belongs to no
# transaction: who sees it, sees whatever the removed entries told of.
BOUND = """
CREATE OR REPLACE FUNCTION workshops_admin.bound_changes() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    missed bigint;
BEGIN
    IF to_regclass('workshops_admin.changes_missed') IS NULL
        OR nextval(to_regclass('workshops_admin.changes_waiting')) <= 10000
    THEN
        RETURN;
    END IF;
    DELETE FROM workshops_admin.changes WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM workshops_admin.changes LIMIT 200 FOR UPDATE SKIP LOCKED));
    missed := nextval('workshops_admin.changes_missed');
END $$
"""

# What nearly every write goes through. PostgreSQL takes some microseconds for each trigger,
# for each condition of a trigger and for each statement of its function: so there is one
# trigger without a condition, and its first branch is all that a product's write needs.
# Setting the search_path would take a fifth of the time of it all: instead, every function
# and operator says its schema, so that nobody can put another one before it.
ON_ROW = """
CREATE OR REPLACE FUNCTION workshops_admin.{name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.{key}
        AND {same}
        AND COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.=) ''
        AND pg_catalog.to_regclass('workshops_admin.changes') IS NOT NULL
    THEN
        INSERT INTO workshops_admin.changes (workshop_id)
        VALUES (pg_catalog.set_config('workshops.appended', NEW.{key}, true));
        IF pg_catalog.random() OPERATOR(pg_catalog.<) 0.01 THEN
            PERFORM workshops_admin.bound_changes();
        END IF;
    ELSIF COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.<>) ''
        OR COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.{key}
        OR NOT {same}
    THEN
        IF pg_catalog.current_setting('workshops.operator', true) OPERATOR(pg_catalog.<>) '' THEN
            PERFORM workshops_admin.operator_wrote(TG_TABLE_NAME::pg_catalog.text,
                TG_OP, NEW.{key}, pg_catalog.to_jsonb(OLD), pg_catalog.to_jsonb(NEW));
        END IF;
        PERFORM workshops_admin.append_change({old}, NEW.{key});
    END IF;
    RETURN NEW;
END $$
"""

ON_DELETED = """
CREATE OR REPLACE FUNCTION workshops_admin.{name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('workshops.operator', true) <> '' THEN
        PERFORM workshops_admin.operator_wrote(
            TG_TABLE_NAME, TG_OP, OLD.{key}, to_jsonb(OLD), NULL);
    END IF;
    IF current_setting('workshops.appended', true) IS DISTINCT FROM OLD.{key} THEN
        PERFORM workshops_admin.append_change(OLD.{key}, OLD.{key});
    END IF;
    RETURN OLD;
END $$
"""

# An entry without a workshop means all of them.
ON_ALL = """
CREATE OR REPLACE FUNCTION workshops_admin.everything_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass('workshops_admin.changes') IS NOT NULL THEN
        INSERT INTO workshops_admin.changes (workshop_id) VALUES (NULL);
    END IF;
    RETURN NULL;
END $$
"""

AUDIT_ROW = """
CREATE OR REPLACE FUNCTION workshops_admin.audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM workshops_admin.audit_write(TG_TABLE_NAME, TG_OP, to_jsonb(OLD), to_jsonb(NEW));
    RETURN NULL;
END $$
"""


def _row_functions() -> Iterator[tuple[str, str]]:
    """Yield the name and the definition of each function for a row of the product's tables."""
    for kind, key in (("workshop", "id"), ("belonging", "workshop_id")):
        for event, text, same, old in (
            ("added", ON_ROW, "true", f"NEW.{key}"),
            ("updated", ON_ROW, f"NEW.{key} OPERATOR(pg_catalog.=) OLD.{key}", f"OLD.{key}"),
            ("deleted", ON_DELETED, "", ""),
        ):
            name = f"{kind}_{event}"
            for place, part in (("name", name), ("key", key), ("same", same), ("old", old)):
                text = text.replace(f"{{{place}}}", part)
            yield name, text


FUNCTIONS = {
    "audit_write": AUDIT_WRITE,
    "audit_keep": AUDIT_KEEP,
    "audit_forget": AUDIT_FORGET,
    "keep_output": KEEP_OUTPUT,
    "remember_activity": REMEMBER,
    "operator_wrote": OPERATOR_WROTE,
    "append_change": APPEND,
    "bound_changes": BOUND,
    **dict(_row_functions()),
    "everything_changed": ON_ALL,
    "audit_row": AUDIT_ROW,
}

BY_OPERATOR = "FOR EACH ROW WHEN (current_setting('workshops.operator', true) <> '')"


def _triggers() -> Iterator[tuple[str, str, str, str]]:
    """Yield the name of every trigger, its table and the rest of its definition."""
    for table, key in PRODUCT_TABLES.items():
        kind = "workshop" if key == "id" else "belonging"
        for name, event, function in (
            ("admin_add", "INSERT", f"{kind}_added"),
            ("admin_update", "UPDATE", f"{kind}_updated"),
            ("admin_delete", "DELETE", f"{kind}_deleted"),
        ):
            yield (
                name,
                table,
                f"AFTER {event}",
                f"FOR EACH ROW EXECUTE FUNCTION workshops_admin.{function}()",
            )
        yield (
            "admin_truncate",
            table,
            "AFTER TRUNCATE",
            "FOR EACH STATEMENT EXECUTE FUNCTION workshops_admin.everything_changed()",
        )
    # The order of the definitions decides which step is the current one, everywhere. What
    # is added or removed counts by the steps of the workshops.
    yield (
        "admin_order",
        "step_definitions",
        "AFTER UPDATE",
        'FOR EACH ROW WHEN (OLD."order" <> NEW."order" OR OLD.id <> NEW.id)'
        " EXECUTE FUNCTION workshops_admin.everything_changed()",
    )
    # A log-in is prolonged by every request; only its end is an operator's doing.
    for table, events in (
        ("step_definitions", "INSERT OR UPDATE OR DELETE"),
        ("piccolo_user", "INSERT OR UPDATE OR DELETE"),
        ("workshops_admin.admin_second_factors", "INSERT OR UPDATE OR DELETE"),
        ("workshops_admin.admin_sessions", "DELETE"),
    ):
        yield (
            "admin_audit",
            table,
            f"AFTER {events}",
            f"{BY_OPERATOR} EXECUTE FUNCTION workshops_admin.audit_row()",
        )
    yield (
        "admin_audit_keep",
        "workshops_admin.admin_audit_log",
        "BEFORE UPDATE OR DELETE OR TRUNCATE",
        "FOR EACH STATEMENT EXECUTE FUNCTION workshops_admin.audit_keep()",
    )
    yield (
        "admin_audit_forget",
        "workshops_admin.admin_audit_log",
        "BEFORE UPDATE",
        "FOR EACH ROW EXECUTE FUNCTION workshops_admin.audit_keep()",
    )


TRIGGERS = tuple(_triggers())

TABLES = (
    *("admin_sessions", "admin_second_factors", "admin_audit_log", "workshop_progress"),
    "removed_outputs",
    *("changes", "changes_waiting", "changes_missed", "state", "summaries", "operator_changes"),
)

# What the first versions of these migrations made, in the product's schema.
OLD_TRIGGERS = ("insert", "delete", "change", "activity", "order")
OLD_AUDITED = (
    *("step_definitions", "piccolo_user"),
    *("admin_second_factors", "admin_sessions", "admin_audit_log"),
)
OLD_FUNCTIONS = (
    *(f"workshop_summaries_{name}" for name in ("on_workshops", "on_rows", "on_change")),
    *(f"workshop_summaries_{name}" for name in ("on_activity", "on_order", "refresh")),
    *("workshop_title_pairs", "workshop_title_parts", "workshop_search_parts"),
    *("admin_audit_write", "admin_audit_keep"),
)
OLD_MIGRATIONS = ("12:10:00", "12:20:00", "12:30:00", "14:50:00", "15:20:00")


async def run(statement: str, *arguments: object) -> Any:
    # Piccolo takes braces for places of arguments.
    if not arguments:
        statement = statement.replace("{", "{{").replace("}", "}}")
    return await MigrationTable.raw(statement, *arguments)


async def take_over():
    """Bring a database that ran the first versions of these migrations to where this one begins."""
    await run("CREATE SCHEMA IF NOT EXISTS workshops_admin")
    for table in ("workshops", "workshop_steps", "sessions", "step_definitions"):
        for event in OLD_TRIGGERS:
            await run(f"DROP TRIGGER IF EXISTS workshop_summaries_{event} ON {table}")
    for table in (*PRODUCT_TABLES, *OLD_AUDITED):
        if (await run("SELECT to_regclass({}) IS NOT NULL AS there", table))[0]["there"]:
            for name in ("admin_audit", "admin_audit_keep"):
                await run(f"DROP TRIGGER IF EXISTS {name} ON {table}")
    await run("DROP VIEW IF EXISTS workshop_progress")
    await run("DROP TABLE IF EXISTS workshop_titles, workshop_summaries")
    for function in OLD_FUNCTIONS:
        await run(f"DROP FUNCTION IF EXISTS {function}")
    for table in ("admin_sessions", "admin_second_factors", "admin_audit_log"):
        await run(f"ALTER TABLE IF EXISTS {table} SET SCHEMA workshops_admin")
    await run(
        "DELETE FROM migration WHERE app_name = 'workshops_admin' AND name = ANY ({}::text[])",
        [f"2026-11-22T{time}:000000" for time in OLD_MIGRATIONS],
    )


async def repair():
    """Install everything; what is there stays as it is. The summaries are made anew afterwards."""
    for statement in (*ADMIN_TABLES, *PROJECTION_TABLES, *FUNCTIONS.values()):
        await run(statement)
    for name, table, events, rest in TRIGGERS:
        await run(f"CREATE OR REPLACE TRIGGER {name} {events} ON {table} {rest}")
    await run("UPDATE workshops_admin.state SET as_of = NULL, missed = 0")
    await run("INSERT INTO workshops_admin.changes (workshop_id) VALUES (NULL)")


async def missing():
    """Return the names of what ``repair`` would install and is not there."""
    rows = await run(
        "SELECT 'table ' || name AS thing FROM unnest({}::text[]) AS name"
        " WHERE to_regclass('workshops_admin.' || name) IS NULL"
        " UNION ALL SELECT 'function ' || name FROM unnest({}::text[]) AS name"
        " WHERE to_regproc('workshops_admin.' || name) IS NULL"
        " UNION ALL SELECT format('trigger %s of %s', name, place)"
        " FROM unnest({}::text[], {}::text[]) AS expected (name, place) WHERE NOT EXISTS ("
        " SELECT FROM pg_trigger WHERE tgname = name AND tgrelid = to_regclass(place))",
        list(TABLES),
        list(FUNCTIONS),
        [trigger[0] for trigger in TRIGGERS],
        [trigger[1] for trigger in TRIGGERS],
    )
    return [row["thing"] for row in rows]


async def remove():
    for name, table, *_ in TRIGGERS:
        await run(f"DROP TRIGGER IF EXISTS {name} ON {table}")
    await run("DROP VIEW IF EXISTS workshops_admin.workshop_progress")
    for table in ("changes", "state", "summaries", "operator_changes", "removed_outputs"):
        await run(f"DROP TABLE IF EXISTS workshops_admin.{table}")
    await run("DROP SEQUENCE IF EXISTS workshops_admin.changes_missed")
    for function in FUNCTIONS:
        await run(f"DROP FUNCTION IF EXISTS workshops_admin.{function}")


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    manager.add_raw(take_over)
    manager.add_raw(repair)
    manager.add_raw_backwards(remove)

    return manager
