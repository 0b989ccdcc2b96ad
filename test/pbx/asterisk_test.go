package pbx_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringcard/test/pbx"
	"ringcard/test/phones"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var versions = []string{"22", "16"}

func TestStartRunsTheVersionAskedFor(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			a := pbx.Start(t, pbx.Options{Version: version})
			out, err := a.CLI(t.Context(), "core show version")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(out, "Asterisk "+version+".") {
				t.Errorf("version: %s", out)
			}
			for _, command := range []string{"pjsip show endpoint 107", "pjsip show endpoint trunk", "queue show sales", "voicemail show users"} {
				out, err := a.CLI(t.Context(), command)
				if err != nil || strings.Contains(out, "Unable to find") || strings.Contains(out, "No such") {
					t.Errorf("%s: %v\n%s", command, err, out)
				}
			}
		})
	}
}

func TestInstancesRunSideBySide(t *testing.T) {
	first := pbx.Start(t, pbx.Options{Version: "22"})
	second := pbx.Start(t, pbx.Options{Version: "22"})
	third := pbx.Start(t, pbx.Options{Version: "16"})
	seen := make(map[string]bool)
	for _, a := range []*pbx.Asterisk{first, second, third} {
		for _, addr := range []string{a.SIPAddr, a.ARIURL, a.AMIAddr} {
			if seen[addr] {
				t.Errorf("%s is used twice", addr)
			}
			seen[addr] = true
		}
		if status(t, a, a.ARIPassword) != http.StatusOK {
			t.Errorf("%s does not answer", a.ARIURL)
		}
	}
	if got := status(t, first, second.ARIPassword); got != http.StatusUnauthorized {
		t.Errorf("the password of another instance gives %d", got)
	}
}

func TestRestartKeepsPortsAndRegistrations(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			office := phones.StartOffice(t, pbx.Options{Version: version}, false)
			office.Phone("102", phones.AnswerAfter(0))
			if err := office.PBX.Down(); err != nil {
				t.Fatal(err)
			}
			if _, err := office.PBX.CLI(t.Context(), "core show uptime"); err == nil {
				t.Error("asterisk still runs")
			}
			if err := office.PBX.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			callsThrough(t, office)
		})
	}
}

func TestCrashKeepsPorts(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			office := phones.StartOffice(t, pbx.Options{Version: version}, false)
			desk := office.Phone("102", phones.AnswerAfter(0))
			if err := office.PBX.Crash(); err != nil {
				t.Fatal(err)
			}
			if err := office.PBX.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			// Asterisk saves contacts once a second: a crash may lose them.
			if err := desk.Register(t.Context()); err != nil {
				t.Fatal(err)
			}
			callsThrough(t, office)
		})
	}
}

// callsThrough makes a call to 102, which answers.
func callsThrough(t *testing.T, office *phones.Office) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	call, err := office.Trunk.Call(ctx, phones.Outgoing{From: "79161234567", To: "4951000102"})
	if err != nil {
		t.Fatal(err)
	}
	if err := call.WaitAnswered(ctx); err != nil {
		t.Fatal(err)
	}
	if err := call.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestStopIsIdempotentAndFinal(t *testing.T) {
	a := pbx.Start(t, pbx.Options{Version: "22"})
	for range 2 {
		if err := a.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Up(t.Context()); err == nil {
		t.Error("a stopped instance started again")
	}
}

func TestRunSaysWhatIsMissing(t *testing.T) {
	for version, want := range map[string]string{"": "22 or 16", "11": "install.sh 11"} {
		if _, err := pbx.Run(t.Context(), pbx.Options{Version: version}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("version %q: %v, want a hint at %q", version, err, want)
		}
	}
}

func TestChannelVarsAreTheLinkedIDUnlessToldOtherwise(t *testing.T) {
	for _, version := range versions {
		for _, c := range []struct {
			name string
			vars []string
			want bool
		}{{"default", nil, true}, {"none", []string{}, false}} {
			t.Run(version+" "+c.name, func(t *testing.T) {
				office := phones.StartOffice(t, pbx.Options{Version: version, ChannelVars: c.vars}, false)
				office.Phone("102", nil)
				call, err := office.Trunk.Call(t.Context(), phones.Outgoing{From: "79161234567", To: "4951000102"})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if err := call.WaitRinging(ctx); err != nil {
					t.Fatal(err)
				}
				res := get(t, office.PBX, office.PBX.ARIPassword, "/channels")
				defer res.Body.Close()
				var channels []struct {
					ID          string            `json:"id"`
					ChannelVars map[string]string `json:"channelvars"`
				}
				if err := json.NewDecoder(res.Body).Decode(&channels); err != nil {
					t.Fatal(err)
				}
				// Not two entries: Asterisk 22 lists a channel that changes meanwhile twice.
				up := make(map[string]bool)
				for _, channel := range channels {
					up[channel.ID] = true
				}
				if len(up) != 2 {
					t.Fatalf("channels %+v", channels)
				}
				for _, channel := range channels {
					if _, got := channel.ChannelVars["CHANNEL(linkedid)"]; got != c.want {
						t.Errorf("channelvars %v", channel.ChannelVars)
					}
				}
			})
		}
	}
}

func TestSippCallsThroughTheTrunk(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			office := phones.StartOffice(t, pbx.Options{Version: version}, false)
			desk := office.Phone("102", phones.AnswerAfter(0))
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			result, err := pbx.SippCall(ctx, office.PBX, pbx.SippOptions{
				From: "79161234567", FromName: "Ivan", To: "4951000102", Calls: 3, Talk: 200 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			if want := (pbx.SippResult{Successful: 3}); result != want {
				t.Errorf("result %+v, want %+v", result, want)
			}
			incoming, err := desk.WaitIncoming(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := incoming.Caller(), (phones.Party{Name: "Ivan", Number: "79161234567"}); got != want {
				t.Errorf("caller %+v, want %+v", got, want)
			}
			desk.OnCall(phones.RefuseWith(486))
			result, err = pbx.SippCall(ctx, office.PBX, pbx.SippOptions{From: "79161234567", To: "4951000102"})
			if err != nil {
				t.Fatal(err)
			}
			if want := (pbx.SippResult{Failed: 1}); result != want {
				t.Errorf("busy: result %+v, want %+v", result, want)
			}
		})
	}
}

// get asks ARI.
func get(t *testing.T, a *pbx.Asterisk, password, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.ARIURL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(a.ARIUser, password)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func status(t *testing.T, a *pbx.Asterisk, password string) int {
	t.Helper()
	res := get(t, a, password, "/asterisk/info")
	_ = res.Body.Close()
	return res.StatusCode
}
