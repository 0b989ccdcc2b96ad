package httpapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/cti"
)

func (s *server) registerCalls() {
	handle(s, operation{
		id: "listCalls", method: http.MethodGet, path: "/calls", tag: tagCalls, needs: crm.CallsRead,
		summary: "Call journal, newest first",
		detail:  "Without `calls.read_all` one's own calls only.",
	}, s.listCalls)
	s.registerExport()
	handle(s, operation{
		id: "getCallSummary", method: http.MethodGet, path: "/calls/summary", tag: tagCalls, needs: crm.CallsRead,
		summary: "Today's calls in numbers",
	}, s.callSummary)
	handle(s, operation{
		id: "getCall", method: http.MethodGet, path: "/calls/{id}", tag: tagCalls, needs: crm.CallsRead,
		summary: "One call with its legs, also a live one",
	}, s.getCall)
	handle(s, operation{
		id: "dial", method: http.MethodPost, path: "/calls", tag: tagCalls, needs: crm.CallsDial, status: http.StatusAccepted,
		summary: "Call a number: the own telephone rings first",
		detail: "202 means the PBX has the order; progress comes by the stream. The same Idempotency-Key gives the same call. " +
			"Codes: `no_device`, `device_busy`, `device_unregistered`, `pbx_unreachable`, `pbx_refused`, `pbx_access_denied`, `expired`, `number_not_allowed`, `do_not_call`, `outside_hours`.",
	}, s.dial)
	handle(s, operation{
		id: "hangup", method: http.MethodPost, path: "/calls/{id}/hangup", tag: tagCalls, needs: crm.CallsDial, status: http.StatusAccepted,
		summary: "End a call, or cancel it at any stage",
	}, s.hangup)
	handle(s, operation{
		id: "setCallNote", method: http.MethodPost, path: "/calls/{id}/note", tag: tagCalls, needs: crm.CallsRead,
		summary: "Write the note on a call, also during it",
	}, s.setCallNote)
	handle(s, operation{
		id: "chooseClient", method: http.MethodPost, path: "/calls/{id}/client", tag: tagCalls, needs: crm.CallsRead, status: http.StatusNoContent,
		summary: "Choose who of the matches the other party is",
	}, s.chooseClient)
	handle(s, operation{
		id: "linkCall", method: http.MethodPost, path: "/clients/{id}/link-call", tag: tagCalls, needs: crm.ClientsWrite, status: http.StatusNoContent,
		summary: "Give an unknown caller to a client",
		detail:  "The number becomes the client's phone, and all calls of it without a client are linked, in one transaction.",
	}, s.linkCall)
}

// CallFilter are the filters of the journal; they combine by AND.
type CallFilter struct {
	From        time.Time `query:"from" doc:"calls begun at or after"`
	To          time.Time `query:"to" doc:"calls begun before"`
	Direction   []string  `query:"direction,explode" enum:"in,out,internal" doc:"repeatable"`
	Disposition []string  `query:"disposition,explode" enum:"answered,missed,abandoned,busy,failed,voicemail" doc:"repeatable"`
	Missed      bool      `query:"missed" doc:"inbound calls that nobody answered, whatever the reason"`
	UserID      int64     `query:"user_id" minimum:"1"`
	Queue       string    `query:"queue" maxLength:"100"`
	PBX         string    `query:"pbx" maxLength:"64"`
	ClientID    int64     `query:"client_id" minimum:"1"`
	Number      string    `query:"number" maxLength:"64" doc:"a whole outside number, as people write it"`
	Q           string    `query:"q" maxLength:"200" doc:"digits of the number, or part of a name"`
	Unmatched   bool      `query:"unmatched" doc:"outside callers without a client"`
	Recorded    string    `query:"recorded" enum:"true,false"`
	HasNote     string    `query:"has_note" enum:"true,false"`
	Transferred string    `query:"transferred" enum:"true,false" doc:"handed from one of the office to another, or outside"`
	ResultID    int64     `query:"result_id" minimum:"1" doc:"result of wrap-up"`
	Sort        string    `query:"sort" enum:"-started,started,-talk,-wait" default:"-started" doc:"-talk, -wait: the longest first"`
}

