-- The phone index: one row per number, client and person, so that a caller is
-- found by one probe of one index (LU-02). Kept by STATEMENT triggers over
-- transition tables: a bulk import recomputes its numbers once, not per row.

-- +goose Up
-- +goose StatementBegin
CREATE TABLE crm.phone_lookup (
	e164            bigint   NOT NULL,
	rank            smallint NOT NULL, -- -1 spam, 0 main contact, 1 other affiliation, 2 client's own number, 3 person alone
	client_id       bigint,
	person_id       bigint,
	name            text     NOT NULL, -- person, or the client itself
	organisation    text     NOT NULL,
	last_contact_at timestamptz        -- of the client
);
-- All columns are in the index: the probe never visits the table.
CREATE UNIQUE INDEX phone_lookup_probe ON crm.phone_lookup (e164, rank, client_id, person_id)
	INCLUDE (name, organisation, last_contact_at) NULLS NOT DISTINCT;
-- The index-only scan needs the visibility map; many small updates would
-- leave it behind for long at the default scale factor.
ALTER TABLE crm.phone_lookup SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

-- What phone_lookup has to be.
CREATE VIEW crm.phone_lookup_source AS
SELECT p.e164, 2::smallint AS rank, c.id AS client_id, NULL::bigint AS person_id,
       c.name, ''::text AS organisation, c.last_contact_at
FROM crm.phone p
JOIN crm.client c ON c.id = p.client_id AND c.deleted_at IS NULL
WHERE p.e164 IS NOT NULL
UNION
SELECT p.e164, CASE WHEN cp.is_primary THEN 0 ELSE 1 END::smallint, c.id, h.id,
       h.name, c.name, c.last_contact_at
FROM crm.phone p
JOIN crm.person h ON h.id = p.person_id AND h.deleted_at IS NULL
JOIN crm.client_person cp ON cp.person_id = h.id AND cp.valid_to IS NULL
JOIN crm.client c ON c.id = cp.client_id AND c.deleted_at IS NULL
WHERE p.e164 IS NOT NULL
UNION
SELECT p.e164, 3::smallint, NULL, h.id, h.name, '', NULL
FROM crm.phone p
JOIN crm.person h ON h.id = p.person_id AND h.deleted_at IS NULL
WHERE p.e164 IS NOT NULL
  AND NOT EXISTS (SELECT FROM crm.client_person cp WHERE cp.person_id = h.id AND cp.valid_to IS NULL)
UNION ALL
SELECT m.e164, -1::smallint, NULL, NULL, '', '', NULL
FROM crm.number_mark m
WHERE m.spam;
-- +goose StatementEnd

