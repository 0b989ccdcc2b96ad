package cti

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// joinFor is how long changes of presence are collected before they go out.
// Everybody sees everybody: sent one by one, the changes of a busy office are
// calls times users messages and delay the pops.
const joinFor = 250 * time.Millisecond

// Team keeps the presence of all users over all PBXs (CO-11). What is not
// known is said to be unknown, never shown as it was last seen.
type Team struct {
	screens Screens
	now     func() time.Time

	mu       sync.Mutex
	users    []User
	owners   map[deviceKey][]User
	status   map[int64]PresenceState
	devices  map[deviceKey]*device
	known    map[int64]Presence
	changed  map[int64]bool             // not shown yet
	onStatus func(int64, PresenceState) // told of each SetStatus; nil: nobody
	// supervised is whom a user supervises, or did last.
	supervised map[int64]*Supervision
	showing    bool // show runs, or will when joinFor has passed
}

type deviceKey struct{ pbx, endpoint string }

// device is what is known of a telephone: whether it is registered, if that
// is known, and what its channels do.
type device struct {
	known, online bool
	legs          map[string]deviceLeg
}

// deviceLeg is what a channel of a telephone does, in which call, with whom.
type deviceLeg struct {
	state      PresenceState
	call, with string
}

// NewTeam makes an empty team.
func NewTeam(s Screens, now func() time.Time) *Team {
	return &Team{screens: s, now: now, status: make(map[int64]PresenceState),
		supervised: make(map[int64]*Supervision), devices: make(map[deviceKey]*device), known: make(map[int64]Presence), changed: make(map[int64]bool)}
}

// SetUsers replaces the users.
func (t *Team) SetUsers(users []User) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users = slices.Clone(users)
	t.owners = make(map[deviceKey][]User)
	active := make(map[int64]bool, len(users))
	for _, u := range users {
		active[u.ID] = true
		for _, d := range u.Devices {
			k := deviceKey{d.PBX, d.Endpoint}
			t.owners[k] = append(t.owners[k], u)
		}
	}
	for id := range t.known {
		if !active[id] {
			delete(t.known, id)
			delete(t.supervised, id)
		}
	}
	t.refresh(t.users)
}

// SetStatus sets what a user says of himself: free, break or wrap_up.
func (t *Team) SetStatus(userID int64, s PresenceState) (Presence, error) {
	if s != PresenceFree && s != PresenceBreak && s != PresenceWrapUp {
		return Presence{}, &Error{Code: CodeInvalid, Field: "status", Message: "status is free, break or wrap_up"}
	}
	p, ok, told := t.setStatus(userID, s)
	if ok && told != nil {
		told(userID, s)
	}
	if !ok {
		return Presence{}, Errorf(CodeNotFound, "no such user")
	}
	return p, nil
}

func (t *Team) setStatus(userID int64, s PresenceState) (Presence, bool, func(int64, PresenceState)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status[userID] = s
	t.refresh(t.users)
	p, ok := t.known[userID]
	return p, ok, t.onStatus
}

// follow sets whom to tell of each new status; f must not block.
func (t *Team) follow(f func(userID int64, s PresenceState)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onStatus = f
}

// List returns everybody's presence in the order of the users.
func (t *Team) List() []Presence {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Presence, 0, len(t.users))
	for _, u := range t.users {
		if p, ok := t.known[u.ID]; ok {
			out = append(out, p)
		}
	}
	return out
}

// deviceState returns what a device does.
func (t *Team) deviceState(pbx, endpoint string) PresenceState {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.devices[deviceKey{pbx, endpoint}].presence()
}

// supervising tells whether a telephone is busy with a channel of Ringcard's
// own and nothing else.
func (t *Team) supervising(pbx, endpoint string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.devices[deviceKey{pbx, endpoint}]
	if d == nil {
		return false
	}
	return len(d.legs) > 0 && len(d.service()) == len(d.legs)
}

// registered notes that a device came or went.
func (t *Team) registered(pbx string, d DeviceState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	dev := t.of(pbx, d.Endpoint)
	dev.known, dev.online = !d.Unknown, d.Online
	t.refresh(t.owners[deviceKey{pbx, d.Endpoint}])
}

// leg notes what a channel of a device does: talking, ringing, or nothing any
// more (PresenceFree).
func (t *Team) leg(pbx, endpoint, id string, s PresenceState) {
	t.legOf(pbx, endpoint, id, deviceLeg{state: s})
}

