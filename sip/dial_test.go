package sip

import (
	"strings"
	"testing"
	"time"

	"ringcard/cti"
)

var click = cti.Originate{ChannelID: "call-1", Endpoint: "PJSIP/101", Extension: "79161234567", Name: "Иванова \"М\"\r\nVia: x", Timeout: patience}

func TestClickToCall_PB_07_CO_01(t *testing.T) {
	p := newFakePBX(t)
	calls := make(chan *fakeCall, 1)
	p.behave(func(call *fakeCall) { call.answer(100); call.answer(180); calls <- call }, nil)
	c, sink := startClient(t, fakeConfig(p), "101")
	connected(t, c)
	if err := c.Originate(t.Context(), click); err != nil {
		t.Fatal(err)
	}
	call := <-calls
	if name := call.invite.From().DisplayName; strings.ContainsAny(name, "\"\r\n") || !strings.HasPrefix(name, "Иванова") {
		t.Errorf("the telephone shows %q", name)
	}
	p.state("101", "early 79161234567", 0)
	call.answer(200)
	eventually(t, "a REFER", func() bool { return p.count("REFER") == 1 })
	p.state("101", "confirmed", 0)
	call.report(100, false)
	call.report(180, false)
	eventually(t, "the client rings", func() bool { return sink.has("dialed PJSIP/101 to SIP/outside RINGING") })
	if err := c.Hangup(t.Context(), "call-1"); codeOf(err) != cti.CodeNotPossible {
		t.Errorf("hanging up a call that is out of our hands: %v", err)
	}
	call.report(200, true)
	eventually(t, "both talk", func() bool { return sink.has("bridge_entered SIP/outside") })
	eventually(t, "our dialog ends", func() bool { return p.count("BYE") == 1 })
	p.state("101", "terminated", 0)
	eventually(t, "the end", func() bool { return sink.has("channel_gone PJSIP/101 16") })
	if strings.Contains(sink.all(), "Ring 79161234567") {
		t.Errorf("our own call popped as one from outside\n%s", sink.all())
	}
	if err := c.Hangup(t.Context(), "call-1"); err != nil {
		t.Errorf("hanging up a call that is over: %v", err)
	}
}

// What the PBX tells of the extension may be read before its first answer to
// our call: sipgo gives each message a goroutine of its own.
func TestStateOvertakesTheAnswer_PB_07_CO_01(t *testing.T) {
	p := newFakePBX(t)
	p.behave(func(call *fakeCall) {
		go func() {
			p.state("101", "early 79161234567", 0)
			call.answer(100)
			call.answer(200)
		}()
	}, nil)
	c, sink := startClient(t, fakeConfig(p), "101")
	connected(t, c)
	if err := c.Originate(t.Context(), click); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a REFER", func() bool { return p.count("REFER") == 1 })
	p.state("101", "confirmed", 0)
	p.state("101", "terminated", 0)
	eventually(t, "the end", func() bool { return sink.has("channel_gone PJSIP/101 16") })
	if strings.Contains(sink.all(), "Ring 79161234567") {
		t.Errorf("our own call popped as one from outside\n%s", sink.all())
	}
}

func TestClickToCallFails_PB_07_CO_06(t *testing.T) {
	tests := []struct {
		name    string
		refer   int // answer to the REFER
		reports []int
		want    []string
	}{
		{"busy", 202, []int{100, 486}, []string{"dialed PJSIP/101 to SIP/outside BUSY", "channel_gone SIP/outside 17/486"}},
		{"rang, then 503", 202, []int{100, 180, 503}, []string{"dialed PJSIP/101 to SIP/outside NOANSWER", "channel_gone SIP/outside 18"}},
		{"503", 202, []int{100, 503}, []string{"channel_gone SIP/outside 34/503"}},
		{"transfer forbidden", 403, nil, []string{"channel_gone PJSIP/101 21/403"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newFakePBX(t)
			calls := p.answersCalls(func() int { return tt.refer })
			c, sink := startClient(t, fakeConfig(p), "101")
			connected(t, c)
			if err := c.Originate(t.Context(), click); err != nil {
				t.Fatal(err)
			}
			call := <-calls
			eventually(t, "a REFER", func() bool { return p.count("REFER") == 1 })
			for i, status := range tt.reports {
				call.report(status, i == len(tt.reports)-1)
			}
			for _, want := range tt.want {
				eventually(t, want, func() bool { return sink.has(want) })
			}
		})
	}
}

// Asterisk refuses a REFER with 400 while it puts both sides together: in the
// answer, or in the first report.
func TestReferIsRepeated_PB_07(t *testing.T) {
	p := newFakePBX(t)
	var refers int
	calls := p.answersCalls(func() int {
		if refers++; refers == 1 {
			return 400
		}
		return 202
	})
	c, sink := startClient(t, fakeConfig(p), "101")
	connected(t, c)
	if err := c.Originate(t.Context(), click); err != nil {
		t.Fatal(err)
	}
	call := <-calls
	eventually(t, "a second REFER", func() bool { return p.count("REFER") == 2 })
	call.report(100, false)
	call.report(400, true)
	eventually(t, "a third REFER", func() bool { return p.count("REFER") == 3 })
	call.report(200, true)
	eventually(t, "both talk", func() bool { return sink.has("bridge_entered SIP/outside") })
}

func TestClickIsCancelled_PB_07_CO_06(t *testing.T) {
	p := newFakePBX(t)
	p.ringsUntilCancelled()
	c, sink := startClient(t, fakeConfig(p), "101")
	connected(t, c)
	if err := c.Originate(t.Context(), click); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it rings", func() bool { return sink.has("channel_changed PJSIP/101 Ringing") })
	for range 2 {
		if err := c.Hangup(t.Context(), "call-1"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the end", func() bool { return sink.has("channel_gone PJSIP/101 16/487") })
}

func TestOwnTelephone_PB_07_CO_06(t *testing.T) {
	tests := []struct {
		name   string
		status int
		at     bool // refused at once, before a 100
		code   cti.Code
		want   string
	}{
		{"busy", 486, false, "", "channel_gone PJSIP/101 17/486"},
		{"not in the context", 404, true, cti.CodeRefused, ""},
		{"forbidden", 403, true, cti.CodeDenied, ""},
		{"not registered", 480, true, cti.CodeUnregistered, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newFakePBX(t)
			p.behave(func(call *fakeCall) {
				if !tt.at {
					call.answer(100)
				}
				call.answer(tt.status)
			}, nil)
			c, sink := startClient(t, fakeConfig(p), "101")
			connected(t, c)
			if err := c.Originate(t.Context(), click); codeOf(err) != tt.code {
				t.Fatalf("the order is answered with %v", err)
			}
			if tt.want != "" {
				eventually(t, tt.want, func() bool { return sink.has(tt.want) })
			} else if strings.Contains(sink.all(), "channel_created") {
				t.Errorf("a call that was refused has a channel\n%s", sink.all())
			}
		})
	}
}

func TestOwnTelephoneIsNotPickedUp_PB_07(t *testing.T) {
	p := newFakePBX(t)
	p.ringsUntilCancelled()
	c, sink := startClient(t, fakeConfig(p), "101")
	connected(t, c)
	order := click
	order.Timeout = 300 * time.Millisecond
	if err := c.Originate(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end", func() bool { return sink.has("channel_gone PJSIP/101 18/480") })
}
