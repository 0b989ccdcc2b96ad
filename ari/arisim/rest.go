package arisim

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// handler serves ARI. Every request counts in wg, so that Stop waits for it.
func (s *Sim) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /ari/events":                           s.events,
		"GET /ari/asterisk/info":                    s.getInfo,
		"GET /ari/asterisk/ping":                    getPing,
		"GET /ari/applications":                     s.getApplications,
		"GET /ari/applications/{app}":               func(w http.ResponseWriter, r *http.Request) { s.withApplication(w, r, func(*socket) {}) },
		"PUT /ari/applications/{app}/eventFilter":   s.putFilter,
		"POST /ari/applications/{app}/subscription": s.postSubscription,
		"GET /ari/channels":                         s.getChannels,
		"POST /ari/channels":                        s.postChannels,
		"GET /ari/channels/{id}":                    s.getChannel,
		"DELETE /ari/channels/{id}":                 s.deleteChannel,
		"GET /ari/channels/{id}/variable":           s.getVariable,
		"POST /ari/channels/{id}/snoop":             s.postSnoop,
		"POST /ari/channels/{id}/snoop/{snoop}":     s.postSnoop,
		"POST /ari/channels/{id}/moh":               func(w http.ResponseWriter, r *http.Request) { s.withChannel(w, r, func(*channel) {}) },
		"POST /ari/channels/{id}/record":            s.postRecord,
		"GET /ari/recordings/live/{name}":           s.getLive,
		"POST /ari/recordings/live/{name}/stop":     s.withLive(s.finishRecording),
		"POST /ari/recordings/live/{name}/pause":    s.withLive(s.pause),
		"DELETE /ari/recordings/live/{name}/pause":  s.withLive(s.unpause),
		"GET /ari/recordings/stored":                s.getStored,
		"GET /ari/recordings/stored/{name...}":      s.getStoredFile,
		"DELETE /ari/recordings/stored/{name...}":   s.deleteStored,
		"GET /ari/bridges":                          s.getBridges,
		"POST /ari/bridges":                         s.postBridges,
		"POST /ari/bridges/{id}/addChannel":         s.addChannel,
		"DELETE /ari/bridges/{id}":                  s.deleteBridge,
		"GET /ari/endpoints":                        s.getEndpoints,
		"GET /ari/deviceStates/{name}":              s.getDeviceState,
		globalSettings:                              getGlobalSettings,
		"/":                                         func(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusNotFound, "Resource not found") },
	} {
		mux.HandleFunc(pattern, h)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if s.server == nil {
			s.mu.Unlock()
			panic(http.ErrAbortHandler) // an outage began while the request came in
		}
		s.wg.Add(1)
		s.mu.Unlock()
		defer s.wg.Done()
		w.Header().Set("Server", "Asterisk/"+version)
		if !s.authorized(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Asterisk REST Interface"`)
			fail(w, http.StatusUnauthorized, "Authentication required")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *Sim) authorized(r *http.Request) bool {
	if s.opt.User == "" {
		return true
	}
	user, password, ok := r.BasicAuth()
	if !ok {
		user, password, _ = strings.Cut(r.URL.Query().Get("api_key"), ":")
	}
	same := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	return same(user, s.opt.User) && same(password, s.opt.Password)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache, no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone if this fails
}

func fail(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"message": message})
}

func (s *Sim) getInfo(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"build": map[string]string{"os": "Linux", "kernel": "simulated", "machine": "simulated", "options": "OPTIONAL_API",
			"date": "2026-07-20 21:35:32 UTC", "user": "nobody"},
		"system": map[string]string{"version": version, "entity_id": entityID},
		"config": map[string]any{"name": "arisim", "default_language": "en", "setid": map[string]string{"user": "", "group": ""}},
		"status": map[string]string{"startup_time": stamp(s.started), "last_reload_time": stamp(s.started)},
	})
}

func getPing(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"timestamp": stamp(time.Now()), "ping": "pong", "asterisk_id": entityID})
}

const globalSettings = "GET /ari/asterisk/config/dynamic/res_pjsip/global/global"

// getGlobalSettings has only what a client of events should look at.
func getGlobalSettings(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, []map[string]string{{"attribute": "taskprocessor_overload_trigger", "value": "pjsip_only"}})
}

type applicationJSON struct {
	Name        string      `json:"name"`
	ChannelIDs  []string    `json:"channel_ids"`
	BridgeIDs   []string    `json:"bridge_ids"`
	EndpointIDs []string    `json:"endpoint_ids"`
	DeviceNames []string    `json:"device_names"`
	Allowed     []eventType `json:"events_allowed"`
	Disallowed  []eventType `json:"events_disallowed"`
}

