-- What the migrations before the release of 0.1.0 had made of a database, with an operator and a workshop (pg_dump --inserts).
SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.admin_audit_keep() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'The audit log can only be added to.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION public.admin_audit_write() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
END $$;
CREATE FUNCTION public.workshop_search_parts(search text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT array_agg(substr(search, least(n, greatest(length(search) - 2, 1)), 3))
    FROM generate_series(1, length(search), 3) n
$$;
CREATE FUNCTION public.workshop_summaries_on_activity() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_TABLE_NAME = 'workshops' THEN
        UPDATE workshop_summaries SET last_activity_at = NEW.updated_at
        WHERE workshop_id = NEW.id AND last_activity_at < NEW.updated_at;
    ELSE
        UPDATE workshop_summaries SET last_activity_at = NEW.updated_at
        WHERE workshop_id = NEW.workshop_id AND last_activity_at < NEW.updated_at;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.workshop_summaries_on_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_TABLE_NAME = 'workshops' THEN
        PERFORM workshop_summaries_refresh(ARRAY [NEW.id]);
    ELSE
        PERFORM workshop_summaries_refresh(ARRAY [OLD.workshop_id, NEW.workshop_id]);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.workshop_summaries_on_order() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    
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
    RETURN NULL;
END $$;
CREATE FUNCTION public.workshop_summaries_on_rows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM workshop_summaries_refresh(ARRAY (SELECT DISTINCT workshop_id FROM changed));
    RETURN NULL;
END $$;
CREATE FUNCTION public.workshop_summaries_on_workshops() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO workshop_summaries
    SELECT id, created_at, updated_at, 0, 0, 0, status, '', clerk_user_id, org_id, lower(title)
    FROM changed ON CONFLICT DO NOTHING;
    INSERT INTO workshop_titles SELECT id, lower(title) FROM changed ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION public.workshop_summaries_refresh(ids text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
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
END $$;
CREATE FUNCTION public.workshop_title_parts(title text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT array_agg(substr(title, n, 1)) || array_agg(substr(title, n, 2))
        || array_agg(substr(title, n, 3))
    FROM generate_series(1, length(title)) n
$$;
CREATE TABLE public.admin_audit_log (
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
CREATE SEQUENCE public.admin_audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.admin_audit_log_id_seq OWNED BY public.admin_audit_log.id;
CREATE TABLE public.admin_second_factors (
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
CREATE SEQUENCE public.admin_second_factors_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.admin_second_factors_id_seq OWNED BY public.admin_second_factors.id;
CREATE TABLE public.admin_sessions (
    token character varying(100) DEFAULT ''::character varying NOT NULL,
    user_id integer NOT NULL,
    expiry_date timestamp without time zone DEFAULT (CURRENT_TIMESTAMP + '01:00:00'::interval) NOT NULL,
    max_expiry_date timestamp without time zone DEFAULT (CURRENT_TIMESTAMP + '7 days'::interval) NOT NULL,
    id integer NOT NULL
);
CREATE SEQUENCE public.admin_sessions_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.admin_sessions_id_seq OWNED BY public.admin_sessions.id;
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
CREATE TABLE public.workshop_summaries (
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
CREATE VIEW public.workshop_progress AS
 SELECT workshop_id AS id,
    ( SELECT w.title
           FROM public.workshops w
          WHERE (w.id = s.workshop_id)) AS title,
    clerk_user_id,
    org_id,
    status,
    NULLIF(current_step_id, ''::text) AS current_step_id,
    steps_complete,
    steps_total,
    progress,
    last_activity_at,
    created_at
   FROM public.workshop_summaries s;
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
    CONSTRAINT workshop_steps_output_check CHECK ((jsonb_typeof(output) = 'object'::text)),
    CONSTRAINT workshop_steps_status_check CHECK ((status = ANY (ARRAY['not_started'::text, 'in_progress'::text, 'complete'::text])))
);
CREATE TABLE public.workshop_titles (
    workshop_id text NOT NULL,
    title text NOT NULL COLLATE pg_catalog."C"
);
ALTER TABLE ONLY public.admin_audit_log ALTER COLUMN id SET DEFAULT nextval('public.admin_audit_log_id_seq'::regclass);
ALTER TABLE ONLY public.admin_second_factors ALTER COLUMN id SET DEFAULT nextval('public.admin_second_factors_id_seq'::regclass);
ALTER TABLE ONLY public.admin_sessions ALTER COLUMN id SET DEFAULT nextval('public.admin_sessions_id_seq'::regclass);
ALTER TABLE ONLY public.migration ALTER COLUMN id SET DEFAULT nextval('public.migration_id_seq'::regclass);
ALTER TABLE ONLY public.piccolo_user ALTER COLUMN id SET DEFAULT nextval('public.piccolo_user_id_seq'::regclass);
INSERT INTO public.admin_audit_log VALUES (1, '2026-11-24 11:19:53.387', '(command line)', NULL, 'added', 'piccolo_user', '1', 'active: true; admin: true; email: (hidden); first_name: ; last_name: ; password: (hidden); superuser: true; username: grace', '{"admin": [null, "true"], "email": [null, "(hidden)"], "active": [null, "true"], "password": [null, "(hidden)"], "username": [null, "grace"], "last_name": [null, ""], "superuser": [null, "true"], "first_name": [null, ""]}', NULL, 'piccolo workshops operator');
INSERT INTO public.migration VALUES (1, '2026-11-22T11:41:14:685088', 'workshops', '2026-11-24 11:19:50.475331');
INSERT INTO public.migration VALUES (2, '2026-11-22T11:41:53:487547', 'workshops', '2026-11-24 11:19:50.498169');
INSERT INTO public.migration VALUES (3, '2026-11-22T11:42:30:000000', 'workshops', '2026-11-24 11:19:50.499978');
INSERT INTO public.migration VALUES (4, '2026-11-22T13:10:00:000000', 'workshops', '2026-11-24 11:19:50.51034');
INSERT INTO public.migration VALUES (5, '2019-11-14T21:52:21', 'user', '2026-11-24 11:19:50.524951');
INSERT INTO public.migration VALUES (6, '2020-06-11T21:38:55', 'user', '2026-11-24 11:19:50.527265');
INSERT INTO public.migration VALUES (7, '2021-04-30T16:14:15', 'user', '2026-11-24 11:19:50.529012');
INSERT INTO public.migration VALUES (8, '2026-11-22T11:53:34:991876', 'workshops_admin', '2026-11-24 11:19:50.568086');
INSERT INTO public.migration VALUES (9, '2026-11-22T12:10:00:000000', 'workshops_admin', '2026-11-24 11:19:50.614049');
INSERT INTO public.migration VALUES (10, '2026-11-22T12:20:00:000000', 'workshops_admin', '2026-11-24 11:19:50.619668');
INSERT INTO public.migration VALUES (11, '2026-11-22T12:30:00:000000', 'workshops_admin', '2026-11-24 11:19:50.62126');
INSERT INTO public.migration VALUES (12, '2026-11-22T14:50:00:000000', 'workshops_admin', '2026-11-24 11:19:50.626016');
INSERT INTO public.migration VALUES (13, '2026-11-22T15:20:00:000000', 'workshops_admin', '2026-11-24 11:19:50.627055');
INSERT INTO public.piccolo_user VALUES (1, 'grace', 'pbkdf2_sha256$600000$8c5d8ac75f61edfa82e14d82b1dd2a7b$02554ba2ee83c4f03760f96a459ac03a7240e1e9e52c5b6cccdc57129239fbfc', 'grace@operators.invalid', true, true, '', '', true, NULL);
INSERT INTO public.sessions VALUES ('ses_rtpll9w0g9x04txfvx35xuxx', 'ws_demoworkshopt9qjgimpy1k5', '2026-10-21 10:08:26.235', '2026-10-21 10:30:36.081', '2026-10-21 10:08:26.235');
INSERT INTO public.sessions VALUES ('ses_vg0orn4m9c8bu6hf6x45g94j', 'ws_demoworkshopt9qjgimpy1k5', '2026-10-23 08:41:37.106', '2026-10-23 09:38:33.707', '2026-10-23 08:41:37.106');
INSERT INTO public.sessions VALUES ('ses_vu768t95vgyo0f3cuq292dqx', 'ws_demoworkshopt9qjgimpy1k5', '2026-10-25 13:41:24.807', '2026-10-25 14:53:53.763', '2026-10-25 13:41:24.807');
INSERT INTO public.sessions VALUES ('ses_qgl3uddq21gyb89p8bkovmjh', 'ws_demoworkshopt9qjgimpy1k5', '2026-10-27 18:31:47.5', '2026-10-27 19:45:37.501', '2026-10-27 18:31:47.5');
INSERT INTO public.sessions VALUES ('ses_kh1kbm67evc2n60o2onnkrnb', 'ws_demoworkshopt9qjgimpy1k5', '2026-10-28 13:09:40.916', '2026-10-28 14:06:04.417', '2026-10-28 13:09:40.916');
INSERT INTO public.step_definitions VALUES ('empathize', 1, 'Empathize', 'Listen to the people concerned until their needs are understood.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.step_definitions VALUES ('define', 2, 'Define', 'Condense what was learned into one clear problem statement.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.step_definitions VALUES ('ideate', 3, 'Ideate', 'Collect many ideas for a solution before judging any of them.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.step_definitions VALUES ('prototype', 4, 'Prototype', 'Sketch the strongest ideas as quick, low-fidelity prototypes.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.step_definitions VALUES ('test', 5, 'Test', 'Put the prototypes before real users and record their feedback.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.step_definitions VALUES ('prioritize', 6, 'Prioritize', 'Rank the features and settle what belongs in a first version.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.step_definitions VALUES ('architect', 7, 'Architect', 'Choose the technical architecture that carries those features.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.step_definitions VALUES ('spec', 8, 'Spec', 'Write down the detailed requirements that a builder can follow.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.step_definitions VALUES ('story', 9, 'Story', 'Break the requirements into user stories ready to be planned.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.step_definitions VALUES ('pack', 10, 'Pack', 'Assemble everything into the finished build pack.', NULL, '2026-11-24 11:19:50.355', '2026-11-24 11:19:50.355');
INSERT INTO public.workshop_members VALUES ('wm_v0rx4z7dkc1q50wk8c2sraty', 'ws_demoworkshopt9qjgimpy1k5', 'user_24dls5f1Zasdm7vKRR8AfAv9QpT', 'owner', '2026-10-21 10:02:44.953');
INSERT INTO public.workshop_members VALUES ('wm_smgvr4w8cw7qxpjg2ixbjsvl', 'ws_demoworkshopt9qjgimpy1k5', 'user_2QmoSNxgSYZlZIh6nKOWWNSHBto', 'editor', '2026-10-24 22:14:36.674');
INSERT INTO public.workshop_steps VALUES ('wst_r71pekyk9m6ha6jcitae7smu', 'ws_demoworkshopt9qjgimpy1k5', 'test', 'complete', '{"note": "Kept."}', '2026-10-25 14:01:04.021', '2026-10-27 19:02:51.999', '2026-10-21 10:02:44.953', '2026-10-27 19:02:51.999');
INSERT INTO public.workshop_steps VALUES ('wst_hipekaevd0s2b8gw7jq2zpe6', 'ws_demoworkshopt9qjgimpy1k5', 'prioritize', 'complete', '{"note": "Kept."}', '2026-10-27 19:02:51.999', '2026-10-28 13:20:05.958', '2026-10-21 10:02:44.953', '2026-10-28 13:20:05.958');
INSERT INTO public.workshop_steps VALUES ('wst_g3n3u1qb8ruiyau48502r1l7', 'ws_demoworkshopt9qjgimpy1k5', 'architect', 'complete', '{"note": "Kept."}', '2026-10-28 13:20:05.958', '2026-10-28 13:43:34.171', '2026-10-21 10:02:44.953', '2026-10-28 13:43:34.171');
INSERT INTO public.workshop_steps VALUES ('wst_atdp0czc3s74yz6y4vquwcm3', 'ws_demoworkshopt9qjgimpy1k5', 'spec', 'in_progress', '{"note": "Kept."}', '2026-10-28 13:43:34.171', NULL, '2026-10-21 10:02:44.953', '2026-10-28 13:44:34.802');
INSERT INTO public.workshop_steps VALUES ('wst_xlrt3co0fyk5lr364zxkixa8', 'ws_demoworkshopt9qjgimpy1k5', 'empathize', 'complete', '{"note": "Kept."}', '2026-10-21 10:14:45.842', '2026-10-23 08:57:18.502', '2026-10-21 10:02:44.953', '2026-10-23 08:57:18.502');
INSERT INTO public.workshop_steps VALUES ('wst_h33mhjbbuqzptfxvf11ml407', 'ws_demoworkshopt9qjgimpy1k5', 'define', 'complete', '{"note": "Kept."}', '2026-10-23 08:57:18.502', '2026-10-25 13:50:20.411', '2026-10-21 10:02:44.953', '2026-10-25 13:50:20.411');
INSERT INTO public.workshop_steps VALUES ('wst_a54ay4wk6nn7ti1y2jyqirjy', 'ws_demoworkshopt9qjgimpy1k5', 'story', 'not_started', NULL, NULL, NULL, '2026-10-21 10:02:44.953', '2026-10-21 10:02:44.953');
INSERT INTO public.workshop_steps VALUES ('wst_s1p10xucrua3k9ki0is17agg', 'ws_demoworkshopt9qjgimpy1k5', 'pack', 'not_started', NULL, NULL, NULL, '2026-10-21 10:02:44.953', '2026-10-21 10:02:44.953');
INSERT INTO public.workshop_steps VALUES ('wst_dd1qvscjyx0er1jk5sf6jgko', 'ws_demoworkshopt9qjgimpy1k5', 'ideate', 'complete', '{"note": "Kept."}', '2026-10-25 13:50:20.411', '2026-10-25 13:58:47.144', '2026-10-21 10:02:44.953', '2026-10-25 13:58:47.144');
INSERT INTO public.workshop_steps VALUES ('wst_y8rexl47bpa9etboxh2qinsv', 'ws_demoworkshopt9qjgimpy1k5', 'prototype', 'complete', '{"note": "Kept."}', '2026-10-25 13:58:47.144', '2026-10-25 14:01:04.021', '2026-10-21 10:02:44.953', '2026-10-25 14:01:04.021');
INSERT INTO public.workshop_summaries VALUES ('ws_demoworkshopt9qjgimpy1k5', '2026-10-21 10:02:44.953', '2026-10-28 13:49:32.034', 7, 10, 70, 'paused', 'spec', 'user_24dls5f1Zasdm7vKRR8AfAv9QpT', 'org_2TU00a4IcqeObp2daojtt8zKGbO', 'cuenca makers: a photo with the mend drawn on it');
INSERT INTO public.workshop_titles VALUES ('ws_demoworkshopt9qjgimpy1k5', 'cuenca makers: a photo with the mend drawn on it');
INSERT INTO public.workshops VALUES ('ws_demoworkshopt9qjgimpy1k5', 'user_24dls5f1Zasdm7vKRR8AfAv9QpT', 'Cuenca Makers: a photo with the mend drawn on it', 'An idea', 'paused', 'org_2TU00a4IcqeObp2daojtt8zKGbO', NULL, 'private', NULL, '2026-10-21 10:02:44.953', '2026-10-28 13:49:32.034');
SELECT pg_catalog.setval('public.admin_audit_log_id_seq', 1, true);
SELECT pg_catalog.setval('public.admin_second_factors_id_seq', 1, false);
SELECT pg_catalog.setval('public.admin_sessions_id_seq', 1, false);
SELECT pg_catalog.setval('public.migration_id_seq', 13, true);
SELECT pg_catalog.setval('public.piccolo_user_id_seq', 1, true);
ALTER TABLE ONLY public.admin_audit_log
    ADD CONSTRAINT admin_audit_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.admin_second_factors
    ADD CONSTRAINT admin_second_factors_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.admin_sessions
    ADD CONSTRAINT admin_sessions_pkey PRIMARY KEY (id);
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
ALTER TABLE ONLY public.workshop_summaries
    ADD CONSTRAINT workshop_summaries_pkey PRIMARY KEY (workshop_id);
ALTER TABLE ONLY public.workshop_titles
    ADD CONSTRAINT workshop_titles_pkey PRIMARY KEY (workshop_id);
ALTER TABLE ONLY public.workshops
    ADD CONSTRAINT workshops_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workshops
    ADD CONSTRAINT workshops_share_token_unique UNIQUE (share_token);
CREATE INDEX admin_audit_log_created_at ON public.admin_audit_log USING btree (created_at);
CREATE INDEX admin_audit_log_operator ON public.admin_audit_log USING btree (operator);
CREATE INDEX admin_audit_log_row_id ON public.admin_audit_log USING btree (row_id);
CREATE INDEX admin_second_factors_user_id ON public.admin_second_factors USING btree (user_id);
CREATE INDEX admin_sessions_token ON public.admin_sessions USING btree (token);
CREATE INDEX admin_sessions_user_id ON public.admin_sessions USING btree (user_id);
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
CREATE INDEX workshop_summaries_all_by_activity ON public.workshop_summaries USING btree (last_activity_at, workshop_id, created_at);
CREATE INDEX workshop_summaries_all_by_creation ON public.workshop_summaries USING btree (created_at, workshop_id, last_activity_at);
CREATE INDEX workshop_summaries_all_by_progress ON public.workshop_summaries USING btree (progress, last_activity_at, workshop_id, created_at);
CREATE INDEX workshop_summaries_by_activity ON public.workshop_summaries USING btree (status, current_step_id, last_activity_at, workshop_id, created_at);
CREATE INDEX workshop_summaries_by_creation ON public.workshop_summaries USING btree (status, current_step_id, created_at, workshop_id, last_activity_at);
CREATE INDEX workshop_summaries_by_organisation ON public.workshop_summaries USING btree (org_id);
CREATE INDEX workshop_summaries_by_owner ON public.workshop_summaries USING btree (clerk_user_id);
CREATE INDEX workshop_summaries_by_progress ON public.workshop_summaries USING btree (status, current_step_id, progress, last_activity_at, workshop_id, created_at);
CREATE INDEX workshop_titles_by_part ON public.workshop_titles USING gin (public.workshop_title_parts(title)) WITH (gin_pending_list_limit='256');
CREATE INDEX workshops_clerk_user_id ON public.workshops USING btree (clerk_user_id);
CREATE INDEX workshops_created_at ON public.workshops USING btree (created_at);
CREATE INDEX workshops_org_id ON public.workshops USING btree (org_id);
CREATE INDEX workshops_status ON public.workshops USING btree (status);
CREATE STATISTICS public.workshop_summaries_weeks ON date_trunc('week'::text, created_at) FROM public.workshop_summaries;
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.admin_second_factors FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION public.admin_audit_write();
CREATE TRIGGER admin_audit AFTER DELETE ON public.admin_sessions FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION public.admin_audit_write();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.build_packs FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION public.admin_audit_write();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.piccolo_user FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION public.admin_audit_write();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.sessions FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION public.admin_audit_write();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.step_definitions FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION public.admin_audit_write();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.workshop_members FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION public.admin_audit_write();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.workshop_steps FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION public.admin_audit_write();
CREATE TRIGGER admin_audit AFTER INSERT OR DELETE OR UPDATE ON public.workshops FOR EACH ROW WHEN ((current_setting('workshops.operator'::text, true) <> ''::text)) EXECUTE FUNCTION public.admin_audit_write();
CREATE TRIGGER admin_audit_keep BEFORE DELETE OR UPDATE OR TRUNCATE ON public.admin_audit_log FOR EACH STATEMENT EXECUTE FUNCTION public.admin_audit_keep();
CREATE TRIGGER workshop_summaries_activity AFTER UPDATE ON public.workshop_steps FOR EACH ROW WHEN ((new.updated_at > old.updated_at)) EXECUTE FUNCTION public.workshop_summaries_on_activity();
CREATE TRIGGER workshop_summaries_activity AFTER UPDATE ON public.workshops FOR EACH ROW WHEN ((new.updated_at > old.updated_at)) EXECUTE FUNCTION public.workshop_summaries_on_activity();
CREATE TRIGGER workshop_summaries_change AFTER UPDATE ON public.sessions FOR EACH ROW WHEN (((old.started_at <> new.started_at) OR (old.workshop_id <> new.workshop_id))) EXECUTE FUNCTION public.workshop_summaries_on_change();
CREATE TRIGGER workshop_summaries_change AFTER UPDATE ON public.workshop_steps FOR EACH ROW WHEN ((((old.status = 'complete'::text) <> (new.status = 'complete'::text)) OR (old.step_id <> new.step_id) OR (old.workshop_id <> new.workshop_id) OR (new.updated_at < old.updated_at))) EXECUTE FUNCTION public.workshop_summaries_on_change();
CREATE TRIGGER workshop_summaries_change AFTER UPDATE ON public.workshops FOR EACH ROW WHEN (((old.status <> new.status) OR (old.title <> new.title) OR (old.created_at <> new.created_at) OR (old.clerk_user_id <> new.clerk_user_id) OR (old.org_id IS DISTINCT FROM new.org_id) OR (new.updated_at < old.updated_at))) EXECUTE FUNCTION public.workshop_summaries_on_change();
CREATE TRIGGER workshop_summaries_delete AFTER DELETE ON public.sessions REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.workshop_summaries_on_rows();
CREATE TRIGGER workshop_summaries_delete AFTER DELETE ON public.workshop_steps REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.workshop_summaries_on_rows();
CREATE TRIGGER workshop_summaries_insert AFTER INSERT ON public.sessions REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.workshop_summaries_on_rows();
CREATE TRIGGER workshop_summaries_insert AFTER INSERT ON public.workshop_steps REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.workshop_summaries_on_rows();
CREATE TRIGGER workshop_summaries_insert AFTER INSERT ON public.workshops REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.workshop_summaries_on_workshops();
CREATE TRIGGER workshop_summaries_order AFTER UPDATE ON public.step_definitions FOR EACH ROW WHEN ((old."order" <> new."order")) EXECUTE FUNCTION public.workshop_summaries_on_order();
ALTER TABLE ONLY public.admin_second_factors
    ADD CONSTRAINT admin_second_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.piccolo_user(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.admin_sessions
    ADD CONSTRAINT admin_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.piccolo_user(id) ON DELETE CASCADE;
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
ALTER TABLE ONLY public.workshop_summaries
    ADD CONSTRAINT workshop_summaries_workshop_id_fkey FOREIGN KEY (workshop_id) REFERENCES public.workshops(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.workshop_titles
    ADD CONSTRAINT workshop_titles_workshop_id_fkey FOREIGN KEY (workshop_id) REFERENCES public.workshops(id) ON DELETE CASCADE;
