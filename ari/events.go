package ari

import (
	"fmt"
	"strconv"
	"time"

	"github.com/CyCoreSystems/ari/v6"
)

// timeFormat is the one of Asterisk's JSON: milliseconds and a zone without colon.
const timeFormat = "2006-01-02T15:04:05.000-0700"

// frame is one event of the socket with the fields that are used.
type frame struct {
	Type       string            `json:"type"`
	Timestamp  string            `json:"timestamp"`
	Channel    *channel          `json:"channel"`
	Caller     *channel          `json:"caller"`
	Peer       *peer             `json:"peer"`
	Forwarded  *channel          `json:"forwarded"`
	Forward    string            `json:"forward"`
	Transferee *channel          `json:"transferee"`
	FirstLeg   *channel          `json:"transferer_first_leg"`  //nolint:misspell // Asterisk's word
	SecondLeg  *channel          `json:"transferer_second_leg"` //nolint:misspell // Asterisk's word
	Target     *channel          `json:"transfer_target"`
	Exten      string            `json:"exten"`
	Result     string            `json:"result"`
	Bridge     *ari.BridgeData   `json:"bridge"`
	DialStatus string            `json:"dialstatus"`
	DialString string            `json:"dialstring"`
	Cause      flexInt           `json:"cause"`
	TechCause  flexInt           `json:"tech_cause"` // Asterisk 18 and later
	Soft       bool              `json:"soft"`
	Endpoint   *ari.EndpointData `json:"endpoint"`
	Contact    struct {
		Status string `json:"contact_status"`
	} `json:"contact_info"`
	Recording liveRecording `json:"recording"`
}

// liveRecording is a recording in an event.
type liveRecording struct {
	Name  string `json:"name"`
	Cause string `json:"cause"`
}

// channel is a channel snapshot. The library's ChannelData loses fields and
// parses twice; its parts are fine.
type channel struct {
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	State        string          `json:"state"`
	Caller       ari.CallerID    `json:"caller"`
	Connected    ari.CallerID    `json:"connected"`
	Dialplan     ari.DialplanCEP `json:"dialplan"`
	CreationTime string          `json:"creationtime"`
	Vars         struct {
		LinkedID string `json:"CHANNEL(linkedid)"`
	} `json:"channelvars"`
}

// peer is a channel in Dial and a status in PeerStatusChange. One type for
// both spares a second pass over the most frequent of large frames.
type peer struct {
	channel
	Status string `json:"peer_status"`
}

// flexInt reads an integer that some versions of Asterisk send as a string.
type flexInt int

func (n *flexInt) UnmarshalJSON(b []byte) error {
	if len(b) > 1 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	if len(b) == 0 || string(b) == "null" {
		return nil
	}
	v, err := strconv.Atoi(string(b))
	if err != nil {
		return fmt.Errorf("not an integer: %q", b)
	}
	*n = flexInt(v)
	return nil
}

// parseTime reads a timestamp of Asterisk; zero if there is none.
func parseTime(s string) time.Time {
	t, err := time.Parse(timeFormat, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
