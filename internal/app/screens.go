package app

import (
	"context"
	"slices"
	"strconv"

	"ringcard/crm"
	"ringcard/crm/obligation"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/push"
)

// Types of stream messages; they are part of the public contract.
const (
	messageCall     = "call"
	messagePresence = "presence"
	messagePBX      = "pbx"
	messageOwed     = "obligation"
	messageWrapUp   = "wrap_up"
	messageLink     = "link" // a page of a foreign CRM to open (PU-10)
)

// screens shows calls and presence on the users' pages.
type screens struct {
	hub  *push.Hub
	pops *pops
	// wrapUps begin with the end of a talk; nil for none.
	wrapUps *wrapUps
}

var _ cti.Screens = screens{}

// list is the data of a message with several items.
type list[T any] struct {
	Items []T `json:"items"`
}

// ShowCall implements cti.Screens. After a gap only the newest state of a
// call is sent, so an offer that is over never rings again (PU-04).
func (s screens) ShowCall(users []int64, call cti.Call) {
	users, links := s.pops.show(users, call)
	s.hub.Publish(users, push.Event{Type: messageCall, Key: call.ID, Data: call})
	for user, link := range links {
		s.hub.Publish([]int64{user}, push.Event{Type: messageLink, Key: call.ID, Data: link})
	}
	if s.wrapUps != nil {
		s.wrapUps.shown(call)
	}
}

// ShowPresence implements cti.Screens. Everybody gets what all may know, and
// who may know more gets that after it.
func (s screens) ShowPresence(changed []cti.Presence, all []int64) {
	public, more := make([]cti.Presence, len(changed)), false
	known := make(map[int64][]cti.Presence) // of a few, by user
	for i, p := range changed {
		public[i] = p.For(0, false)
		more = more || public[i] != p
		if p.Supervises == nil {
			continue
		}
		for _, user := range []int64{p.UserID, p.Supervises.UserID} {
			if own := p.For(user, false); user != 0 && own.Supervises != nil && !slices.Contains(all, user) {
				known[user] = append(known[user], own)
			}
		}
	}
	message := func(items []cti.Presence) push.Event {
		return push.Event{Type: messagePresence, Data: list[cti.Presence]{Items: items}}
	}
	s.hub.Broadcast(message(public))
	if more && len(all) > 0 {
		s.hub.Publish(all, message(changed))
	}
	for user, items := range known {
		s.hub.Publish([]int64{user}, message(items))
	}
}

// showPBX tells everybody that a PBX came or went; what an administrator
// needs to know he asks for.
func (s screens) showPBX(all []httpapi.PBXStatus) {
	for i := range all {
		all[i].Version, all[i].LastError = "", ""
	}
	s.hub.Broadcast(push.Event{Type: messagePBX, Key: messagePBX, Data: list[httpapi.PBXStatus]{Items: all}})
}

func (a *App) startHub(ctx context.Context) error {
	bus, err := a.openBus()
	if err != nil {
		return err
	}
	var origins []string
	if a.opt.Config.PublicURL != "" {
		origins = []string{a.opt.Config.PublicURL}
	}
	a.hub = push.NewHub(push.Options{Bus: bus, Log: a.log, Origins: origins, Mask: crm.MaskJSON})
	if err := a.hub.Start(ctx); err != nil {
		return err
	}
	a.cleanups.add("streams", a.hub.Stop)
	a.metrics.watchHub(a.hub)
	a.db.WatchObligations(a.showObligations)
	a.cleanups.add("messages of missed callers", func(context.Context) error {
		a.db.WatchObligations(func([]obligation.Change) {})
		return nil
	})
	return nil
}

// showObligations tells of missed callers whoever owns them, and where nobody
// does those at whom the call rang. The message holds no number: what of it
// the reader may see, he asks for.
func (a *App) showObligations(changes []obligation.Change) {
	for _, c := range changes {
		users := c.UserIDs
		if c.OwnerID != 0 {
			users = append(slices.Clone(c.Told), c.OwnerID)
		}
		a.hub.Publish(users, push.Event{Type: messageOwed, Key: strconv.FormatInt(c.ID, 10), Data: c})
	}
}
