package app

import (
	"context"

	"ringcard/crm"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/push"
)

// Types of stream messages; they are part of the public contract.
const (
	messageCall     = "call"
	messagePresence = "presence"
	messagePBX      = "pbx"
)

// screens shows calls and presence on the users' pages.
type screens struct{ hub *push.Hub }

var _ cti.Screens = screens{}

// list is the data of a message with several items.
type list[T any] struct {
	Items []T `json:"items"`
}

// ShowCall implements cti.Screens. After a gap only the newest state of a
// call is sent, so an offer that is over never rings again (PU-04).
func (s screens) ShowCall(users []int64, call cti.Call) {
	s.hub.Publish(users, push.Event{Type: messageCall, Key: call.ID, Data: call})
}

// ShowPresence implements cti.Screens.
func (s screens) ShowPresence(changed []cti.Presence) {
	s.hub.Broadcast(push.Event{Type: messagePresence, Data: list[cti.Presence]{Items: changed}})
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
	return nil
}
