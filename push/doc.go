// Package push shows users what happens, at once: a WebSocket stream for each
// user, numbered without gaps, that a browser can leave and resume.
//
//	Publish ──► Bus ──► sink ──► stream of user 7 ──► queue ──► writer ──► socket
//	            numbers          last number, recent    └─────► (next tab)
//	            per user         messages, sockets
//
// With [Local] all of it up to the queues runs in the publisher's goroutine;
// the only hand-over is the one to the writer of each socket. With the bus of
// internal/redis the numbering is done by Redis and every node delivers to its
// own sockets.
//
// # A socket's life
//
//	Serve: upgrade, same origin only (PU-01: the user is the session's, never a parameter)
//	  │  ?epoch=E&after=N known here ─► missed messages N+1…
//	  │  otherwise                   ─► number taken, then snapshot made and sent
//	  ▼
//	attached: messages in order, ping every 15 s
//	  ▼
//	cut with a CloseCode, or left by the browser
//
// A snapshot's number is taken before the snapshot is made. A change in
// between is in both, so data must be whole states that can be told old from
// new, as a Call by its version.
//
// In a replay a message whose content a later one replaces (same Type and Key)
// is sent as a "skip": a number without data. So an offer that has expired is
// not shown after a reconnect, and the numbers stay whole (PU-04).
//
// # When things fail
//
//   - A slow or dead browser fills its own queue and no other; then it is cut
//     with [TooSlow] and resumes, or with nothing if the close can't be sent
//     within CloseTimeout (PU-06). A silent one is dropped after 2.5 pings.
//   - A malformed frame from a browser: [BadFrame].
//   - A session that ends: [SessionEnded], nothing queued is sent any more.
//   - A process restart, a backplane lost or regained, messages no longer kept:
//     another epoch or [Gap], and the browser takes a new snapshot (OP-04).
//   - An event that can't be marshalled is logged as an error; nobody gets it.
//   - A snapshot that fails or takes over 10 s: [InternalError].
package push