-- +goose StatementBegin
-- The rows of the view for some numbers, found from the numbers by indexes,
-- whatever the planner believes of the tables. It believes wrong things of
-- tables filled a moment ago (that "deleted_at IS NULL" holds for one row in
-- two hundred) and would read a whole partial index for each number: minutes
-- instead of seconds for an import. Hence the settings, and OFFSET 0, which
-- keeps each step a search by its key.
CREATE FUNCTION crm.phone_lookup_of(numbers bigint[])
RETURNS TABLE (e164 bigint, rank smallint, client_id bigint, person_id bigint, name text, organisation text, last_contact_at timestamptz)
LANGUAGE sql STABLE ROWS 1000
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
	WITH owned AS MATERIALIZED (
		SELECT n.e164, p.client_id, p.person_id FROM unnest(numbers) n(e164) JOIN crm.phone p ON p.e164 = n.e164
	), persons AS MATERIALIZED (
		SELECT o.e164, h.id, h.name, EXISTS (
			SELECT FROM crm.client_person cp WHERE cp.person_id = h.id AND cp.valid_to IS NULL OFFSET 0) AS linked
		FROM owned o
		CROSS JOIN LATERAL (SELECT * FROM crm.person x WHERE x.id = o.person_id OFFSET 0) h
		WHERE h.deleted_at IS NULL
	)
	SELECT o.e164, 2::smallint, c.id, NULL::bigint, c.name, ''::text, c.last_contact_at
	FROM owned o
	CROSS JOIN LATERAL (SELECT * FROM crm.client x WHERE x.id = o.client_id OFFSET 0) c
	WHERE c.deleted_at IS NULL
	UNION
	SELECT h.e164, CASE WHEN cp.is_primary THEN 0 ELSE 1 END::smallint, c.id, h.id, h.name, c.name, c.last_contact_at
	FROM persons h
	CROSS JOIN LATERAL (SELECT * FROM crm.client_person x WHERE x.person_id = h.id AND x.valid_to IS NULL OFFSET 0) cp
	CROSS JOIN LATERAL (SELECT * FROM crm.client x WHERE x.id = cp.client_id OFFSET 0) c
	WHERE c.deleted_at IS NULL
	UNION
	SELECT h.e164, 3::smallint, NULL, h.id, h.name, '', NULL FROM persons h WHERE NOT h.linked
	UNION
	SELECT n.e164, -1::smallint, NULL, NULL, '', '', NULL
	FROM unnest(numbers) n(e164) JOIN crm.number_mark m ON m.e164 = n.e164 AND m.spam
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Brings the rows of the numbers in line with the view. Touches only rows that
-- differ, so that a busy number is not rewritten for nothing. Goes in portions,
-- which bounds what a plan made for few rows can cost.
CREATE FUNCTION crm.phone_lookup_refresh(numbers bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	portion bigint[];
	size CONSTANT int := 1000;
BEGIN
	FOR i IN 0 .. (cardinality(numbers) - 1) / size LOOP
		portion := numbers[i * size + 1 : (i + 1) * size];
		CONTINUE WHEN cardinality(portion) = 0;
		WITH want AS MATERIALIZED (
			SELECT * FROM crm.phone_lookup_of(portion)
		), gone AS (
			DELETE FROM crm.phone_lookup l
			USING unnest(portion) n(e164)
			WHERE l.e164 = n.e164
			  AND NOT EXISTS (
				SELECT FROM want w
				WHERE w.e164 = l.e164 AND w.rank = l.rank
				  AND coalesce(w.client_id, 0) = coalesce(l.client_id, 0)
				  AND coalesce(w.person_id, 0) = coalesce(l.person_id, 0))
		)
		INSERT INTO crm.phone_lookup AS l (e164, rank, client_id, person_id, name, organisation, last_contact_at)
		SELECT w.e164, w.rank, w.client_id, w.person_id, w.name, w.organisation, w.last_contact_at FROM want w
		ON CONFLICT (e164, rank, client_id, person_id) DO UPDATE
		SET name = excluded.name, organisation = excluded.organisation, last_contact_at = excluded.last_contact_at
		WHERE (l.name, l.organisation, l.last_contact_at)
		      IS DISTINCT FROM (excluded.name, excluded.organisation, excluded.last_contact_at);
	END LOOP;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Two transactions that change the two ends of one relation (a phone is added
-- while its client is deleted) would each miss the other's change. So whoever
-- changes phones or links first locks the clients and persons concerned, in
-- the order of their ids, and computes from a snapshot taken after that.
CREATE FUNCTION crm.phone_lookup_lock(clients bigint[], persons bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM crm.person WHERE id = ANY (persons) ORDER BY id FOR NO KEY UPDATE;
	PERFORM FROM crm.client
	WHERE id IN (SELECT unnest(clients)
	             UNION SELECT cp.client_id FROM unnest(persons) o(id)
	             JOIN crm.client_person cp ON cp.person_id = o.id AND cp.valid_to IS NULL)
	ORDER BY id FOR NO KEY UPDATE;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION crm.phone_lookup_on_phone() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	numbers bigint[];
	clients bigint[];
	persons bigint[];
BEGIN
	IF TG_OP = 'INSERT' THEN
		SELECT array_agg(DISTINCT e164), array_agg(DISTINCT client_id), array_agg(DISTINCT person_id)
		INTO numbers, clients, persons FROM new_rows WHERE e164 IS NOT NULL;
	ELSIF TG_OP = 'DELETE' THEN
		SELECT array_agg(DISTINCT e164), array_agg(DISTINCT client_id), array_agg(DISTINCT person_id)
		INTO numbers, clients, persons FROM old_rows WHERE e164 IS NOT NULL;
	ELSE
		SELECT array_agg(DISTINCT e164), array_agg(DISTINCT client_id), array_agg(DISTINCT person_id)
		INTO numbers, clients, persons
		FROM (SELECT e164, client_id, person_id FROM new_rows
		      UNION SELECT e164, client_id, person_id FROM old_rows) changed
		WHERE e164 IS NOT NULL;
	END IF;
	IF numbers IS NOT NULL THEN
		PERFORM crm.phone_lookup_lock(clients, persons);
		PERFORM crm.phone_lookup_refresh(numbers);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER phone_lookup_insert AFTER INSERT ON crm.phone
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_phone();
CREATE TRIGGER phone_lookup_update AFTER UPDATE ON crm.phone
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_phone();
CREATE TRIGGER phone_lookup_delete AFTER DELETE ON crm.phone
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_phone();
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION crm.phone_lookup_on_link() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	clients bigint[];
	persons bigint[];
BEGIN
	IF TG_OP = 'INSERT' THEN
		SELECT array_agg(DISTINCT client_id), array_agg(DISTINCT person_id) INTO clients, persons FROM new_rows;
	ELSIF TG_OP = 'DELETE' THEN
		SELECT array_agg(DISTINCT client_id), array_agg(DISTINCT person_id) INTO clients, persons FROM old_rows;
	ELSE
		SELECT array_agg(DISTINCT client_id), array_agg(DISTINCT person_id) INTO clients, persons
		FROM (SELECT client_id, person_id FROM new_rows UNION SELECT client_id, person_id FROM old_rows) changed;
	END IF;
	IF persons IS NOT NULL THEN
		PERFORM crm.phone_lookup_lock(clients, persons);
		PERFORM crm.phone_lookup_refresh(ARRAY(
			SELECT DISTINCT p.e164 FROM unnest(persons) o(id) JOIN crm.phone p ON p.person_id = o.id WHERE p.e164 IS NOT NULL));
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER phone_lookup_insert AFTER INSERT ON crm.client_person
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_link();
CREATE TRIGGER phone_lookup_update AFTER UPDATE ON crm.client_person
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_link();
CREATE TRIGGER phone_lookup_delete AFTER DELETE ON crm.client_person
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_link();
-- +goose StatementEnd

-- +goose StatementBegin
-- A client or person just inserted has no phones yet; a row cannot be deleted
-- for good while phones point at it. So only updates matter.
CREATE FUNCTION crm.phone_lookup_on_owner() RETURNS trigger
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
CREATE TRIGGER phone_lookup_update AFTER UPDATE ON crm.client
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_owner();
CREATE TRIGGER phone_lookup_update AFTER UPDATE ON crm.person
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_owner();
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION crm.phone_lookup_on_mark() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		PERFORM crm.phone_lookup_refresh(ARRAY(SELECT e164 FROM new_rows));
	ELSIF TG_OP = 'DELETE' THEN
		PERFORM crm.phone_lookup_refresh(ARRAY(SELECT e164 FROM old_rows));
	ELSE
		PERFORM crm.phone_lookup_refresh(ARRAY(SELECT e164 FROM new_rows UNION SELECT e164 FROM old_rows));
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER phone_lookup_insert AFTER INSERT ON crm.number_mark
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_mark();
CREATE TRIGGER phone_lookup_update AFTER UPDATE ON crm.number_mark
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_mark();
CREATE TRIGGER phone_lookup_delete AFTER DELETE ON crm.number_mark
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_mark();
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TRIGGER phone_lookup_update ON crm.client;
DROP TRIGGER phone_lookup_update ON crm.person;
DROP TRIGGER phone_lookup_insert ON crm.client_person;
DROP TRIGGER phone_lookup_update ON crm.client_person;
DROP TRIGGER phone_lookup_delete ON crm.client_person;
DROP TRIGGER phone_lookup_insert ON crm.phone;
DROP TRIGGER phone_lookup_update ON crm.phone;
DROP TRIGGER phone_lookup_delete ON crm.phone;
DROP TRIGGER phone_lookup_insert ON crm.number_mark;
DROP TRIGGER phone_lookup_update ON crm.number_mark;
DROP TRIGGER phone_lookup_delete ON crm.number_mark;
DROP FUNCTION crm.phone_lookup_on_phone, crm.phone_lookup_on_link, crm.phone_lookup_on_owner, crm.phone_lookup_on_mark;
DROP FUNCTION crm.phone_lookup_lock, crm.phone_lookup_refresh, crm.phone_lookup_of;
DROP VIEW crm.phone_lookup_source;
DROP TABLE crm.phone_lookup;
-- +goose StatementEnd
