package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ringcard/crm"
	"ringcard/crm/recording"
	"ringcard/cti"
)

// audioTimeout is how long the sound of one request may take: a phone on a
// slow line plays while it loads.
const audioTimeout = 30 * time.Minute

func (s *server) registerRecordings() {
	handle(s, operation{
		id: "recordCall", method: http.MethodPost, path: "/calls/{id}/record", tag: tagRecordings, needs: crm.CallsDial,
		summary: "Start, stop, pause or resume the recording of a call in progress",
		detail: "The recording goes on through transfers. A pause is left out of it. Codes: `call_not_found`, `not_talking`, " +
			"`not_recorded`, `command_running`, `pbx_unreachable`, `pbx_refused`.",
	}, s.recordCall)
	handle(s, operation{
		id: "listCallRecordings", method: http.MethodGet, path: "/calls/{id}/recordings", tag: tagRecordings, needs: crm.CallsRead,
		summary: "Recordings of a call, the last first",
	}, s.listCallRecordings)
	handle(s, operation{
		id: "listRecordings", method: http.MethodGet, path: "/recordings", tag: tagRecordings, needs: crm.CallsRead,
		summary: "Recordings of the calls one may see, newest first",
	}, s.listRecordings)
	handle(s, operation{
		id: "getRecording", method: http.MethodGet, path: "/recordings/{id}", tag: tagRecordings, needs: crm.CallsRead,
		summary: "One recording",
	}, s.getRecording)
	handle(s, operation{
		id: "getWaveform", method: http.MethodGet, path: "/recordings/{id}/waveform", tag: tagRecordings, needs: crm.RecordingsListen,
		summary: "How loud a recording is over its time, for a player to draw",
		detail:  "At most 400 pairs a channel.",
	}, s.getWaveform)
	handle(s, operation{
		id: "createRecordingLink", method: http.MethodPost, path: "/recordings/{id}/link", tag: tagRecordings, needs: crm.RecordingsListen,
		status: http.StatusCreated, summary: "A link that plays a recording for five minutes",
		detail: "It acts for the user who asked for it and is refused to anybody else who is signed in.",
	}, s.createRecordingLink)
	handle(s, operation{
		id: "listListenings", method: http.MethodGet, path: "/recordings/{id}/listenings", tag: tagRecordings, needs: crm.RecordingsManage,
		summary: "Who listened to a recording, the last first",
	}, s.listListenings)
	handle(s, operation{
		id: "retryRecording", method: http.MethodPost, path: "/recordings/{id}/retry", tag: tagRecordings, needs: crm.RecordingsManage,
		status: http.StatusAccepted, summary: "Try at once to fetch a recording that failed",
	}, s.retryRecording)
	handle(s, operation{
		id: "deleteRecording", method: http.MethodDelete, path: "/recordings/{id}", tag: tagRecordings, needs: crm.RecordingsManage,
		status: http.StatusNoContent, summary: "Delete the sound of a recording; that there was one stays on record",
	}, s.deleteRecording)
	s.registerAudio()
}

// RecordInput is a command to the recording of a call.
type RecordInput struct {
	Command string `json:"command" enum:"start,stop,pause,resume"`
}

// RecordOutput is what the recording of a call does now.
type RecordOutput struct {
	RecordingID string `json:"recording_id" doc:"UUID"`
	State       string `json:"state" enum:"recording,paused,ended"`
}

func (s *server) recordCall(ctx context.Context, c *caller, in *struct {
	CallPath
	Body RecordInput
}) (*bodyOf[RecordOutput], error) {
	r, err := s.deps.Calls.Record(ctx, c.actor.UserID, in.ID, cti.RecordCommand(in.Body.Command), c.actor.Can(crm.CallsControlAll))
	return body(RecordOutput{RecordingID: r.ID, State: string(r.State)}), err
}

