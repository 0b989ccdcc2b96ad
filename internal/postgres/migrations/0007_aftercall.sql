-- After the call: missed calls as obligations (AF-02), what the journal and
-- the reports search by (AF-03, AF-04), results of wrap-up and the next
-- contact (PU-08, NC-03).

-- +goose Up
-- +goose StatementBegin
CREATE TABLE crm.office_setting (
	key        text        PRIMARY KEY, -- as missed_calls
	value      jsonb       NOT NULL,
	updated_at timestamptz NOT NULL DEFAULT now(),
	updated_by bigint      REFERENCES crm.employee
);

CREATE TABLE crm.wrapup_result (
	id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version           bigint      NOT NULL DEFAULT 1,
	name_ru           text        NOT NULL CHECK (char_length(name_ru) BETWEEN 1 AND 100),
	name_en           text        NOT NULL CHECK (char_length(name_en) BETWEEN 1 AND 100),
	color             text        NOT NULL DEFAULT '#757575' CHECK (color ~ '^#[0-9a-f]{6}$'),
	position          int         NOT NULL DEFAULT 0,
	requires_note     boolean     NOT NULL DEFAULT false,
	next_contact_days int         CHECK (next_contact_days BETWEEN 0 AND 365), -- null: no next contact is suggested
	active            boolean     NOT NULL DEFAULT true,
	created_at        timestamptz NOT NULL DEFAULT now(),
	updated_at        timestamptz NOT NULL DEFAULT now(),
	deleted_at        timestamptz -- past calls keep their result
);
INSERT INTO crm.wrapup_result (name_ru, name_en, color, position, requires_note, next_contact_days) VALUES
	('Вопрос решён', 'Resolved', '#2e7d32', 10, false, NULL),
	('Договорились', 'Agreed', '#00796b', 20, false, 3),
	('Отправить предложение', 'Send an offer', '#1565c0', 30, false, 2),
	('Думает', 'Considering', '#6a1b9a', 40, false, 3),
	('Перезвонить', 'Call back', '#0277bd', 50, false, 1),
	('Не дозвонились', 'Not reached', '#ef6c00', 60, false, 1),
	('Жалоба', 'Complaint', '#c62828', 70, true, 1),
	('Отказ', 'Declined', '#455a64', 80, true, NULL),
	('Ошиблись номером', 'Wrong number', '#757575', 90, false, NULL);

ALTER TABLE crm.call
	ADD COLUMN wrapup_id       bigint REFERENCES crm.wrapup_result,
	ADD COLUMN wrapup_by       bigint REFERENCES crm.employee,
	ADD COLUMN wrapup_at       timestamptz,
	ADD COLUMN next_contact_at timestamptz,
	ADD COLUMN transferred     boolean NOT NULL GENERATED ALWAYS AS
		(jsonb_path_exists(snapshot, '$.transfers[*] ? (@.kind == "blind" || @.kind == "attended")')) STORED;

-- The planned next contact is an interaction of its own kind (NC-03).
ALTER TABLE crm.activity DROP CONSTRAINT activity_kind_check;
ALTER TABLE crm.activity
	ADD CONSTRAINT activity_kind_check CHECK (kind IN ('call', 'note', 'system', 'task')),
	ADD COLUMN owner_id     bigint REFERENCES crm.employee, -- who is to do what is planned
	ADD COLUMN from_call_id uuid   REFERENCES crm.call ON DELETE SET NULL; -- the call after which it was planned
CREATE UNIQUE INDEX activity_from_call ON crm.activity (from_call_id) WHERE from_call_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX activity_planned ON crm.activity (owner_id, planned_at) WHERE status = 'planned' AND deleted_at IS NULL;

-- The journal's filters, each in the journal's order.
CREATE INDEX call_by_queue ON crm.call (queue, started_at DESC, id DESC) WHERE queue <> '';
CREATE INDEX call_by_pbx ON crm.call (pbx, started_at DESC, id DESC);
CREATE INDEX call_by_result ON crm.call (disposition, direction, started_at DESC, id DESC);
CREATE INDEX call_by_direction ON crm.call (direction, started_at DESC, id DESC);
CREATE INDEX call_by_wrapup ON crm.call (wrapup_id, started_at DESC, id DESC) WHERE wrapup_id IS NOT NULL;
CREATE INDEX call_missed ON crm.call (started_at DESC, id DESC)
	WHERE direction = 'in' AND disposition IN ('missed', 'abandoned', 'busy', 'failed');
