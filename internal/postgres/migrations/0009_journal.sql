-- What the journal finds calls by without an index of every word and user on
-- each version of each call (AF-03), and the responsible in the phone index
-- (LU-02).

-- +goose Up
-- +goose StatementBegin
CREATE TABLE crm.call_user (
	user_id    bigint      NOT NULL, -- as in call.user_ids, not checked
	started_at timestamptz NOT NULL, -- of the call
	call_id    uuid        NOT NULL,
	PRIMARY KEY (user_id, started_at, call_id)
);
COMMENT ON TABLE crm.call_user IS 'Whose calls there are, in the journal''s order; kept by triggers on crm.call.';
INSERT INTO crm.call_user
	SELECT DISTINCT u.id, k.started_at, k.id FROM crm.call k CROSS JOIN LATERAL unnest(k.user_ids) u (id);
DROP INDEX crm.call_users;

CREATE TABLE crm.caller_name (name text PRIMARY KEY);
COMMENT ON TABLE crm.caller_name IS 'Every caller_name of crm.call once, kept by triggers: parts of names are searched here.';
INSERT INTO crm.caller_name SELECT DISTINCT k.caller_name FROM crm.call k WHERE k.caller_name <> '';
CREATE INDEX caller_name_fold ON crm.caller_name USING gin (crm.name_fold(name) gin_trgm_ops) WITH (fastupdate = off);
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION crm.call_keep_users() RETURNS trigger
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
CREATE TRIGGER call_user_insert AFTER INSERT ON crm.call FOR EACH ROW
	WHEN (NEW.user_ids <> '{}') EXECUTE FUNCTION crm.call_keep_users();
CREATE TRIGGER call_user_update AFTER UPDATE ON crm.call FOR EACH ROW
	WHEN ((NEW.user_ids, NEW.started_at) IS DISTINCT FROM (OLD.user_ids, OLD.started_at)) EXECUTE FUNCTION crm.call_keep_users();
CREATE TRIGGER call_user_delete AFTER DELETE ON crm.call FOR EACH ROW
	WHEN (OLD.user_ids <> '{}') EXECUTE FUNCTION crm.call_keep_users();

CREATE FUNCTION crm.call_keep_name() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO crm.caller_name VALUES (NEW.caller_name) ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
CREATE TRIGGER caller_name_insert AFTER INSERT ON crm.call FOR EACH ROW
	WHEN (NEW.caller_name <> '') EXECUTE FUNCTION crm.call_keep_name();
CREATE TRIGGER caller_name_update AFTER UPDATE OF caller_name ON crm.call FOR EACH ROW
	WHEN (NEW.caller_name <> '' AND NEW.caller_name <> OLD.caller_name) EXECUTE FUNCTION crm.call_keep_name();
-- +goose StatementEnd

-- Obligations ---------------------------------------------------------------