func (s *server) listCallRecordings(ctx context.Context, c *caller, in *CallPath) (*bodyOf[items[recording.Recording]], error) {
	page, err := s.deps.Recordings.List(ctx, c.actor, recording.Query{CallID: in.ID, Limit: crm.MaxLimit})
	return listOf(page.Items), err
}

// RecordingQuery are the filters of the list; they combine by AND.
type RecordingQuery struct {
	Paging
	From   time.Time `query:"from" doc:"begun at or after"`
	To     time.Time `query:"to" doc:"begun before"`
	State  []string  `query:"state,explode" enum:"recording,paused,stored_at_pbx,fetching,ready,failed,missing,deleted" doc:"repeatable"`
	UserID int64     `query:"user_id" minimum:"1" doc:"had a part in the call"`
}

func (s *server) listRecordings(ctx context.Context, c *caller, in *RecordingQuery) (*bodyOf[crm.Page[recording.Recording]], error) {
	q := recording.Query{From: in.From, To: in.To, UserID: in.UserID, Limit: in.Limit, Cursor: in.Cursor}
	for _, state := range in.State {
		q.States = append(q.States, recording.State(state))
	}
	page, err := s.deps.Recordings.List(ctx, c.actor, q)
	return body(page), err
}

// RecordingPath names a recording.
type RecordingPath struct {
	ID string `path:"id" format:"uuid"`
}

func (s *server) getRecording(ctx context.Context, c *caller, in *RecordingPath) (*bodyOf[recording.Recording], error) {
	r, err := s.deps.Recordings.Get(ctx, c.actor, in.ID)
	return body(r), err
}

func (s *server) getWaveform(ctx context.Context, c *caller, in *RecordingPath) (*bodyOf[recording.Waveform], error) {
	w, err := s.deps.Recordings.Waveform(ctx, c.actor, in.ID)
	w.Channels = notNil(w.Channels)
	return body(w), err
}