CREATE INDEX call_recorded ON crm.call (recorded, started_at DESC, id DESC);
CREATE INDEX call_noted ON crm.call (started_at DESC, id DESC) WHERE note <> '';
CREATE INDEX call_transferred ON crm.call (started_at DESC, id DESC) WHERE transferred;
CREATE INDEX call_by_talk ON crm.call (talk_ms DESC, id DESC);
CREATE INDEX call_by_wait ON crm.call (wait_ms DESC, id DESC);
CREATE INDEX call_caller_name ON crm.call (caller_name, started_at DESC) WHERE caller_name <> '';
CREATE INDEX call_raw ON crm.call (number_raw, started_at DESC) WHERE number_e164 IS NULL;
CREATE INDEX call_person ON crm.call (person_id, started_at DESC) WHERE person_id IS NOT NULL;
-- +goose StatementEnd

-- Missed calls as obligations -----------------------------------------------

-- +goose StatementBegin
-- One row is one stretch of missed calls of a client (or of a number that is
-- nobody's) up to the talk that settled it. It follows from the calls and may
-- always be computed again from them; only who it is assigned to and a closing
-- by hand are its own.
CREATE TABLE crm.obligation (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version     bigint      NOT NULL DEFAULT 1,
	client_id   bigint      REFERENCES crm.client,
	number_e164 bigint,
	attempts    int         NOT NULL,
	first_at    timestamptz NOT NULL, -- end of the first missed call
	last_at     timestamptz NOT NULL, -- end of the last one
	last_call   uuid        REFERENCES crm.call ON DELETE SET NULL,
	assigned_to bigint      REFERENCES crm.employee, -- null: the client's responsible
	closed_at   timestamptz,
	closed_how  text        CHECK (closed_how IN ('contact', 'hand')),
	closed_call uuid        REFERENCES crm.call ON DELETE SET NULL,
	closed_by   bigint      REFERENCES crm.employee,
	reason      text        NOT NULL DEFAULT '',
	created_at  timestamptz NOT NULL DEFAULT now(),
	CHECK (num_nonnulls(client_id, number_e164) = 1),
	CHECK ((closed_at IS NULL) = (closed_how IS NULL))
);
CREATE UNIQUE INDEX obligation_open_client ON crm.obligation (client_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX obligation_open_number ON crm.obligation (number_e164) WHERE closed_at IS NULL;
CREATE INDEX obligation_client ON crm.obligation (client_id, first_at) WHERE client_id IS NOT NULL;
CREATE INDEX obligation_number ON crm.obligation (number_e164, first_at) WHERE number_e164 IS NOT NULL;
CREATE INDEX obligation_open ON crm.obligation (first_at, id) WHERE closed_at IS NULL;
CREATE INDEX obligation_closed ON crm.obligation (closed_at DESC, id DESC) WHERE closed_at IS NOT NULL;
CREATE INDEX obligation_first ON crm.obligation (first_at);
CREATE INDEX obligation_closed_call ON crm.obligation (closed_call) WHERE closed_call IS NOT NULL;

-- The missed calls of an obligation.
CREATE TABLE crm.obligation_attempt (
	call_id       uuid   PRIMARY KEY REFERENCES crm.call ON DELETE CASCADE,
	obligation_id bigint NOT NULL REFERENCES crm.obligation ON DELETE CASCADE
);
CREATE INDEX obligation_attempt_of ON crm.obligation_attempt (obligation_id);

-- Both kinds of calls that matter are found at their time without a scan.
CREATE INDEX call_missed_client ON crm.call (client_id, ended_at)
	WHERE client_id IS NOT NULL AND state = 'ended' AND direction = 'in' AND disposition IN ('missed', 'abandoned', 'busy', 'failed');
CREATE INDEX call_missed_number ON crm.call (number_e164, ended_at)
	WHERE client_id IS NULL AND state = 'ended' AND direction = 'in' AND disposition IN ('missed', 'abandoned', 'busy', 'failed');
CREATE INDEX call_contact_client ON crm.call (client_id, answered_at)
	WHERE client_id IS NOT NULL AND state = 'ended' AND direction <> 'internal' AND disposition = 'answered' AND answered_at IS NOT NULL;
CREATE INDEX call_contact_number ON crm.call (number_e164, answered_at)
	WHERE number_e164 IS NOT NULL AND state = 'ended' AND direction <> 'internal' AND disposition = 'answered' AND answered_at IS NOT NULL;
-- +goose StatementEnd

-- +goose StatementBegin
-- What counts as missed, and as a talk that settles it: the calls of the
-- obligations, each at its time.
CREATE VIEW crm.missed_call AS
SELECT k.id, k.client_id, k.number_e164, k.ended_at AS at
FROM crm.call k
WHERE k.state = 'ended' AND k.direction = 'in' AND k.disposition IN ('missed', 'abandoned', 'busy', 'failed')
  AND k.number_kind = 'external' AND k.number_e164 IS NOT NULL
  AND (k.snapshot ->> 'test') IS DISTINCT FROM 'true' -- a test call of an administrator
  AND NOT EXISTS (SELECT FROM crm.number_mark n WHERE n.e164 = k.number_e164 AND n.spam);
CREATE VIEW crm.contact_call AS
SELECT k.id, k.client_id, k.number_e164, k.answered_at AS at
FROM crm.call k
WHERE k.state = 'ended' AND k.direction <> 'internal' AND k.disposition = 'answered' AND k.answered_at IS NOT NULL;
-- +goose StatementEnd

-- +goose StatementBegin
-- All numbers by which clients are known: their own and those of their people.
CREATE FUNCTION crm.numbers_of(clients bigint[]) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
	SELECT array_agg(DISTINCT e164) FROM (
		SELECT p.e164 FROM crm.phone p WHERE p.client_id = ANY (clients)
		UNION ALL
		SELECT p.e164 FROM crm.client_person cp JOIN crm.phone p ON p.person_id = cp.person_id
		WHERE cp.client_id = ANY (clients) AND cp.valid_to IS NULL
	) n WHERE e164 IS NOT NULL
$$;

-- One at a time works on the obligations of a client or number.
CREATE FUNCTION crm.obligation_lock(client bigint, num bigint) RETURNS void
LANGUAGE sql AS $$
	SELECT pg_advisory_xact_lock(CASE WHEN client IS NULL THEN 3 ELSE 2 END, hashint8(coalesce(client, num)))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Brings the obligations of one client or number in line with its calls, as
-- far as calls between t_lo and t_hi can have changed them: from the last
-- closing before to the first one after. So the order in which records arrive
-- does not matter. The caller holds the lock. Returns what changed.
-- With keep, which was closed by hand, its id survives a merge.
CREATE FUNCTION crm.obligation_refresh(client bigint, num bigint, t_lo timestamptz, t_hi timestamptz, keep bigint DEFAULT NULL)
RETURNS TABLE (obligation_id bigint, event text)
LANGUAGE plpgsql AS $$
DECLARE
	clients bigint[] := CASE WHEN client IS NOT NULL THEN ARRAY[client] ELSE ARRAY(
		SELECT DISTINCT l.client_id FROM crm.phone_lookup l WHERE l.e164 = num AND l.client_id IS NOT NULL) END;
	numbers bigint[] := CASE WHEN num IS NULL THEN crm.numbers_of(clients) ELSE crm.numbers_of(clients) || num END;
	lo timestamptz;
	hi timestamptz;
	existing bigint[];
	was crm.obligation;
	target bigint;
	kept bigint[] := '{}';
	taken int := 0;
	g record;
BEGIN
	SELECT max(b.at) INTO lo FROM (
		SELECT l.at FROM unnest(clients) c(id) CROSS JOIN LATERAL (SELECT k.at FROM crm.contact_call k
			WHERE k.client_id = c.id AND k.at < t_lo ORDER BY k.at DESC LIMIT 1) l
		UNION ALL
		SELECT l.at FROM unnest(numbers) n(e164) CROSS JOIN LATERAL (SELECT k.at FROM crm.contact_call k
			WHERE k.number_e164 = n.e164 AND k.at < t_lo ORDER BY k.at DESC LIMIT 1) l
		UNION ALL
		SELECT o.closed_at FROM crm.obligation o
		WHERE (o.client_id = client OR o.number_e164 = num) AND o.closed_how = 'hand' AND o.closed_at < t_lo
	) b;
	SELECT min(b.at) INTO hi FROM (
		SELECT l.at FROM unnest(clients) c(id) CROSS JOIN LATERAL (SELECT k.at FROM crm.contact_call k
			WHERE k.client_id = c.id AND k.at > t_hi ORDER BY k.at LIMIT 1) l
		UNION ALL
		SELECT l.at FROM unnest(numbers) n(e164) CROSS JOIN LATERAL (SELECT k.at FROM crm.contact_call k
			WHERE k.number_e164 = n.e164 AND k.at > t_hi ORDER BY k.at LIMIT 1) l
		UNION ALL
		SELECT o.closed_at FROM crm.obligation o
		WHERE (o.client_id = client OR o.number_e164 = num) AND o.closed_how = 'hand' AND o.closed_at > t_hi
	) b;
	lo := coalesce(lo, '-infinity');
	hi := coalesce(hi, 'infinity');
	existing := ARRAY(SELECT o.id FROM crm.obligation o
		WHERE (o.client_id = client OR o.number_e164 = num) AND o.first_at >= lo AND o.first_at < hi
		  AND o.closed_how IS DISTINCT FROM 'hand'
		ORDER BY o.first_at DESC, o.id DESC);
	IF keep IS NOT NULL THEN
		RETURN QUERY DELETE FROM crm.obligation o WHERE o.id = ANY (existing) AND o.id <> keep RETURNING o.id, 'removed';
		existing := ARRAY[keep];
	END IF;

	-- Newest first: the open one meets the open one, so that never two are open.
	FOR g IN
		WITH closing AS MATERIALIZED (
			SELECT k.at, 'contact' AS how, k.id AS call_id, NULL::bigint AS by_hand FROM crm.contact_call k
			WHERE k.client_id = ANY (clients) AND k.at >= t_lo AND k.at <= hi
			UNION
			SELECT k.at, 'contact', k.id, NULL FROM crm.contact_call k
			WHERE k.number_e164 = ANY (numbers) AND k.at >= t_lo AND k.at <= hi
			UNION
			SELECT o.closed_at, 'hand', NULL, o.id FROM crm.obligation o
			WHERE (o.client_id = client OR o.number_e164 = num) AND o.closed_how = 'hand' AND o.closed_at >= t_lo AND o.closed_at <= hi
		), missed AS MATERIALIZED (
			SELECT m.id, m.at FROM crm.missed_call m
			WHERE m.client_id = client AND m.at >= lo AND m.at < hi
			UNION ALL
			SELECT m.id, m.at FROM crm.missed_call m
			WHERE m.client_id IS NULL AND m.number_e164 = num AND m.at >= lo AND m.at < hi
		)
		SELECT c.at AS closed_at, c.how, c.call_id, c.by_hand, count(*)::int AS attempts, min(m.at) AS first_at,
			max(m.at) AS last_at, (array_agg(m.id ORDER BY m.at DESC, m.id DESC))[1] AS last_call, array_agg(m.id) AS calls,
			(SELECT o.assigned_to FROM crm.obligation_attempt t JOIN crm.obligation o ON o.id = t.obligation_id
			 WHERE t.call_id = ANY (array_agg(m.id)) AND o.assigned_to IS NOT NULL ORDER BY o.last_at DESC LIMIT 1) AS assigned_to
		FROM missed m
		LEFT JOIN LATERAL (SELECT * FROM closing c WHERE c.at > m.at ORDER BY c.at, c.how, c.call_id LIMIT 1) c ON true
		GROUP BY c.at, c.how, c.call_id, c.by_hand
		ORDER BY min(m.at) DESC
	LOOP
		IF g.by_hand IS NOT NULL THEN
			target := g.by_hand;
		ELSE
			taken := taken + 1;
			target := existing[taken];
		END IF;
		was := NULL;
		IF target IS NULL THEN
			INSERT INTO crm.obligation (client_id, number_e164, attempts, first_at, last_at, last_call, assigned_to, closed_at, closed_how, closed_call)
			VALUES (client, num, g.attempts, g.first_at, g.last_at, g.last_call, g.assigned_to, g.closed_at, g.how, g.call_id)
			RETURNING id INTO target;
			obligation_id := target;
			event := CASE WHEN g.closed_at IS NULL THEN 'opened' ELSE 'settled' END;
			RETURN NEXT;
		ELSE
			SELECT * INTO was FROM crm.obligation o WHERE o.id = target;
			UPDATE crm.obligation o SET version = o.version + 1, attempts = g.attempts, first_at = g.first_at,
				last_at = g.last_at, last_call = g.last_call, closed_at = g.closed_at, closed_how = g.how,
				closed_call = g.call_id, assigned_to = coalesce(o.assigned_to, g.assigned_to)
			WHERE o.id = target
			  AND (o.attempts, o.first_at, o.last_at, o.last_call, o.closed_at, o.closed_how, o.closed_call)
			      IS DISTINCT FROM (g.attempts, g.first_at, g.last_at, g.last_call, g.closed_at, g.how, g.call_id);
			IF FOUND THEN
				obligation_id := target;
				event := CASE WHEN g.closed_at IS NULL AND was.closed_at IS NOT NULL THEN 'opened'
				              WHEN g.closed_at IS NOT NULL AND was.closed_at IS NULL THEN 'closed'
				              ELSE 'changed' END;
				RETURN NEXT;
			END IF;
		END IF;
		kept := kept || target;
		INSERT INTO crm.obligation_attempt AS t (call_id, obligation_id)
		SELECT c, target FROM unnest(g.calls) c
		ON CONFLICT (call_id) DO UPDATE SET obligation_id = excluded.obligation_id
		WHERE t.obligation_id <> excluded.obligation_id;
	END LOOP;
	-- What is left has no missed call any more: it was spam, another client's,
	-- or answered after all.
	RETURN QUERY DELETE FROM crm.obligation o
		WHERE (o.client_id = client OR o.number_e164 = num) AND o.first_at >= lo AND o.first_at < hi AND o.id <> ALL (kept)
		RETURNING o.id, 'removed';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- What is told of changes after they are committed.
CREATE TYPE crm.obligation_change AS (
	id bigint, event text, version bigint, attempts int, client_id bigint, owner_id bigint, user_ids bigint[], closed boolean);
CREATE FUNCTION crm.obligation_changes(ids bigint[], events text[]) RETURNS SETOF crm.obligation_change
LANGUAGE sql STABLE AS $$
	SELECT x.id, x.event, coalesce(o.version, 0), coalesce(o.attempts, 0), coalesce(o.client_id, 0),
		coalesce(o.assigned_to, c.responsible_id, 0), coalesce(k.user_ids, '{}'), o.closed_at IS NOT NULL
	FROM unnest(ids, events) x(id, event)
	LEFT JOIN crm.obligation o ON o.id = x.id
	LEFT JOIN crm.client c ON c.id = o.client_id
	LEFT JOIN crm.call k ON k.id = o.last_call
$$;

-- Brings the obligations in line with calls that ended or changed their
-- client, in any order, any number of times.
CREATE FUNCTION crm.obligation_follow(calls uuid[]) RETURNS SETOF crm.obligation_change
LANGUAGE plpgsql AS $$
DECLARE
	s record;
	ids bigint[] := '{}';
	events text[] := '{}';
	more_ids bigint[];
	more_events text[];
BEGIN
	-- Whoever may be concerned is locked first, in one order; only then is
	-- looked at what there is.
	FOR s IN
		SELECT DISTINCT x.client_id, x.num FROM (
			SELECT k.client_id, NULL::bigint AS num FROM crm.call k WHERE k.id = ANY (calls)
			UNION ALL
			SELECT NULL, k.number_e164 FROM crm.call k WHERE k.id = ANY (calls)
			UNION ALL
			SELECT l.client_id, NULL FROM crm.call k JOIN crm.phone_lookup l ON l.e164 = k.number_e164 WHERE k.id = ANY (calls)
			UNION ALL
			SELECT o.client_id, o.number_e164 FROM crm.obligation_attempt t JOIN crm.obligation o ON o.id = t.obligation_id
			WHERE t.call_id = ANY (calls)
			UNION ALL
			SELECT o.client_id, o.number_e164 FROM crm.obligation o WHERE o.closed_call = ANY (calls)
		) x WHERE num_nonnulls(x.client_id, x.num) > 0
		ORDER BY x.client_id, x.num
	LOOP
		PERFORM crm.obligation_lock(s.client_id, s.num);
	END LOOP;
	FOR s IN
		WITH contact AS MATERIALIZED (
			SELECT k.at, ARRAY(SELECT l.client_id FROM crm.phone_lookup l WHERE l.e164 = k.number_e164 AND l.client_id IS NOT NULL
			                   UNION SELECT k.client_id WHERE k.client_id IS NOT NULL) AS clients, k.number_e164
			FROM crm.contact_call k WHERE k.id = ANY (calls)
		), concerned AS (
			SELECT m.client_id, CASE WHEN m.client_id IS NULL THEN m.number_e164 END AS num, m.at
			FROM crm.missed_call m WHERE m.id = ANY (calls)
			UNION ALL -- what the call was an attempt of, or closed, before it changed
			SELECT o.client_id, o.number_e164, unnest(ARRAY[o.first_at, o.last_at])
			FROM crm.obligation_attempt t JOIN crm.obligation o ON o.id = t.obligation_id WHERE t.call_id = ANY (calls)
			UNION ALL
			SELECT o.client_id, o.number_e164, o.closed_at FROM crm.obligation o WHERE o.closed_call = ANY (calls)
			UNION ALL
			SELECT o.client_id, NULL, k.at FROM contact k JOIN crm.obligation o ON o.client_id = ANY (k.clients)
			WHERE o.first_at < k.at AND (o.closed_at IS NULL OR o.closed_at > k.at)
			UNION ALL
			SELECT NULL, o.number_e164, k.at FROM contact k
			JOIN crm.obligation o ON o.number_e164 = ANY (crm.numbers_of(k.clients) || k.number_e164)
			WHERE o.first_at < k.at AND (o.closed_at IS NULL OR o.closed_at > k.at)
		)
		SELECT c.client_id, c.num, min(c.at) AS t_lo, max(c.at) AS t_hi FROM concerned c GROUP BY 1, 2 ORDER BY 1, 2
	LOOP
		PERFORM crm.obligation_lock(s.client_id, s.num);
		SELECT array_agg(r.obligation_id), array_agg(r.event) INTO more_ids, more_events
		FROM crm.obligation_refresh(s.client_id, s.num, s.t_lo, s.t_hi) r;
		ids := ids || more_ids;
		events := events || more_events;
	END LOOP;
	IF cardinality(ids) > 0 THEN
		RETURN QUERY SELECT * FROM crm.obligation_changes(ids, events);
	END IF;
END $$;

-- The missed calls of the last week are obligations from the beginning.
SELECT count(*) FROM crm.obligation_follow(ARRAY(
	SELECT m.id FROM crm.missed_call m WHERE m.at > now() - interval '7 days'));
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP FUNCTION crm.obligation_follow, crm.obligation_changes, crm.obligation_refresh, crm.obligation_lock, crm.numbers_of;
DROP TYPE crm.obligation_change;
DROP VIEW crm.missed_call, crm.contact_call;
DROP TABLE crm.obligation_attempt, crm.obligation;
DELETE FROM crm.activity WHERE kind = 'task';
ALTER TABLE crm.activity DROP CONSTRAINT activity_kind_check;
ALTER TABLE crm.activity
	ADD CONSTRAINT activity_kind_check CHECK (kind IN ('call', 'note', 'system')),
	DROP COLUMN owner_id, DROP COLUMN from_call_id;
DROP INDEX crm.call_by_queue, crm.call_by_pbx, crm.call_by_result, crm.call_by_direction, crm.call_missed, crm.call_recorded, crm.call_noted,
	crm.call_by_talk, crm.call_by_wait, crm.call_caller_name, crm.call_raw, crm.call_person,
	crm.call_missed_client, crm.call_missed_number, crm.call_contact_client, crm.call_contact_number;
ALTER TABLE crm.call
	DROP COLUMN wrapup_id, DROP COLUMN wrapup_by, DROP COLUMN wrapup_at, DROP COLUMN next_contact_at, DROP COLUMN transferred;
DROP TABLE crm.wrapup_result;
DROP TABLE crm.office_setting;
-- +goose StatementEnd
