package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
)

// maxTotal is how far a list is counted; beyond, its total is not given.
const maxTotal = 10_000

// ClientStore keeps clients, persons, numbers and groups.
type ClientStore struct{ db *DB }

var (
	_ client.Cards    = (*ClientStore)(nil)
	_ client.Writer   = (*ClientStore)(nil)
	_ client.Contacts = (*ClientStore)(nil)
	_ client.Persons  = (*ClientStore)(nil)
	_ client.Groups   = (*ClientStore)(nil)
	_ client.Numbers  = (*ClientStore)(nil)
)

// NewClientStore makes a store on the pool.
func NewClientStore(db *DB) *ClientStore { return &ClientStore{db: db} }

// rowColumns of a client c; the joins are those of rowJoins.
const (
	rowColumns = `c.id, c.version, c.name, c.full_name, c.kind, c.group_id, coalesce(g.name, '') AS group_name, c.city,
		c.responsible_id, coalesce(r.name, '') AS responsible_name, p.id AS phone_id, p.e164, p.raw, coalesce(e.email, '') AS email,
		c.potential, c.deal_sum::text AS deal_sum, c.last_contact_at, c.created_at`
	rowJoins = `
		LEFT JOIN crm.client_group g ON g.id = c.group_id AND g.deleted_at IS NULL
		LEFT JOIN crm.employee r ON r.id = c.responsible_id
		LEFT JOIN LATERAL (SELECT id, e164, raw FROM crm.phone WHERE client_id = c.id ORDER BY is_main DESC, id LIMIT 1) p ON true
		LEFT JOIN LATERAL (SELECT email FROM crm.email_addr WHERE client_id = c.id ORDER BY is_main DESC, id LIMIT 1) e ON true`

	sqlCard = `SELECT ` + rowColumns + `, c.activity, c.note, c.relation_type, c.source, c.first_contact_on,
			coalesce(a.name, '') AS created_by_name, c.deleted_at
		FROM crm.client c` + rowJoins + `
		LEFT JOIN crm.employee a ON a.id = c.created_by
		WHERE c.id = $1 AND {clients:c}`

	sqlClientPhones = `SELECT id, raw, e164, ext, kind, is_main, note FROM crm.phone
		WHERE client_id = $1 ORDER BY is_main DESC, id`
	sqlClientEmails = `SELECT id, email, kind, is_main FROM crm.email_addr
		WHERE client_id = $1 ORDER BY is_main DESC, id`
	sqlClientAddresses = `SELECT id, kind, text, city FROM crm.address WHERE client_id = $1 ORDER BY id`
	sqlClientPersons   = `SELECT h.id AS person_id, cp.id AS link_id, h.name, cp.position, cp.is_primary
		FROM crm.client_person cp JOIN crm.person h ON h.id = cp.person_id AND h.deleted_at IS NULL
		WHERE cp.client_id = $1 AND cp.valid_to IS NULL
		ORDER BY cp.is_primary DESC, h.name COLLATE "ru-x-icu", h.id`
	sqlPersonsPhones = `SELECT person_id, id, raw, e164, ext, kind, is_main, note FROM crm.phone
		WHERE person_id = ANY ($1::bigint[]) ORDER BY person_id, is_main DESC, id`
	sqlPersonsEmails = `SELECT person_id, id, email, kind, is_main FROM crm.email_addr
		WHERE person_id = ANY ($1::bigint[]) ORDER BY person_id, is_main DESC, id`
)

type clientRow struct {
	ID              int64
	Version         int64
	Name            string
	FullName        string
	Kind            client.Kind
	GroupID         *int64
	GroupName       string
	City            string
	ResponsibleID   *int64
	ResponsibleName string
	PhoneID         *int64
	E164            *int64
	Raw             *string
	Email           string
	Potential       *int
	DealSum         crm.Money
	LastContactAt   *time.Time
	CreatedAt       time.Time
}

