-- What the save of a call costs.

-- +goose Up
-- Plans of these are made once for a connection (0009), maybe while the journal
-- is new: they must not be such as read all of a small table.
ALTER FUNCTION crm.obligation_follow SET enable_seqscan = off;
ALTER FUNCTION crm.obligation_refresh SET enable_seqscan = off;

-- Most calls are first saved without users, and there is nothing to delete.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION crm.call_keep_users() RETURNS trigger
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	IF TG_OP <> 'INSERT' AND OLD.user_ids <> '{}' THEN
		DELETE FROM crm.call_user u
		WHERE u.user_id = ANY (OLD.user_ids) AND u.started_at = OLD.started_at AND u.call_id = OLD.id;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO crm.call_user SELECT DISTINCT n.id, NEW.started_at, NEW.id FROM unnest(NEW.user_ids) n (id);
	END IF;
	RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
ALTER FUNCTION crm.obligation_refresh RESET enable_seqscan;
ALTER FUNCTION crm.obligation_follow RESET enable_seqscan;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION crm.call_keep_users() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		DELETE FROM crm.call_user u USING unnest(OLD.user_ids) o (id)
		WHERE u.user_id = o.id AND u.started_at = OLD.started_at AND u.call_id = OLD.id;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO crm.call_user SELECT DISTINCT n.id, NEW.started_at, NEW.id FROM unnest(NEW.user_ids) n (id);
	END IF;
	RETURN NULL;
END $$;
ALTER FUNCTION crm.call_keep_users RESET plan_cache_mode;
-- +goose StatementEnd
