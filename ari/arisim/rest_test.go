package arisim_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ringcard/ari"
	"ringcard/ari/arisim"
	"ringcard/cti"
)

// request sends one to ARI and returns the status and the body.
func request(t *testing.T, s *arisim.Sim, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(user, password)
	req.Close = true // leaves no idle connection behind
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(raw))
}

// TestAnswers compares with what Asterisk 22.10.1 answered to the same.
func TestAnswers(t *testing.T) {
	s := start(t, arisim.Options{})
	s.Phone("101").SetBehaviour(rings)
	s.Phone("106").Unregister()
	frames(t, s, "app")
	originate := func(id, endpoint, extension string) string {
		return "/channels?" + url.Values{"channelId": {id}, "endpoint": {endpoint}, "extension": {extension}, "context": {"office"}}.Encode()
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string // the start of the body
	}{
		{"GET", "/channels", "", 200, `[]`},
		{"GET", "/bridges", "", 200, `[]`},
		{"GET", "/channels/none", "", 404, `{"message":"Channel not found"}`},
		{"DELETE", "/channels/none", "", 404, `{"message":"Channel not found"}`},
		{"GET", "/channels/none/variable?variable=X", "", 404, `{"message":"Provided channel was not found"}`},
		{"GET", "/nothing", "", 404, `{"message":"Resource not found"}`},
		{"GET", "/deviceStates/PJSIP%2F101", "", 200, `{"name":"PJSIP/101","state":"NOT_INUSE"}`},
		{"GET", "/deviceStates/PJSIP%2F106", "", 200, `{"name":"PJSIP/106","state":"UNAVAILABLE"}`},
		{"GET", "/deviceStates/PJSIP%2F999", "", 200, `{"name":"PJSIP/999","state":"INVALID"}`},
		{"GET", "/endpoints", "", 200, `[{"technology":"PJSIP","resource":"trunk","state":"online","channel_ids":[]}`},
		{"PUT", "/applications/none/eventFilter", `{}`, 404, `{"message":"Application not found"}`},
		{"PUT", "/applications/app/eventFilter", `{"disallowed":[{"type":"ChannelVarset"}]}`, 200, `{"name":"app","channel_ids":["__AST_CHANNEL_ALL_TOPIC"]`},
		{"POST", "/applications/none/subscription?eventSource=channel:", "", 404, `{"message":"Application not found"}`},
		{"POST", "/applications/app/subscription", "", 400, `{"message":"Missing parameter eventSource"}`},
		{"POST", "/applications/app/subscription?eventSource=channel:nobody", "", 422, `{"message":"Event source does not exist"}`},
		{"GET", "/applications", "", 200, `[{"name":"app",`},
		{"GET", "/applications/app", "", 200, `{"name":"app","channel_ids":["__AST_CHANNEL_ALL_TOPIC"]`},
		{"GET", "/applications/none", "", 404, `{"message":"Application not found"}`},
		{"POST", originate("a", "", "102"), "", 400, `{"message":"Endpoint must be specified"}`},
		{"POST", originate("a", "nothing", "102"), "", 400, `{"message":"Invalid endpoint specified"}`},
		{"POST", originate("a", "PJSIP/101", ""), "", 400, `{"message":"Application or extension must be specified"}`},
		{"POST", originate("a", "PJSIP/999", "102"), "", 500, `{"error":"Allocation failed"}`},
		{"POST", originate("a", "PJSIP/106", "102"), "", 500, `{"error":"Allocation failed"}`},
		{"POST", originate("a", "PJSIP/101", "102"), `{"variables":{"X":"y"}}`, 200, `{"id":"a","name":"PJSIP/101-00000001","state":"Down"`},
		{"POST", originate("a", "PJSIP/101", "102"), "", 409, `{"message":"Channel with given unique ID already exists"}`},
		{"GET", "/channels/a", "", 200, `{"id":"a","name":"PJSIP/101-00000001"`},
		{"GET", "/channels/a/variable", "", 400, `{"message":"Variable name is required"}`},
		{"GET", "/channels/a/variable?variable=X", "", 200, `{"value":"y"}`},
		{"GET", "/channels/a/variable?variable=CHANNEL(linkedid)", "", 200, `{"value":"a"}`},
		{"GET", "/channels/a/variable?variable=Y", "", 404, `{"message":"Provided variable was not found"}`},
		{"DELETE", "/channels/a", "", 204, ``},
	} {
		status, body := request(t, s, c.method, c.path, c.body)
		if status != c.status || !strings.HasPrefix(body, c.want) {
			t.Errorf("%s %s: %d %s\nwant %d %s", c.method, c.path, status, body, c.status, c.want)
		}
	}
}

