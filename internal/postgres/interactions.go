package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/interaction"
)

// InteractionStore keeps the history of clients.
type InteractionStore struct{ db *DB }

var _ interaction.Store = (*InteractionStore)(nil)

// NewInteractionStore makes a store on the pool.
func NewInteractionStore(db *DB) *InteractionStore { return &InteractionStore{db: db} }

const (
	itemColumns = `a.id, a.version, coalesce(a.client_id, 0) AS client_id, a.kind, a.occurred_at, a.subject, a.body,
		coalesce(a.author_id, 0) AS author_id, coalesce(u.name, '') AS author_name,
		coalesce(h.id, 0) AS person_id, coalesce(h.name, '') AS person_name,
		a.call_id, k.direction, k.disposition, k.state, k.number_display, k.number_e164, k.queue, k.answered_by,
		k.started_at, k.answered_at, k.ended_at, k.wait_ms, k.talk_ms, k.recorded,
		a.status, a.planned_at, coalesce(a.owner_id, 0) AS owner_id, coalesce(uo.name, '') AS owner_name,
		coalesce(wr.id, 0) AS result_id, coalesce(wr.name_ru, '') AS result_ru, coalesce(wr.name_en, '') AS result_en,
		coalesce(wr.color, '') AS result_color`
	itemJoins = `
		LEFT JOIN crm.employee u ON u.id = a.author_id
		LEFT JOIN crm.person h ON h.id = a.person_id AND h.deleted_at IS NULL
		LEFT JOIN crm.call k ON k.id = a.call_id
		LEFT JOIN crm.employee uo ON uo.id = a.owner_id
		LEFT JOIN crm.wrapup_result wr ON wr.id = k.wrapup_id`

	sqlClientSeen = `SELECT c.id FROM crm.client c WHERE c.id = $1 AND c.deleted_at IS NULL AND {clients:c}`
	sqlItem       = `SELECT ` + itemColumns + ` FROM crm.activity a
		JOIN crm.client c ON c.id = a.client_id AND c.deleted_at IS NULL AND {clients:c}` + itemJoins + `
		WHERE a.id = $1 AND a.deleted_at IS NULL`

	sqlNoteInsert = `INSERT INTO crm.activity (client_id, person_id, kind, body, done_at, author_id)
		VALUES ($1, nullif($2::bigint, 0), 'note', $3, now(), nullif($4::bigint, 0)) RETURNING id`
	sqlNoteImport = `INSERT INTO crm.activity (client_id, person_id, kind, body, done_at, author_id)
		VALUES ($1, nullif($2::bigint, 0), 'note', $3, $4, nullif($5::bigint, 0))`
	sqlClientContactedAt = `UPDATE crm.client SET last_contact_at = $2 WHERE id = $1 AND $2 > coalesce(last_contact_at, '-infinity')`
	sqlClientContacted   = `UPDATE crm.client SET last_contact_at = now() WHERE id = $1`
	sqlItemBody          = `UPDATE crm.activity SET body = $2, updated_at = now(), version = version + 1
		WHERE id = $1 AND deleted_at IS NULL RETURNING call_id`
	sqlCallNoteOf = `UPDATE crm.call SET note = $2 WHERE id = $1`
	sqlItemDelete = `UPDATE crm.activity SET deleted_at = now(), version = version + 1
		WHERE id = $1 AND kind = 'note' AND deleted_at IS NULL`
)

type itemRow struct {
	ID            int64
	Version       int64
	ClientID      int64
	Kind          interaction.Kind
	OccurredAt    time.Time
	Subject       string
	Body          string
	AuthorID      int64
	AuthorName    string
	PersonID      int64
	PersonName    string
	CallID        *uuid.UUID
	Direction     *string
	Disposition   *string
	State         *string
	NumberDisplay *string
	NumberE164    *int64
	Queue         *string
	AnsweredBy    *int64
	StartedAt     *time.Time
	AnsweredAt    *time.Time
	EndedAt       *time.Time
	WaitMS        *int64
	TalkMS        *int64
	Recorded      *bool
	Status        string
	PlannedAt     *time.Time
	OwnerID       int64
	OwnerName     string
	ResultID      int64
	ResultRU      string
	ResultEN      string
	ResultColor   string
}

