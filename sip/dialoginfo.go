package sip

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
)

const (
	maxDialogInfo = 64 << 10 // bytes of a document
	maxDialogs    = 64       // of one extension
	maxText       = 256      // bytes of a name or number
)

// dialogInfo is a document of RFC 4235: the dialogs of one extension.
type dialogInfo struct {
	Version uint64
	Full    bool // all dialogs there are; otherwise those that changed
	Dialogs []dialogState
}

// dialogState is one dialog of an extension.
type dialogState struct {
	ID       string
	CallID   string
	Phase    phase
	Outgoing bool   // direction="initiator": the extension placed the call
	Number   string // of the other party, empty: not told
	Name     string // of the other party
	Held     bool   // local target does not render (+sip.rendering="no")
}

// phase is how far a dialog has come (RFC 4235 section 3.7.1).
type phase uint8

const (
	terminated phase = iota
	trying           // also proceeding: nothing rings yet
	early            // rings
	confirmed        // picked up
)

// The documents as they are on the wire. Namespaces are not looked at: PBXs
// differ in them.
type xmlDialogInfo struct {
	XMLName xml.Name    `xml:"dialog-info"`
	Version string      `xml:"version,attr"`
	State   string      `xml:"state,attr"`
	Dialogs []xmlDialog `xml:"dialog"`
}

type xmlDialog struct {
	ID        string   `xml:"id,attr"`
	CallID    string   `xml:"call-id,attr"`
	Direction string   `xml:"direction,attr"`
	State     string   `xml:"state"`
	Local     xmlParty `xml:"local"`
	Remote    xmlParty `xml:"remote"`
}

type xmlParty struct {
	Identity struct {
		Display string `xml:"display,attr"`
		URI     string `xml:",chardata"`
	} `xml:"identity"`
	Target struct {
		URI    string `xml:"uri,attr"`
		Params []struct {
			Name  string `xml:"pname,attr"`
			Value string `xml:"pvalue,attr"`
		} `xml:"param"`
	} `xml:"target"`
}

// parseDialogInfo reads a document of at most 64 KB and 64 dialogs.
func parseDialogInfo(body []byte) (dialogInfo, error) {
	if len(body) > maxDialogInfo {
		return dialogInfo{}, fmt.Errorf("dialog-info: %d bytes", len(body))
	}
	var doc xmlDialogInfo
	if err := xml.NewDecoder(bytes.NewReader(body)).Decode(&doc); err != nil {
		return dialogInfo{}, fmt.Errorf("dialog-info: %w", err)
	}
	info := dialogInfo{}
	if _, err := fmt.Sscanf(doc.Version, "%d", &info.Version); err != nil {
		return dialogInfo{}, fmt.Errorf("dialog-info: version %.20q", doc.Version)
	}
	switch doc.State {
	case "full":
		info.Full = true
	case "partial":
	default:
		return dialogInfo{}, fmt.Errorf("dialog-info: state %.20q", doc.State)
	}
	if len(doc.Dialogs) > maxDialogs {
		return dialogInfo{}, fmt.Errorf("dialog-info: %d dialogs", len(doc.Dialogs))
	}
	seen := make(map[string]bool, len(doc.Dialogs))
	for _, d := range doc.Dialogs {
		if d.ID == "" || len(d.ID) > maxText || seen[d.ID] {
			return dialogInfo{}, errors.New("dialog-info: a dialog without an id of its own")
		}
		seen[d.ID] = true
		state, err := d.read()
		if err != nil {
			return dialogInfo{}, err
		}
		info.Dialogs = append(info.Dialogs, state)
	}
	return info, nil
}

func (d xmlDialog) read() (dialogState, error) {
	s := dialogState{ID: d.ID, CallID: clip(d.CallID), Outgoing: d.Direction == "initiator"}
	switch strings.TrimSpace(d.State) {
	case "trying", "proceeding":
		s.Phase = trying
	case "early":
		s.Phase = early
	case "confirmed":
		s.Phase = confirmed
	case "terminated":
		s.Phase = terminated
	default:
		return dialogState{}, fmt.Errorf("dialog-info: dialog state %.20q", d.State)
	}
	s.Number, s.Name = d.Remote.party()
	for _, p := range d.Local.Target.Params {
		if strings.EqualFold(p.Name, "+sip.rendering") && strings.EqualFold(p.Value, "no") {
			s.Held = true
		}
	}
	return s, nil
}

// party returns the number and name of an identity. Numbers come as
// sip:NUMBER@host, tel:NUMBER or, from some PBXs, bare.
func (p xmlParty) party() (number, name string) {
	uri := strings.TrimSpace(p.Identity.URI)
	if uri == "" {
		uri = strings.TrimSpace(p.Target.URI)
	}
	number = userOf(uri)
	name = strings.TrimSpace(p.Identity.Display)
	if name == number {
		name = ""
	}
	return clip(number), clip(name)
}

func userOf(uri string) string {
	uri = strings.Trim(uri, "<>")
	if scheme, rest, ok := strings.Cut(uri, ":"); ok {
		switch strings.ToLower(scheme) {
		case "sip", "sips":
			user, _, found := strings.Cut(rest, "@")
			if !found {
				return "" // a host alone
			}
			uri = user
		case "tel":
			uri = rest
		default:
			return ""
		}
	}
	user, _, _ := strings.Cut(uri, ";")
	user, _, _ = strings.Cut(user, "@")
	return unescape(user)
}

// unescape reads %23 as #; what is no escape stays as it is.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			var c byte
			if n, err := fmt.Sscanf(s[i+1:i+3], "%2x", &c); n == 1 && err == nil && c >= ' ' && c < 0x7f {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// clip keeps text that goes into records within bounds and valid UTF-8.
func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "")
}
