-- The rows of a number are written by one at a time.

-- +goose Up
-- Whoever brings the rows of a number in line takes its turn first, and only
-- then looks at what they have to be. Without it he writes back, from a snapshot
-- of before, the row of another client of the number who is deleted or renamed
-- at the same time. The turns are few, however many numbers an import brings:
-- each is a lock in the server's memory. They come after the locks of clients
-- and persons, in one order.
-- +goose StatementBegin
CREATE FUNCTION crm.phone_lookup_turn(numbers bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(4, t.turn)
	FROM (SELECT DISTINCT hashint8(n) & 1023 AS turn FROM unnest(numbers) n ORDER BY 1) t;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION crm.phone_lookup_refresh(numbers bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	portion bigint[];
	size CONSTANT int := 1000;
BEGIN
	PERFORM crm.phone_lookup_turn(numbers);
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
		INSERT INTO crm.phone_lookup AS l (e164, rank, client_id, person_id, name, organisation, last_contact_at, chosen)
		SELECT w.e164, w.rank, w.client_id, w.person_id, w.name, w.organisation, w.last_contact_at, w.chosen FROM want w
		ON CONFLICT (e164, rank, client_id, person_id) DO UPDATE
		SET name = excluded.name, organisation = excluded.organisation, last_contact_at = excluded.last_contact_at,
		    chosen = excluded.chosen
		WHERE (l.name, l.organisation, l.last_contact_at, l.chosen)
		      IS DISTINCT FROM (excluded.name, excluded.organisation, excluded.last_contact_at, excluded.chosen);
	END LOOP;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION crm.phone_lookup_on_owner() RETURNS trigger
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
	changed bigint[];
	numbers bigint[];
	owners bigint[];
BEGIN
	IF TG_TABLE_NAME = 'client' THEN
		SELECT array_agg(n.id) INTO changed
		FROM new_rows n JOIN old_rows o USING (id)
		WHERE (n.name, n.deleted_at IS NULL) IS DISTINCT FROM (o.name, o.deleted_at IS NULL);
		SELECT array_agg(n.id), array_agg(p.e164) INTO owners, numbers
		FROM new_rows n JOIN old_rows o USING (id) CROSS JOIN LATERAL unnest(crm.numbers_of(ARRAY[n.id])) p (e164)
		WHERE (n.last_contact_at, n.responsible_id) IS DISTINCT FROM (o.last_contact_at, o.responsible_id);
		IF numbers IS NOT NULL THEN
			PERFORM crm.phone_lookup_turn(numbers);
			UPDATE crm.phone_lookup l SET last_contact_at = c.last_contact_at, responsible_id = c.responsible_id
			FROM unnest(owners, numbers) p (id, e164) JOIN crm.client c USING (id)
			WHERE l.e164 = p.e164 AND l.client_id = p.id;
		END IF;
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

-- What was written back so until now.
SELECT crm.phone_lookup_refresh(ARRAY(SELECT DISTINCT d.e164 FROM (
	(SELECT * FROM crm.phone_lookup EXCEPT SELECT * FROM crm.phone_lookup_source)
	UNION ALL
	(SELECT * FROM crm.phone_lookup_source EXCEPT SELECT * FROM crm.phone_lookup)) d));

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

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION crm.phone_lookup_refresh(numbers bigint[]) RETURNS void
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
		INSERT INTO crm.phone_lookup AS l (e164, rank, client_id, person_id, name, organisation, last_contact_at, chosen)
		SELECT w.e164, w.rank, w.client_id, w.person_id, w.name, w.organisation, w.last_contact_at, w.chosen FROM want w
		ON CONFLICT (e164, rank, client_id, person_id) DO UPDATE
		SET name = excluded.name, organisation = excluded.organisation, last_contact_at = excluded.last_contact_at,
		    chosen = excluded.chosen
		WHERE (l.name, l.organisation, l.last_contact_at, l.chosen)
		      IS DISTINCT FROM (excluded.name, excluded.organisation, excluded.last_contact_at, excluded.chosen);
	END LOOP;
END $$;
-- +goose StatementEnd
DROP FUNCTION crm.phone_lookup_turn;
