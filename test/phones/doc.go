// Package phones is SIP phones and a provider's trunk in Go, for tests and
// benchmarks against a real PBX.
//
//	trunk := phones.NewTrunk(t, phones.TrunkConfig{})
//	office := pbx.Start(t, pbx.Options{Version: "22", TrunkAddr: trunk.Addr()})
//	trunk.ConnectTo(office.SIPAddr)
//	desk := phones.New(t, phones.Config{
//		User: "102", Password: office.PhonePassword("102"), Registrar: office.SIPAddr,
//	})
//
//	call, err := trunk.Call(ctx, phones.Outgoing{From: "79161234567", To: "4951000102"})
//	ringing, err := desk.WaitIncoming(ctx)
//	err = ringing.Answer()
//	err = call.WaitAnswered(ctx)
//	err = call.Hangup(ctx)
//	<-ringing.Ended()
//
// [StartOffice] does the first half of this for a test.
//
// A [Call] is one SIP dialog (RFC 3261 section 12), made by an INVITE in either
// direction:
//
//	          180/183                 200                  BYE, CANCEL, >=300
//	INVITE ──────────► ringing ─────────────► answered ─────────────────► ended
//	   └───────────────────┴──────────────────────────────────────────────► ended
//
// The stages are channels that close ([Call.Ringing], [Call.Answered],
// [Call.Ended]); nothing is polled. What a phone does with a call that comes in is
// a [Behaviour]; without one it rings and the test decides.
//
// Sound is RTP with G.711 (RFC 3551) and telephone-event (RFC 4733) on a socket of
// its own per call when Config.RTP is set; otherwise all calls of a phone name one
// socket that nobody reads, which costs nothing at 100 calls a second.
package phones
