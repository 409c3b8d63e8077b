-- What version 0.1.0 makes of a database: its migrations, an operator and a workshop (pg_dump --inserts).
SELECT pg_catalog.set_config('search_path', '', false);
SELECT pg_catalog.set_config('check_function_bodies', 'off', false);
CREATE SCHEMA workshops_admin;
CREATE FUNCTION workshops_admin.append_change(old_id text, new_id text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
END $$;
CREATE FUNCTION workshops_admin.audit_forget(person text, pseudonym text, gone text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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
END $$;
CREATE FUNCTION workshops_admin.audit_keep() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
END $$;
CREATE FUNCTION workshops_admin.audit_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM workshops_admin.audit_write(TG_TABLE_NAME, TG_OP, to_jsonb(OLD), to_jsonb(NEW));
    RETURN NULL;
END $$;
CREATE FUNCTION workshops_admin.audit_write(changed_table text, operation text, old_row jsonb, new_row jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
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
END $$;
CREATE FUNCTION workshops_admin.belonging_added() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    AS $$
BEGIN
    IF COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.workshop_id
        AND true
        AND COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.=) ''
        AND pg_catalog.to_regclass('workshops_admin.changes') IS NOT NULL
    THEN
        INSERT INTO workshops_admin.changes (workshop_id)
        VALUES (pg_catalog.set_config('workshops.appended', NEW.workshop_id, true));
        IF pg_catalog.random() OPERATOR(pg_catalog.<) 0.01 THEN
            PERFORM workshops_admin.bound_changes();
        END IF;
    ELSIF COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.<>) ''
        OR COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.workshop_id
        OR NOT true
    THEN
        IF pg_catalog.current_setting('workshops.operator', true) OPERATOR(pg_catalog.<>) '' THEN
            PERFORM workshops_admin.operator_wrote(TG_TABLE_NAME::pg_catalog.text,
                TG_OP, NEW.workshop_id, pg_catalog.to_jsonb(OLD), pg_catalog.to_jsonb(NEW));
        END IF;
        PERFORM workshops_admin.append_change(NEW.workshop_id, NEW.workshop_id);
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION workshops_admin.belonging_deleted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF current_setting('workshops.operator', true) <> '' THEN
        PERFORM workshops_admin.operator_wrote(
            TG_TABLE_NAME, TG_OP, OLD.workshop_id, to_jsonb(OLD), NULL);
    END IF;
    IF current_setting('workshops.appended', true) IS DISTINCT FROM OLD.workshop_id THEN
        PERFORM workshops_admin.append_change(OLD.workshop_id, OLD.workshop_id);
    END IF;
    RETURN OLD;
END $$;
CREATE FUNCTION workshops_admin.belonging_updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    AS $$
BEGIN
    IF COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.workshop_id
        AND NEW.workshop_id OPERATOR(pg_catalog.=) OLD.workshop_id
        AND COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.=) ''
        AND pg_catalog.to_regclass('workshops_admin.changes') IS NOT NULL
    THEN
        INSERT INTO workshops_admin.changes (workshop_id)
        VALUES (pg_catalog.set_config('workshops.appended', NEW.workshop_id, true));
        IF pg_catalog.random() OPERATOR(pg_catalog.<) 0.01 THEN
            PERFORM workshops_admin.bound_changes();
        END IF;
    ELSIF COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.<>) ''
        OR COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.workshop_id
        OR NOT NEW.workshop_id OPERATOR(pg_catalog.=) OLD.workshop_id
    THEN
        IF pg_catalog.current_setting('workshops.operator', true) OPERATOR(pg_catalog.<>) '' THEN
            PERFORM workshops_admin.operator_wrote(TG_TABLE_NAME::pg_catalog.text,
                TG_OP, NEW.workshop_id, pg_catalog.to_jsonb(OLD), pg_catalog.to_jsonb(NEW));
        END IF;
        PERFORM workshops_admin.append_change(OLD.workshop_id, NEW.workshop_id);
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION workshops_admin.bound_changes() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
END $$;
CREATE FUNCTION workshops_admin.everything_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF to_regclass('workshops_admin.changes') IS NOT NULL THEN
        INSERT INTO workshops_admin.changes (workshop_id) VALUES (NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION workshops_admin.keep_output(step jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM workshops_admin.removed_outputs
    WHERE removed_at < now() AT TIME ZONE 'utc' - interval '30 days' OR step_row_id = step ->> 'id';
    INSERT INTO workshops_admin.removed_outputs
        (step_row_id, workshop_id, output, started_at, operator)
    VALUES (step ->> 'id', step ->> 'workshop_id', step -> 'output',
        (step ->> 'started_at')::timestamp, current_setting('workshops.operator'));
END $$;
CREATE FUNCTION workshops_admin.operator_wrote(changed_table text, operation text, workshop text, old_row jsonb, new_row jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
END $$;
CREATE FUNCTION workshops_admin.remember_activity(changed_table text, workshop text, old_moment timestamp without time zone, new_row jsonb, new_moment timestamp without time zone) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO workshops_admin.operator_changes AS kept
    SELECT workshop, changed_table, new_row ->> 'id', new_moment, old_moment
    WHERE new_moment IS DISTINCT FROM old_moment
    ON CONFLICT (workshop_id, table_name, row_id) DO UPDATE SET
        moment = EXCLUDED.moment,
        activity_before = CASE kept.moment WHEN EXCLUDED.activity_before THEN kept.activity_before
            ELSE EXCLUDED.activity_before END
$$;
CREATE FUNCTION workshops_admin.workshop_added() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    AS $$
BEGIN
    IF COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.id
        AND true
        AND COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.=) ''
        AND pg_catalog.to_regclass('workshops_admin.changes') IS NOT NULL
    THEN
        INSERT INTO workshops_admin.changes (workshop_id)
        VALUES (pg_catalog.set_config('workshops.appended', NEW.id, true));
        IF pg_catalog.random() OPERATOR(pg_catalog.<) 0.01 THEN
            PERFORM workshops_admin.bound_changes();
        END IF;
    ELSIF COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.<>) ''
        OR COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.id
        OR NOT true
    THEN
        IF pg_catalog.current_setting('workshops.operator', true) OPERATOR(pg_catalog.<>) '' THEN
            PERFORM workshops_admin.operator_wrote(TG_TABLE_NAME::pg_catalog.text,
                TG_OP, NEW.id, pg_catalog.to_jsonb(OLD), pg_catalog.to_jsonb(NEW));
        END IF;
        PERFORM workshops_admin.append_change(NEW.id, NEW.id);
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION workshops_admin.workshop_deleted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF current_setting('workshops.operator', true) <> '' THEN
        PERFORM workshops_admin.operator_wrote(
            TG_TABLE_NAME, TG_OP, OLD.id, to_jsonb(OLD), NULL);
    END IF;
    IF current_setting('workshops.appended', true) IS DISTINCT FROM OLD.id THEN
        PERFORM workshops_admin.append_change(OLD.id, OLD.id);
    END IF;
    RETURN OLD;
END $$;
CREATE FUNCTION workshops_admin.workshop_updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    AS $$
BEGIN
    IF COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.id
        AND NEW.id OPERATOR(pg_catalog.=) OLD.id
        AND COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.=) ''
        AND pg_catalog.to_regclass('workshops_admin.changes') IS NOT NULL
    THEN
        INSERT INTO workshops_admin.changes (workshop_id)
        VALUES (pg_catalog.set_config('workshops.appended', NEW.id, true));
        IF pg_catalog.random() OPERATOR(pg_catalog.<) 0.01 THEN
            PERFORM workshops_admin.bound_changes();
        END IF;
    ELSIF COALESCE(pg_catalog.current_setting('workshops.operator', true), '')
            OPERATOR(pg_catalog.<>) ''
        OR COALESCE(pg_catalog.current_setting('workshops.appended', true), '')
            OPERATOR(pg_catalog.<>) NEW.id
        OR NOT NEW.id OPERATOR(pg_catalog.=) OLD.id
    THEN
        IF pg_catalog.current_setting('workshops.operator', true) OPERATOR(pg_catalog.<>) '' THEN
            PERFORM workshops_admin.operator_wrote(TG_TABLE_NAME::pg_catalog.text,
                TG_OP, NEW.id, pg_catalog.to_jsonb(OLD), pg_catalog.to_jsonb(NEW));
        END IF;
        PERFORM workshops_admin.append_change(OLD.id, NEW.id);
    END IF;
    RETURN NEW;
