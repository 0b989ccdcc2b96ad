package phones_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"ringcard/test/pbx"
	"ringcard/test/phones"
)

// originate makes the PBX call endpoint and then an extension of context office.
func originate(ctx context.Context, t *testing.T, office *phones.Office, endpoint, extension string, variables map[string]string) {
	t.Helper()
	query := url.Values{"endpoint": {endpoint}, "extension": {extension}, "context": {"office"}, "priority": {"1"}}
	body, err := json.Marshal(map[string]any{"variables": variables})
	must(t, "marshal", err)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, office.PBX.ARIURL+"/channels?"+query.Encode(), strings.NewReader(string(body)))
	must(t, "request", err)
	req.SetBasicAuth(office.PBX.ARIUser, office.PBX.ARIPassword)
	req.Header.Set("Content-Type", "application/json")
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	must(t, "originate", err)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("originate: %s", res.Status)
	}
}

// ariEvents sends the types of all events of the PBX.
func ariEvents(t *testing.T, office *phones.Office) <-chan string {
	t.Helper()
	header := http.Header{}
	auth := http.Request{Header: header}
	auth.SetBasicAuth(office.PBX.ARIUser, office.PBX.ARIPassword)
	address := strings.Replace(office.PBX.ARIURL, "http://", "ws://", 1) + "/events?app=phones&subscribeAll=true"
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), address, header)
	must(t, "ari events", err)
	_ = res.Body.Close()
	types := make(chan string, 1024) // more than a call makes
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var event struct{ Type string }
			if err := conn.ReadJSON(&event); err != nil {
				return
			}
			types <- event.Type
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return types
}

func waitEvent(ctx context.Context, t *testing.T, events <-chan string, want string) {
	t.Helper()
	for {
		select {
		case got := <-events:
			if got == want {
				return
			}
		case <-ctx.Done():
			t.Fatalf("no event %s", want)
		}
	}
}

func TestHoldAndResume(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		events := ariEvents(t, office)
		desk := office.Phone("102", phones.AnswerAfter(0))
		caller := callIn(t, office, "4951000102")
		callee := incoming(ctx, t, desk)
		must(t, "answered", caller.WaitAnswered(ctx))
		must(t, "tone", callee.SendTone(1000))
		must(t, "tone", caller.SendTone(440))
		must(t, "caller hears", caller.WaitTone(ctx, 1000))
		must(t, "hold", callee.Hold(ctx))
		waitEvent(ctx, t, events, "ChannelHold")
		must(t, "resume", callee.Resume(ctx))
		waitEvent(ctx, t, events, "ChannelUnhold")
		must(t, "callee hears again", callee.WaitTone(ctx, 440))
		must(t, "caller hears again", caller.WaitTone(ctx, 1000))
		must(t, "hang up", callee.Hangup(ctx))
		ended(ctx, t, caller, 200)
	})
}

func TestPhoneAnswersByItselfWhenTold(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := phones.New(t, phones.Config{
			User: "101", Password: office.PBX.PhonePassword("101"), Registrar: office.PBX.SIPAddr, AutoAnswer: true,
		})
		originate(ctx, t, office, "PJSIP/101", client.Number, map[string]string{
			"CONNECTEDLINE(name,i)":        client.Name,
			"CONNECTEDLINE(num,i)":         client.Number,
			"PJSIP_HEADER(add,Call-Info)":  "<sip:127.0.0.1>;answer-after=0",
			"PJSIP_HEADER(add,Alert-Info)": "<http://127.0.0.1>;info=alert-autoanswer",
		})
		own := incoming(ctx, t, desk)
		if got := own.Caller(); got != client {
			t.Errorf("the phone shows %+v, want the client", got)
		}
		must(t, "answered by itself", own.WaitAnswered(ctx))
		outside, err := office.Trunk.WaitIncoming(ctx)
		must(t, "trunk", err)
		if outside.Dialled() != client.Number {
			t.Errorf("the PBX called %q", outside.Dialled())
		}
		must(t, "client answers", outside.Answer())
		must(t, "hang up", own.Hangup(ctx))
		ended(ctx, t, outside, 200)

		// Without the headers it only rings.
		originate(ctx, t, office, "PJSIP/101", client.Number, nil)
		must(t, "ringing", incoming(ctx, t, desk).WaitRinging(ctx))
	})
}

// ami is a session of the manager interface.
type ami struct {
	conn   net.Conn
	reader *bufio.Reader
}

func openAMI(ctx context.Context, t *testing.T, office *phones.Office) *ami {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", office.PBX.AMIAddr)
	must(t, "ami", err)
	t.Cleanup(func() { _ = conn.Close() })
	a := &ami{conn: conn, reader: bufio.NewReader(conn)}
	a.do(ctx, t, "Login", "Username: "+office.PBX.ARIUser, "Secret: "+office.PBX.ARIPassword, "Events: off")
	return a
}

// do sends an action and fails the test unless it succeeds.
func (a *ami) do(ctx context.Context, t *testing.T, action string, lines ...string) {
	t.Helper()
	if deadline, ok := ctx.Deadline(); ok {
		must(t, "ami", a.conn.SetDeadline(deadline))
	}
	_, err := fmt.Fprintf(a.conn, "Action: %s\r\n%s\r\n\r\n", action, strings.Join(lines, "\r\n"))
	must(t, action, err)
	for {
		line, err := a.reader.ReadString('\n')
		must(t, action, err)
		if status, found := strings.CutPrefix(line, "Response: "); found {
			message, err := a.reader.ReadString('\n')
			must(t, action, err)
			if strings.TrimSpace(status) != "Success" {
				t.Fatalf("%s: %s%s", action, line, message)
			}
			return
		}
	}
}

func TestPBXPressesTheKeysOfAPhone(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		events := ariEvents(t, office)
		manager := openAMI(ctx, t, office)
		desk := office.Phone("102", nil)
		caller := callIn(t, office, "4951000102")
		callee := incoming(ctx, t, desk)
		must(t, "ringing", caller.WaitRinging(ctx))
		press := func(event string) {
			manager.do(ctx, t, "PJSIPNotify", "Channel: PJSIP/102-00000001", "Variable: Event="+event)
		}
		press("talk")
		must(t, "answered", callee.WaitAnswered(ctx))
		must(t, "answered", caller.WaitAnswered(ctx))
		press("hold")
		waitEvent(ctx, t, events, "ChannelHold")
		press("talk")
		waitEvent(ctx, t, events, "ChannelUnhold")
	})
}

func TestQualifiedPhoneIsReachable(t *testing.T) {
	for _, version := range []string{"22", "16"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			office := phones.StartOffice(t, pbx.Options{Version: version, QualifySeconds: 1}, false)
			events := ariEvents(t, office)
			office.Phone("101", nil)
			ctx := within(t)
			waitEvent(ctx, t, events, "ContactStatusChange")
			out, err := office.PBX.CLI(ctx, "pjsip show contacts")
			must(t, "contacts", err)
			if !strings.Contains(out, "101/sip:101@127.0.0.1:") {
				t.Errorf("contacts: %s", out)
			}
		})
	}
}
