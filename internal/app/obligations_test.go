package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/crm/obligation"
)

// TestOwnerIsToldOfMissedCallers_AF_02: the stream tells the client's
// responsible that a caller was missed and that he was talked with, and tells
// it without the number.
func TestOwnerIsToldOfMissedCallers_AF_02(t *testing.T) {
	a, err := New(t.Context(), Options{Config: testConfig(t), Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	anna, err := a.services.Employees.Create(t.Context(), crm.System(), employee.NewUser{
		Login: "anna", Name: "Анна", Role: crm.RoleManager, Password: "anna-password",
	})
	if err != nil {
		t.Fatal(err)
	}
	card, err := a.services.Clients.Create(t.Context(), crm.System(), client.NewClient{
		Name: "Ромашка", ResponsibleID: &anna.ID, Phones: []client.PhoneInput{{Raw: "+79210000001"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	p := signIn(t, a.URL(), "anna", "anna-password")
	conn := p.stream()
	next := func(kind string) json.RawMessage {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for {
			var f streamFrame
			if err := conn.ReadJSON(&f); err != nil {
				t.Fatalf("waiting for %s: %v", kind, err)
			}
			if f.Type == kind {
				return f.Data
			}
		}
	}
	next("snapshot")
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Millisecond)
	over := at.Add(20 * time.Second)
	missed := calllog.Record{ID: uuid.NewString(), Version: 1, PBX: "office", Direction: calllog.In, State: calllog.Ended, Disposition: calllog.Missed,
		Number: calllog.Number{Raw: "+79210000001", E164: "+79210000001", Kind: "external"}, StartedAt: at, EndedAt: &over, UserIDs: []int64{}}
	talk := missed
	answered, done := at.Add(time.Minute), at.Add(2*time.Minute)
	talk.ID, talk.Direction, talk.Disposition, talk.AnsweredAt, talk.EndedAt = uuid.NewString(), calllog.Out, calllog.Answered, &answered, &done
	for _, step := range []struct {
		record       calllog.Record
		event, state string
	}{{missed, "opened", obligation.Open}, {talk, "closed", obligation.Closed}} {
		if err := a.services.CallLog.Save(t.Context(), step.record); err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(next("obligation"), &fields); err != nil {
			t.Fatal(err)
		}
		if fields["event"] != step.event || fields["state"] != step.state || fields["client_id"] != float64(card.ID) ||
			fields["owner_id"] != float64(anna.ID) || fields["attempts"] != float64(1) || len(fields) != 7 {
			t.Errorf("told %v", fields)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