// legOf is leg of a call.
func (t *Team) legOf(pbx, endpoint, id string, l deviceLeg) {
	t.mu.Lock()
	defer t.mu.Unlock()
	dev := t.of(pbx, endpoint)
	if l.state == PresenceFree {
		delete(dev.legs, id)
	} else {
		dev.legs[id] = l
	}
	t.refresh(t.owners[deviceKey{pbx, endpoint}])
}

// snapshot replaces what is known of the devices' registration.
func (t *Team) snapshot(pbx string, ds []DeviceState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unknown(pbx)
	for _, d := range ds {
		dev := t.of(pbx, d.Endpoint)
		dev.known, dev.online = true, d.Online
	}
	t.refresh(t.users)
}

// lost makes the devices of a PBX unknown.
func (t *Team) lost(pbx string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unknown(pbx)
	t.refresh(t.users)
}

func (t *Team) unknown(pbx string) {
	for k, d := range t.devices {
		if k.pbx == pbx {
			d.known = false
		}
	}
}

func (t *Team) of(pbx, endpoint string) *device {
	k := deviceKey{pbx, endpoint}
	d := t.devices[k]
	if d == nil {
		d = &device{legs: make(map[string]deviceLeg)}
		t.devices[k] = d
	}
	return d
}

// presence of one device: its most pressing channel, else its registration.
func (d *device) presence() PresenceState {
	if d == nil || !d.known {
		return PresenceUnknown
	}
	best := PresenceOffline
	if d.online {
		best = PresenceFree
	}
	for _, l := range d.legs {
		if pressing[l.state] < pressing[best] {
			best = l.state
		}
	}
	return best
}

// talk is the channel that makes the device ring or talk.
func (d *device) talk() deviceLeg {
	state := d.presence()
	if d == nil || state == PresenceUnknown {
		return deviceLeg{}
	}
	for _, l := range d.legs {
		if l.state == state && l.call != "" {
			return l
		}
	}
	return deviceLeg{}
}

// refresh recomputes the users and has shown what changed. Called with t.mu
// held.
func (t *Team) refresh(users []User) {
	for _, u := range users {
		state, talk := t.state(u)
		supervises := t.supervised[u.ID]
		if supervises != nil && len(t.devices[supervises.device].service()) == 0 {
			supervises = nil
		}
		p, ok := t.known[u.ID]
		if !ok || p.State != state {
			p.Since = t.now().UTC()
		} else if p.Name == u.Name && p.Extension == extension(u) && p.CallID == talk.call && p.With == talk.with && p.Supervises == supervises {
			continue
		}
		p.UserID, p.Name, p.Extension, p.State = u.ID, u.Name, extension(u), state
		p.CallID, p.With, p.Supervises = talk.call, talk.with, supervises
		t.known[u.ID] = p
		t.changed[u.ID] = true
	}
	t.showSoon()
}

// showSoon is called with t.mu held.
func (t *Team) showSoon() {
	if !t.showing && len(t.changed) > 0 {
		t.showing = true
		time.AfterFunc(joinFor, t.show)
	}
}

// show sends what changed. It runs once at a time, so the newest comes last,
// and without the lock, so no call waits for it.
func (t *Team) show() {
	t.mu.Lock()
	var changed []Presence
	var all []int64
	for _, u := range t.users {
		if t.changed[u.ID] {
			changed = append(changed, t.known[u.ID])
		}
		if u.SeesAll {
			all = append(all, u.ID)
		}
	}
	clear(t.changed)
	t.mu.Unlock()
	if len(changed) > 0 {
		t.screens.ShowPresence(changed, all)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.showing = false
	t.showSoon()
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
func (t *Team) state(u User) (PresenceState, deviceLeg) {
	best, talk := PresenceOffline, deviceLeg{}
	for i, d := range u.Devices {
		dev := t.devices[deviceKey{d.PBX, d.Endpoint}]
		if p := dev.presence(); i == 0 || pressing[p] < pressing[best] {
			best, talk = p, dev.talk()
		}
	}
	if own := t.status[u.ID]; best == PresenceFree && own != "" {
		return own, talk
	}
	return best, talk
}

var pressing = map[PresenceState]int{PresenceTalking: 0, PresenceRinging: 1, PresenceFree: 2, PresenceUnknown: 3, PresenceOffline: 4}
