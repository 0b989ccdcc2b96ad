package cti

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Team keeps the presence of all users over all PBXs (CO-11). What is not
// known is said to be unknown, never shown as it was last seen.
type Team struct {
	screens Screens
	now     func() time.Time

	mu      sync.Mutex
	users   []User
	status  map[int64]PresenceState
	devices map[Device]string // PBX and endpoint → device state; absent: unknown
	shown   map[int64]Presence
}

// NewTeam makes an empty team.
func NewTeam(s Screens, now func() time.Time) *Team {
	return &Team{screens: s, now: now, status: make(map[int64]PresenceState),
		devices: make(map[Device]string), shown: make(map[int64]Presence)}
}

// SetUsers replaces the users.
func (t *Team) SetUsers(users []User) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users = slices.Clone(users)
	known := make(map[int64]bool, len(users))
	for _, u := range users {
		known[u.ID] = true
	}
	for id := range t.shown {
		if !known[id] {
			delete(t.shown, id)
		}
	}
	t.refresh()
}

// SetStatus sets what a user says of himself: free, break or wrap_up.
func (t *Team) SetStatus(userID int64, s PresenceState) (Presence, error) {
	if s != PresenceFree && s != PresenceBreak && s != PresenceWrapUp {
		return Presence{}, &Error{Code: CodeInvalid, Field: "status", Message: "status is free, break or wrap_up"}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status[userID] = s
	t.refresh()
	p, ok := t.shown[userID]
	if !ok {
		return Presence{}, Errorf(CodeNotFound, "no such user")
	}
	return p, nil
}

// List returns everybody's presence in the order of the users.
func (t *Team) List() []Presence {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Presence, 0, len(t.users))
	for _, u := range t.users {
		if p, ok := t.shown[u.ID]; ok {
			out = append(out, p)
		}
	}
	return out
}

// deviceState returns the state of a device, empty if unknown.
func (t *Team) deviceState(pbx, endpoint string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.devices[Device{PBX: pbx, Endpoint: endpoint}]
}

func (t *Team) device(pbx string, d DeviceState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.devices[Device{PBX: pbx, Endpoint: d.Endpoint}] = d.State
	t.refresh()
}

func (t *Team) snapshot(pbx string, ds []DeviceState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(pbx)
	for _, d := range ds {
		t.devices[Device{PBX: pbx, Endpoint: d.Endpoint}] = d.State
	}
	t.refresh()
}

func (t *Team) lost(pbx string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(pbx)
	t.refresh()
}

func (t *Team) drop(pbx string) {
	for d := range t.devices {
		if d.PBX == pbx {
			delete(t.devices, d)
		}
	}
}

// refresh recomputes everybody and shows what changed.
func (t *Team) refresh() {
	var changed []Presence
	for _, u := range t.users {
		state := t.state(u)
		p, ok := t.shown[u.ID]
		if !ok || p.State != state {
			p.Since = t.now().UTC()
		} else if p.Name == u.Name && p.Extension == extension(u) {
			continue
		}
		p.UserID, p.Name, p.Extension, p.State = u.ID, u.Name, extension(u), state
		t.shown[u.ID] = p
		changed = append(changed, p)
	}
	if len(changed) > 0 {
		t.screens.ShowPresence(changed)
	}
}

func extension(u User) string {
	if len(u.Devices) == 0 {
		return ""
	}
	_, ext, _ := strings.Cut(u.Devices[0].Endpoint, "/")
	return ext
}

// state is the most pressing of the user's devices; what he says of himself
// counts while no device is busy.
func (t *Team) state(u User) PresenceState {
	if len(u.Devices) == 0 {
		return PresenceOffline
	}
	best := PresenceOffline
	known := false
	for _, d := range u.Devices {
		s, ok := t.devices[Device{PBX: d.PBX, Endpoint: d.Endpoint}]
		if !ok {
			continue
		}
		known = true
		if p := presenceOf(s); cmp.Compare(pressing[p], pressing[best]) < 0 {
			best = p
		}
	}
	switch own := t.status[u.ID]; {
	case !known:
		return PresenceUnknown
	case best == PresenceFree && own != "":
		return own
	}
	return best
}

var pressing = map[PresenceState]int{PresenceTalking: 0, PresenceRinging: 1, PresenceFree: 2, PresenceUnknown: 3, PresenceOffline: 4}

// presenceOf translates a device state of Asterisk.
func presenceOf(deviceState string) PresenceState {
	switch deviceState {
	case "INUSE", "BUSY", "ONHOLD":
		return PresenceTalking
	case "RINGING", "RINGINUSE":
		return PresenceRinging
	case "NOT_INUSE":
		return PresenceFree
	case "UNAVAILABLE", "INVALID":
		return PresenceOffline
	}
	return PresenceUnknown
}
