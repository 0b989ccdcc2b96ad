package sip

import (
	"slices"
	"strings"
	"testing"
)

const asterisk = `<?xml version="1.0" encoding="UTF-8"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="2" state="full" entity="sip:102@127.0.0.1:9732">
 <dialog id="102" direction="recipient">
  <remote>
   <identity display="Ivan Petrov">sip:79161234567@127.0.0.1</identity>
   <target uri="sip:79161234567@127.0.0.1" />
  </remote>
  <local>
   <identity display="Phone 102">sip:102@127.0.0.1</identity>
   <target uri="sip:102@127.0.0.1:9732" />
  </local>
  <state>early</state>
 </dialog>
</dialog-info>`

func TestDialogInfo_PB_07(t *testing.T) {
	dialog := func(attrs, inner string) string {
		return `<dialog-info version="7" state="partial"><dialog id="d" ` + attrs + `>` + inner + `</dialog></dialog-info>`
	}
	tests := []struct {
		name, body string
		want       dialogState
	}{
		{"asterisk", asterisk, dialogState{ID: "102", Phase: early, Number: "79161234567", Name: "Ivan Petrov"}},
		{"held", dialog("", `<local><target uri="sip:1@a"><param pname="+sip.rendering" pvalue="no"/></target></local><state>confirmed</state>`),
			dialogState{ID: "d", Phase: confirmed, Held: true}},
		{"outgoing", dialog(`call-id="c" direction="initiator"`, `<state>proceeding</state><remote><identity>tel:+7916;phone-context=x</identity></remote>`),
			dialogState{ID: "d", CallID: "c", Phase: trying, Outgoing: true, Number: "+7916"}},
		{"target only", dialog("", `<state> terminated </state><remote><target uri="&lt;sips:101;x=y@a&gt;"/></remote>`), dialogState{ID: "d", Number: "101"}},
		{"escaped", dialog("", `<state>early</state><remote><identity display="10%2">sip:%2A%zz98%0A@a</identity></remote>`),
			dialogState{ID: "d", Phase: early, Number: "*%zz98%0A", Name: "10%2"}},
		{"name is the number", dialog("", `<state>early</state><remote><identity display="900">sip:900@a</identity></remote>`), dialogState{ID: "d", Phase: early, Number: "900"}},
		{"host alone", dialog("", `<state>early</state><remote><identity>sip:anonymous.invalid</identity></remote>`), dialogState{ID: "d", Phase: early}},
		{"bare number", dialog("", `<state>early</state><remote><identity>101</identity></remote>`), dialogState{ID: "d", Phase: early, Number: "101"}},
		{"other scheme", dialog("", `<state>early</state><remote><identity>mailto:a@b</identity></remote>`), dialogState{ID: "d", Phase: early}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			info, err := parseDialogInfo([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if len(info.Dialogs) != 1 || info.Dialogs[0] != tt.want {
				t.Errorf("dialogs %+v, want %+v", info.Dialogs, tt.want)
			}
			if full := tt.name == "asterisk"; info.Full != full || (info.Version == 2) != full {
				t.Errorf("version %d, full %v", info.Version, info.Full)
			}
		})
	}
}

func TestBadDialogInfo_PB_07(t *testing.T) {
	many := `<dialog-info version="1" state="full">` + strings.Repeat(`<dialog id="x"><state>early</state></dialog>`, maxDialogs+1) + `</dialog-info>`
	for name, body := range map[string]string{
		"empty": "", "not xml": "hello", "other document": "<presence/>", "no version": `<dialog-info state="full"/>`,
		"no state": `<dialog-info version="1"/>`, "dialog without id": `<dialog-info version="1" state="full"><dialog><state>early</state></dialog></dialog-info>`,
		"state of a dialog": `<dialog-info version="1" state="full"><dialog id="1"><state>ringing</state></dialog></dialog-info>`,
		"same id twice":     `<dialog-info version="1" state="full"><dialog id="1"><state>early</state></dialog><dialog id="1"><state>early</state></dialog></dialog-info>`,
		"too many":          many, "too large": strings.Repeat(" ", maxDialogInfo+1),
	} {
		if _, err := parseDialogInfo([]byte(body)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzDialogInfo_PB_07(f *testing.F) {
	f.Add([]byte(asterisk))
	f.Add([]byte(document("101", 3, "confirmed")))
	f.Add([]byte(`<dialog-info version="-1" state="partial"><dialog id="a"><state>early</state><remote><identity>sip:%41%@</identity></remote></dialog></dialog-info>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		info, err := parseDialogInfo(body)
		if err != nil {
			return
		}
		if len(info.Dialogs) > maxDialogs {
			t.Fatalf("%d dialogs", len(info.Dialogs))
		}
		for _, d := range info.Dialogs {
			for _, s := range []string{d.Number, d.Name, d.CallID} {
				if len(s) > maxText || strings.ToValidUTF8(s, "") != s {
					t.Fatalf("text %q", s)
				}
			}
		}
	})
}

func TestFragment_PB_07(t *testing.T) {
	for body, want := range map[string]fragment{
		"SIP/2.0 180 Ringing\r\nTo: x\r\n": {180, "Ringing"}, "SIP/2.0 200": {200, ""}, "sip/2.0  486  Busy Here": {486, "Busy Here"},
	} {
		if got, err := parseFragment([]byte(body)); err != nil || got != want {
			t.Errorf("%q is %+v, %v", body, got, err)
		}
	}
	for _, body := range []string{"", "SIP/2.0", "SIP/2.0 99 x", "SIP/2.0 700 x", "HTTP/1.1 200 OK", "SIP/2.0 +180 x", strings.Repeat("x", maxFragment+1)} {
		if got, err := parseFragment([]byte(body)); err == nil {
			t.Errorf("%.20q is %+v", body, got)
		}
	}
}

func FuzzFragment_PB_07(f *testing.F) {
	f.Add([]byte("SIP/2.0 100 Trying\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got, err := parseFragment(body); err == nil && (got.Status < 100 || got.Status > 699 || len(got.Reason) > maxText) {
			t.Fatalf("%+v", got)
		}
	})
}

func TestSequencer_PB_07(t *testing.T) {
	var q sequencer
	var got []uint32
	put := func(seq uint32) bool {
		ready, gap := q.put(notice{seq: seq})
		for _, n := range ready {
			got = append(got, n.seq)
		}
		return gap
	}
	for _, seq := range []uint32{10, 12, 14, 11, 11, 9, 13} {
		put(seq)
	}
	if want := []uint32{10, 11, 12, 13, 14}; !slices.Equal(got, want) {
		t.Fatalf("order %v, want %v", got, want)
	}
	if !put(17) || !put(16) {
		t.Fatal("a gap is not told")
	}
	for _, n := range q.skip() {
		got = append(got, n.seq)
	}
	if !slices.Equal(got[5:], []uint32{16, 17}) || put(15) || len(q.held) != 0 {
		t.Fatalf("after the gap %v", got)
	}
	for seq := uint32(100); seq < 100+2*maxHeld; seq++ {
		put(2 * seq)
	}
	if len(q.held) > maxHeld {
		t.Fatalf("%d NOTIFYs are held", len(q.held))
	}
}
