package arisim

import "strings"

// deviceState is what Asterisk derives from the channels of an endpoint.
func (s *Sim) deviceState(endpoint string) string {
	number := strings.TrimPrefix(endpoint, "PJSIP/")
	p := s.phones[number]
	if p == nil && (endpoint != s.trunk() || s.opt.Office.Trunk == "") {
		return "INVALID"
	}
	if p != nil && !p.registered {
		return "UNAVAILABLE"
	}
	var ringing, inUse bool
	held := true
	for _, c := range s.channels {
		if c.endpoint == endpoint {
			ringing = ringing || c.state == "Ringing"
			if c.state == "Ring" || c.state == "Up" {
				inUse, held = true, held && c.held
			}
		}
	}
	switch {
	case ringing && inUse:
		return "RINGINUSE"
	case ringing:
		return "RINGING"
	case inUse && held:
		return "ONHOLD"
	case inUse:
		return "INUSE"
	}
	return "NOT_INUSE"
}

// updateDevice sends the endpoint's device state if it changed.
func (s *Sim) updateDevice(endpoint string) {
	before, known := s.devices[endpoint]
	state := s.deviceState(endpoint)
	if !known || before == state {
		return
	}
	s.devices[endpoint] = state
	s.emit(frame{Type: "DeviceStateChanged", DeviceState: &deviceJSON{Name: endpoint, State: state}})
}

// endpoints lists the trunk and the phones as GET /endpoints does.
func (s *Sim) endpoints() []*endpointJSON {
	var out []*endpointJSON
	if s.opt.Office.Trunk != "" {
		out = append(out, s.endpoint(s.trunk()))
	}
	for _, p := range s.order {
		out = append(out, s.endpoint(p.endpoint()))
	}
	return out
}

func (s *Sim) endpoint(name string) *endpointJSON {
	tech, resource, _ := strings.Cut(name, "/")
	e := &endpointJSON{Technology: tech, Resource: resource, State: "online", ChannelIDs: []string{}}
	if s.deviceState(name) == "UNAVAILABLE" {
		e.State = "offline"
	}
	for _, c := range s.channels {
		if c.endpoint == name {
			e.ChannelIDs = append(e.ChannelIDs, c.id)
		}
	}
	return e
}
