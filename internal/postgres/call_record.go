package postgres

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
)

// callColumns of a call k; the joins are those of callJoins. The client is
// shown to those who may see it, and while it lives.
const (
	callColumns = `k.id, k.version, k.pbx, k.direction, k.state, coalesce(k.disposition, '') AS disposition, k.cause,
		k.number_raw, k.number_e164, k.number_kind, k.number_display, k.caller_name, k.did, k.queue,
		coalesce(c.id, 0) AS client_id, coalesce(c.name, '') AS client_name,
		coalesce(h.id, 0) AS person_id, coalesce(h.name, '') AS person_name,
		k.answered_by, coalesce(ua.name, '') AS answered_name, k.placed_by, coalesce(up.name, '') AS placed_name,
		k.user_ids, k.started_at, k.ring_at, k.answered_at, k.ended_at, k.wait_ms, k.talk_ms, k.hold_ms,
		k.recorded, k.recovered, k.note, coalesce(n.spam, false) AS spam, coalesce(a.id, 0) AS interaction, k.test,
		k.transferred, coalesce(wr.id, 0) AS wrap_up_id, coalesce(wr.name_ru, '') AS wrap_up_ru, coalesce(wr.name_en, '') AS wrap_up_en,
		coalesce(wr.color, '') AS wrap_up_color, k.wrapup_by AS wrap_up_by, coalesce(uw.name, '') AS wrap_up_name,
		k.wrapup_at AS wrap_up_at, k.next_contact_at`
	callJoins = `
		LEFT JOIN crm.client c ON c.id = k.client_id AND c.deleted_at IS NULL AND {clients:c}
		LEFT JOIN crm.person h ON h.id = k.person_id AND h.deleted_at IS NULL AND (k.client_id IS NULL OR c.id IS NOT NULL)
		LEFT JOIN crm.employee ua ON ua.id = k.answered_by
		LEFT JOIN crm.employee up ON up.id = k.placed_by
		LEFT JOIN crm.number_mark n ON n.e164 = k.number_e164
		LEFT JOIN crm.activity a ON a.call_id = k.id
		LEFT JOIN crm.wrapup_result wr ON wr.id = k.wrapup_id
		LEFT JOIN crm.employee uw ON uw.id = k.wrapup_by`
)

type callRow struct {
	ID            uuid.UUID
	Version       int64
	PBX           string
	Direction     string
	State         string
	Disposition   string
	Cause         int
	NumberRaw     string
	NumberE164    *int64
	NumberKind    string
	NumberDisplay string
	CallerName    string
	DID           string
	Queue         string
	ClientID      int64
	ClientName    string
	PersonID      int64
	PersonName    string
	AnsweredBy    *int64
	AnsweredName  string
	PlacedBy      *int64
	PlacedName    string
	UserIDs       []int64
	StartedAt     time.Time
	RingAt        *time.Time
	AnsweredAt    *time.Time
	EndedAt       *time.Time
	WaitMS        int64
	TalkMS        int64
	HoldMS        int64
	Recorded      bool
	Recovered     bool
	Note          string
	Spam          bool
	Interaction   int64
	Test          bool
	Transferred   bool
	WrapUpID      int64
	WrapUpRU      string
	WrapUpEN      string
	WrapUpColor   string
	WrapUpBy      *int64
	WrapUpName    string
	WrapUpAt      *time.Time
	NextContactAt *time.Time
}

func (r callRow) record() calllog.Record {
	return calllog.Record{
		ID: r.ID.String(), Version: r.Version, PBX: r.PBX, Direction: r.Direction, State: r.State,
		Disposition: r.Disposition, Cause: r.Cause,
		Number:     calllog.Number{Raw: r.NumberRaw, E164: crm.E164Text(deref(r.NumberE164)), Display: r.NumberDisplay, Kind: r.NumberKind},
		CallerName: r.CallerName, DID: r.DID, Queue: r.Queue,
		ClientID: r.ClientID, ClientName: r.ClientName, PersonID: r.PersonID, PersonName: r.PersonName,
		AnsweredBy: party(r.AnsweredBy, r.AnsweredName), PlacedBy: party(r.PlacedBy, r.PlacedName), UserIDs: r.UserIDs,
		StartedAt: r.StartedAt, RingAt: r.RingAt, AnsweredAt: r.AnsweredAt, EndedAt: r.EndedAt,
		WaitMS: r.WaitMS, TalkMS: r.TalkMS, HoldMS: r.HoldMS, Recorded: r.Recorded, Recovered: r.Recovered,
		Note: r.Note, Spam: r.Spam, Interaction: r.Interaction, Test: r.Test, Transferred: r.Transferred, WrapUp: r.wrapUp(),
	}
}

func (r callRow) wrapUp() *calllog.WrapUpDone {
	if r.WrapUpAt == nil {
		return nil
	}
	return &calllog.WrapUpDone{
		ResultID: r.WrapUpID, NameRU: r.WrapUpRU, NameEN: r.WrapUpEN, Color: r.WrapUpColor,
		ByID: deref(r.WrapUpBy), ByName: r.WrapUpName, At: *r.WrapUpAt, NextContactAt: r.NextContactAt,
	}
}

func party(id *int64, name string) *calllog.Party {
	if id == nil {
		return nil
	}
	return &calllog.Party{UserID: *id, Name: name}
}

// callID reads the id of a call; what is no UUID names no call.
func callID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return id, fmt.Errorf("%w: %w", crm.NotFound("call"), err)
	}
	return id, nil
}
