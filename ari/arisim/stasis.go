package arisim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// enterApp gives a channel to an application of ARI.
func (s *Sim) enterApp(c *channel, app string) {
	c.leg, c.app = nil, app
	c.dialplan.AppName, c.dialplan.AppData = "Stasis", app
	args := []string{}
	s.emit(frame{Type: "StasisStart", Args: &args, Channel: s.snapshot(c)})
}

// leaveApp takes a channel from its application. It ends, or goes elsewhere.
func (s *Sim) leaveApp(c *channel) {
	c.app = ""
	s.emitChannel("StasisEnd", c)
}

// postBridges makes a mixing bridge.
func (s *Sim) postBridges(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	b := s.newBridge(bridge{id: q.Get("bridgeId"), name: q.Get("name"), kind: "mixing", class: ours, technology: "simple_bridge", creator: "Stasis"})
	out := b.snapshot()
	s.mu.Unlock()
	answer(w, http.StatusOK, out)
}

func (s *Sim) bridge(id string) *bridge {
	if i := slices.IndexFunc(s.bridges, func(b *bridge) bool { return b.id == id }); i >= 0 {
		return s.bridges[i]
	}
	return nil
}

// addChannel puts channels of an application into a bridge.
func (s *Sim) addChannel(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bridge(r.PathValue("id"))
	if b == nil {
		fail(w, http.StatusNotFound, "Bridge not found")
		return
	}
	var list []*channel
	for id := range strings.SplitSeq(r.URL.Query().Get("channel"), ",") {
		c := s.channel(id)
		switch {
		case c == nil:
			fail(w, http.StatusBadRequest, "Channel not found")
			return
		case c.app == "":
			fail(w, http.StatusUnprocessableEntity, "Channel not in Stasis application")
			return
		}
		list = append(list, c)
	}
	for _, c := range list {
		if c.bridge != nil {
			s.leave(c)
		}
		s.enter(b, c)
	}
	w.WriteHeader(http.StatusNoContent)
}

// deleteBridge ends a bridge; its channels stay with their application.
func (s *Sim) deleteBridge(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bridge(r.PathValue("id"))
	if b == nil {
		fail(w, http.StatusNotFound, "Bridge not found")
		return
	}
	for _, c := range slices.Clone(b.members) {
		s.leave(c)
	}
	s.bridges = slices.DeleteFunc(s.bridges, func(x *bridge) bool { return x == b })
	s.emitBridge("BridgeDestroyed", b, nil)
	w.WriteHeader(http.StatusNoContent)
}

// localPlace reads Local/extension@context, with or without "/n".
func localPlace(endpoint string) (exten, context string, ok bool) {
	place, ok := strings.CutPrefix(strings.TrimSuffix(endpoint, "/n"), "Local/")
	exten, context, at := strings.Cut(place, "@")
	return exten, context, ok && at && exten != "" && context != ""
}

// withChannel does something to the channel of the path; 204.
func (s *Sim) withChannel(w http.ResponseWriter, r *http.Request, f func(*channel)) {
	s.mu.Lock()
	c := s.channel(r.PathValue("id"))
	if c != nil {
		f(c)
	}
	s.mu.Unlock()
	if c == nil {
		fail(w, http.StatusNotFound, "Channel not found")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// snoop is a channel that listens to another, or speaks to it.
type snoop struct{ to *channel }

// postSnoop listens to a channel for an application. It is there at once and
// in the application a moment later, as with Asterisk.
func (s *Sim) postSnoop(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	id := r.PathValue("snoop")
	if id == "" {
		id = q.Get("snoopId")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	to := s.channel(r.PathValue("id"))
	switch {
	case to == nil:
		fail(w, http.StatusNotFound, "Channel not found")
		return
	case q.Get("app") == "":
		fail(w, http.StatusBadRequest, "Invalid application")
		return
	case id != "" && s.channel(id) != nil:
		fail(w, http.StatusConflict, "Channel with given unique ID already exists")
		return
	}
	c := s.newChannel(channel{endpoint: "Snoop/" + to.id, state: "Up", snoop: &snoop{to: to}}, id, "")
	c.will = s.after(time.Millisecond, func() { s.enterApp(c, q.Get("app")) })
	answer(w, http.StatusOK, s.snapshot(c))
}

// endSnoops ends what listened to a channel that is gone.
func (s *Sim) endSnoops(gone *channel) {
	for _, c := range slices.Clone(s.channels) {
		if c.snoop != nil && c.snoop.to == gone {
			s.endSnoop(c)
		}
	}
	s.finishRecordings(gone)
}

func (s *Sim) endSnoop(c *channel) {
	switch {
	case c.bridge != nil:
		s.quit(c)
	default:
		s.remove(c)
	}
}
