package push

import "strconv"

// CloseCode is the WebSocket close code (RFC 6455 section 7.4) with which the
// server ends a stream. Each tells the browser what to do next.
type CloseCode int

// Close codes of a stream.
const (
	// GoingAway: the server stops; reconnect with backoff.
	GoingAway CloseCode = 1001
	// InternalError: the snapshot could not be made; reconnect with backoff.
	InternalError CloseCode = 1011
	// BadFrame: the browser sent what the protocol does not know; reload.
	BadFrame CloseCode = 4400
	// SessionEnded: logged out, expired or never valid; go to the login.
	SessionEnded CloseCode = 4401
	// TooSlow: messages came faster than they were read; reconnect with after.
	TooSlow CloseCode = 4408
	// Gap: the stream can't go on from here; reconnect without after.
	Gap CloseCode = 4409
	// TooMany: the user has too many sockets open; close some first.
	TooMany CloseCode = 4429
)

// String is the reason sent with the code. RFC 6455 allows it 123 bytes.
func (c CloseCode) String() string {
	switch c {
	case GoingAway:
		return "server is going away"
	case InternalError:
		return "snapshot failed"
	case BadFrame:
		return "malformed frame"
	case SessionEnded:
		return "session ended"
	case TooSlow:
		return "too slow, resume"
	case Gap:
		return "take a new snapshot"
	case TooMany:
		return "too many connections"
	}
	return "close code " + strconv.Itoa(int(c))
}
