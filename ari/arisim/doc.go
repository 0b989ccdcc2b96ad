// Package arisim is a simulated Asterisk 22 that speaks ARI over real HTTP and
// WebSocket on loopback. The demo and the scenario tests run on it; ari.Client
// connects to it as to the real thing.
//
//	Inbound, Phone.Dial, POST /channels        who places a call
//	            │
//	            ▼
//	   run (dialplan) ── Dial() or Queue() ──► legs: a phone, the trunk, or a
//	            │                                 │ Local channel with a run
//	            │                                 │ Behaviour: rings, answers,
//	            ▼                                 ▼ refuses, forwards, talks
//	         bridge ◄── Call: holds, transfers, parks, hangs up
//	            │
//	            ▼
//	        frames, in the order of a real Asterisk ──► sockets
//
// The frames, their order, the causes and the answers of the REST resources
// are those recorded from Asterisk 22.10 (testdata/). What races inside
// Asterisk itself, as the frames of two channels within one millisecond, has
// one fixed order here. DeviceStateChanged follows at once, where Asterisk
// sends it up to some milliseconds later.
//
// A socket gets what it subscribed to: everything with subscribeAll=true, else
// the kinds of POST /applications/{app}/subscription, less the event filter.
// Both end with the socket.
//
// It simulates calls between a trunk and telephones: Dial of one or several and
// through Local channels, Queue ring-all and linear, voicemail and a menu,
// originate. The telephones hold, transfer blindly and after a consultation,
// by their own keys or by DTMF, forward, park, fetch, pick up and confer. An
// application of ARI has its channels, bridges, snoops and recordings. There is
// no media: a recording is of tones.
//
// # Failure behaviour
//
// All state is under one mutex; nothing blocks under it. Every delay is a
// timer of one call or leg. A socket that does not take its frames is closed
// when its queue of [socketQueue] is full; the others do not notice. Stop ends
// timers, sockets and handlers and waits for them.
package arisim
