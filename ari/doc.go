// Package ari connects Ringcard to an Asterisk over the Asterisk REST
// Interface: https://docs.asterisk.org/Configuration/Interfaces/Asterisk-REST-Interface-ARI/
//
//	          ┌────────── Client ───────────┐
//	Asterisk ─┤ socket → translate → Sink   ├─► cti.Engine
//	          │ REST   ← Originate, Hangup  │◄─ cti.Service
//	          └─────────────────────────────┘
//
// The application subscribes to all channels, bridges and endpoints, so an
// untouched dialplan is seen whole and nothing has to enter Stasis (PB-01).
//
// Failure behaviour (PB-02, PB-03):
//   - The reader only reads, parses and posts. When the engine's queue is full
//     it waits, and the wait is counted; a frame is never dropped.
//   - Any error of the socket ends the connection: the sink gets Disconnected,
//     then, after a jittered backoff of at most 30 s, a new connection begins
//     with Resync. Frames that arrive while the snapshot is taken are kept and
//     posted after it.
//   - ApplicationReplaced means that another client took our application name.
//     Asterisk leaves the old socket open and silent; we close it, say so in
//     the status, and try again only after a minute.
//   - A socket that is open but has lost its subscriptions (seen after a quick
//     reconnect) is found within 5 s and replaced.
//   - Unknown events are counted, logged once a type and skipped (PB-06).
//
// The transport of github.com/CyCoreSystems/ari is not used, only its types:
// see docs/adr/0002-own-ari-transport.md.
package ari
