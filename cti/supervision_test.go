package cti_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"ringcard/cti"
)

// supervised is the supervision of a user as another one is told of it.
func (d *desk) supervised(user, viewer int64, seesAll bool) *cti.Supervision {
	d.t.Helper()
	synctest.Wait()
	team := d.team.List()
	i := slices.IndexFunc(team, func(p cti.Presence) bool { return p.UserID == user })
	if i < 0 {
		d.t.Fatalf("no presence of user %d", user)
	}
	return team[i].For(viewer, seesAll).Supervises
}

// A supervision shows while it lasts to those who may know of it, changes its
// way and ends by the supervisor's order or with his channel.
func TestSupervisionShowsWhileItLasts_CO_09(t *testing.T) {
	controlled(t, func(t *testing.T, d *desk, p *controller) {
		d.ring("102")
		d.answer("102")
		call := d.live(102)
		order := func(a cti.Action) error {
			return d.control(cti.ControlRequest{UserID: 103, CallID: call.ID, Action: a})
		}
		if got := code(t, order(cti.ActLeave)); got != cti.CodeNotSupervising {
			t.Errorf("leaving before: %s", got)
		}
		if err := order(cti.ActListen); err != nil {
			t.Fatal(err)
		}
		if s := d.supervised(103, 103, true); s != nil {
			t.Errorf("shown before the telephone rings: %+v", s)
		}
		ear := cti.Channel{ID: cti.ServicePrefix + "sup-1.102-103", Name: "PJSIP/103-05", State: "Ringing"}
		d.post(cti.Event{Kind: cti.ChannelCreated, Channel: ear})
		ear.State = "Up"
		d.post(cti.Event{Kind: cti.ChannelChanged, Channel: ear})
		first := d.supervised(103, 103, false)
		if first == nil || first.CallID != call.ID || first.UserID != 102 || first.Mode != cti.ActListen || first.Name == "" {
			t.Fatalf("his own: %+v", first)
		}
		for name, seen := range map[string]struct {
			viewer int64
			all    bool
			want   bool
		}{"another supervisor": {101, true, true}, "a colleague": {101, false, false}, "who is listened to": {102, false, false}} {
			if got := d.supervised(103, seen.viewer, seen.all); (got != nil) != seen.want {
				t.Errorf("%s is told %+v", name, got)
			}
		}
		if err := order(cti.ActWhisper); err != nil {
			t.Fatal(err)
		}
		if s := d.supervised(103, 102, false); s == nil || s.Mode != cti.ActWhisper || !s.Since.Equal(first.Since) {
			t.Errorf("who is whispered to is told %+v", s)
		}
		p.err = cti.Errorf(cti.CodeRefused, "no")
		if got := code(t, order(cti.ActBarge)); got != cti.CodeRefused {
			t.Errorf("refused barge-in: %s", got)
		}
		if s := d.supervised(103, 103, false); s == nil || s.Mode != cti.ActWhisper {
			t.Errorf("after a refused barge-in: %+v", s)
		}
		if err := order(cti.ActLeave); err != nil || !slices.Contains(p.HungUp(), ear.ID) {
			t.Errorf("leaving: %v, hung up %v", err, p.HungUp())
		}
		d.post(cti.Event{Kind: cti.ChannelGone, Channel: ear, Cause: 16})
		if s := d.supervised(103, 103, true); s != nil {
			t.Errorf("after the end: %+v", s)
		}
		if got := code(t, order(cti.ActLeave)); got != cti.CodeNotSupervising {
			t.Errorf("leaving after: %s", got)
		}
		if again := d.live(102); again.State != cti.Talking {
			t.Errorf("the talk is %s", again.State)
		}
	})
}
