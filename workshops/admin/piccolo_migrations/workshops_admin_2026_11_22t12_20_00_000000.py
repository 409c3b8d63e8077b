"""Who did what: see workshops/admin/audit.py."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T12:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Log what operators do, in a log that cannot be changed"

AUDITED_TABLES = (
    "workshops",
    "workshop_members",
    "step_definitions",
    "workshop_steps",
    "sessions",
    "build_packs",
    "piccolo_user",
    "admin_second_factors",
)

# Secrets and operators' e-mail addresses are hidden, long texts shortened. With
# workshops.audit_values = off (a person's data is erased) the log keeps that a row
# was written, and not what was in it.
WRITE = """
CREATE FUNCTION admin_audit_write() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
    changed jsonb;
    told text;
BEGIN
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
    IF current_setting('workshops.audit_values', true) = 'off' THEN
        changed := NULL;
        told := NULL;
    END IF;
    INSERT INTO admin_audit_log
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

# The condition is looked at without a call of the function: a write of the
# application, which names no operator, pays about a microsecond.
TRIGGER = """
CREATE TRIGGER admin_audit AFTER {events} ON {table} FOR EACH ROW
WHEN (current_setting('workshops.operator', true) <> '')
EXECUTE FUNCTION admin_audit_write()
"""

KEEP = """
CREATE FUNCTION admin_audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log can only be added to.' USING ERRCODE = 'insufficient_privilege';
END $$
"""

KEEP_TRIGGER = """
CREATE TRIGGER admin_audit_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_audit_log
FOR EACH STATEMENT EXECUTE FUNCTION admin_audit_keep()
"""


async def create_audit():
    await MigrationTable.raw(WRITE.replace("{}", "{{}}"))
    for table in AUDITED_TABLES:
        await MigrationTable.raw(
            TRIGGER.format(events="INSERT OR UPDATE OR DELETE", table=table)
        )
    # A log-in is prolonged by every request; only its end is an operator's doing.
    await MigrationTable.raw(TRIGGER.format(events="DELETE", table="admin_sessions"))
    await MigrationTable.raw(KEEP)
    await MigrationTable.raw(KEEP_TRIGGER)


async def drop_audit():
    for table in (*AUDITED_TABLES, "admin_sessions"):
        await MigrationTable.raw(f"DROP TRIGGER IF EXISTS admin_audit ON {table}")
    await MigrationTable.raw("DROP TRIGGER IF EXISTS admin_audit_keep ON admin_audit_log")
    await MigrationTable.raw("DROP FUNCTION IF EXISTS admin_audit_write")
    await MigrationTable.raw("DROP FUNCTION IF EXISTS admin_audit_keep")


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    manager.add_raw(create_audit)
    manager.add_raw_backwards(drop_audit)

    return manager
