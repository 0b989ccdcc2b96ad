-- First slice of the CRM on its final foundations: access, clients, the phone
-- index, interactions, call records, outbox and audit.
--
-- Rules of the schema: bigint identity keys; version for optimistic locking;
-- deleted_at for soft delete, with partial indexes over what lives; names are
-- ordered by the ICU collation "ru-x-icu" and searched by stored keys.

-- +goose Up
-- +goose StatementBegin
CREATE SCHEMA IF NOT EXISTS crm;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
-- +goose StatementEnd

-- Search keys ---------------------------------------------------------------
-- IMMUTABLE, because generated columns and indexes are built on them: a change
-- of one of these functions needs a migration that rewrites its columns.

-- +goose StatementBegin
-- Case, ё and runs of blanks do not matter.
CREATE FUNCTION crm.name_fold(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT btrim(regexp_replace(translate(lower(name COLLATE "ru-x-icu"), 'ё', 'е'), '\s+', ' ', 'g'))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- What is left of a name for finding duplicates (DM-01): no legal form, no
-- quotes, no punctuation. «"Ромашка", ООО» and «ООО «Ромашка»» give «ромашка».
CREATE FUNCTION crm.name_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT btrim(regexp_replace(regexp_replace(
		regexp_replace(crm.name_fold(name), '[^0-9a-zа-я]+', ' ', 'g') COLLATE "ru-x-icu",
		'\m(общество с ограниченной ответственностью|(публичное |непубличное |закрытое |открытое )?акционерное общество|индивидуальный предприниматель|ооо|оао|зао|пао|нао|ао|ип|тоо|нко|ано|гуп|муп|фгуп|llc|ltd|inc|gmbh|co)\M',
		'', 'g'), ' +', ' ', 'g'))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Latin skeleton: spellings of one name in Cyrillic and Latin letters meet
-- (Щербаков = Shcherbakov = Scherbakov, Хабаров = Khabarov).
CREATE FUNCTION crm.name_lat(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT btrim(
		regexp_replace(
		regexp_replace(
		translate(
		regexp_replace(
		replace(replace(replace(replace(replace(
		regexp_replace(
		translate(
		replace(replace(replace(replace(replace(replace(replace(replace(
			regexp_replace(crm.name_fold(name), '[^0-9a-zа-я]+', ' ', 'g'),
			'щ', 'sch'), 'ш', 'sh'), 'ч', 'ch'), 'ж', 'zh'), 'ц', 'ts'), 'х', 'h'), 'ю', 'yu'), 'я', 'ya'),
		'абвгдезийклмнопрстуфыэьъ', 'abvgdeziyklmnoprstufye'),
		'c(?=[^h]|$)', 'k', 'g'),
		'shch', 'sch'), 'kh', 'h'), 'ph', 'f'), 'ts', 'c'), 'tz', 'c'),
		'x', 'ks', 'g'),
		'wjy', 'vii'),
		'(.)\1+', '\1', 'g'),
		'\s+', ' ', 'g'))
$$;
-- +goose StatementEnd

-- Access --------------------------------------------------------------------

-- +goose StatementBegin
CREATE TABLE crm.employee (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version       bigint      NOT NULL DEFAULT 1,
	login         text        NOT NULL CHECK (login = lower(login) AND login ~ '^[a-z0-9._@-]{1,64}$'),
	name          text        NOT NULL CHECK (char_length(btrim(name)) BETWEEN 1 AND 200),
	role          text        NOT NULL CHECK (role IN ('admin', 'supervisor', 'manager', 'operator')),
	password_hash text        NOT NULL, -- argon2id in PHC string form
	extension     text        CHECK (extension ~ '^[0-9*#]{1,20}$'),
	status        text        NOT NULL DEFAULT 'free' CHECK (status IN ('free', 'break', 'wrap_up')),
	status_at     timestamptz NOT NULL DEFAULT now(),
	locale        text        NOT NULL DEFAULT '',
	theme         text        NOT NULL DEFAULT '',
	settings      jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object' AND octet_length(settings::text) <= 262144),
	active        boolean     NOT NULL DEFAULT true,
	created_at    timestamptz NOT NULL DEFAULT now(),
	updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX employee_login ON crm.employee (login);
COMMENT ON TABLE crm.employee IS 'Never deleted: history names its authors. active = false is dismissed.';

CREATE TABLE crm.employee_device (
	pbx         text   NOT NULL,
	endpoint    text   NOT NULL, -- as PJSIP/101
	employee_id bigint NOT NULL REFERENCES crm.employee,
	context     text   NOT NULL DEFAULT '',
	position    int    NOT NULL DEFAULT 0, -- order of the employee's devices
	PRIMARY KEY (pbx, endpoint)
);
CREATE INDEX employee_device_employee ON crm.employee_device (employee_id);

CREATE TABLE crm.session (
	token_hash  bytea       PRIMARY KEY, -- SHA-256; the token itself is never stored
	employee_id bigint      NOT NULL REFERENCES crm.employee,
	created_at  timestamptz NOT NULL,
	seen_at     timestamptz NOT NULL,
	expires_at  timestamptz NOT NULL,
	address     text        NOT NULL DEFAULT '',
	agent       text        NOT NULL DEFAULT ''
);
CREATE INDEX session_employee ON crm.session (employee_id);
CREATE INDEX session_expiry ON crm.session (expires_at);

CREATE TABLE crm.api_token (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	token_hash  bytea       NOT NULL UNIQUE,
	employee_id bigint      NOT NULL REFERENCES crm.employee,
	name        text        NOT NULL,
	scopes      text[]      NOT NULL,
	created_at  timestamptz NOT NULL,
	used_at     timestamptz,
	expires_at  timestamptz,
	revoked_at  timestamptz
);
CREATE INDEX api_token_employee ON crm.api_token (employee_id);

CREATE TABLE crm.setting (
	name       text        PRIMARY KEY,
	value      jsonb       NOT NULL,
	version    bigint      NOT NULL DEFAULT 1,
	updated_at timestamptz NOT NULL DEFAULT now(),
	updated_by bigint      REFERENCES crm.employee
);
-- +goose StatementEnd

-- Clients and persons -------------------------------------------------------

-- +goose StatementBegin
CREATE TABLE crm.client_group (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version    bigint      NOT NULL DEFAULT 1,
	name       text        NOT NULL CHECK (char_length(btrim(name)) BETWEEN 1 AND 200),
	name_fold  text        GENERATED ALWAYS AS (crm.name_fold(name)) STORED,
	created_at timestamptz NOT NULL DEFAULT now(),
	deleted_at timestamptz
);
CREATE UNIQUE INDEX client_group_name ON crm.client_group (name_fold) WHERE deleted_at IS NULL;

CREATE TABLE crm.client (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version          bigint        NOT NULL DEFAULT 1,
	name             text          NOT NULL CHECK (char_length(btrim(name)) BETWEEN 1 AND 300),
	full_name        text          NOT NULL DEFAULT '' CHECK (char_length(full_name) <= 1000),
	kind             text          NOT NULL DEFAULT 'company' CHECK (kind IN ('company', 'person', 'entrepreneur')),
	activity         text          NOT NULL DEFAULT '',
	city             text          NOT NULL DEFAULT '',
	note             text          NOT NULL DEFAULT '',
	relation_type    text          NOT NULL DEFAULT '',
	source           text          NOT NULL DEFAULT '',
	group_id         bigint        REFERENCES crm.client_group,
	responsible_id   bigint        REFERENCES crm.employee,
	potential        int           CHECK (potential BETWEEN 0 AND 100),
	deal_sum         numeric(18,2) NOT NULL DEFAULT 0,
	first_contact_on date,
	last_contact_at  timestamptz,
	created_at       timestamptz   NOT NULL DEFAULT now(),
	created_by       bigint        REFERENCES crm.employee,
	updated_at       timestamptz   NOT NULL DEFAULT now(),
	deleted_at       timestamptz,
	merged_into      bigint        REFERENCES crm.client,
	search_fold      text          GENERATED ALWAYS AS (crm.name_fold(name || ' ' || full_name || ' ' || activity || ' ' || city)) STORED,
	name_key         text          GENERATED ALWAYS AS (crm.name_key(name)) STORED,
	full_name_key    text          GENERATED ALWAYS AS (crm.name_key(full_name)) STORED,
	name_lat         text          GENERATED ALWAYS AS (crm.name_lat(name || ' ' || full_name)) STORED
);
CREATE INDEX client_by_name ON crm.client (name COLLATE "ru-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX client_by_potential ON crm.client ((coalesce(potential, -1)), id) WHERE deleted_at IS NULL;
CREATE INDEX client_by_deal_sum ON crm.client (deal_sum, id) WHERE deleted_at IS NULL;
CREATE INDEX client_by_last_contact ON crm.client ((coalesce(last_contact_at, '-infinity')), id) WHERE deleted_at IS NULL;
CREATE INDEX client_by_created ON crm.client (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX client_group_members ON crm.client (group_id) INCLUDE (deal_sum, potential, responsible_id) WHERE deleted_at IS NULL;
CREATE INDEX client_responsible ON crm.client (responsible_id) WHERE deleted_at IS NULL;
CREATE INDEX client_search ON crm.client USING gin (search_fold gin_trgm_ops, name_lat gin_trgm_ops) WHERE deleted_at IS NULL;
CREATE INDEX client_name_key ON crm.client (name_key) WHERE deleted_at IS NULL AND name_key <> '';
CREATE INDEX client_full_name_key ON crm.client (full_name_key) WHERE deleted_at IS NULL AND full_name_key <> '';

CREATE TABLE crm.person (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version     bigint      NOT NULL DEFAULT 1,
	name        text        NOT NULL CHECK (char_length(btrim(name)) BETWEEN 1 AND 300),
	note        text        NOT NULL DEFAULT '',
	created_at  timestamptz NOT NULL DEFAULT now(),
	created_by  bigint      REFERENCES crm.employee,
	deleted_at  timestamptz,
	merged_into bigint      REFERENCES crm.person,
	name_fold   text        GENERATED ALWAYS AS (crm.name_fold(name)) STORED,
	name_lat    text        GENERATED ALWAYS AS (crm.name_lat(name)) STORED
);
CREATE INDEX person_by_name ON crm.person (name COLLATE "ru-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX person_search ON crm.person USING gin (name_fold gin_trgm_ops, name_lat gin_trgm_ops) WHERE deleted_at IS NULL;

CREATE TABLE crm.client_person (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	client_id  bigint      NOT NULL REFERENCES crm.client,
	person_id  bigint      NOT NULL REFERENCES crm.person,
	position   text        NOT NULL DEFAULT '',
	is_primary boolean     NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT now(),
	valid_to   timestamptz -- set when the link ended; past links stay for history
);
CREATE UNIQUE INDEX client_person_active ON crm.client_person (client_id, person_id) WHERE valid_to IS NULL;
CREATE UNIQUE INDEX client_person_primary ON crm.client_person (client_id) WHERE is_primary AND valid_to IS NULL;
CREATE INDEX client_person_person ON crm.client_person (person_id) WHERE valid_to IS NULL;

CREATE TABLE crm.phone (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	client_id  bigint      REFERENCES crm.client,
	person_id  bigint      REFERENCES crm.person,
	e164       bigint      CHECK (e164 BETWEEN 1 AND 999999999999999), -- null: kept as written, not understood
	raw        text        NOT NULL CHECK (raw <> ''),
	ext        text        NOT NULL DEFAULT '',
	kind       text        NOT NULL DEFAULT 'other' CHECK (kind IN ('mobile', 'work', 'home', 'fax', 'other')),
	is_main    boolean     NOT NULL DEFAULT false,
	note       text        NOT NULL DEFAULT '',
	created_at timestamptz NOT NULL DEFAULT now(),
	CHECK (num_nonnulls(client_id, person_id) = 1)
);
CREATE INDEX phone_number ON crm.phone (e164);
CREATE INDEX phone_last_digits ON crm.phone ((reverse(e164::text)) text_pattern_ops);
CREATE UNIQUE INDEX phone_client ON crm.phone (client_id, e164, ext) WHERE client_id IS NOT NULL;
CREATE UNIQUE INDEX phone_person ON crm.phone (person_id, e164, ext) WHERE person_id IS NOT NULL;
CREATE UNIQUE INDEX phone_client_main ON crm.phone (client_id) WHERE is_main AND client_id IS NOT NULL;
CREATE UNIQUE INDEX phone_person_main ON crm.phone (person_id) WHERE is_main AND person_id IS NOT NULL;

CREATE TABLE crm.email_addr (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	client_id  bigint      REFERENCES crm.client,
	person_id  bigint      REFERENCES crm.person,
	email      text        NOT NULL CHECK (email ~ '^[^@\s]+@[^@\s]+$' AND char_length(email) <= 254),
	email_fold text        GENERATED ALWAYS AS (lower(email)) STORED,
	kind       text        NOT NULL DEFAULT 'work' CHECK (kind IN ('work', 'personal', 'other')),
	is_main    boolean     NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT now(),
	CHECK (num_nonnulls(client_id, person_id) = 1)
);
CREATE INDEX email_exact ON crm.email_addr (email_fold);
CREATE INDEX email_search ON crm.email_addr USING gin (email_fold gin_trgm_ops);
CREATE UNIQUE INDEX email_client ON crm.email_addr (client_id, email_fold) WHERE client_id IS NOT NULL;
CREATE UNIQUE INDEX email_person ON crm.email_addr (person_id, email_fold) WHERE person_id IS NOT NULL;

CREATE TABLE crm.address (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	client_id  bigint      NOT NULL REFERENCES crm.client,
	kind       text        NOT NULL DEFAULT 'actual' CHECK (kind IN ('legal', 'actual', 'postal')),
	text       text        NOT NULL CHECK (char_length(btrim(text)) BETWEEN 1 AND 1000),
	city       text        NOT NULL DEFAULT '',
	text_fold  text        GENERATED ALWAYS AS (crm.name_fold(text || ' ' || city)) STORED,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX address_client ON crm.address (client_id);
CREATE INDEX address_search ON crm.address USING gin (text_fold gin_trgm_ops);

CREATE TABLE crm.number_mark (
	e164       bigint      PRIMARY KEY,
	spam       boolean     NOT NULL,
	marked_by  bigint      REFERENCES crm.employee,
	marked_at  timestamptz NOT NULL DEFAULT now()
);
-- +goose StatementEnd

-- Calls, interactions -------------------------------------------------------

-- +goose StatementBegin
CREATE TABLE crm.call (
	id             uuid        PRIMARY KEY,
	version        bigint      NOT NULL,
	pbx            text        NOT NULL,
	direction      text        NOT NULL CHECK (direction IN ('in', 'out', 'internal')),
	state          text        NOT NULL CHECK (state IN ('ringing', 'talking', 'held', 'ended')),
	disposition    text        CHECK (disposition IN ('answered', 'missed', 'abandoned', 'busy', 'failed', 'voicemail')),
	cause          int         NOT NULL DEFAULT 0, -- Q.850
	number_raw     text        NOT NULL DEFAULT '',
	number_e164    bigint,
	number_kind    text        NOT NULL CHECK (number_kind IN ('external', 'extension', 'anonymous', 'invalid')),
	number_display text        NOT NULL DEFAULT '',
	caller_name    text        NOT NULL DEFAULT '',
	did            text        NOT NULL DEFAULT '',
	queue          text        NOT NULL DEFAULT '',
	client_id      bigint      REFERENCES crm.client,
	person_id      bigint      REFERENCES crm.person,
	client_chosen  boolean     NOT NULL DEFAULT false, -- by a user; later versions of the call keep it
	answered_by    bigint      REFERENCES crm.employee,
	placed_by      bigint      REFERENCES crm.employee,
	user_ids       bigint[]    NOT NULL DEFAULT '{}', -- all who rang, took or placed it
	started_at     timestamptz NOT NULL,
	ring_at        timestamptz,
	answered_at    timestamptz,
	ended_at       timestamptz,
	wait_ms        bigint      NOT NULL DEFAULT 0,
	talk_ms        bigint      NOT NULL DEFAULT 0,
	hold_ms        bigint      NOT NULL DEFAULT 0,
	recorded       boolean     NOT NULL DEFAULT false,
	recovered      boolean     NOT NULL DEFAULT false,
	note           text        NOT NULL DEFAULT '',
	subject        text        NOT NULL DEFAULT '', -- its line in a client's history
	snapshot       jsonb       NOT NULL DEFAULT '{}', -- the whole call, to go on after a restart
	saved_at       timestamptz NOT NULL DEFAULT now(),
	CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
	CHECK (state <> 'ended' OR disposition IS NOT NULL)
);
CREATE INDEX call_journal ON crm.call (started_at DESC, id DESC);
CREATE INDEX call_number ON crm.call (number_e164, started_at DESC) WHERE number_e164 IS NOT NULL;
CREATE INDEX call_client ON crm.call (client_id, started_at DESC) WHERE client_id IS NOT NULL;
CREATE INDEX call_unmatched ON crm.call (number_e164) WHERE client_id IS NULL AND number_e164 IS NOT NULL;
CREATE INDEX call_unfinished ON crm.call (pbx, started_at) WHERE state <> 'ended';
CREATE INDEX call_users ON crm.call USING gin (user_ids);
CREATE INDEX call_last_digits ON crm.call ((reverse(number_e164::text)) text_pattern_ops) WHERE number_e164 IS NOT NULL;

CREATE TABLE crm.activity (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version     bigint      NOT NULL DEFAULT 1,
	client_id   bigint      REFERENCES crm.client,
	person_id   bigint      REFERENCES crm.person,
	kind        text        NOT NULL CHECK (kind IN ('call', 'note', 'system')),
	status      text        NOT NULL DEFAULT 'done' CHECK (status IN ('planned', 'done', 'failed', 'cancelled')),
	subject     text        NOT NULL DEFAULT '',
	body        text        NOT NULL DEFAULT '',
	planned_at  timestamptz,
	done_at     timestamptz,
	occurred_at timestamptz GENERATED ALWAYS AS (coalesce(done_at, planned_at)) STORED,
	author_id   bigint      REFERENCES crm.employee,
	call_id     uuid        UNIQUE REFERENCES crm.call, -- one interaction per call (AF-01)
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	deleted_at  timestamptz,
	CHECK (num_nonnulls(client_id, person_id) > 0), -- a person without organisation has a history too
	CHECK (num_nonnulls(done_at, planned_at) > 0),
	CHECK ((kind = 'call') = (call_id IS NOT NULL))
);
CREATE INDEX activity_history ON crm.activity (client_id, occurred_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX activity_person ON crm.activity (person_id, occurred_at DESC) WHERE person_id IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE crm.outbox (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	topic      text        NOT NULL, -- as call.ended
	dedupe     text        UNIQUE,   -- at most one event with this text is ever written
	payload    jsonb       NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	sent_at    timestamptz
);
CREATE INDEX outbox_unsent ON crm.outbox (id) WHERE sent_at IS NULL;

CREATE TABLE crm.audit_log (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at         timestamptz NOT NULL DEFAULT now(),
	actor_id   bigint      REFERENCES crm.employee, -- null: the system
	action     text        NOT NULL, -- as client.update
	entity     text        NOT NULL,
	entity_id  text        NOT NULL,
	detail     jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_entity ON crm.audit_log (entity, entity_id, id DESC);
CREATE INDEX audit_log_at ON crm.audit_log (at DESC);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP SCHEMA crm CASCADE;
-- +goose StatementEnd
