package app

import (
	"context"
	"time"

	"ringcard/ari"
	"ringcard/configs"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/sip"
)

// exchange is the connection to one PBX, over ARI or SIP.
type exchange struct {
	cti.PBX
	ari         *ari.Client // nil over SIP
	start, stop func(context.Context) error
	status      func() httpapi.PBXStatus
	deliver     func(*cti.Engine)  // where events go; before start
	watch       func([]cti.Device) // the users' telephones; nil where the PBX tells of all
}

// connect makes the connection that the configuration of a PBX asks for.
// changed is called when its state changes.
func (a *App) connect(cfg configs.PBX, changed func(connected bool)) exchange {
	if cfg.OverSIP() {
		return a.overSIP(cfg, changed)
	}
	ring := a.captures.rings[cfg.Name]
	client := ari.New(ariConfig(cfg), ari.Options{
		Tap: ring.Frame, Arrived: a.opt.Arrived, Log: a.log, Metrics: a.metrics.pbx(cfg.Name),
		OnStatus: func(s ari.Status) { changed(s.Connected) },
	})
	return exchange{
		PBX: client, ari: client, start: client.Start, stop: client.Stop,
		deliver: func(e *cti.Engine) { client.SetSink(capturedSink{e, ring}) },
		status: func() httpapi.PBXStatus {
			s := client.Status()
			return pbxStatus(cfg.Name, httpapi.PBXStatus{Mode: "ari", Connected: s.Connected, Version: s.Version, LastError: s.LastError}, s.Since)
		},
	}
}

func (a *App) overSIP(cfg configs.PBX, changed func(connected bool)) exchange {
	m := a.metrics.pbx(cfg.Name)
	client := sip.New(sipConfig(cfg), sip.Options{
		Log: a.log, Metrics: sip.Metrics{Frame: m.Frame, Bad: m.Bad, Connect: m.Connect},
		OnStatus: func(s sip.Status) { changed(s.Connected) },
	})
	return exchange{
		PBX: client, start: client.Start, stop: client.Stop, watch: client.Watch,
		deliver: func(e *cti.Engine) { client.SetSink(e) },
		status: func() httpapi.PBXStatus {
			s := client.Status()
			return pbxStatus(cfg.Name, httpapi.PBXStatus{Mode: "sip", Limits: sip.Limits, Connected: s.Connected, LastError: s.LastError}, s.Since)
		},
	}
}

func pbxStatus(name string, s httpapi.PBXStatus, since time.Time) httpapi.PBXStatus {
	s.Name = name
	if !since.IsZero() {
		s.Since = &since
	}
	return s
}

func sipConfig(cfg configs.PBX) sip.Config {
	s := cfg.SIP
	return sip.Config{
		Name: cfg.Name, Address: s.Address, Transport: s.Transport, User: s.User, Password: s.Password.Reveal(),
		Domain: s.Domain, Extensions: s.Extensions, Expires: time.Duration(s.Expires) * time.Second,
		QueueGap: time.Duration(s.QueueGap) * time.Second, Listen: s.Listen, CAFile: s.CAFile,
	}
}

// setUsers gives everybody who knows users the new ones.
func (t *telephony) setUsers(users []cti.User) {
	var devices []cti.Device
	for _, u := range users {
		devices = append(devices, u.Devices...)
	}
	for _, x := range t.exchanges {
		if x.watch != nil {
			x.watch(devices)
		}
	}
	t.service.SetUsers(users)
}
