// Package redis is what the nodes of one installation share through Redis: the
// backplane of their streams ([Bus], a push.Bus) and stream tickets ([Tickets]).
//
// # The backplane
//
//	node A                          Redis                          node B
//	Publish ─► queue ─► send ─► publish.lua: number each user,
//	                            append to the log ─► XREAD ─► follow ─► sink ─► sockets
//	                                    └──────────► XREAD ─► follow ─► sink
//
// State is one hash (the epoch, each user's last number) and one stream, the
// log, of about 8192 messages. Every node reads the whole log, so a browser
// may resume at any node, and a node that starts knows the recent messages.
// A message takes two round trips to reach a socket, also on its own node.
//
// # When things fail (OP-04)
//
//		         sending fails for 300 ms, or 4096 messages wait
//		shared ───────────────────────────────────────────────────► alone
//		  ▲  numbers by Redis             numbers by push.Local, own epoch │
//		  └────────────────────────────────────────────────────────────────┘
//		         Redis answers again: sync.lua begins a new epoch
//
//	  - A broken connection: the message is sent again, and counted once by its
//	    number; the log is read on from the last entry. Nobody notices.
//	  - Redis away, nothing to send: nodes wait; then the log is read on.
//	  - Redis away with something to send: the node goes alone. Its sockets are
//	    cut with push.Gap, take a snapshot, and are served directly. When Redis is
//	    back the node begins a new shared epoch, because no other node has its
//	    messages: every browser of the installation takes a new snapshot.
//	  - A command that Redis runs late, after its node went alone, is of an old
//	    epoch and refused: an expired offer is not shown (PU-04).
//	  - Redis has forgotten (restart without disk, FLUSHALL, eviction), or has a
//	    shorter memory than a node (restored copy, log trimmed): a new epoch.
//	  - The log holds what can't be read: the node goes alone and returns, which
//	    empties the log.
//
// A node alone knows the calls of its own PBXs only; its snapshots say no more.
package redis