// RecordingLink plays a recording until it expires.
type RecordingLink struct {
	URL       string    `json:"url" doc:"path on this server"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *server) createRecordingLink(ctx context.Context, c *caller, in *RecordingPath) (*bodyOf[RecordingLink], error) {
	l, err := s.deps.Recordings.NewLink(ctx, c.actor, in.ID)
	if err != nil {
		return nil, err
	}
	q := url.Values{"user": {strconv.FormatInt(l.UserID, 10)}, "expires": {strconv.FormatInt(l.Expires.Unix(), 10)}, "signature": {l.Signature}}
	return body(RecordingLink{URL: prefix + "/recordings/" + l.RecordingID + "/audio?" + q.Encode(), ExpiresAt: l.Expires}), nil
}

func (s *server) listListenings(ctx context.Context, c *caller, in *struct {
	RecordingPath
	Paging
}) (*bodyOf[crm.Page[recording.Listening]], error) {
	page, err := s.deps.Recordings.Listenings(ctx, c.actor, in.ID, in.request())
	return body(page), err
}

func (s *server) retryRecording(ctx context.Context, c *caller, in *RecordingPath) (*none, error) {
	return nil, s.deps.Recordings.Retry(ctx, c.actor, in.ID)
}

func (s *server) deleteRecording(ctx context.Context, c *caller, in *RecordingPath) (*none, error) {
	return nil, s.deps.Recordings.Delete(ctx, c.actor, in.ID)
}

// registerAudio serves the sound. It is the one operation that a link opens,
// and that http.ServeContent answers: ranges, conditions and HEAD (RFC 9110,
// sections 13 and 14).
func (s *server) registerAudio() {
	doc := huma.Operation{
		OperationID: "getRecordingAudio", Method: http.MethodGet, Path: "/recordings/{id}/audio", Tags: []string{tagRecordings},
		Summary: "The sound of a recording, whole or by Range",
		Description: "For a session or token with `recordings.listen`, or by the link of POST /recordings/{id}/link. " +
			"Each listening is noted.",
		Security:    []map[string][]string{{"session": {}}, {"token": {}}},
		Middlewares: huma.Middlewares{s.authenticateListener},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
			"audio/wav": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		}}, "206": {Description: "The range asked for"}},
	}
	huma.Register(s.api, doc, func(ctx context.Context, in *AudioInput) (*huma.StreamResponse, error) {
		listener := listenerOf(ctx)
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			r, w := humago.Unwrap(hctx)
			s.serveAudio(w, r, listener, in.ID)
		}}, nil
	})
}

// AudioInput names the sound and, by a link, its listener.
type AudioInput struct {
	RecordingPath
	User      int64  `query:"user" doc:"of a link"`
	Expires   int64  `query:"expires" doc:"of a link"`
	Signature string `query:"signature" doc:"of a link"`
}

type listenerKey struct{}

func listenerOf(ctx context.Context) recording.Listener {
	l, _ := ctx.Value(listenerKey{}).(recording.Listener)
	return l
}

// authenticateListener lets in who is signed in, and who has a good link.
func (s *server) authenticateListener(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	listener, err := s.listener(r, ctx.Param("id"))
	if err != nil {
		writeProblem(w, problemOf(r.Context(), s.log, err))
		return
	}
	next(huma.WithValue(ctx, listenerKey{}, listener))
}

func (s *server) listener(r *http.Request, id string) (recording.Listener, error) {
	q := r.URL.Query()
	if !q.Has("signature") {
		c, err := s.signedIn(r)
		if err != nil {
			return recording.Listener{}, err
		}
		return recording.Listener{Actor: c.actor, Via: recording.ViaSession, Address: c.address}, nil
	}
	user, errUser := strconv.ParseInt(q.Get("user"), 10, 64)
	expires, errExpires := strconv.ParseInt(q.Get("expires"), 10, 64)
	if errUser != nil || errExpires != nil {
		return recording.Listener{}, newProblem(codeForbidden, "the link is not one of ours; ask for a new one")
	}
	link := recording.Link{RecordingID: id, UserID: user, Expires: time.Unix(expires, 0), Signature: q.Get("signature")}
	if err := s.deps.Recordings.CheckLink(r.Context(), link); err != nil {
		return recording.Listener{}, err
	}
	// A link that was passed on is of no use to another user.
	if c, err := s.signedIn(r); err == nil && c.actor.UserID != user {
		return recording.Listener{}, newProblem(codeForbidden, "this link was made for another user; ask for one of your own")
	}
	// What he may do is read again: he may have been dismissed meanwhile.
	u, err := s.deps.Employees.Me(r.Context(), crm.Actor{UserID: user})
	if err != nil {
		return recording.Listener{}, err
	}
	if !u.Active {
		return recording.Listener{}, newProblem(codeForbidden, "the user of this link no longer works here")
	}
	return recording.Listener{Actor: actorOf(u), Via: recording.ViaLink, Address: s.callerFrom(r).address}, nil
}

func (s *server) serveAudio(w http.ResponseWriter, r *http.Request, who recording.Listener, id string) {
	var (
		rec  recording.Recording
		blob recording.Blob
		err  error
	)
	if r.Method == http.MethodHead {
		rec, blob, err = s.deps.Recordings.Inspect(r.Context(), who.Actor, id)
	} else {
		rec, blob, err = s.deps.Recordings.Listen(r.Context(), who, id)
	}
	if err != nil {
		writeProblem(w, problemOf(r.Context(), s.log, err))
		return
	}
	defer func() { _ = blob.Close() }() // opened for reading: nothing to lose
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Content-Disposition", fmt.Sprintf(`inline; filename="%s-%s.wav"`, rec.StartedAt.UTC().Format("20060102-150405"), rec.ID))
	h.Set("ETag", `"`+rec.SHA256+`"`)
	h.Set("Cache-Control", "private, no-store")
	// A connection that cannot have another deadline keeps the server's.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(audioTimeout))
	http.ServeContent(w, r, "", blob.ModTime(), blob)
}