func TestWrongPasswordIsRefused(t *testing.T) {
	s := start(t, arisim.Options{})
	rest := ari.NewREST(ari.Config{URL: s.URL(), User: user, Password: "wrong"}, nil)
	defer rest.Close()
	_, _, err := rest.Info(within(t))
	var status *ari.StatusError
	if !errors.As(err, &status) || status.Status != http.StatusUnauthorized || status.Message != "Authentication required" {
		t.Errorf("error %v", err)
	}
}

func TestInfoNamesTheSimulation(t *testing.T) {
	s := start(t, arisim.Options{})
	c, _ := client(t, s, "ringcard")
	eventually(t, "connected", func() bool { return c.Status().Connected })
	if v := c.Status().Version; v != "22.10.0 (simulated)" {
		t.Errorf("version %q", v)
	}
}

// TestRefusalsReachTheClient: what ari makes of the answers to an originate.
func TestRefusalsReachTheClient(t *testing.T) {
	s := start(t, arisim.Options{})
	c, _ := client(t, s, "ringcard")
	s.Phone("102").Unregister()
	dial := func(id, endpoint string) error {
		return c.Originate(within(t), cti.Originate{ChannelID: id, Endpoint: endpoint, Extension: "103", Context: "office", Timeout: time.Minute})
	}
	if err := dial("one", "PJSIP/101"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		err  error
		code cti.Code
	}{{dial("one", "PJSIP/101"), cti.CodeConflict}, {dial("two", "PJSIP/102"), cti.CodeUnregistered}, {dial("two", "nothing"), cti.CodeRefused}} {
		var e *cti.Error
		if !errors.As(want.err, &e) || e.Code != want.code {
			t.Errorf("error %v, want code %v", want.err, want.code)
		}
	}
	if err := c.Hangup(within(t), "gone"); err != nil {
		t.Errorf("hang up of a channel that is gone: %v", err)
	}
}

// fields lists the paths of a frame; channelvars is taken as one field.
func fields(frame map[string]any, prefix string) []string {
	var out []string
	for k, v := range frame {
		if m, ok := v.(map[string]any); ok && k != "channelvars" {
			out = append(out, fields(m, prefix+k+".")...)
			continue
		}
		out = append(out, prefix+k)
	}
	return out
}

// TestFramesHaveTheFieldsOfAsterisk: none is missing, none is invented.
func TestFramesHaveTheFieldsOfAsterisk(t *testing.T) {
	raw, err := os.ReadFile("testdata/fields.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, arisim.Options{})
	got := frames(t, s, "app")
	s.Phone("106").Unregister()
	s.Phone("106").Register()
	s.Outside(world, hangsUp)
	await(t, "end", s.Phone("101").Dial(world).Ended())
	s.Phone("102").SetBehaviour(busy)
	await(t, "end", s.Inbound(arisim.Inbound{From: "79160000001", DID: "4951000102"}).Ended())
	s.Replace()
	replaced := func(all [][]byte) bool {
		return len(all) > 0 && strings.Contains(string(all[len(all)-1]), "ApplicationReplaced")
	}
	all, ok := got.wait(within(t), replaced)
	if !ok {
		t.Fatal("no ApplicationReplaced")
	}
	seen := make(map[string][][]string)
	for _, b := range all {
		var f map[string]any
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		kind, _ := f["type"].(string)
		seen[kind] = append(seen[kind], fields(f, ""))
	}
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		if f[0] == "#" {
			continue
		}
		known := make(map[string]bool) // whether it is required
		for _, name := range f[1:] {
			known[strings.TrimSuffix(name, "?")] = !strings.HasSuffix(name, "?")
		}
		if len(seen[f[0]]) == 0 {
			t.Errorf("no %s was sent", f[0])
		}
		for _, have := range seen[f[0]] {
			for _, name := range have {
				if _, ok := known[name]; !ok {
					t.Errorf("%s has %s, which Asterisk does not send", f[0], name)
				}
			}
			for name := range maps.Keys(known) {
				if known[name] && !slices.Contains(have, name) {
					t.Errorf("%s has no %s", f[0], name)
				}
			}
		}
	}
}
