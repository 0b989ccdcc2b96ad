package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/internal/httpapi"
	"ringcard/internal/postgres"
	"ringcard/test/pbx"
	"ringcard/test/phones"
	"ringcard/test/scenario"
)

// hookDialplan is the snippet of docs/operations.md. The two globals are set
// once the server is up; Goto keeps the office's own way for when the hooks
// have nothing to say.
const hookDialplan = `
[from-trunk]
exten => 4953000001,1,Set(CURLOPT(httpheader)=X-Ringcard-Token: ${RINGCARD_TOKEN})
 same => n,Set(CURLOPT(conntimeout)=1)
 same => n,Set(CURLOPT(httptimeout)=1)
 same => n,Set(NAME=${CURL(${RINGCARD}/hooks/callerid?number=${URIENCODE(${CALLERID(num)})})})
 same => n,ExecIf($["${NAME}" != ""]?Set(CALLERID(name)=${NAME}))
 same => n,Set(MANAGER=${CURL(${RINGCARD}/hooks/responsible?pbx=office&number=${URIENCODE(${CALLERID(num)})})})
 same => n,ExecIf($["${MANAGER}" != ""]?Dial(PJSIP/${MANAGER},20))
 same => n,Dial(PJSIP/102,20)
 same => n,Hangup()
; Basic authentication, for an Asterisk whose CURLOPT knows no httpheader
exten => 4953000002,1,Set(CURLOPT(userpwd)=asterisk:${RINGCARD_TOKEN})
 same => n,Set(CURLOPT(httptimeout)=1)
 same => n,Set(CALLERID(name)=${CURL(${RINGCARD}/hooks/callerid?ascii=1&max=15&number=${URIENCODE(${CALLERID(num)})})})
 same => n,Dial(PJSIP/102,20)
 same => n,Hangup()
`

// A real dialplan asks who calls and who is responsible: the display shows the
// client's name, his manager's telephone rings, and a base that stalls leaves
// the call to the dialplan.
func TestDialplanHooks_LU_06_LU_07(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			o, err := scenario.NewReal(t.Context(), pbx.Options{Version: version, Append: map[string]string{"extensions.conf": hookDialplan}})
			must(t, "asterisk", err)
			closeOffice(t, o)
			p := &product{t: t, office: o, cfg: config(t, o)}
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
			call := func(from, did string, want ring) {
				t.Helper()
				line, err := o.Call(within(t), scenario.Outside{From: from, DID: did})
				must(t, "call", err)
				select {
				case got := <-rang:
					if got != want {
						t.Errorf("call of %s to %s: %+v, want %+v", from, did, got, want)
					}
				case <-line.Ended():
					t.Errorf("the call of %s to %s ended before anything rang", from, did)
				case <-within(t).Done():
					t.Fatalf("nothing rang for the call of %s to %s", from, did)
				}
				must(t, "hang up", line.Hangup(within(t)))
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

			// The base stalls: the call goes on as the dialplan wants it.
			free := stall(t, p.cfg.Database.URL.Reveal())
			call(known, "4953000001", ring{"102", ""})
			free()
		})
	}
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
