package arisim_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"ringcard/ari/ami"
	"ringcard/ari/arisim"
)

// manager connects the product's client to the manager interface.
func manager(t *testing.T, s *arisim.Sim) (*ami.Client, *log[ami.Message]) {
	t.Helper()
	addr, err := s.StartManager()
	if err != nil {
		t.Fatal(err)
	}
	events, up := newLog[ami.Message](), make(chan struct{})
	c := ami.New(ami.Config{Addr: addr, User: user, Password: password}, ami.Options{OnEvent: events.add, OnStatus: func(err error) {
		if err == nil {
			close(up)
		}
	}})
	c.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	await(t, "login", up)
	return c, events
}

// TestManagerAnswers: what an action cannot do is refused in Asterisk's words.
func TestManagerAnswers(t *testing.T) {
	s := start(t, arisim.Options{})
	c, _ := manager(t, s)
	for _, a := range []struct{ action, fields, refused string }{
		{"Ping", "", ""},
		{"Dance", "", "Invalid/unknown command: Dance. Use Action: ListCommands to show available commands."},
		{"Setvar", "Channel PJSIP/none", "No such channel"},
		{"BlindTransfer", "Channel PJSIP/none", "No such channel"},
		{"Originate", "Channel PJSIP/999 Application PickupChan Timeout 1000", "Originate failed"},
		{"QueueAdd", "Queue none Interface PJSIP/101", "Unable to add interface to queue: No such queue"},
		{"QueueAdd", "Queue sales Interface PJSIP/101", "Unable to add interface: Already there"},
		{"QueueAdd", "Queue sales Interface PJSIP/104", ""},
		{"QueueRemove", "Queue sales Interface PJSIP/104", ""},
		{"QueueRemove", "Queue sales Interface PJSIP/104", "Unable to find interface in queue"},
		{"QueuePause", "Interface PJSIP/105 Paused true", "Unable to find interface in queue"},
	} {
		_, err := c.Do(within(t), a.action, strings.Fields(a.fields)...)
		var refused *ami.Refused
		if errors.As(err, &refused); a.refused == "" && err != nil || a.refused != "" && (refused == nil || refused.Message != a.refused) {
			t.Errorf("%s %s: %v, want %q", a.action, a.fields, err, a.refused)
		}
	}
	if _, err := s.StartManager(); err == nil {
		t.Error("started twice")
	}
}

// TestQueueMembersComeAndGo: who has left a queue or pauses is not rung.
func TestQueueMembersComeAndGo(t *testing.T) {
	s := start(t, arisim.Options{})
	c, events := manager(t, s)
	must := func(action string, fields ...string) {
		t.Helper()
		if _, err := c.Do(within(t), action, fields...); err != nil {
			t.Fatal(err)
		}
	}
	must("QueueAdd", "Queue", "sales", "Interface", "PJSIP/103", "MemberName", "Phone 103")
	must("QueueRemove", "Queue", "sales", "Interface", "PJSIP/101")
	must("QueuePause", "Queue", "sales", "Interface", "PJSIP/102", "Paused", "true", "Reason", "lunch")
	for _, ext := range []string{"101", "102", "103"} {
		s.Phone(ext).SetBehaviour(rings)
	}
	call := s.Inbound(arisim.Inbound{From: "79160000001", DID: "4951000101"})
	await(t, "ringing", call.Ringing())
	list, err := c.List(within(t), "QueueStatus", "QueueStatusComplete")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range list {
		if m.Get("Queue") == "sales" {
			got = append(got, strings.TrimSpace(m.Get("Event")+" "+m.Get("Location")+" "+m.Get("Membership")+" "+m.Get("PausedReason")+m.Get("Uniqueid")))
		}
	}
	want := "QueueParams|QueueMember PJSIP/102 static lunch|QueueMember PJSIP/103 dynamic|QueueEntry   " + call.ID()
	if strings.Join(got, "|") != want {
		t.Errorf("status\n%q, want\n%q", strings.Join(got, "|"), want)
	}
	if s.Phone("101").Busy() || s.Phone("102").Busy() || !s.Phone("103").Busy() {
		t.Error("the wrong telephones ring")
	}
	call.Hangup()
	if _, ok := events.wait(within(t), func(all []ami.Message) bool {
		for _, m := range all {
			if m.Get("Event") == "QueueCallerLeave" {
				return true
			}
		}
		return false
	}); !ok {
		t.Error("nobody is told that the caller left")
	}
}

// TestManagerLogin: nothing is done for one who has not logged in.
func TestManagerLogin(t *testing.T) {
	s := start(t, arisim.Options{})
	addr, err := s.StartManager()
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	conn, err := d.DialContext(within(t), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	r := bufio.NewReader(conn)
	if banner, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(banner, "Asterisk Call Manager/") {
		t.Fatalf("%q %v", banner, err)
	}
	for _, x := range []struct{ action, response, message string }{
		{"Action: Ping\r\n\r\n", "Error", "Permission denied"},
		{"Action: Login\r\nUsername: ringcard\r\nSecret: wrong\r\n\r\n", "Error", "Authentication failed"},
		{"Action: Login\r\nUsername: ringcard\r\nSecret: secret\r\n\r\n", "Success", "Authentication accepted"},
		{"Action: Ping\r\n\r\n", "Success", "Done"},
	} {
		if _, err := conn.Write([]byte(x.action)); err != nil {
			t.Fatal(err)
		}
		m, err := ami.ReadMessage(r)
		if err != nil || m.Get("Response") != x.response || m.Get("Message") != x.message {
			t.Errorf("%q: %v %v", x.action, m, err)
		}
	}
}
