-- Matching and routing: the choice an operator made for a number, working
-- hours and absences for personal managers, pop settings, and a role that sees
-- numbers masked.

-- +goose Up
-- +goose StatementBegin
CREATE TABLE crm.number_choice (
	e164      bigint      PRIMARY KEY,
	client_id bigint      NOT NULL REFERENCES crm.client,
	person_id bigint      REFERENCES crm.person, -- null: whoever of the client
	chosen_by bigint      REFERENCES crm.employee,
	chosen_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE crm.number_choice IS 'Which of several matches of a number an operator chose (LU-04).';
CREATE INDEX number_choice_client ON crm.number_choice (client_id);

-- The choice is a column of the phone index, so that the lookup stays one
-- probe of one index.
DROP INDEX crm.phone_lookup_probe;
ALTER TABLE crm.phone_lookup ADD COLUMN chosen boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX phone_lookup_probe ON crm.phone_lookup (e164, rank, client_id, person_id)
	INCLUDE (name, organisation, last_contact_at, chosen) NULLS NOT DISTINCT;

DROP VIEW crm.phone_lookup_source;
CREATE VIEW crm.phone_lookup_source AS
SELECT s.*, EXISTS (SELECT FROM crm.number_choice n WHERE n.e164 = s.e164 AND n.client_id = s.client_id
                    AND (n.person_id IS NULL OR n.person_id = s.person_id)) AS chosen
FROM (
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
WHERE m.spam
) s;

DROP FUNCTION crm.phone_lookup_of;
-- +goose StatementEnd

-- +goose StatementBegin
-- As before, with what was chosen for a number beside its rows.
CREATE FUNCTION crm.phone_lookup_of(numbers bigint[])
RETURNS TABLE (e164 bigint, rank smallint, client_id bigint, person_id bigint, name text, organisation text,
               last_contact_at timestamptz, chosen boolean)
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
	), found (e164, rank, client_id, person_id, name, organisation, last_contact_at) AS (
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
	)
	SELECT f.*, EXISTS (SELECT FROM crm.number_choice n WHERE n.e164 = f.e164 AND n.client_id = f.client_id
	                    AND (n.person_id IS NULL OR n.person_id = f.person_id) OFFSET 0)
	FROM found f
$$;
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

-- +goose StatementBegin
CREATE FUNCTION crm.phone_lookup_on_choice() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	numbers bigint[];
	clients bigint[];
BEGIN
	IF TG_OP = 'INSERT' THEN
		SELECT array_agg(e164), array_agg(DISTINCT client_id) INTO numbers, clients FROM new_rows;
	ELSIF TG_OP = 'DELETE' THEN
		SELECT array_agg(e164), array_agg(DISTINCT client_id) INTO numbers, clients FROM old_rows;
	ELSE
		SELECT array_agg(DISTINCT e164), array_agg(DISTINCT client_id) INTO numbers, clients
		FROM (SELECT e164, client_id FROM new_rows UNION SELECT e164, client_id FROM old_rows) changed;
	END IF;
	IF numbers IS NOT NULL THEN
		-- A phone added to the client at the same time must not miss the choice.
		PERFORM crm.phone_lookup_lock(clients, '{}');
		PERFORM crm.phone_lookup_refresh(numbers);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER phone_lookup_insert AFTER INSERT ON crm.number_choice
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_choice();
CREATE TRIGGER phone_lookup_update AFTER UPDATE ON crm.number_choice
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_choice();
CREATE TRIGGER phone_lookup_delete AFTER DELETE ON crm.number_choice
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION crm.phone_lookup_on_choice();
-- +goose StatementEnd