END $$;
CREATE TABLE public.build_packs (
    id text NOT NULL,
    workshop_id text NOT NULL,
    title text NOT NULL,
    format_type text DEFAULT 'markdown'::text NOT NULL,
    content text,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    CONSTRAINT build_packs_format_type_check CHECK ((format_type = ANY (ARRAY['markdown'::text, 'pdf'::text, 'json'::text])))
);
CREATE TABLE public.migration (
    id integer NOT NULL,
    name character varying(200) DEFAULT ''::character varying NOT NULL,
    app_name character varying(200) DEFAULT ''::character varying NOT NULL,
    ran_on timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE SEQUENCE public.migration_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.migration_id_seq OWNED BY public.migration.id;
CREATE TABLE public.piccolo_user (
    id integer NOT NULL,
    username character varying(100) DEFAULT ''::character varying NOT NULL,
    password character varying(255) DEFAULT ''::character varying NOT NULL,
    email character varying(255) DEFAULT ''::character varying NOT NULL,
    active boolean DEFAULT false NOT NULL,
    admin boolean DEFAULT false NOT NULL,
    first_name character varying(255) DEFAULT ''::character varying,
    last_name character varying(255) DEFAULT ''::character varying,
    superuser boolean DEFAULT false NOT NULL,
    last_login timestamp without time zone
);
CREATE SEQUENCE public.piccolo_user_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.piccolo_user_id_seq OWNED BY public.piccolo_user.id;
CREATE TABLE public.sessions (
    id text NOT NULL,
    workshop_id text NOT NULL,
    started_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    ended_at timestamp(3) without time zone,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL
);
CREATE TABLE public.step_definitions (
    id text NOT NULL,
    "order" integer NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    prompt_template text,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL
);
CREATE TABLE public.workshop_members (
    id text NOT NULL,
    workshop_id text NOT NULL,
    clerk_user_id text NOT NULL,
    role text NOT NULL,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL
);
CREATE TABLE public.workshop_steps (
    id text NOT NULL,
    workshop_id text NOT NULL,
    step_id text NOT NULL,
    status text DEFAULT 'not_started'::text NOT NULL,
    output jsonb,
    started_at timestamp(3) without time zone,
    completed_at timestamp(3) without time zone,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    CONSTRAINT workshop_steps_known_status_check CHECK ((status = ANY (ARRAY['not_started'::text, 'in_progress'::text, 'complete'::text, 'needs_regeneration'::text]))),
    CONSTRAINT workshop_steps_output_check CHECK ((jsonb_typeof(output) = 'object'::text))
);
CREATE TABLE public.workshops (
    id text NOT NULL,
    clerk_user_id text NOT NULL,
    title text NOT NULL,
    original_idea text NOT NULL,
    status text DEFAULT 'draft'::text NOT NULL,
    org_id text,
    template_id text,
    visibility text DEFAULT 'private'::text NOT NULL,
    share_token text,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    updated_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    CONSTRAINT workshops_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'active'::text, 'paused'::text, 'completed'::text]))),
    CONSTRAINT workshops_visibility_check CHECK ((visibility = ANY (ARRAY['private'::text, 'shared'::text])))
);
CREATE TABLE workshops_admin.admin_audit_log (
    id bigint NOT NULL,
    created_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    operator text,
    operator_id integer,
    action text NOT NULL,
    table_name text,
    row_id text,
    summary text,
    changes jsonb,
    address text,
    request_line text
);
CREATE SEQUENCE workshops_admin.admin_audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE workshops_admin.admin_audit_log_id_seq OWNED BY workshops_admin.admin_audit_log.id;
CREATE TABLE workshops_admin.admin_second_factors (
    user_id integer NOT NULL,
    secret text DEFAULT ''::text NOT NULL,
    recovery_codes text[] DEFAULT '{}'::text[] NOT NULL,
    recovery_codes_used_at timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    last_used_code text,
    id integer NOT NULL
);
CREATE SEQUENCE workshops_admin.admin_second_factors_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE workshops_admin.admin_second_factors_id_seq OWNED BY workshops_admin.admin_second_factors.id;
CREATE TABLE workshops_admin.admin_sessions (
    token character varying(100) DEFAULT ''::character varying NOT NULL,
    user_id integer NOT NULL,
    expiry_date timestamp without time zone DEFAULT (CURRENT_TIMESTAMP + '01:00:00'::interval) NOT NULL,
    max_expiry_date timestamp without time zone DEFAULT (CURRENT_TIMESTAMP + '7 days'::interval) NOT NULL,
    id integer NOT NULL
);
CREATE SEQUENCE workshops_admin.admin_sessions_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE workshops_admin.admin_sessions_id_seq OWNED BY workshops_admin.admin_sessions.id;
CREATE TABLE workshops_admin.changes (
    workshop_id text,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='10000');