func (r itemRow) item() interaction.Item {
	it := interaction.Item{
		ID: r.ID, Version: r.Version, ClientID: r.ClientID, Kind: r.Kind, OccurredAt: r.OccurredAt,
		Subject: r.Subject, Body: r.Body, AuthorID: r.AuthorID, AuthorName: r.AuthorName,
		PersonID: r.PersonID, PersonName: r.PersonName,
		Status: r.Status, PlannedAt: r.PlannedAt, OwnerID: r.OwnerID, OwnerName: r.OwnerName,
	}
	if r.CallID != nil {
		it.CallID = r.CallID.String()
		it.Call = &interaction.CallBrief{
			ID: it.CallID, Direction: deref(r.Direction), Disposition: deref(r.Disposition), State: deref(r.State),
			Display: deref(r.NumberDisplay), E164: crm.E164Text(deref(r.NumberE164)), Queue: deref(r.Queue),
			AnsweredBy: deref(r.AnsweredBy), StartedAt: deref(r.StartedAt), AnsweredAt: r.AnsweredAt, EndedAt: r.EndedAt,
			WaitMS: deref(r.WaitMS), TalkMS: deref(r.TalkMS), Recorded: deref(r.Recorded),
			ResultID: r.ResultID, ResultRU: r.ResultRU, ResultEN: r.ResultEN, ResultColor: r.ResultColor,
		}
	}
	return it
}

type itemCursor struct {
	At time.Time `json:"t"`
	ID int64     `json:"i"`
}

// History implements interaction.Store.
func (s *InteractionStore) History(ctx context.Context, actor crm.Actor, clientID int64, kinds []interaction.Kind, page crm.PageRequest) (crm.Page[interaction.Item], error) {
	var none crm.Page[interaction.Item]
	sql, args := scoped(actor, sqlClientSeen, clientID)
	var seen int64
	if err := s.db.pool.QueryRow(ctx, sql, args...).Scan(&seen); err != nil {
		return none, failure(notFound(err, "client"))
	}
	sql, args, err := historySQL(clientID, kinds, page)
	if err != nil {
		return none, err
	}
	rows, err := all[itemRow](ctx, s.db.pool, sql, args...)
	if err != nil {
		return none, err
	}
	cut := crm.NewPage(rows, page.Size(), func(r itemRow) any { return itemCursor{r.OccurredAt, r.ID} })
	out := crm.Page[interaction.Item]{Items: make([]interaction.Item, len(cut.Items)), NextCursor: cut.NextCursor}
	for i, r := range cut.Items {
		out.Items[i] = r.item()
	}
	return out, nil
}

func historySQL(clientID int64, kinds []interaction.Kind, page crm.PageRequest) (string, []any, error) {
	q := &query{}
	q.and("a.client_id = " + q.arg(clientID))
	q.and("a.deleted_at IS NULL")
	if len(kinds) > 0 {
		q.and("a.kind = ANY (" + q.arg(kinds) + "::text[])")
	}
	if page.Cursor != "" {
		var c itemCursor
		if err := crm.DecodeCursor(page.Cursor, &c); err != nil {
			return "", nil, err
		}
		q.and("(a.occurred_at, a.id) < (" + q.arg(c.At) + "::timestamptz, " + q.arg(c.ID) + "::bigint)")
	}
	sql := `SELECT ` + itemColumns + ` FROM crm.activity a` + itemJoins + `
		WHERE ` + q.conditions() + `
		ORDER BY a.occurred_at DESC, a.id DESC LIMIT ` + q.arg(page.Size()+1)
	return sql, q.args, nil
}

// Get implements interaction.Store.
func (s *InteractionStore) Get(ctx context.Context, actor crm.Actor, id int64) (interaction.Item, error) {
	sql, args := scoped(actor, sqlItem, id)
	r, err := one[itemRow](ctx, s.db.pool, "interaction", sql, args...)
	return r.item(), err
}

// AddNote implements interaction.Store.
func (s *InteractionStore) AddNote(ctx context.Context, actor crm.Actor, clientID, personID int64, text string) (id int64, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := checkClientAndPerson(ctx, tx, actor, clientID, personID); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlNoteInsert, clientID, personID, text, actor.UserID).Scan(&id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlClientContacted, clientID); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "note.create", "activity", id, map[string]any{"client_id": clientID})
	})
	return id, err
}

// SetBody implements interaction.Store.
func (s *InteractionStore) SetBody(ctx context.Context, actor crm.Actor, id int64, body string) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		var call *uuid.UUID
		if err := tx.QueryRow(ctx, sqlItemBody, id, body).Scan(&call); err != nil {
			return notFound(err, "interaction")
		}
		if call != nil {
			if _, err := tx.Exec(ctx, sqlCallNoteOf, *call, body); err != nil {
				return err
			}
		}
		return audit(ctx, tx, actor, "interaction.update", "activity", id, nil)
	})
}

// Delete implements interaction.Store.
func (s *InteractionStore) Delete(ctx context.Context, actor crm.Actor, id int64) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := mustAffect(ctx, tx, "note", sqlItemDelete, id); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "note.delete", "activity", id, nil)
	})
}

// ImportNote writes a note of the past, for imports and samples.
func (s *InteractionStore) ImportNote(ctx context.Context, clientID, personID, authorID int64, at time.Time, text string) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlNoteImport, clientID, personID, text, at, authorID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlClientContactedAt, clientID, at)
		return err
	})
}
