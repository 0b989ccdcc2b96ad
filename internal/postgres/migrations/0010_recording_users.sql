-- Who is told of a recording: its call may not be written yet when the PBX
-- fails or the file is fetched.

-- +goose Up
ALTER TABLE crm.recording ADD COLUMN user_ids bigint[] NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE crm.recording DROP COLUMN user_ids;