-- +goose StatementBegin
-- Every step of these is a search by a key, whatever the key: a plan is made
-- once for a connection. Planned anew for each call, they took half the time
-- of its save.
ALTER FUNCTION crm.obligation_follow SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION crm.obligation_refresh SET plan_cache_mode = force_generic_plan;
CREATE OR REPLACE FUNCTION crm.numbers_of(clients bigint[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	RETURN (SELECT array_agg(DISTINCT e164) FROM (
		SELECT p.e164 FROM crm.phone p WHERE p.client_id = ANY (clients)
		UNION ALL
		SELECT p.e164 FROM crm.client_person cp JOIN crm.phone p ON p.person_id = cp.person_id
		WHERE cp.client_id = ANY (clients) AND cp.valid_to IS NULL
	) n WHERE e164 IS NOT NULL);
END $$;
-- +goose StatementEnd

-- The responsible in the phone index -----------------------------------------

-- +goose StatementBegin
DROP INDEX crm.phone_lookup_probe;
ALTER TABLE crm.phone_lookup ADD COLUMN responsible_id bigint; -- of the client
UPDATE crm.phone_lookup l SET responsible_id = c.responsible_id
	FROM crm.client c WHERE c.id = l.client_id AND c.responsible_id IS NOT NULL;
CREATE UNIQUE INDEX phone_lookup_probe ON crm.phone_lookup (e164, rank, client_id, person_id)
	INCLUDE (name, organisation, last_contact_at, chosen, responsible_id) NULLS NOT DISTINCT;

ALTER VIEW crm.phone_lookup_source RENAME TO phone_lookup_matches;
CREATE VIEW crm.phone_lookup_source AS
SELECT m.*, c.responsible_id FROM crm.phone_lookup_matches m LEFT JOIN crm.client c ON c.id = m.client_id;

CREATE FUNCTION crm.phone_lookup_responsible() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	NEW.responsible_id := (SELECT c.responsible_id FROM crm.client c WHERE c.id = NEW.client_id);
	RETURN NEW;
END $$;
CREATE TRIGGER phone_lookup_responsible BEFORE INSERT ON crm.phone_lookup FOR EACH ROW
	WHEN (NEW.client_id IS NOT NULL) EXECUTE FUNCTION crm.phone_lookup_responsible();
-- +goose StatementEnd

-- +goose StatementBegin
-- As before, but what changes with every talk, and with a responsible, is
-- written without working out the matches again.
CREATE OR REPLACE FUNCTION crm.phone_lookup_on_owner() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	changed bigint[];
	numbers bigint[];
BEGIN
	IF TG_TABLE_NAME = 'client' THEN
		SELECT array_agg(n.id) INTO changed
		FROM new_rows n JOIN old_rows o USING (id)
		WHERE (n.name, n.deleted_at IS NULL) IS DISTINCT FROM (o.name, o.deleted_at IS NULL);
		UPDATE crm.phone_lookup l SET last_contact_at = n.last_contact_at, responsible_id = n.responsible_id
		FROM new_rows n JOIN old_rows o USING (id) CROSS JOIN LATERAL unnest(crm.numbers_of(ARRAY[n.id])) p (e164)
		WHERE (n.last_contact_at, n.responsible_id) IS DISTINCT FROM (o.last_contact_at, o.responsible_id)
		  AND l.e164 = p.e164 AND l.client_id = n.id;
		IF changed IS NULL THEN
			RETURN NULL;
		END IF;
		numbers := ARRAY(
			SELECT p.e164 FROM unnest(changed) o(id) JOIN crm.phone p ON p.client_id = o.id WHERE p.e164 IS NOT NULL
			UNION
			SELECT p.e164 FROM unnest(changed) o(id)
			JOIN crm.client_person cp ON cp.client_id = o.id AND cp.valid_to IS NULL
			JOIN crm.phone p ON p.person_id = cp.person_id WHERE p.e164 IS NOT NULL);
	ELSE
		SELECT array_agg(n.id) INTO changed
		FROM new_rows n JOIN old_rows o USING (id)
		WHERE (n.name, n.deleted_at IS NULL) IS DISTINCT FROM (o.name, o.deleted_at IS NULL);
		IF changed IS NULL THEN
			RETURN NULL;
		END IF;
		numbers := ARRAY(
			SELECT DISTINCT p.e164 FROM unnest(changed) o(id) JOIN crm.phone p ON p.person_id = o.id WHERE p.e164 IS NOT NULL);
	END IF;
	IF cardinality(numbers) > 0 THEN
		PERFORM crm.phone_lookup_refresh(numbers);
	END IF;
	RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION crm.phone_lookup_on_owner() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	changed bigint[];
	numbers bigint[];
BEGIN
	IF TG_TABLE_NAME = 'client' THEN
		SELECT array_agg(n.id) INTO changed
		FROM new_rows n JOIN old_rows o USING (id)
		WHERE (n.name, n.deleted_at IS NULL, n.last_contact_at)
		      IS DISTINCT FROM (o.name, o.deleted_at IS NULL, o.last_contact_at);
		IF changed IS NULL THEN
			RETURN NULL;
		END IF;
		numbers := ARRAY(
			SELECT p.e164 FROM unnest(changed) o(id) JOIN crm.phone p ON p.client_id = o.id WHERE p.e164 IS NOT NULL
			UNION
			SELECT p.e164 FROM unnest(changed) o(id)
			JOIN crm.client_person cp ON cp.client_id = o.id AND cp.valid_to IS NULL
			JOIN crm.phone p ON p.person_id = cp.person_id WHERE p.e164 IS NOT NULL);
	ELSE
		SELECT array_agg(n.id) INTO changed
		FROM new_rows n JOIN old_rows o USING (id)
		WHERE (n.name, n.deleted_at IS NULL) IS DISTINCT FROM (o.name, o.deleted_at IS NULL);
		IF changed IS NULL THEN
			RETURN NULL;
		END IF;
		numbers := ARRAY(
			SELECT DISTINCT p.e164 FROM unnest(changed) o(id) JOIN crm.phone p ON p.person_id = o.id WHERE p.e164 IS NOT NULL);
	END IF;
	IF cardinality(numbers) > 0 THEN
		PERFORM crm.phone_lookup_refresh(numbers);
	END IF;
	RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DROP TRIGGER phone_lookup_responsible ON crm.phone_lookup;
DROP FUNCTION crm.phone_lookup_responsible;
DROP VIEW crm.phone_lookup_source;
ALTER VIEW crm.phone_lookup_matches RENAME TO phone_lookup_source;
DROP INDEX crm.phone_lookup_probe;
ALTER TABLE crm.phone_lookup DROP COLUMN responsible_id;
CREATE UNIQUE INDEX phone_lookup_probe ON crm.phone_lookup (e164, rank, client_id, person_id)
	INCLUDE (name, organisation, last_contact_at, chosen) NULLS NOT DISTINCT;

CREATE OR REPLACE FUNCTION crm.numbers_of(clients bigint[]) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
	SELECT array_agg(DISTINCT e164) FROM (
		SELECT p.e164 FROM crm.phone p WHERE p.client_id = ANY (clients)
		UNION ALL
		SELECT p.e164 FROM crm.client_person cp JOIN crm.phone p ON p.person_id = cp.person_id
		WHERE cp.client_id = ANY (clients) AND cp.valid_to IS NULL
	) n WHERE e164 IS NOT NULL
$$;
ALTER FUNCTION crm.obligation_refresh RESET plan_cache_mode;
ALTER FUNCTION crm.obligation_follow RESET plan_cache_mode;

DROP TRIGGER caller_name_update ON crm.call;
DROP TRIGGER caller_name_insert ON crm.call;
DROP TRIGGER call_user_delete ON crm.call;
DROP TRIGGER call_user_update ON crm.call;
DROP TRIGGER call_user_insert ON crm.call;
DROP FUNCTION crm.call_keep_name, crm.call_keep_users;
DROP TABLE crm.caller_name, crm.call_user;
CREATE INDEX call_users ON crm.call USING gin (user_ids);
-- +goose StatementEnd
