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
CREATE OR REPLACE FUNCTION workshops_admin.audit_write() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
    changed jsonb;
    told text;
BEGIN
    IF current_setting('workshops.audit_values', true) = 'off' THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_object_agg(field, jsonb_build_array(was, becomes)),
        string_agg(
            CASE TG_OP
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
            AND key <> 'id' AND (TG_OP <> 'UPDATE' OR key <> 'updated_at')
    ) fields;
    IF TG_OP = 'UPDATE' AND changed IS NULL THEN
        RETURN NULL;  -- nothing but updated_at, or not even that
    END IF;
    INSERT INTO workshops_admin.admin_audit_log
        (operator, operator_id, action, table_name, row_id, summary, changes, address, request_line)
    VALUES (
        current_setting('workshops.operator'),
        NULLIF(current_setting('workshops.operator_id', true), '')::integer,
        CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END,
        TG_TABLE_NAME,
        COALESCE(new_row ->> 'id', old_row ->> 'id'),
        told,
        changed,
        NULLIF(current_setting('workshops.address', true), ''),
        NULLIF(current_setting('workshops.request', true), '')
    );
    RETURN NULL;
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
CREATE OR REPLACE FUNCTION workshops_admin.keep_output() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM workshops_admin.removed_outputs
    WHERE removed_at < now() AT TIME ZONE 'utc' - interval '30 days' OR step_row_id = OLD.id;
    INSERT INTO workshops_admin.removed_outputs
        (step_row_id, workshop_id, output, started_at, operator)
    VALUES (OLD.id, OLD.workshop_id, OLD.output, OLD.started_at,
        current_setting('workshops.operator'));
    RETURN NULL;
END $$
"""

# The order of the appended entries says nothing, so no index keeps it, and the numbers
# only tell how many there are. They are dead soon after they are written.
PROJECTION_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.changes (
        id bigint GENERATED ALWAYS AS IDENTITY,
        workshop_id text,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)
    """,
    "CREATE SEQUENCE IF NOT EXISTS workshops_admin.changes_folded",
    "CREATE SEQUENCE IF NOT EXISTS workshops_admin.changes_missed",
    """
    CREATE TABLE IF NOT EXISTS workshops_admin.state (
        as_of timestamptz,
        missed bigint NOT NULL DEFAULT 0,
        rebuild_after xid8
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
    "CREATE INDEX IF NOT EXISTS summaries_by_activity"
    " ON workshops_admin.summaries (last_activity_at, workshop_id)",
    "CREATE INDEX IF NOT EXISTS summaries_by_creation"
    " ON workshops_admin.summaries (created_at, workshop_id)",
    "CREATE INDEX IF NOT EXISTS summaries_by_progress"
    " ON workshops_admin.summaries (progress, last_activity_at, workshop_id)",
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

# A writer waits for nobody here: it appends a row that nobody else sees, once a
# transaction for each workshop in a row, or advances a sequence when too many wait.
APPEND = """
CREATE OR REPLACE FUNCTION workshops_admin.{name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed text := {changed};
    missed bigint;
BEGIN
    IF current_setting('workshops.appended', true) = changed
        OR to_regclass('workshops_admin.changes') IS NULL
        OR to_regclass('workshops_admin.changes_folded') IS NULL
        OR to_regclass('workshops_admin.changes_missed') IS NULL
    THEN
        RETURN NULL;
    END IF;
    IF COALESCE(pg_sequence_last_value('workshops_admin.changes_id_seq'::regclass), 0)
        - COALESCE(pg_sequence_last_value('workshops_admin.changes_folded'::regclass), 0) < 1000000
    THEN
        INSERT INTO workshops_admin.changes (workshop_id) VALUES (changed);
        changed := set_config('workshops.appended', COALESCE(changed, ''), true);
    ELSE
        missed := nextval('workshops_admin.changes_missed'::regclass);
    END IF;
    RETURN NULL;
END $$
"""

APPENDERS = {
    "append_workshop": "CASE TG_ARGV[0] WHEN 'old' THEN OLD.id ELSE NEW.id END",
    "append_belonging": "CASE TG_ARGV[0] WHEN 'old' THEN OLD.workshop_id ELSE NEW.workshop_id END",
    "append_all": "NULL",
}

REMEMBER = """
CREATE OR REPLACE FUNCTION workshops_admin.remember_activity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    new_row jsonb := to_jsonb(NEW);
    old_moment timestamp := CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) ->> TG_ARGV[1] END;
BEGIN
    INSERT INTO workshops_admin.operator_changes AS kept
    SELECT new_row ->> TG_ARGV[0], TG_TABLE_NAME, NEW.id, moment, old_moment
    FROM CAST(new_row ->> TG_ARGV[1] AS timestamp) AS moment WHERE moment IS DISTINCT FROM old_moment
    ON CONFLICT (workshop_id, table_name, row_id) DO UPDATE SET
        moment = EXCLUDED.moment,
        activity_before = CASE kept.moment WHEN EXCLUDED.activity_before THEN kept.activity_before
            ELSE EXCLUDED.activity_before END;
    RETURN NULL;
