// Package cti is the telephone domain: calls, their legs and parties, the
// state machine, the engine that runs it, and the service that takes commands.
// It knows no driver, no transport and no SQL; it meets them at its ports
// (PBX, Directory, Journal, Screens).
//
//	PBX adapter ── Event ──► Engine ── show ──► Screens
//	                          │  ▲  └── save ──► Recorder ──► Journal
//	        board: which call │  │ result
//	        Machine.Apply     ▼  │
//	                       lookups ──────────► Directory
//
// A call, as users see it:
//
//	            office leg rings            both sides in one bridge
//	(channel) ──────────────► ringing ────────────────────────► talking ⇄ held
//	                             │                                 │
//	                             └────── last real leg gone ───────┴──► ended
//
// The disposition is decided only at the end: answered when the two sides
// met, else by who gave up first and by the hangup cause (CK-03, CK-04).
//
// An answered call that is handed on is ringing again while nobody talks, and
// held while it is parked.
//
// # Which channels are one call
//
//  1. A new channel joins the call of its linkedid, else opens one. The id of
//     the call is made of the PBX and the first channel, so that it is the
//     same after a restart. A channel whose linkedid becomes that of another
//     call joins that call.
//  2. The caller and the peer of a Dial are one call, also when the peer was
//     dialled by nobody: then it is a pickup.
//  3. Who enters a bridge or a conference with a channel of another call is of
//     one call with it. Parking lots and waiting rooms connect nobody.
//  4. A call among colleagues becomes a part of the client's call and has no
//     record of its own: a consultation, a retrieval, a seat in a conference.
//     Two calls with clients keep their records, which name one conversation.
//  5. Halves of Local channels count as one for who talks to whom, and are
//     kept out of what users see. Snoops, announcers and the channels that
//     carry out commands are no part of any call.
//  6. Events of transfers say only who handed on to whom; the snapshots of
//     channels in them are old.
//  7. An ended channel leaves a tombstone: events that come late start nothing.
//
// # Failure behaviour
//
// An Engine owns all calls of a PBX. The goroutine that read an event applies
// it; two wait for each other, and the wait is counted. The directory is asked
// by other goroutines with 300 ms at first; the pop does not wait for it. The
// Recorder keeps the newest version of each call in memory, and ended calls in
// files while the journal fails. After a lost connection Resync makes memory
// equal to the PBX; after a restart unfinished records are taken up again.
package cti