func (in CallFilter) query() (calllog.Query, error) {
	q := calllog.Query{
		From: in.From, To: in.To, Directions: in.Direction, Dispositions: in.Disposition, UserID: in.UserID,
		Queue: in.Queue, PBX: in.PBX, ClientID: in.ClientID, Number: in.Number, Q: in.Q, Unmatched: in.Unmatched,
		Recorded: yesNo(in.Recorded), HasNote: yesNo(in.HasNote), Transferred: yesNo(in.Transferred), ResultID: in.ResultID, Sort: in.Sort,
	}
	if in.Missed {
		if len(in.Direction)+len(in.Disposition) > 0 {
			return q, invalidField("query.missed", "missed says the direction and the result itself", "leave direction and disposition out")
		}
		q.Directions, q.Dispositions = []string{calllog.In}, calllog.Unanswered()
	}
	return q, nil
}

// yesNo reads a filter that may be left out.
func yesNo(text string) *bool {
	if text == "" {
		return nil
	}
	yes := text == "true"
	return &yes
}

func (s *server) listCalls(ctx context.Context, c *caller, in *struct {
	Paging
	CallFilter
}) (*bodyOf[crm.Page[calllog.Record]], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	q.Limit, q.Cursor = in.Limit, in.Cursor
	page, err := s.deps.CallLog.List(ctx, c.actor, q)
	return body(page), err
}

func (s *server) callSummary(ctx context.Context, c *caller, in *struct {
	Scope string `query:"scope" enum:"mine,all" doc:"default: all for those who may see all calls"`
}) (*bodyOf[calllog.Summary], error) {
	all := in.Scope == "all" || in.Scope == "" && c.actor.Can(crm.CallsReadAll)
	summary, err := s.deps.CallLog.Summary(ctx, c.actor, all)
	if err != nil {
		return nil, err
	}
	summary.ByHour = notNil(summary.ByHour)
	return body(summary), nil
}

// CallPath names a call.
type CallPath struct {
	ID string `path:"id" format:"uuid"`
}

func (s *server) getCall(ctx context.Context, c *caller, in *CallPath) (*bodyOf[calllog.Record], error) {
	record, err := s.record(ctx, c, in.ID)
	return body(record), err
}

// record reads a call from the journal. One so young that it is not written
// yet is taken from the live calls.
func (s *server) record(ctx context.Context, c *caller, id string) (calllog.Record, error) {
	record, err := s.deps.CallLog.Get(ctx, c.actor, id)
	if crm.CodeOf(err) != crm.CodeNotFound {
		return record, err
	}
	live, ok := s.deps.Calls.Get(id)
	concerned := slices.ContainsFunc(s.deps.Calls.Live(c.actor.UserID), func(call cti.Call) bool { return call.ID == id })
	if !ok || !concerned && !c.actor.Can(crm.CallsReadAll) {
		return record, err
	}
	return s.deps.Record(live)
}

// DialInput is a click on a number.
type DialInput struct {
	To       string `json:"to,omitempty" maxLength:"64" doc:"a number, or an extension"`
	PhoneID  int64  `json:"phone_id,omitempty" minimum:"1" doc:"instead of to: a phone of a card"`
	CallID   string `json:"call_id,omitempty" format:"uuid" doc:"instead of to: call the other party of this call back"`
	Owed     int64  `json:"obligation_id,omitempty" minimum:"1" doc:"instead of to: call this missed caller back"`
	ClientID int64  `json:"client_id,omitempty" minimum:"1" doc:"the card from which it is called"`
	PersonID int64  `json:"person_id,omitempty" minimum:"1"`
	Device   string `json:"device,omitempty" maxLength:"100" doc:"own telephone to ring, as PJSIP/101; default: the first"`
}

// DialOutput names the call.
type DialOutput struct {
	ID string `json:"id" doc:"UUID of the call"`
}

