package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"ringcard/cti"
)

var (
	errPassword = errors.New("sip: the PBX does not accept the user or password")
	errSilent   = errors.New("sip: the PBX stopped answering")
	errMoved    = errors.New("sip: the PBX closed the connection")
)

// refusedError is a subscription that the PBX refused.
type refusedError struct {
	Extension string
	Status    int
	Reason    string
}

// Error implements error.
func (e *refusedError) Error() string {
	return fmt.Sprintf("sip: subscription to %s refused: %d %s", e.Extension, e.Status, e.Reason)
}

// advice tells the administrator in one line what to do.
func advice(err error) string {
	var refused *refusedError
	var timeout net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errPassword):
		return "the PBX does not accept the SIP user or password: compare pbx[].sip.user and .password with its auth section"
	case errors.As(err, &refused):
		return refused.advice()
	case errors.As(err, &certificate):
		return "the certificate of the PBX is not trusted: put the one that signed it into pbx[].sip.ca_file, and its own name into pbx[].sip.address: " + certificate.Err.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at this address (connection refused): check pbx[].sip.address and .transport, and that the PBX runs"
	case errors.Is(err, errSilent), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "the PBX does not answer: check pbx[].sip.address and .transport, that the PBX runs, and the firewall between"
	}
	return err.Error()
}

func (e *refusedError) advice() string {
	switch e.Status {
	case 403:
		return fmt.Sprintf("the PBX does not let us watch %s (403): set allow_subscribe = yes at the endpoint of our SIP user", e.Extension)
	case 404:
		return fmt.Sprintf("the PBX knows no state of %s (404): add a line «exten => %s,hint,PJSIP/%s» to the dialplan context named by subscribe_context of our endpoint", e.Extension, e.Extension, e.Extension)
	case 489, 406:
		return fmt.Sprintf("the PBX does not offer the event dialog (%d) for %s: load res_pjsip_exten_state and res_pjsip_dialog_info_body_generator", e.Status, e.Extension)
	}
	return fmt.Sprintf("the PBX refused to let us watch %s: %d %s", e.Extension, e.Status, e.Reason)
}

// notPossible refuses what a PBX without ARI has no way for.
func notPossible(what string) error {
	return &cti.Error{Code: cti.CodeNotPossible, Message: what}
}