func (r clientRow) row() client.Row {
	return client.Row{
		ID: r.ID, Version: r.Version, Name: r.Name, FullName: r.FullName, Kind: r.Kind,
		GroupID: r.GroupID, GroupName: r.GroupName, City: r.City,
		ResponsibleID: r.ResponsibleID, ResponsibleName: r.ResponsibleName,
		Phone: mainPhone(r.PhoneID, r.E164, r.Raw), Email: r.Email, Potential: r.Potential, DealSum: r.DealSum,
		LastContactAt: r.LastContactAt, CreatedAt: r.CreatedAt,
	}
}

func mainPhone(id, e164 *int64, raw *string) *client.MainPhone {
	if id == nil || raw == nil {
		return nil
	}
	p := &client.MainPhone{ID: *id, Raw: *raw, Display: *raw}
	if e164 != nil {
		p.E164, p.Display = crm.E164Text(*e164), crm.FormatE164(*e164)
	}
	return p
}

// order is how a list is sorted: the key as SQL, its type and direction, and
// the key of a row as text for the cursor.
type order struct {
	key  string
	kind string
	desc bool
}

var orders = map[client.Sort]order{
	client.ByName:        {key: `c.name COLLATE "ru-x-icu"`, kind: "text"},
	client.ByPotential:   {key: `coalesce(c.potential, -1)`, kind: "int", desc: true},
	client.ByDealSum:     {key: `c.deal_sum`, kind: "numeric", desc: true},
	client.ByLastContact: {key: `coalesce(c.last_contact_at, '-infinity')`, kind: "timestamptz", desc: true},
	client.ByCreated:     {key: `c.created_at`, kind: "timestamptz", desc: true},
}

type listCursor struct {
	Sort client.Sort `json:"s"`
	Key  string      `json:"k"`
	ID   int64       `json:"i"`
}

type listRow struct {
	clientRow
	SortKey string
}

// List implements client.Cards.
func (s *ClientStore) List(ctx context.Context, actor crm.Actor, lq client.ListQuery, search crm.Search) (crm.Page[client.Row], error) {
	var none crm.Page[client.Row]
	q := listConditions(lq, search)
	var total *int64
	if lq.Page.Cursor == "" {
		n, err := s.count(ctx, actor, q)
		if err != nil {
			return none, err
		}
		total = n
	}
	sql, args, err := listSQL(lq, q)
	if err != nil {
		return none, err
	}
	sql, args = scoped(actor, sql, args...)
	rows, err := all[listRow](ctx, s.db.pool, sql, args...)
	if err != nil {
		return none, err
	}
	page := crm.NewPage(rows, lq.Page.Size(), func(r listRow) any { return listCursor{lq.Sort, r.SortKey, r.ID} })
	out := crm.Page[client.Row]{Items: make([]client.Row, len(page.Items)), NextCursor: page.NextCursor, Total: total}
	for i, r := range page.Items {
		out.Items[i] = r.row()
	}
	return out, nil
}

func listConditions(lq client.ListQuery, search crm.Search) *query {
	q := &query{}
	q.and("c.deleted_at IS NULL")
	q.and("{clients:c}")
	if lq.GroupID != 0 {
		q.and("c.group_id = " + q.arg(lq.GroupID))
	}
	if lq.ResponsibleID != 0 {
		q.and("c.responsible_id = " + q.arg(lq.ResponsibleID))
	}
	if lq.Unassigned {
		q.and("NOT EXISTS (SELECT FROM crm.employee r WHERE r.id = c.responsible_id AND r.active)")
	}
	if lq.PotentialFrom != nil {
		q.and("coalesce(c.potential, 0) >= " + q.arg(*lq.PotentialFrom))
	}
	if lq.PotentialTo != nil {
		q.and("coalesce(c.potential, 0) <= " + q.arg(*lq.PotentialTo))
	}
	if len(search.Words) > 0 {
		q.and(clientsMatch(q, search, "c"))
	}
	return q
}

