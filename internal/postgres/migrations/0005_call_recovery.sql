-- Recovery of calls from the PBX's own records (PB-04): which channels belong
-- to which call, and how far each source was read.

-- +goose Up
-- +goose StatementBegin
CREATE TABLE crm.call_channel (
	pbx     text NOT NULL,
	channel text NOT NULL, -- unique id or linkedid at the PBX
	call_id uuid NOT NULL REFERENCES crm.call ON DELETE CASCADE,
	PRIMARY KEY (pbx, channel)
);
CREATE INDEX call_channel_call ON crm.call_channel (call_id);
COMMENT ON TABLE crm.call_channel IS 'Of ended calls. A channel is in one call: what is found by it is never recovered twice.';

INSERT INTO crm.call_channel (pbx, channel, call_id)
SELECT k.pbx, l.leg ->> 'id', k.id
FROM crm.call k CROSS JOIN LATERAL jsonb_array_elements(
	CASE WHEN jsonb_typeof(k.snapshot -> 'legs') = 'array' THEN k.snapshot -> 'legs' ELSE '[]' END) AS l (leg)
WHERE k.state = 'ended' AND coalesce(l.leg ->> 'id', '') <> ''
ORDER BY k.started_at
ON CONFLICT DO NOTHING;

CREATE TABLE crm.cdr_reader (
	pbx        text        NOT NULL,
	source     text        NOT NULL, -- cdr_csv, cdr_pgsql
	position   text        NOT NULL, -- what it means is the source's affair
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (pbx, source)
);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE crm.cdr_reader;
DROP TABLE crm.call_channel;
-- +goose StatementEnd