CREATE SEQUENCE workshops_admin.changes_missed
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE SEQUENCE workshops_admin.changes_waiting
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE workshops_admin.changes_waiting OWNED BY workshops_admin.changes.workshop_id;
CREATE TABLE workshops_admin.operator_changes (
    workshop_id text NOT NULL,
    table_name text NOT NULL,
    row_id text NOT NULL,
    moment timestamp(3) without time zone NOT NULL,
    activity_before timestamp(3) without time zone
);
CREATE TABLE workshops_admin.removed_outputs (
    step_row_id text NOT NULL,
    workshop_id text NOT NULL,
    output jsonb NOT NULL,
    started_at timestamp(3) without time zone,
    removed_at timestamp(3) without time zone DEFAULT (now() AT TIME ZONE 'utc'::text) NOT NULL,
    operator text NOT NULL
);
CREATE TABLE workshops_admin.state (
    as_of timestamp with time zone,
    missed bigint DEFAULT 0 NOT NULL
);
CREATE TABLE workshops_admin.summaries (
    workshop_id text NOT NULL,
    created_at timestamp(3) without time zone NOT NULL,
    last_activity_at timestamp(3) without time zone NOT NULL,
    steps_complete smallint NOT NULL,
    steps_total smallint NOT NULL,
    progress smallint NOT NULL,
    status text NOT NULL,
    current_step_id text NOT NULL,
    clerk_user_id text NOT NULL,
    org_id text,
    title text NOT NULL COLLATE pg_catalog."C"
);
CREATE VIEW workshops_admin.workshop_progress AS
 SELECT workshop_id AS id,
    COALESCE(( SELECT w.title
           FROM public.workshops w
          WHERE (w.id = s.workshop_id)), title) AS title,
    clerk_user_id,
    org_id,
    status,
    NULLIF(current_step_id, ''::text) AS current_step_id,
    steps_complete,
    steps_total,
    progress,
    last_activity_at,
    created_at
   FROM workshops_admin.summaries s;
