-- +goose Up
-- +goose StatementBegin
-- A test call (PB-11) is told apart by the call itself, so that no writer can
-- forget it: it is in no report and in no client's history.
ALTER TABLE crm.call ADD COLUMN test boolean NOT NULL
	GENERATED ALWAYS AS (coalesce(snapshot ->> 'test' = 'true', false)) STORED;

-- Why a call popped up and for whom (PB-13), kept for some weeks.
CREATE TABLE crm.call_why (
	call_id uuid        PRIMARY KEY REFERENCES crm.call ON DELETE CASCADE,
	at      timestamptz NOT NULL, -- end of the call
	why     jsonb       NOT NULL  -- cti.Why without texts
);
CREATE INDEX call_why_at ON crm.call_why (at);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE crm.call_why;
ALTER TABLE crm.call DROP COLUMN test;
-- +goose StatementEnd