END $$
"""

FUNCTIONS = {
    "audit_write": AUDIT_WRITE,
    "audit_keep": AUDIT_KEEP,
    "audit_forget": AUDIT_FORGET,
    "keep_output": KEEP_OUTPUT,
    "remember_activity": REMEMBER,
    **{
        name: APPEND.replace("{name}", name).replace("{changed}", changed)
        for name, changed in APPENDERS.items()
    },
}

# Conditions are looked at without a call of the function: what the application writes,
# which names no operator, pays less than a microsecond for them.
BY_OPERATOR = "WHEN (current_setting('workshops.operator', true) <> '')"


def _triggers() -> Iterator[tuple[str, str, str, str]]:
    """Yield the name of every trigger, its table and the rest of its definition."""
    for table in (*PRODUCT_TABLES, "step_definitions", "piccolo_user"):
        yield (
            "admin_audit",
            table,
            "AFTER INSERT OR UPDATE OR DELETE",
            f"FOR EACH ROW {BY_OPERATOR} EXECUTE FUNCTION workshops_admin.audit_write()",
        )
    yield (
        "admin_audit",
        "workshops_admin.admin_second_factors",
        "AFTER INSERT OR UPDATE OR DELETE",
        f"FOR EACH ROW {BY_OPERATOR} EXECUTE FUNCTION workshops_admin.audit_write()",
    )
    # A log-in is prolonged by every request; only its end is an operator's doing.
    yield (
        "admin_audit",
        "workshops_admin.admin_sessions",
        "AFTER DELETE",
        f"FOR EACH ROW {BY_OPERATOR} EXECUTE FUNCTION workshops_admin.audit_write()",
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
    yield (
        "admin_output",
        "workshop_steps",
        "AFTER UPDATE",
        "FOR EACH ROW WHEN (current_setting('workshops.operator', true) <> ''"
        " AND OLD.output IS NOT NULL AND NEW.output IS NULL)"
        " EXECUTE FUNCTION workshops_admin.keep_output()",
    )
    for table, moment in (
        ("workshops", "updated_at"),
        ("workshop_steps", "updated_at"),
        ("sessions", "started_at"),
    ):
        yield (
            "admin_activity",
            table,
            "AFTER INSERT OR UPDATE",
            f"FOR EACH ROW {BY_OPERATOR} EXECUTE FUNCTION"
            f" workshops_admin.remember_activity('{PRODUCT_TABLES[table]}', '{moment}')",
        )
    for table, key in PRODUCT_TABLES.items():
        function = "append_workshop" if table == "workshops" else "append_belonging"
        appended = "current_setting('workshops.appended', true)"
        for name, events, condition, which in (
            ("change", "INSERT OR UPDATE", f"{appended} IS DISTINCT FROM NEW.{key}", "new"),
            ("move", "UPDATE", f"OLD.{key} <> NEW.{key}", "old"),
            ("delete", "DELETE", f"{appended} IS DISTINCT FROM OLD.{key}", "old"),
        ):
            yield (
                f"admin_{name}",
                table,
                f"AFTER {events}",
                f"FOR EACH ROW WHEN ({condition})"
                f" EXECUTE FUNCTION workshops_admin.{function}('{which}')",
            )
        yield (
            "admin_truncate",
            table,
            "AFTER TRUNCATE",
            "FOR EACH STATEMENT EXECUTE FUNCTION workshops_admin.append_all()",
        )
    # The order of the definitions decides which step is the current one, everywhere. What
    # is added or removed counts by the steps of the workshops.
    yield (
        "admin_order",
        "step_definitions",
        "AFTER UPDATE",
        'FOR EACH ROW WHEN (OLD."order" <> NEW."order" OR OLD.id <> NEW.id)'
        " EXECUTE FUNCTION workshops_admin.append_all()",
    )


TRIGGERS = tuple(_triggers())

TABLES = (
    *("admin_sessions", "admin_second_factors", "admin_audit_log", "workshop_progress"),
    "removed_outputs",
    *("changes", "changes_folded", "changes_missed", "state", "summaries", "operator_changes"),
)

# What the first versions of these migrations made, in the product's schema.
OLD_TRIGGERS = ("insert", "delete", "change", "activity", "order")
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
    for name, table, *_ in TRIGGERS:
        if name.startswith("admin_audit"):
            old = table.removeprefix("workshops_admin.")
            if (await run("SELECT to_regclass({}) IS NOT NULL AS there", old))[0]["there"]:
                await run(f"DROP TRIGGER IF EXISTS {name} ON {old}")
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
    await run("UPDATE workshops_admin.state SET as_of = NULL")
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
    for sequence in ("changes_folded", "changes_missed"):
        await run(f"DROP SEQUENCE IF EXISTS workshops_admin.{sequence}")
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
