package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/internal/httpapi"
	"ringcard/internal/pbxconfig"
	"ringcard/internal/postgres"
	"ringcard/test/pbx"
	"ringcard/test/phones"
	"ringcard/test/scenario"
)

// officeDialplan uses the generated context ringcard-who. The two globals of
// that are set once the server is up; the lines after Gosub are the office's
// own, for when the hooks have nothing to say.
const officeDialplan = `
[from-trunk]
exten => 4953000001,1,Set(GLOBAL(HOSTILE)=${CALLERID(num)})
 same => n,Gosub(ringcard-who,s,1)
 same => n,GotoIf($[${LEN(${MANAGER})} = 0]?queue)
 same => n,Dial(PJSIP/${MANAGER},20)
 same => n(queue),Dial(PJSIP/102,20)
 same => n,Hangup()
; Basic authentication, for an Asterisk whose CURLOPT knows no httpheader
exten => 4953000002,1,Set(CURLOPT(userpwd)=asterisk:${RINGCARD_TOKEN})
 same => n,Set(CURLOPT(httptimeout)=1)
 same => n,Set(CALLERID(name)=${CURL(${RINGCARD}/hooks/callerid?ascii=1&max=15&number=${URIENCODE(${CALLERID(num)})})})
 same => n,Dial(PJSIP/102,20)
 same => n,Hangup()
; asks nobody
exten => 4953000003,1,Dial(PJSIP/104&PJSIP/105,30)
 same => n,Hangup()
`

// hookDialplan is the generated snippet and the office's own lines.
func hookDialplan(t *testing.T) string {
	t.Helper()
	for _, f := range pbxconfig.New(pbxconfig.Options{PBX: configs.PBX{Name: "office"}}).Files {
		if strings.Contains(f.Text, "[ringcard-who]") {
			return f.Text + officeDialplan
		}
	}
	t.Fatal("there is no snippet for the dialplan")
	return ""
}

// A real dialplan asks who calls and who is responsible: the display shows the
// client's name, his manager's telephone rings, and a base that stalls leaves
// the call to the dialplan.
func TestDialplanHooks_LU_06_LU_07(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			o, err := scenario.NewReal(t.Context(), pbx.Options{Version: version, Append: map[string]string{
				"extensions.conf": hookDialplan(t), "pjsip.conf": mutePhone,
			}})
			must(t, "asterisk", err)
			closeOffice(t, o)
			p := &product{t: t, office: o, cfg: config(t, o)}
			p.cfg.PBX[0].SetCallerName = true
			if version == "16" { // 16.28 has no func_export
				p.cfg.PBX[0].AMI = configs.AMI{Address: o.PBX.AMIAddr, User: o.PBX.ARIUser, Password: configs.Secret(o.PBX.ARIPassword)}
			}
			var token string
			p.run(func(ctx context.Context, db *postgres.DB, s httpapi.Services) error {
				if err := p.seed(ctx, db, s); err != nil {
					return err
				}
				var err error
				token, _, err = s.Employees.CreateToken(ctx, crm.System(), "u101", "dialplan", []crm.Permission{crm.Hooks}, nil)
				return err
			})
			for name, value := range map[string]string{"RINGCARD": p.url + "/api/v1", "RINGCARD_TOKEN": token} {
				_, err := o.PBX.CLI(within(t), "dialplan set global "+name+" "+value)
				must(t, "global "+name, err)
			}
			rang := make(chan ring, 10)
			for _, extension := range []string{"101", "102", "103"} {
				listen(t, o, extension, rang)
			}
			admin := p.login("u101")
			var card client.Card
			admin.get(fmt.Sprintf("/clients/%d", p.clientID), &card)
			change := http.Header{"If-Match": {fmt.Sprintf(`"%d"`, card.Version)}}
			users := admin.users()
			if status := admin.do(http.MethodPatch, fmt.Sprintf("/clients/%d", p.clientID),
				map[string]any{"responsible_id": users["u103"]}, change, nil); status != http.StatusOK {
				t.Fatalf("responsible: %d", status)
			}
			waitFree(p, "101")
			waitFree(p, "103")
			const known = "79161234567"
			try := func(from, did string) ring {
				t.Helper()
				line, err := o.Call(within(t), scenario.Outside{From: from, DID: did})
				must(t, "call", err)
				defer func() { must(t, "hang up", line.Hangup(within(t))) }()
				select {
				case got := <-rang:
					return got
				case <-line.Ended():
					t.Fatalf("the call of %s to %s ended before anything rang", from, did)
				case <-within(t).Done():
					t.Fatalf("nothing rang for the call of %s to %s", from, did)
				}
				return ring{}
			}
			// A hook answers in 50 ms or not at all, which a busy machine does not
			// always do: then the next call must have the answer.
			call := func(from, did string, want ring) {
				t.Helper()
				var got ring
				for range 10 {
					if got = try(from, did); got == want {
						return
					}
				}
				t.Errorf("call of %s to %s: %+v, want %+v", from, did, got, want)
			}

			// The display shows the client, and the manager's telephone rings.
			call(known, "4953000001", ring{"103", "Иванова Марина Сергеевна, ООО «Северный ветер»"})
			call(known, "4953000002", ring{"102", "Ivanova Marina"})
			call("74950000000", "4953000001", ring{"102", ""}) // nobody knows him: as without us

			// The manager is on holiday: his deputy's rings.
			if status := admin.post(fmt.Sprintf("/users/%d/absences", users["u103"]), map[string]any{
				"kind": "vacation", "from_at": time.Now().Add(-time.Hour), "to_at": time.Now().Add(time.Hour), "deputy_id": users["u101"],
			}, nil, nil); status != http.StatusCreated {
				t.Fatalf("absence: %d", status)
			}
			call(known, "4953000001", ring{"101", "Иванова Марина Сергеевна, ООО «Северный ветер»"})

			// Who chooses his own number makes the dialplan run nothing, and a name
			// comes to the display whole.
			file := rand.Text()
			call("7916%24%7BSHELL%28touch%20%2Ftmp%2F"+file+"%29%7D%22%29%2CSystem%28touch%20%2Ftmp%2F"+file+"%29", "4953000001", ring{"102", ""})
			globals, err := o.PBX.CLI(within(t), "dialplan show globals")
			must(t, "globals", err)
			if !strings.Contains(globals, "HOSTILE=7916${SHELL(touch /tmp/"+file+")}") {
				t.Errorf("the hostile number did not come to the dialplan:\n%s", globals)
			}
			if _, err := os.Stat(filepath.Join(o.PBX.SpoolDir(), "..", "..", file)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a caller's number was run as a command: %v", err)
			}
			if status := admin.post("/clients", map[string]any{"name": "Рога: копыта (опт), 1?a:b", "kind": "company",
				"phones": []map[string]any{{"raw": "+7 495 111-22-33"}}}, nil, nil); status != http.StatusCreated {
				t.Fatalf("client: %d", status)
			}
			call("74951112233", "4953000001", ring{"102", "Рога: копыта (опт), 1?a:b"})

			// The dialplan asks nobody: the name comes to the ringing telephone
			// after its ring, over ARI or AMI, and the number stays. The telephone
			// without send_pai does not get it, and the doctor says so.
			desk := manual(t, o, "104", "105")
			line, err := o.Call(within(t), scenario.Outside{From: known, Name: "MARINA", DID: "4953000003"})
			must(t, "call", err)
			named, err := desk["104"].WaitIncoming(within(t))
			must(t, "incoming", err)
			must(t, "the name on the display", named.WaitName(within(t), "Иванова Марина Сергеевна, ООО «Северный ветер»"))
			if got := named.Connected().Number; got != known {
				t.Errorf("the number became %q", got)
			}
			if got := named.Caller().Name; got != "MARINA" {
				t.Errorf("the invitation said %q", got)
			}
			mute, err := desk["105"].WaitIncoming(within(t))
			must(t, "incoming", err)
			must(t, "hang up", line.Hangup(within(t)))
			if got := mute.Connected(); got.Name != "" {
				t.Errorf("a telephone without send_pai shows %+v", got)
			}
			report := examine(admin, p.cfg.PBX[0].Name)
			if f := report["caller_name.endpoint"]; f.Level != "warn" || f.Params["endpoints"] != "PJSIP/105" {
				t.Errorf("the doctor of names: %+v", f)
			}

			// The base stalls: the call goes on as the dialplan wants it.
			free := stall(t, p.cfg.Database.URL.Reveal())
			call(known, "4953000001", ring{"102", ""})
			free()
		})
	}
}