// listSQL pages inside and joins outside, so that only the rows of the page
// are joined.
func listSQL(lq client.ListQuery, q *query) (string, []any, error) {
	o := orders[lq.Sort]
	direction, after := "ASC", ">"
	if o.desc {
		direction, after = "DESC", "<"
	}
	if lq.Page.Cursor != "" {
		var c listCursor
		if err := crm.DecodeCursor(lq.Page.Cursor, &c); err != nil {
			return "", nil, err
		}
		if c.Sort != lq.Sort {
			return "", nil, crm.Invalid("cursor", "the cursor belongs to another order")
		}
		q.and(fmt.Sprintf("(%s, c.id) %s (%s::text::%s, %s::bigint)", o.key, after, q.arg(c.Key), o.kind, q.arg(c.ID)))
	}
	ordered := fmt.Sprintf("ORDER BY %s %s, c.id %s", o.key, direction, direction)
	sql := `SELECT ` + rowColumns + `, (` + o.key + `)::text AS sort_key
		FROM (SELECT c.* FROM crm.client c WHERE ` + q.conditions() + `
		      ` + ordered + ` LIMIT ` + q.arg(lq.Page.Size()+1) + `) c` + rowJoins + `
		` + ordered
	return sql, q.args, nil
}

func (s *ClientStore) count(ctx context.Context, actor crm.Actor, q *query) (*int64, error) {
	sql, args := scoped(actor, `SELECT count(*) FROM (SELECT FROM crm.client c WHERE `+q.conditions()+
		fmt.Sprintf(` LIMIT %d) counted`, maxTotal+1), q.args...)
	var n int64
	if err := s.db.pool.QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		return nil, failure(err)
	}
	if n > maxTotal {
		return nil, nil
	}
	return &n, nil
}

type cardRow struct {
	clientRow
	Activity       string
	Note           string
	RelationType   string
	Source         string
	FirstContactOn *time.Time
	CreatedByName  string
	DeletedAt      *time.Time
}

// Card implements client.Cards.
func (s *ClientStore) Card(ctx context.Context, actor crm.Actor, id int64) (client.Card, error) {
	return cardOf(ctx, s.db.pool, actor, id)
}

func cardOf(ctx context.Context, q querier, actor crm.Actor, id int64) (client.Card, error) {
	sql, args := scoped(actor, sqlCard, id)
	r, err := one[cardRow](ctx, q, "client", sql, args...)
	if err != nil {
		return client.Card{}, err
	}
	card := client.Card{
		Row: r.row(), Activity: r.Activity, Note: r.Note, RelationType: r.RelationType, Source: r.Source,
		CreatedByName: r.CreatedByName, DeletedAt: r.DeletedAt,
	}
	if r.FirstContactOn != nil {
		d := crm.DateOf(*r.FirstContactOn)
		card.FirstContactOn = &d
	}
	if card.Phones, err = phonesOf(ctx, q, sqlClientPhones, id); err != nil {
		return client.Card{}, err
	}
	if card.Emails, err = list[client.Email](ctx, q, sqlClientEmails, id); err != nil {
		return client.Card{}, err
	}
	if card.Addresses, err = list[client.Address](ctx, q, sqlClientAddresses, id); err != nil {
		return client.Card{}, err
	}
	card.Persons, err = personsOf(ctx, q, id)
	return card, err
}

// list is all, but an empty result is an empty list and not null in JSON.
func list[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	out, err := all[T](ctx, q, sql, args...)
	if out == nil {
		out = []T{}
	}
	return out, err
}

type phoneRow struct {
	ID     int64
	Raw    string
	E164   *int64
	Ext    string
	Kind   client.PhoneKind
	IsMain bool
	Note   string
}

func (r phoneRow) phone() client.Phone {
	p := client.Phone{ID: r.ID, Raw: r.Raw, Display: r.Raw, Ext: r.Ext, Kind: r.Kind, IsMain: r.IsMain, Note: r.Note}
	if r.E164 != nil {
		p.E164, p.Display = crm.E164Text(*r.E164), crm.FormatE164(*r.E164)
	}
	return p
}

func phonesOf(ctx context.Context, q querier, sql string, id int64) ([]client.Phone, error) {
	rows, err := all[phoneRow](ctx, q, sql, id)
	phones := make([]client.Phone, len(rows))
	for i, r := range rows {
		phones[i] = r.phone()
	}
	return phones, err
}