ALTER TABLE ONLY public.migration ALTER COLUMN id SET DEFAULT nextval('public.migration_id_seq'::regclass);
ALTER TABLE ONLY public.piccolo_user ALTER COLUMN id SET DEFAULT nextval('public.piccolo_user_id_seq'::regclass);
ALTER TABLE ONLY workshops_admin.admin_audit_log ALTER COLUMN id SET DEFAULT nextval('workshops_admin.admin_audit_log_id_seq'::regclass);
ALTER TABLE ONLY workshops_admin.admin_second_factors ALTER COLUMN id SET DEFAULT nextval('workshops_admin.admin_second_factors_id_seq'::regclass);
ALTER TABLE ONLY workshops_admin.admin_sessions ALTER COLUMN id SET DEFAULT nextval('workshops_admin.admin_sessions_id_seq'::regclass);
INSERT INTO public.migration VALUES (1, '2026-11-22T11:41:14:685088', 'workshops', '2026-11-24 14:37:53.752118');
INSERT INTO public.migration VALUES (2, '2026-11-22T11:41:53:487547', 'workshops', '2026-11-24 14:37:53.770152');
INSERT INTO public.migration VALUES (3, '2026-11-22T11:42:30:000000', 'workshops', '2026-11-24 14:37:53.771987');
INSERT INTO public.migration VALUES (4, '2026-11-22T13:10:00:000000', 'workshops', '2026-11-24 14:37:53.777213');
INSERT INTO public.migration VALUES (5, '2026-11-24T10:50:00:000000', 'workshops', '2026-11-24 14:37:53.779591');
INSERT INTO public.migration VALUES (6, '2019-11-14T21:52:21', 'user', '2026-11-24 14:37:53.788249');
INSERT INTO public.migration VALUES (7, '2020-06-11T21:38:55', 'user', '2026-11-24 14:37:53.790237');
INSERT INTO public.migration VALUES (8, '2021-04-30T16:14:15', 'user', '2026-11-24 14:37:53.7917');
INSERT INTO public.migration VALUES (9, '2026-11-22T11:53:34:991876', 'workshops_admin', '2026-11-24 14:37:53.8179');
INSERT INTO public.migration VALUES (10, '2026-11-24T11:00:00:000000', 'workshops_admin', '2026-11-24 14:37:53.875639');
INSERT INTO public.piccolo_user VALUES (1, 'grace', 'pbkdf2_sha256$600000$34ddab6921fcc5ad577cdab67c2eb0b5$660bae631258bdbcec2d34614f83f25245c0d9e2e4a72444738656844cfcf99b', 'grace@operators.invalid', true, true, '', '', true, NULL);
INSERT INTO public.sessions VALUES ('ses_qexi1fx4osh103lh3j1zoqgk', 'ws_demoworkshoplwyc9id00000', '2026-10-16 13:54:25.328', '2026-10-16 14:12:02.615', '2026-10-16 13:54:25.328');
INSERT INTO public.sessions VALUES ('ses_xl3d8buz9w08zpfnntozrr7t', 'ws_demoworkshoplwyc9id00000', '2026-10-17 15:07:47.888', '2026-10-17 15:45:43.222', '2026-10-17 15:07:47.888');
INSERT INTO public.sessions VALUES ('ses_bbhtkjv6tmra2xje7xt1oh6w', 'ws_demoworkshoplwyc9id00000', '2026-10-21 13:26:19.631', '2026-10-21 14:35:38.398', '2026-10-21 13:26:19.631');
INSERT INTO public.sessions VALUES ('ses_esj87ek0vq06bh4jb4tegtu9', 'ws_demoworkshoplwyc9id00000', '2026-10-22 13:52:22.044', '2026-10-22 15:17:00.233', '2026-10-22 13:52:22.044');
INSERT INTO public.sessions VALUES ('ses_iawo2f1ipe3sa0nbmdja77d3', 'ws_demoworkshoplwyc9id00000', '2026-10-24 10:09:27.77', '2026-10-24 10:44:34.11', '2026-10-24 10:09:27.77');
INSERT INTO public.sessions VALUES ('ses_u2xvple1qeqfdmn8s54gdfmt', 'ws_demoworkshoplwyc9id00000', '2026-10-25 18:16:14.037', '2026-10-25 18:56:33.325', '2026-10-25 18:16:14.037');
INSERT INTO public.step_definitions VALUES ('empathize', 1, 'Empathize', 'Listen to the people concerned until their needs are understood.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.step_definitions VALUES ('define', 2, 'Define', 'Condense what was learned into one clear problem statement.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.step_definitions VALUES ('ideate', 3, 'Ideate', 'Collect many ideas for a solution before judging any of them.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.step_definitions VALUES ('prototype', 4, 'Prototype', 'Sketch the strongest ideas as quick, low-fidelity prototypes.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.step_definitions VALUES ('test', 5, 'Test', 'Put the prototypes before real users and record their feedback.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.step_definitions VALUES ('prioritize', 6, 'Prioritize', 'Rank the features and settle what belongs in a first version.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.step_definitions VALUES ('architect', 7, 'Architect', 'Choose the technical architecture that carries those features.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.step_definitions VALUES ('spec', 8, 'Spec', 'Write down the detailed requirements that a builder can follow.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.step_definitions VALUES ('story', 9, 'Story', 'Break the requirements into user stories ready to be planned.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.step_definitions VALUES ('pack', 10, 'Pack', 'Assemble everything into the finished build pack.', NULL, '2026-11-24 14:37:53.684', '2026-11-24 14:37:53.684');
INSERT INTO public.workshop_members VALUES ('wm_uc0k067x3glcrvbwdfoiswhk', 'ws_demoworkshoplwyc9id00000', 'user_2J3x7ZyjmldDGkhgwlsLnyKZApd', 'owner', '2026-10-16 13:47:43.992');
INSERT INTO public.workshop_members VALUES ('wm_enfjvew6gk9ut1j3i1xaopt7', 'ws_demoworkshoplwyc9id00000', 'user_2u6U3n79rdteYFcqQmNSM3j4w5l', 'viewer', '2026-10-24 10:40:24.371');
INSERT INTO public.workshop_steps VALUES ('wst_izru92vxh2ue0mmt0s7g4evs', 'ws_demoworkshoplwyc9id00000', 'empathize', 'complete', '{"where": "Verona", "method": "Interviews", "summary": "We listened to 9 people; the picture is clear: the form follows the law and not the person who fills it in.", "insights": ["The form follows the law and not the person who fills it in.", "Nobody trusts the benefits register alone; everybody keeps a second list.", "Ruth would accept a wrong guess, but no silence."], "personas": [{"age": 29, "name": "Ruth Ibrahim", "role": "Benefits officer", "about": "Ruth has two jobs, and this one never ends on time.", "goals": ["To get a complete application at the first attempt."], "pains": ["Sees people give up who are entitled", "Explains the same box by phone"], "quote": "I send back forms that I would fill in wrongly myself."}, {"age": 40, "name": "Paulo Almeida", "role": "Applicant", "about": "Paulo knows everybody by name.", "goals": ["To hear that nobody has to stop in the middle."], "pains": ["Returns every second application"], "quote": "I am not stupid. That form makes me stupid."}], "empathy_map": {"does": "Sees people give up who are entitled", "says": "I send back forms that I would fill in wrongly myself.", "feels": "Responsible", "thinks": "There must be a better way to get a complete application at the first attempt."}}', '2026-10-16 13:58:19.809', '2026-10-22 14:44:45.808', '2026-10-16 13:47:43.992', '2026-10-22 14:44:45.808');
INSERT INTO public.workshop_steps VALUES ('wst_nv3tg7zbsvuggadkfxfx0zut', 'ws_demoworkshoplwyc9id00000', 'define', 'complete', '{"affected": ["Benefits officer", "Applicant", "Pensioners"], "how_might_we": ["How might we let pensioners do it for somebody who does it for the first time?", "How might we let single parents do it without one more password?", "How might we do it so that people recognise their own case?"], "out_of_scope": "Replacing the benefits register.", "success_measures": [{"today": 44, "metric": "Applications returned as incomplete, per cent", "target": 15}, {"today": 0, "metric": "People who use it again after a week, per cent", "target": 50}], "problem_statement": "A benefits officer needs a way to get a complete application at the first attempt, because the form follows the law and not the person who fills it in."}', '2026-10-22 14:44:45.808', '2026-10-22 15:00:06.722', '2026-10-16 13:47:43.992', '2026-10-22 15:00:06.722');
INSERT INTO public.workshop_steps VALUES ('wst_ll0hg7dtmo7thjx7kq3qe9x4', 'ws_demoworkshoplwyc9id00000', 'ideate', 'complete', '{"why": "It is the shortest way to get a complete application at the first attempt.", "ideas": [{"note": "So that nobody has to stop in the middle.", "title": "List of papers before the start", "votes": 11}, {"note": "So that people recognise their own case.", "title": "Examples from real life", "votes": 10}, {"note": "So that social workers see the same page.", "title": "View for helpers", "votes": 9}, {"note": "So that people can ask somebody.", "title": "Draft that is kept for a month", "votes": 7}, {"note": "So that nobody faces a wall of boxes.", "title": "One question on each page", "votes": 6}, {"note": "Works until the first holiday.", "title": "One meeting a week, standing", "votes": 6}, {"note": "We had one. It has four thousand unread messages.", "title": "A messenger group", "votes": 5}], "chosen": "List of papers before the start", "method": "SCAMPER", "people_in_the_room": 4}', '2026-10-22 15:00:06.722', '2026-10-24 10:13:18.489', '2026-10-16 13:47:43.992', '2026-10-24 10:13:18.489');
INSERT INTO public.workshop_steps VALUES ('wst_y7jm2fyxnlp256ckej96zwav', 'ws_demoworkshoplwyc9id00000', 'prototype', 'complete', '{"flow": ["Today''s application", "New question", "Document at a glance", "Thank you"], "screens": [{"name": "Today''s application", "purpose": "Shows a list of papers before the start, so that nobody has to stop in the middle.", "elements": ["a calendar strip", "one big button", "a map"]}, {"name": "New question", "purpose": "Shows examples from real life, so that people recognise their own case.", "elements": ["a short list", "a search field", "a photo"]}, {"name": "Document at a glance", "purpose": "Shows a view for helpers, so that social workers see the same page.", "elements": ["a counter", "a yes and a no", "an undo link"]}], "fidelity": "paper", "left_out": ["Draft that is kept for a month", "One question on each page"], "questions": ["Does the benefits officer understand it without help?", "Is it quicker than the benefits register?"], "built_in_hours": 12}', '2026-10-24 10:13:18.489', '2026-10-24 10:20:26.385', '2026-10-16 13:47:43.992', '2026-10-24 10:20:26.385');
INSERT INTO public.workshop_steps VALUES ('wst_x1tdsofwvnm0dptm7jqor4f4', 'ws_demoworkshoplwyc9id00000', 'test', 'complete', '{"summary": "3 of 5 people in Verona managed without help.", "decision": "Go on", "findings": [{"change": "Use larger type throughout", "finding": "Kaito held the phone at arm''s length", "severity": "medium"}, {"change": "Show what is left", "finding": "Beatriz thought that the task was done after the first screen", "severity": "high"}, {"change": "Give every screen the same back link", "finding": "Dmitri looked for the way back twice", "severity": "medium"}], "best_moment": "“Nobody has to stop in the middle? Then I want it tomorrow”, said Farah.", "participants": [{"name": "Kaito Marino", "role": "Applicant", "result": "done alone", "seconds": 155}, {"name": "Beatriz Lang", "role": "Benefits officer", "result": "done alone", "seconds": 295}, {"name": "Dmitri García", "role": "Benefits officer", "result": "done alone", "seconds": 95}, {"name": "Arjun Moreau", "role": "Benefits officer", "result": "done with a hint", "seconds": 300}, {"name": "Farah Mbeki", "role": "Applicant", "result": "done with a hint", "seconds": 235}]}', '2026-10-24 10:20:26.385', '2026-10-25 18:34:34.437', '2026-10-16 13:47:43.992', '2026-10-25 18:34:34.437');
INSERT INTO public.workshop_steps VALUES ('wst_k1yw5zk9l6gzqq9t6rpyxpt8', 'ws_demoworkshoplwyc9id00000', 'prioritize', 'complete', '{"rice": [{"reach": 300, "score": 300.0, "effort": 2, "impact": 2, "feature": "List of papers before the start", "confidence": 100}, {"reach": 350, "score": 233.3, "effort": 3, "impact": 2, "feature": "Examples from real life", "confidence": 100}, {"reach": 270, "score": 135.0, "effort": 1, "impact": 1, "feature": "View for helpers", "confidence": 50}, {"reach": 130, "score": 104.0, "effort": 1, "impact": 1, "feature": "Draft that is kept for a month", "confidence": 80}, {"reach": 110, "score": 55.0, "effort": 1, "impact": 1, "feature": "One question on each page", "confidence": 50}], "moscow": {"must": ["List of papers before the start", "Examples from real life"], "wont": ["One question on each page", "A replacement for the benefits register"], "could": ["Draft that is kept for a month"], "should": ["View for helpers"]}, "messages": [{"role": "assistant", "content": "What would you still build if you had a single week?"}, {"role": "user", "content": "The form follows the law and not the person who fills it in."}, {"role": "assistant", "content": "Good. Is there anything that must not happen?"}, {"role": "user", "content": "I would have to ask, but I think that they would agree."}], "first_release": "List of papers before the start, in 4 weeks."}', '2026-10-25 18:34:34.437', '2026-10-25 18:47:33.848', '2026-10-16 13:47:43.992', '2026-10-25 18:47:33.848');
INSERT INTO public.workshop_steps VALUES ('wst_bp897hl4fr8mmbqtazb1ohox', 'ws_demoworkshoplwyc9id00000', 'architect', 'in_progress', '{"messages": [{"role": "assistant", "content": "Which systems are there already, and who looks after them?"}, {"role": "user", "content": "Sees people give up who are entitled."}], "decisions": [{"because": "Nobody wants to install anything before it has proved useful", "decision": "Server-rendered web pages first"}, {"because": "A mistake of ours must not spread", "decision": "Read from the benefits register, never write to it"}], "monthly_cost_eur": 210}', '2026-10-25 18:47:33.848', NULL, '2026-10-16 13:47:43.992', '2026-10-25 18:47:33.848');
INSERT INTO public.workshop_steps VALUES ('wst_rhnycvh644scjnfe3ammpy53', 'ws_demoworkshoplwyc9id00000', 'spec', 'not_started', NULL, NULL, NULL, '2026-10-16 13:47:43.992', '2026-10-16 13:47:43.992');
INSERT INTO public.workshop_steps VALUES ('wst_s52ujk6xpfe1c3ykhehtdzes', 'ws_demoworkshoplwyc9id00000', 'story', 'not_started', NULL, NULL, NULL, '2026-10-16 13:47:43.992', '2026-10-16 13:47:43.992');
INSERT INTO public.workshop_steps VALUES ('wst_o5wolg95gwo30cf5dzvqhbed', 'ws_demoworkshoplwyc9id00000', 'pack', 'not_started', NULL, NULL, NULL, '2026-10-16 13:47:43.992', '2026-10-16 13:47:43.992');
INSERT INTO public.workshops VALUES ('ws_demoworkshoplwyc9id00000', 'user_2J3x7ZyjmldDGkhgwlsLnyKZApd', 'For pensioners: a draft that is kept for a month', 'I work for the city of Verona, two desks from the mayor. Nearly half of the applications come back because a box was misunderstood, and behind each is somebody who waits for rent money. I want to ask pensioners one clear question at a time, and show at once what is still missing. It has to work on an old phone with bad reception.', 'active', NULL, NULL, 'private', NULL, '2026-10-16 13:47:43.992', '2026-10-25 18:47:33.848');
INSERT INTO workshops_admin.admin_audit_log VALUES (1, '2026-11-24 14:37:56.438', '(command line)', NULL, 'added', 'piccolo_user', '1', 'active: true; admin: true; email: (hidden); first_name: ; last_name: ; password: (hidden); superuser: true; username: grace', '{"admin": [null, "true"], "email": [null, "(hidden)"], "active": [null, "true"], "password": [null, "(hidden)"], "username": [null, "grace"], "last_name": [null, ""], "superuser": [null, "true"], "first_name": [null, ""]}', NULL, 'piccolo workshops operator');
INSERT INTO workshops_admin.state VALUES ('2026-11-24 14:37:58.310383+00', 0);
INSERT INTO workshops_admin.summaries VALUES ('ws_demoworkshoplwyc9id00000', '2026-10-16 13:47:43.992', '2026-10-25 18:47:33.848', 6, 10, 60, 'active', 'architect', 'user_2J3x7ZyjmldDGkhgwlsLnyKZApd', NULL, 'for pensioners: a draft that is kept for a month');
SELECT pg_catalog.setval('public.migration_id_seq', 10, true);
SELECT pg_catalog.setval('public.piccolo_user_id_seq', 1, true);
SELECT pg_catalog.setval('workshops_admin.admin_audit_log_id_seq', 1, true);
SELECT pg_catalog.setval('workshops_admin.admin_second_factors_id_seq', 1, false);
SELECT pg_catalog.setval('workshops_admin.admin_sessions_id_seq', 1, false);
SELECT pg_catalog.setval('workshops_admin.changes_missed', 1, false);
SELECT pg_catalog.setval('workshops_admin.changes_waiting', 1, true);
ALTER TABLE ONLY public.build_packs
    ADD CONSTRAINT build_packs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.piccolo_user
    ADD CONSTRAINT piccolo_user_email_key UNIQUE (email);
ALTER TABLE ONLY public.piccolo_user
    ADD CONSTRAINT piccolo_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.piccolo_user
    ADD CONSTRAINT piccolo_user_username_key UNIQUE (username);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.step_definitions
    ADD CONSTRAINT step_definitions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workshop_members
    ADD CONSTRAINT workshop_members_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workshop_members
    ADD CONSTRAINT workshop_members_workshop_user_unique UNIQUE (workshop_id, clerk_user_id);
ALTER TABLE ONLY public.workshop_steps
    ADD CONSTRAINT workshop_steps_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workshop_steps
    ADD CONSTRAINT workshop_steps_workshop_step_unique UNIQUE (workshop_id, step_id);
ALTER TABLE ONLY public.workshops
    ADD CONSTRAINT workshops_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workshops
    ADD CONSTRAINT workshops_share_token_unique UNIQUE (share_token);
ALTER TABLE ONLY workshops_admin.admin_audit_log
    ADD CONSTRAINT admin_audit_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY workshops_admin.admin_second_factors
    ADD CONSTRAINT admin_second_factors_pkey PRIMARY KEY (id);
ALTER TABLE ONLY workshops_admin.admin_sessions
    ADD CONSTRAINT admin_sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY workshops_admin.operator_changes
    ADD CONSTRAINT operator_changes_pkey PRIMARY KEY (workshop_id, table_name, row_id);
ALTER TABLE ONLY workshops_admin.removed_outputs
    ADD CONSTRAINT removed_outputs_pkey PRIMARY KEY (step_row_id);
ALTER TABLE ONLY workshops_admin.summaries
    ADD CONSTRAINT summaries_pkey PRIMARY KEY (workshop_id);
CREATE INDEX build_packs_created_at ON public.build_packs USING btree (created_at);
CREATE INDEX build_packs_workshop_id ON public.build_packs USING btree (workshop_id);
CREATE UNIQUE INDEX sessions_one_open_per_workshop ON public.sessions USING btree (workshop_id) WHERE (ended_at IS NULL);
CREATE INDEX sessions_started_at ON public.sessions USING btree (started_at);
CREATE INDEX sessions_workshop_id ON public.sessions USING btree (workshop_id);
CREATE INDEX workshop_members_clerk_user_id ON public.workshop_members USING btree (clerk_user_id);
CREATE INDEX workshop_members_created_at ON public.workshop_members USING btree (created_at);
CREATE INDEX workshop_members_workshop_id ON public.workshop_members USING btree (workshop_id);
CREATE INDEX workshop_steps_created_at ON public.workshop_steps USING btree (created_at);
CREATE INDEX workshop_steps_status ON public.workshop_steps USING btree (status);
CREATE INDEX workshop_steps_step_id ON public.workshop_steps USING btree (step_id);
CREATE INDEX workshop_steps_workshop_id ON public.workshop_steps USING btree (workshop_id);
CREATE INDEX workshops_clerk_user_id ON public.workshops USING btree (clerk_user_id);
CREATE INDEX workshops_created_at ON public.workshops USING btree (created_at);
CREATE INDEX workshops_org_id ON public.workshops USING btree (org_id);
CREATE INDEX workshops_status ON public.workshops USING btree (status);
CREATE INDEX admin_audit_log_created_at ON workshops_admin.admin_audit_log USING btree (created_at);
CREATE INDEX admin_audit_log_operator ON workshops_admin.admin_audit_log USING btree (operator);
CREATE INDEX admin_audit_log_row_id ON workshops_admin.admin_audit_log USING btree (row_id);
CREATE INDEX admin_second_factors_user_id ON workshops_admin.admin_second_factors USING btree (user_id);
CREATE INDEX admin_sessions_token ON workshops_admin.admin_sessions USING btree (token);
CREATE INDEX admin_sessions_user_id ON workshops_admin.admin_sessions USING btree (user_id);
CREATE INDEX removed_outputs_workshop_id ON workshops_admin.removed_outputs USING btree (workshop_id);
CREATE INDEX summaries_by_activity ON workshops_admin.summaries USING btree (last_activity_at, workshop_id, status, current_step_id, created_at);
CREATE INDEX summaries_by_creation ON workshops_admin.summaries USING btree (created_at, workshop_id, status, current_step_id, last_activity_at);
CREATE INDEX summaries_by_organisation ON workshops_admin.summaries USING btree (org_id);
CREATE INDEX summaries_by_owner ON workshops_admin.summaries USING btree (clerk_user_id);
CREATE INDEX summaries_by_progress ON workshops_admin.summaries USING btree (progress, last_activity_at, workshop_id, status, current_step_id, created_at);
CREATE INDEX summaries_by_stage ON workshops_admin.summaries USING btree (status, current_step_id, last_activity_at, created_at);
CREATE TRIGGER admin_add AFTER INSERT ON public.build_packs FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_added();
CREATE TRIGGER admin_add AFTER INSERT ON public.sessions FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_added();
CREATE TRIGGER admin_add AFTER INSERT ON public.workshop_members FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_added();
CREATE TRIGGER admin_add AFTER INSERT ON public.workshop_steps FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_added();
CREATE TRIGGER admin_add AFTER INSERT ON public.workshops FOR EACH ROW EXECUTE FUNCTION workshops_admin.workshop_added();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.piccolo_user FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION workshops_admin.audit_row();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.step_definitions FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION workshops_admin.audit_row();
CREATE TRIGGER admin_delete AFTER DELETE ON public.build_packs FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_deleted();
CREATE TRIGGER admin_delete AFTER DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_deleted();
CREATE TRIGGER admin_delete AFTER DELETE ON public.workshop_members FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_deleted();
CREATE TRIGGER admin_delete AFTER DELETE ON public.workshop_steps FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_deleted();
CREATE TRIGGER admin_delete AFTER DELETE ON public.workshops FOR EACH ROW EXECUTE FUNCTION workshops_admin.workshop_deleted();
CREATE TRIGGER admin_order AFTER UPDATE ON public.step_definitions FOR EACH ROW WHEN (((old."order" <> new."order") OR (old.id <> new.id))) EXECUTE FUNCTION workshops_admin.everything_changed();
CREATE TRIGGER admin_truncate AFTER TRUNCATE ON public.build_packs FOR EACH STATEMENT EXECUTE FUNCTION workshops_admin.everything_changed();
CREATE TRIGGER admin_truncate AFTER TRUNCATE ON public.sessions FOR EACH STATEMENT EXECUTE FUNCTION workshops_admin.everything_changed();
CREATE TRIGGER admin_truncate AFTER TRUNCATE ON public.workshop_members FOR EACH STATEMENT EXECUTE FUNCTION workshops_admin.everything_changed();
CREATE TRIGGER admin_truncate AFTER TRUNCATE ON public.workshop_steps FOR EACH STATEMENT EXECUTE FUNCTION workshops_admin.everything_changed();
CREATE TRIGGER admin_truncate AFTER TRUNCATE ON public.workshops FOR EACH STATEMENT EXECUTE FUNCTION workshops_admin.everything_changed();
CREATE TRIGGER admin_update AFTER UPDATE ON public.build_packs FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_updated();
CREATE TRIGGER admin_update AFTER UPDATE ON public.sessions FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_updated();
CREATE TRIGGER admin_update AFTER UPDATE ON public.workshop_members FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_updated();
CREATE TRIGGER admin_update AFTER UPDATE ON public.workshop_steps FOR EACH ROW EXECUTE FUNCTION workshops_admin.belonging_updated();
CREATE TRIGGER admin_update AFTER UPDATE ON public.workshops FOR EACH ROW EXECUTE FUNCTION workshops_admin.workshop_updated();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON workshops_admin.admin_second_factors FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION workshops_admin.audit_row();
CREATE TRIGGER admin_audit AFTER DELETE ON workshops_admin.admin_sessions FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION workshops_admin.audit_row();
CREATE TRIGGER admin_audit_forget BEFORE UPDATE ON workshops_admin.admin_audit_log FOR EACH ROW EXECUTE FUNCTION workshops_admin.audit_keep();
CREATE TRIGGER admin_audit_keep BEFORE DELETE OR UPDATE OR TRUNCATE ON workshops_admin.admin_audit_log FOR EACH STATEMENT EXECUTE FUNCTION workshops_admin.audit_keep();
ALTER TABLE ONLY public.build_packs
    ADD CONSTRAINT build_packs_workshop_id_fkey FOREIGN KEY (workshop_id) REFERENCES public.workshops(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_workshop_id_fkey FOREIGN KEY (workshop_id) REFERENCES public.workshops(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.workshop_members
    ADD CONSTRAINT workshop_members_workshop_id_fkey FOREIGN KEY (workshop_id) REFERENCES public.workshops(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.workshop_steps
    ADD CONSTRAINT workshop_steps_step_id_fkey FOREIGN KEY (step_id) REFERENCES public.step_definitions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.workshop_steps
    ADD CONSTRAINT workshop_steps_workshop_id_fkey FOREIGN KEY (workshop_id) REFERENCES public.workshops(id) ON DELETE CASCADE;
ALTER TABLE ONLY workshops_admin.admin_second_factors
    ADD CONSTRAINT admin_second_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.piccolo_user(id) ON DELETE CASCADE;
ALTER TABLE ONLY workshops_admin.admin_sessions
    ADD CONSTRAINT admin_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.piccolo_user(id) ON DELETE CASCADE;
