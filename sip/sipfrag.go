package sip

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxFragment is the longest status line read.
const maxFragment = 4 << 10

// fragment is the status line in a NOTIFY about a REFER (RFC 3515 section
// 2.4.5, RFC 3420): what became of the call to the number.
type fragment struct {
	Status int
	Reason string
}

// parseFragment reads the first line: "SIP/2.0 180 Ringing".
func parseFragment(body []byte) (fragment, error) {
	if len(body) > maxFragment {
		return fragment{}, fmt.Errorf("sipfrag: %d bytes", len(body))
	}
	line, _, _ := bytes.Cut(body, []byte("\n"))
	version, rest, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
	if !ok || !strings.EqualFold(version, "SIP/2.0") {
		return fragment{}, errors.New("sipfrag: no status line")
	}
	code, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
	status, err := strconv.Atoi(code)
	if err != nil || len(code) != 3 || status < 100 || status > 699 {
		return fragment{}, fmt.Errorf("sipfrag: status %.10q", code)
	}
	return fragment{Status: status, Reason: clip(strings.TrimSpace(reason))}, nil
}

// causeOf is the Q.850 cause of a SIP status (RFC 3398 section 8.2.6.1, as
// Asterisk maps them).
func causeOf(status int) int {
	switch status {
	case 401, 402, 403, 407, 603:
		return 21 // call rejected
	case 404, 485, 604:
		return 1 // unallocated number
	case 410:
		return 22 // number changed
	case 408, 480:
		return 18 // no user responding
	case 484:
		return 28 // invalid number format
	case 486, 600:
		return 17 // user busy
	case 487:
		return 16 // given up by us
	case 488, 606:
		return 58 // bearer capability not available
	case 500, 503:
		return 34 // no circuit available
	}
	if status < 300 {
		return 16
	}
	return 38 // network out of order
}