-- +goose StatementBegin
-- Working hours. Those of employee null are the office's; an employee with
-- own_hours and no rows never works.
CREATE TABLE crm.work_hours (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	employee_id bigint   REFERENCES crm.employee,
	weekday     smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7), -- ISO 8601: 1 is Monday
	from_minute smallint NOT NULL CHECK (from_minute BETWEEN 0 AND 1439), -- of the office's day
	to_minute   smallint NOT NULL CHECK (to_minute BETWEEN 1 AND 1440),   -- not after from_minute: on the next day
	CHECK (from_minute <> to_minute)
);
CREATE INDEX work_hours_employee ON crm.work_hours (employee_id);

CREATE TABLE crm.employee_routing (
	employee_id bigint  PRIMARY KEY REFERENCES crm.employee,
	own_hours   boolean NOT NULL DEFAULT false,
	deputy_id   bigint  REFERENCES crm.employee CHECK (deputy_id <> employee_id)
);

CREATE TABLE crm.absence (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	employee_id bigint      NOT NULL REFERENCES crm.employee,
	kind        text        NOT NULL CHECK (kind IN ('vacation', 'illness', 'trip', 'other')),
	from_at     timestamptz NOT NULL,
	to_at       timestamptz NOT NULL, -- exclusive
	deputy_id   bigint      REFERENCES crm.employee CHECK (deputy_id <> employee_id), -- null: the usual one
	note        text        NOT NULL DEFAULT '' CHECK (char_length(note) <= 1000),
	created_by  bigint      REFERENCES crm.employee,
	created_at  timestamptz NOT NULL DEFAULT now(),
	CHECK (from_at < to_at)
);
CREATE INDEX absence_employee ON crm.absence (employee_id, to_at);

CREATE TABLE crm.pop_setting (
	employee_id bigint  PRIMARY KEY REFERENCES crm.employee,
	mode        text    NOT NULL CHECK (mode IN ('ring', 'answer', 'never')),
	notify      boolean NOT NULL,
	sound       boolean NOT NULL,
	open_card   text    NOT NULL CHECK (open_card IN ('never', 'ring', 'answer')),
	link        text    NOT NULL DEFAULT '' CHECK (char_length(link) <= 2000)
);

-- An agent works like an operator and sees numbers masked (PU-09).
ALTER TABLE crm.employee DROP CONSTRAINT employee_role_check;
ALTER TABLE crm.employee ADD CONSTRAINT employee_role_check
	CHECK (role IN ('admin', 'supervisor', 'manager', 'operator', 'agent'));
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
UPDATE crm.employee SET role = 'operator' WHERE role = 'agent';
ALTER TABLE crm.employee DROP CONSTRAINT employee_role_check;
ALTER TABLE crm.employee ADD CONSTRAINT employee_role_check CHECK (role IN ('admin', 'supervisor', 'manager', 'operator'));
DROP TABLE crm.pop_setting, crm.absence, crm.employee_routing, crm.work_hours, crm.number_choice;
DROP FUNCTION crm.phone_lookup_on_choice, crm.phone_lookup_of;
DROP VIEW crm.phone_lookup_source;
DROP INDEX crm.phone_lookup_probe;
ALTER TABLE crm.phone_lookup DROP COLUMN chosen;
CREATE UNIQUE INDEX phone_lookup_probe ON crm.phone_lookup (e164, rank, client_id, person_id)
	INCLUDE (name, organisation, last_contact_at) NULLS NOT DISTINCT;
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
		INSERT INTO crm.phone_lookup AS l (e164, rank, client_id, person_id, name, organisation, last_contact_at)
		SELECT w.e164, w.rank, w.client_id, w.person_id, w.name, w.organisation, w.last_contact_at FROM want w
		ON CONFLICT (e164, rank, client_id, person_id) DO UPDATE
		SET name = excluded.name, organisation = excluded.organisation, last_contact_at = excluded.last_contact_at
		WHERE (l.name, l.organisation, l.last_contact_at)
		      IS DISTINCT FROM (excluded.name, excluded.organisation, excluded.last_contact_at);
	END LOOP;
END $$;
-- +goose StatementEnd
