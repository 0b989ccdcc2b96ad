package phones

import (
	"testing"

	"ringcard/test/pbx"
)

// Office is a PBX with its provider.
type Office struct {
	PBX   *pbx.Asterisk
	Trunk *Trunk

	t   testing.TB
	rtp bool
}

// StartOffice starts a trunk and an Asterisk that knows it, both until the end of
// the test. With rtp the trunk and the phones of Phone have sound.
func StartOffice(t testing.TB, o pbx.Options, rtp bool) *Office {
	t.Helper()
	trunk := NewTrunk(t, TrunkConfig{RTP: rtp})
	o.TrunkAddr = trunk.Addr()
	office := &Office{PBX: pbx.Start(t, o), Trunk: trunk, t: t, rtp: rtp}
	trunk.ConnectTo(office.PBX.SIPAddr)
	t.Cleanup(trunk.Close) // hangs up while the PBX still listens
	return office
}

// Phone makes and registers the phone of an extension.
func (o *Office) Phone(extension string, b Behaviour) *Phone {
	o.t.Helper()
	return New(o.t, Config{
		User:      extension,
		Password:  o.PBX.PhonePassword(extension),
		Registrar: o.PBX.SIPAddr,
		RTP:       o.rtp,
		Behaviour: b,
	})
}
