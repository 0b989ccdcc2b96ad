// Package sip connects to a PBX that has no ARI (PB-07): the states of
// extensions by SUBSCRIBE (RFC 6665, dialog event package RFC 4235), calls by
// INVITE and REFER (RFC 3515), as one technical user. It is a cti.PBX beside
// ari.Client, and the same engine does pops and records.
//
//	Client.connect ── one session at a time ──► agent (sipgo: UDP, TCP, TLS)
//	                    │  subscription a extension, renewed before it expires
//	                    │  OPTIONS every 5 s: is the PBX still there?
//	NOTIFY ─► sequencer ─► Client.run ─► tracker ─► cti.Event ─► engine
//	(a goroutine each)  (order of CSeq)  (one goroutine)
//
// # What a state tells, and what not
//
//	state of 102                           event for the engine
//	early, recipient, remote identity  ──► 102 rings for NUMBER, NAME
//	confirmed after early              ──► 102 answered
//	confirmed out of nothing           ──► 102 is in use; the caller of an
//	                                       internal call, if another extension
//	                                       rings for 102, else presence only
//	terminated                         ──► 102 stopped ringing, or hung up
//
// Telephones that ring for one number, at once or one after the other within
// Config.QueueGap, are one call. One that rings on after a colleague has
// answered rings for another call of that number. Who called a DID, the queue,
// the cause, who hung up, whether an unanswered caller gave up or was refused:
// not told. Such fields are named in cti.Call.Estimated, and Limits lists what
// this PBX cannot do, for the page to say so.
//
// # Click-to-call
//
// INVITE to the own telephone; once picked up, REFER to the number; Asterisk
// reports 100, 180, 200, and 503 for any failure. Until it has begun to call
// the number the call can be cancelled (CANCEL, BYE); afterwards it is out of
// our hands and is ended on the telephone.
//
// # Failure behaviour
//
// A subscription that the PBX has lost (481, timeout, terminated) is made anew,
// with jittered backoff. A PBX that no longer answers OPTIONS ends the session:
// all is unknown until the next one, which begins with a snapshot (Resync). A
// refused extension (403, 404, 489) is tried again every minute and named in
// Status; the others go on. Queues are bounded: when the tracker is behind,
// NOTIFYs wait unanswered and the PBX repeats them.
package sip
