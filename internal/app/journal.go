package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"ringcard/crm/calllog"
	"ringcard/cti"
)

// journal keeps calls as records of the CRM.
type journal struct{ log *calllog.Service }

var _ cti.Journal = journal{}

// Save implements cti.Journal.
func (j journal) Save(ctx context.Context, calls ...cti.Call) error {
	var records []calllog.Record
	for _, c := range calls {
		if c.MergedInto != "" { // the call it is a part of has the record
			if err := j.log.Discard(ctx, c.ID); err != nil {
				return err
			}
			continue
		}
		record, err := recordOf(c)
		if err != nil {
			return err
		}
		records = append(records, record)
	}
	if len(records) == 0 {
		return nil
	}
	return j.log.Save(ctx, records...)
}

// Unfinished implements cti.Journal.
func (j journal) Unfinished(ctx context.Context, pbx string) ([]cti.Call, error) {
	records, err := j.log.Unfinished(ctx, pbx)
	if err != nil {
		return nil, err
	}
	calls := make([]cti.Call, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Snapshot, &calls[i]); err != nil {
			return nil, fmt.Errorf("call record %s: %w", r.ID, err)
		}
	}
	return calls, nil
}

// recordOf is the record of a call; the whole call goes with it.
func recordOf(c cti.Call) (calllog.Record, error) {
	var why json.RawMessage
	if c.Why != nil {
		var err error
		if why, err = json.Marshal(c.Why); err != nil {
			return calllog.Record{}, fmt.Errorf("call %s: %w", c.ID, err)
		}
		c.Why = nil
	}
	snapshot, err := json.Marshal(c)
	if err != nil {
		return calllog.Record{}, fmt.Errorf("call %s: %w", c.ID, err)
	}
	legs, err := json.Marshal(c.Legs)
	if err != nil {
		return calllog.Record{}, fmt.Errorf("call %s: %w", c.ID, err)
	}
	r := calllog.Record{
		ID: c.ID, Version: c.Version, PBX: c.PBX, Direction: string(c.Direction), State: string(c.State),
		Disposition: string(c.Disposition), Cause: c.Cause,
		Number:     calllog.Number{Raw: c.Number.Raw, E164: c.Number.E164, Display: c.Number.Display, Kind: string(c.Number.Kind)},
		CallerName: c.CallerName, DID: c.DID, Queue: c.Queue,
		AnsweredBy: partyOf(c.AnsweredBy), PlacedBy: partyOf(c.PlacedBy), UserIDs: usersOf(c),
		StartedAt: c.StartedAt, RingAt: c.RingAt, AnsweredAt: c.AnsweredAt, EndedAt: c.EndedAt,
		WaitMS: c.WaitMS, TalkMS: c.TalkMS, HoldMS: c.HoldMS, Recorded: c.Recorded, Recovered: c.Recovered,
		Estimated: c.Estimated, CDR: string(c.CDR), Channels: channelsOf(c),
		Legs: legs, EndedBy: c.EndedBy, Conversation: c.Conversation, Snapshot: snapshot, Why: why, Test: c.Test,
	}
	for _, t := range c.Transfers {
		r.Transfers = append(r.Transfers, calllog.Transfer{At: t.At, Kind: string(t.Kind),
			By: partyOf(t.By), From: partyOf(t.From), To: partyOf(t.To), Number: t.Number})
	}
	for _, k := range c.Corrections {
		r.Corrections = append(r.Corrections, calllog.Correction(k))
	}
	if c.Test { // nobody called: in no report, nobody's missed call, in no client's history
		r.Direction = calllog.Internal
		return r, nil
	}
	if c.Client != nil {
		r.ClientID, r.ClientName = c.Client.ID, c.Client.Name
		r.PersonID, r.PersonName = c.Client.PersonID, c.Client.PersonName
	}
	return r, nil
}

func partyOf(p *cti.Party) *calllog.Party {
	if p == nil {
		return nil
	}
	return &calllog.Party{UserID: p.UserID, Name: p.Name}
}

// usersOf lists everybody of the office whose telephone had a part in the
// call, in ascending order.
func usersOf(c cti.Call) []int64 {
	users := []int64{}
	add := func(id int64) {
		if id != 0 {
			users = append(users, id)
		}
	}
	for _, l := range c.Legs {
		add(l.UserID)
	}
	for _, p := range c.Ringing {
		add(p.UserID)
	}
	for _, p := range []*cti.Party{c.AnsweredBy, c.PlacedBy} {
		if p != nil {
			add(p.UserID)
		}
	}
	slices.Sort(users)
	return slices.Compact(users)
}