// mutePhone is told no names during a call.
const mutePhone = "[105](+)\nsend_pai = no\n"

// manual registers telephones that ring and leave the rest to the test.
func manual(t *testing.T, o *scenario.Real, extensions ...string) map[string]*phones.Phone {
	t.Helper()
	out := make(map[string]*phones.Phone)
	for _, extension := range extensions {
		out[extension] = phones.New(t, phones.Config{User: extension, Password: o.PBX.PhonePassword(extension), Registrar: o.PBX.SIPAddr})
	}
	return out
}

// examine runs the doctor of a PBX; findings by id, of several the last.
func examine(admin *operator, pbx string) map[string]httpapi.Finding {
	admin.p.t.Helper()
	var run httpapi.Examination
	if status := admin.post("/pbx/"+pbx+"/doctor", nil, nil, nil); status != http.StatusAccepted && status != http.StatusOK {
		admin.p.t.Fatalf("doctor: %d", status)
	}
	admin.p.eventually("the doctor is done", func() bool { admin.get("/pbx/"+pbx+"/doctor", &run); return !run.Running })
	out := make(map[string]httpapi.Finding)
	for _, f := range run.Findings {
		out[f.ID] = f
	}
	return out
}

// ring is a telephone that rang, and what its display showed.
type ring struct{ extension, display string }

// listen registers a telephone that rings and tells of it.
func listen(t *testing.T, o *scenario.Real, extension string, rang chan<- ring) {
	t.Helper()
	p, err := phones.NewPhone(phones.Config{
		User: extension, Password: o.PBX.PhonePassword(extension), Registrar: o.PBX.SIPAddr,
		Behaviour: func(c *phones.Call) {
			rang <- ring{extension, c.Caller().Name}
			phones.Ring()(c)
		},
	})
	must(t, "phone "+extension, err)
	t.Cleanup(p.Close)
	must(t, "register "+extension, p.Register(within(t)))
}

// users are the ids of all users by login.
func (op *operator) users() map[string]int64 {
	op.p.t.Helper()
	var list struct {
		Items []struct {
			ID    int64
			Login string
		}
	}
	if status := op.get("/users", &list); status != http.StatusOK {
		op.p.t.Fatalf("users: %d", status)
	}
	out := make(map[string]int64)
	for _, u := range list.Items {
		out[u.Login] = u.ID
	}
	return out
}

// stall keeps everybody out of the phone index until the returned function is
// called.
func stall(t *testing.T, url string) func() {
	t.Helper()
	conn, err := pgx.Connect(within(t), url)
	must(t, "database", err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	tx, err := conn.Begin(within(t))
	must(t, "transaction", err)
	_, err = tx.Exec(within(t), `LOCK TABLE crm.phone_lookup IN ACCESS EXCLUSIVE MODE`)
	must(t, "lock", err)
	return func() { must(t, "unlock", tx.Rollback(context.Background())) }
}