func (s *server) dial(ctx context.Context, c *caller, in *struct {
	Key         string    `header:"Idempotency-Key" required:"true" minLength:"8" maxLength:"200" doc:"new for each click; the same for its repeats"`
	RequestedAt time.Time `header:"X-Requested-At" timeFormat:"2006-01-02T15:04:05.999999999Z07:00" doc:"when the user clicked; older than 15 s is refused"`
	Body        DialInput
}) (*bodyOf[DialOutput], error) {
	if in.Body.ClientID != 0 {
		// The card goes to the user's screen: he must be allowed to see it.
		if _, err := s.deps.Clients.Get(ctx, c.actor, in.Body.ClientID); err != nil {
			return nil, err
		}
	}
	to, err := s.dialledNumber(ctx, c, in.Body)
	if err != nil {
		return nil, err
	}
	id, err := s.deps.Calls.Dial(ctx, cti.DialRequest{
		UserID: c.actor.UserID, To: to, Device: in.Body.Device, Key: in.Key, RequestedAt: in.RequestedAt,
		ClientID: in.Body.ClientID, PersonID: in.Body.PersonID, Role: string(c.actor.Role),
	})
	if err != nil {
		return nil, err
	}
	return body(DialOutput{ID: id}), nil
}

// dialledNumber is the number that is meant. Who sees numbers masked names it
// by the phone of a card, by a call or by a missed caller (PU-09).
func (s *server) dialledNumber(ctx context.Context, c *caller, in DialInput) (string, error) {
	named := 0
	for _, set := range []bool{in.To != "", in.PhoneID != 0, in.CallID != "", in.Owed != 0} {
		if set {
			named++
		}
	}
	if named != 1 {
		return "", invalidField("body.to", "give one of to, phone_id, call_id and obligation_id", "write to, or the id of a phone, of a call or of a missed caller")
	}
	switch {
	case in.PhoneID != 0:
		return s.deps.Clients.DialText(ctx, c.actor, in.PhoneID)
	case in.CallID != "":
		record, err := s.record(ctx, c, in.CallID)
		return cmp.Or(record.Number.E164, record.Number.Raw), err
	case in.Owed != 0:
		owed, err := s.deps.Obligations.Get(ctx, c.actor, in.Owed)
		return cmp.Or(owed.Number.E164, owed.Number.Raw), err
	case crm.IsMasked(in.To):
		return "", invalidField("body.to", "this number is masked", "name it by phone_id, call_id or obligation_id")
	}
	return in.To, nil
}

func (s *server) hangup(ctx context.Context, c *caller, in *CallPath) (*none, error) {
	return nil, s.deps.Calls.Hangup(ctx, c.actor.UserID, in.ID, c.actor.Can(crm.CallsControlAll))
}

// TextInput is the note on a call.
type TextInput struct {
	Text string `json:"text" maxLength:"20000"`
}

func (s *server) setCallNote(ctx context.Context, c *caller, in *struct {
	CallPath
	Body TextInput
}) (*bodyOf[TextInput], error) {
	text, err := s.deps.CallLog.SetNote(ctx, c.actor, in.ID, in.Body.Text)
	return body(TextInput{Text: text}), err
}

// ChooseInput is who the other party is.
type ChooseInput struct {
	ClientID int64 `json:"client_id" minimum:"1"`
	PersonID int64 `json:"person_id,omitempty" minimum:"1"`
}

func (s *server) chooseClient(ctx context.Context, c *caller, in *struct {
	CallPath
	Body ChooseInput
}) (*none, error) {
	if err := s.deps.CallLog.SetClient(ctx, c.actor, in.ID, in.Body.ClientID, in.Body.PersonID); err != nil {
		return nil, err
	}
	return nil, s.showClient(ctx, c, in.ID, in.Body.ClientID, in.Body.PersonID)
}

// LinkInput names an unknown caller's call.
type LinkInput struct {
	CallID   string `json:"call_id" format:"uuid"`
	PersonID int64  `json:"person_id,omitempty" minimum:"1"`
}

func (s *server) linkCall(ctx context.Context, c *caller, in *struct {
	IDPath
	Body LinkInput
}) (*none, error) {
	if err := s.deps.CallLog.Link(ctx, c.actor, in.Body.CallID, in.ID, in.Body.PersonID); err != nil {
		return nil, err
	}
	return nil, s.showClient(ctx, c, in.Body.CallID, in.ID, in.Body.PersonID)
}

// showClient puts the client on the screens of a live call; for one that is
// over there is nothing to show.
func (s *server) showClient(ctx context.Context, c *caller, callID string, clientID, personID int64) error {
	err := s.deps.Calls.ChooseClient(ctx, c.actor.UserID, callID, clientID, personID)
	var refused *cti.Error
	if errors.As(err, &refused) && refused.Code == cti.CodeNotFound {
		return nil
	}
	return err
}