func personsOf(ctx context.Context, q querier, clientID int64) ([]client.PersonRef, error) {
	type link struct {
		PersonID  int64
		LinkID    int64
		Name      string
		Position  string
		IsPrimary bool
	}
	links, err := all[link](ctx, q, sqlClientPersons, clientID)
	if err != nil {
		return nil, err
	}
	refs := make([]client.PersonRef, len(links))
	at := make(map[int64]*client.PersonRef, len(links))
	ids := make([]int64, len(links))
	for i, l := range links {
		refs[i] = client.PersonRef{PersonID: l.PersonID, LinkID: l.LinkID, Name: l.Name, Position: l.Position,
			IsPrimary: l.IsPrimary, Phones: []client.Phone{}, Emails: []client.Email{}}
		at[l.PersonID], ids[i] = &refs[i], l.PersonID
	}
	if len(ids) == 0 {
		return refs, nil
	}
	phones, err := all[struct {
		PersonID int64
		phoneRow
	}](ctx, q, sqlPersonsPhones, ids)
	if err != nil {
		return nil, err
	}
	for _, p := range phones {
		at[p.PersonID].Phones = append(at[p.PersonID].Phones, p.phone())
	}
	emails, err := all[struct {
		PersonID int64
		client.Email
	}](ctx, q, sqlPersonsEmails, ids)
	for _, e := range emails {
		at[e.PersonID].Emails = append(at[e.PersonID].Emails, e.Email)
	}
	return refs, err
}

const sqlDuplicates = `
	SELECT DISTINCT ON (d.client_id) d.client_id, c.name, d.reason
	FROM (
		SELECT m.id AS client_id, 'name' AS reason, 1 AS worth FROM crm.client m
		WHERE m.deleted_at IS NULL AND m.name_key <> '' AND m.name_key IN (crm.name_key($1), nullif(crm.name_key($2), ''))
		UNION ALL
		SELECT m.id, 'name', 1 FROM crm.client m
		WHERE m.deleted_at IS NULL AND m.full_name_key <> '' AND m.full_name_key IN (crm.name_key($1), nullif(crm.name_key($2), ''))
		UNION ALL
		SELECT l.client_id, 'phone', 0 FROM crm.phone_lookup l WHERE l.e164 = ANY ($3::bigint[]) AND l.client_id IS NOT NULL
		UNION ALL
		SELECT coalesce(e.client_id, cp.client_id), 'email', 2 FROM crm.email_addr e
		LEFT JOIN crm.client_person cp ON cp.person_id = e.person_id AND cp.valid_to IS NULL
		WHERE e.email_fold = ANY ($4::text[])
	) d
	JOIN crm.client c ON c.id = d.client_id AND c.deleted_at IS NULL
	ORDER BY d.client_id, d.worth
	LIMIT $5`

// Duplicates implements client.Cards.
func (s *ClientStore) Duplicates(ctx context.Context, in client.NewClient, limit int) ([]client.Duplicate, error) {
	numbers, emails := contactsOf(in)
	rows, err := s.db.pool.Query(ctx, sqlDuplicates, in.Name, in.FullName, numbers, emails, limit)
	if err != nil {
		return nil, failure(err)
	}
	same, err := pgx.CollectRows(rows, pgx.RowToStructByName[client.Duplicate])
	return same, failure(err)
}

// contactsOf collects all numbers and lower-case e-mails of the input.
func contactsOf(in client.NewClient) (numbers []int64, emails []string) {
	phones, mails := in.Phones, in.Emails
	if in.Person != nil && in.Person.PersonID == 0 {
		phones = append(phones[:len(phones):len(phones)], in.Person.Phones...)
		mails = append(mails[:len(mails):len(mails)], in.Person.Emails...)
	}
	for _, p := range phones {
		if p.Parsed.E164 != 0 {
			numbers = append(numbers, p.Parsed.E164)
		}
	}
	for _, e := range mails {
		emails = append(emails, foldEmail(e.Email))
	}
	return numbers, emails
}
