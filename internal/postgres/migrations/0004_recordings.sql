-- Recordings of calls (CO-08): the entity, its parts at the PBX, who listened.
-- call_id has no foreign key: a recording begins before its call is first
-- written, and outlives a record that turned out to be a part of another.

-- +goose Up
-- +goose StatementBegin
CREATE TABLE crm.recording (
	id           uuid        PRIMARY KEY,
	version      bigint      NOT NULL, -- of what the call engine says
	call_id      uuid        NOT NULL,
	pbx          text        NOT NULL,
	state        text        NOT NULL CHECK (state IN ('recording', 'paused', 'stored_at_pbx', 'fetching', 'ready', 'failed', 'missing', 'deleted')),
	reason       text        NOT NULL DEFAULT '',
	detail       text        NOT NULL DEFAULT '', -- cause as the machine said it
	origin       text        NOT NULL CHECK (origin IN ('auto', 'user', 'pbx')),
	started_by   bigint      REFERENCES crm.employee,
	started_at   timestamptz NOT NULL,
	ended_at     timestamptz,
	duration_ms  bigint      NOT NULL DEFAULT 0,
	size         bigint      NOT NULL DEFAULT 0,
	format       text        NOT NULL DEFAULT '',
	channels     int         NOT NULL DEFAULT 0,
	sha256       text        NOT NULL DEFAULT '',
	key          text        NOT NULL DEFAULT '', -- of the file in the storage
	waveform     jsonb,
	attempts     int         NOT NULL DEFAULT 0,
	retry_at     timestamptz, -- when it is to be fetched; null: not again
	leased_until timestamptz, -- while fetching: after that it is anybody's
	at_pbx       boolean     NOT NULL DEFAULT false, -- files of ours are still there
	created_at   timestamptz NOT NULL DEFAULT now(),
	updated_at   timestamptz NOT NULL DEFAULT now(),
	deleted_at   timestamptz
);
CREATE INDEX recording_call ON crm.recording (call_id);
CREATE INDEX recording_list ON crm.recording (started_at DESC, id DESC);
CREATE INDEX recording_under_way ON crm.recording (pbx) WHERE state IN ('recording', 'paused');
CREATE INDEX recording_due ON crm.recording (retry_at) WHERE state IN ('stored_at_pbx', 'failed', 'fetching');
CREATE INDEX recording_leftover ON crm.recording (id) WHERE at_pbx AND state IN ('ready', 'missing', 'deleted');
CREATE UNIQUE INDEX recording_key ON crm.recording (key) WHERE key <> '';

CREATE TABLE crm.recording_part (
	recording_id uuid        NOT NULL REFERENCES crm.recording ON DELETE CASCADE,
	seq          int         NOT NULL,
	source       text        NOT NULL CHECK (source IN ('ari', 'folder')),
	name         text        NOT NULL,
	channel      text        NOT NULL DEFAULT '', -- unique id at the PBX
	started_at   timestamptz NOT NULL,
	ended_at     timestamptz,
	failed       text        NOT NULL DEFAULT '',
	key          text        NOT NULL DEFAULT '',
	size         bigint      NOT NULL DEFAULT 0,
	gone         boolean     NOT NULL DEFAULT false,
	PRIMARY KEY (recording_id, seq)
);
CREATE INDEX recording_part_key ON crm.recording_part (key) WHERE key <> '';

CREATE TABLE crm.recording_listening (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	recording_id uuid        NOT NULL REFERENCES crm.recording ON DELETE CASCADE,
	user_id      bigint      REFERENCES crm.employee, -- null: the system
	via          text        NOT NULL CHECK (via IN ('session', 'link')),
	address      text        NOT NULL DEFAULT '',
	at           timestamptz NOT NULL,
	last_at      timestamptz NOT NULL,
	requests     int         NOT NULL DEFAULT 1
);
CREATE INDEX recording_listening_of ON crm.recording_listening (recording_id, id DESC);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE crm.recording_listening, crm.recording_part, crm.recording;
-- +goose StatementEnd