// application describes the application of the socket.
func (k *socket) application() applicationJSON {
	all := func(source, topic string) []string {
		if k.all || k.topic[source] {
			return []string{topic}
		}
		return []string{}
	}
	a := applicationJSON{Name: k.app,
		ChannelIDs: all("channel:", "__AST_CHANNEL_ALL_TOPIC"), BridgeIDs: all("bridge:", "__AST_BRIDGE_ALL_TOPIC"),
		EndpointIDs: all("endpoint:", "__AST_ENDPOINT_ALL_TOPIC"), DeviceNames: all("deviceState:", "__AST_DEVICE_STATE_ALL_TOPIC"),
		Allowed: []eventType{}, Disallowed: []eventType{}}
	a.Allowed = append(a.Allowed, k.filter.Allowed...)
	a.Disallowed = append(a.Disallowed, k.filter.Disallowed...)
	return a
}

// owner is the socket that has the application; nil if none has.
func (s *Sim) owner(app string) *socket {
	for k := range s.sockets {
		if k.app == app && !k.muted {
			return k
		}
	}
	return nil
}

func (s *Sim) getApplications(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	out := []applicationJSON{}
	for k := range s.sockets {
		if !k.muted {
			out = append(out, k.application())
		}
	}
	s.mu.Unlock()
	answer(w, http.StatusOK, out)
}

// withApplication changes the application of the path and answers with what
// it is now.
func (s *Sim) withApplication(w http.ResponseWriter, r *http.Request, change func(*socket)) {
	s.mu.Lock()
	k := s.owner(r.PathValue("app"))
	var out applicationJSON
	if k != nil {
		change(k)
		out = k.application()
	}
	s.mu.Unlock()
	if k == nil {
		fail(w, http.StatusNotFound, "Application not found")
		return
	}
	answer(w, http.StatusOK, out)
}

func (s *Sim) putFilter(w http.ResponseWriter, r *http.Request) {
	var f eventFilter
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&f); err != nil {
		fail(w, http.StatusBadRequest, "Invalid JSON")
		return
	}
	s.withApplication(w, r, func(k *socket) { k.filter = f })
}

// postSubscription subscribes to all of some kinds of sources, as "channel:".
// Single channels or endpoints are not simulated.
func (s *Sim) postSubscription(w http.ResponseWriter, r *http.Request) {
	wanted := strings.Split(r.URL.Query().Get("eventSource"), ",")
	for _, source := range wanted {
		switch {
		case source == "":
			fail(w, http.StatusBadRequest, "Missing parameter eventSource")
			return
		case !slices.Contains(sources, source):
			fail(w, http.StatusUnprocessableEntity, "Event source does not exist")
			return
		}
	}
	s.withApplication(w, r, func(k *socket) {
		for _, source := range wanted {
			k.topic[source] = true
		}
	})
}

func (s *Sim) getChannels(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	out := make([]*channelJSON, len(s.channels))
	for i, c := range s.channels {
		out[len(out)-1-i] = s.snapshot(c)
	}
	s.mu.Unlock()
	answer(w, http.StatusOK, out)
}

func (s *Sim) getChannel(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	var out *channelJSON
	if c := s.channel(r.PathValue("id")); c != nil {
		out = s.snapshot(c)
	}
	s.mu.Unlock()
	if out == nil {
		fail(w, http.StatusNotFound, "Channel not found")
		return
	}
	answer(w, http.StatusOK, out)
}

func (s *Sim) deleteChannel(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	c := s.channel(r.PathValue("id"))
	if c != nil {
		s.hangup(c, byARI)
	}
	s.mu.Unlock()
	if c == nil {
		fail(w, http.StatusNotFound, "Channel not found")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sim) getVariable(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("variable")
	if name == "" {
		fail(w, http.StatusBadRequest, "Variable name is required")
		return
	}
	s.mu.Lock()
	c := s.channel(r.PathValue("id"))
	var value string
	var set bool
	if c != nil {
		value, set = c.variable(name)
	}
	s.mu.Unlock()
	switch {
	case c == nil:
		fail(w, http.StatusNotFound, "Provided channel was not found")
	case !set:
		fail(w, http.StatusNotFound, "Provided variable was not found")
	default:
		answer(w, http.StatusOK, map[string]string{"value": value})
	}
}

// variable reads a variable, or one of the functions that are simulated.
func (c *channel) variable(name string) (string, bool) {
	switch name {
	case "CHANNEL(linkedid)":
		return c.linkedID, true
	case "CHANNEL(name)":
		return c.name, true
	case "CALLERID(num)":
		return c.caller.Number, true
	case "CALLERID(name)":
		return c.caller.Name, true
	case "CONNECTEDLINE(num)":
		return c.connected.Number, true
	case "CONNECTEDLINE(name)":
		return c.connected.Name, true
	}
	v, ok := c.vars[name]
	return v, ok
}

func (s *Sim) getBridges(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	out := make([]*bridgeJSON, len(s.bridges))
	for i, b := range s.bridges {
		out[i] = b.snapshot()
	}
	s.mu.Unlock()
	answer(w, http.StatusOK, out)
}

func (s *Sim) getEndpoints(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	out := s.endpoints()
	s.mu.Unlock()
	answer(w, http.StatusOK, out)
}

func (s *Sim) getDeviceState(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s.mu.Lock()
	state := s.deviceState(name)
	s.mu.Unlock()
	answer(w, http.StatusOK, deviceJSON{Name: name, State: state})
}
