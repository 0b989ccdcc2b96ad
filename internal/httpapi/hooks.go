package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/crm/routing"
)

// defaultHookBudget is what LU-06 and LU-07 allow.
const defaultHookBudget = 50 * time.Millisecond

// headerToken is a token for programs that can set a header but not its
// Authorization, as Asterisk's CURLOPT(httpheader).
const headerToken = "X-Ringcard-Token"

// maxNameLength bounds the parameter max.
const maxNameLength = 200

// hook is one question of a dialplan. Its answer is one line of text, or the
// JSON behind it. A hook never holds or breaks a call: what is not known, late
// or refused is an empty text, because Asterisk's CURL() takes the body of an
// error for the answer.
type hook struct {
	params []string
	answer func(ctx context.Context, actor crm.Actor, query map[string]string) (text string, document any, err error)
	late   any // document where the time ran out
}

func (s *server) registerHooks(mux *http.ServeMux) {
	number := hookParam("number", "the caller's, as the PBX has it", true)
	s.hook(mux, "getCallerName", "/hooks/callerid", "The client's name for a telephone's display", hook{
		params: []string{"number", "pbx", "ascii", "max"}, answer: s.callerName, late: client.Caller{},
	}, client.Caller{}, number,
		hookParam("pbx", "name of the PBX that asks: names are written as its caller_name says", false),
		hookParam("ascii", "1: in Latin letters by GOST 7.79-2000, system B; 0: as they are", false),
		hookParam("max", "longest name in characters, 1 to 200; default 60", false))
	s.hook(mux, "getResponsible", "/hooks/responsible", "The extension of the client's personal manager, or of who stands in for him", hook{
		params: []string{"number", "pbx"}, answer: s.responsible,
		late: routing.Answer{Reason: routing.ReasonTimeout, Why: []routing.Step{}},
	}, routing.Answer{}, number,
		hookParam("pbx", "name of the PBX that asks; only telephones there count", false))
}

// hook serves a question and writes it into the OpenAPI document.
func (s *server) hook(mux *http.ServeMux, id, path, summary string, h hook, sample any, params ...*huma.Param) {
	mux.HandleFunc("GET "+prefix+path, func(w http.ResponseWriter, r *http.Request) { s.serveHook(w, r, h) })
	empty := "Nothing to say: unknown, nobody there, or no answer within 50 ms (then with X-Ringcard-Hook: late)"
	s.api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{tagHooks}, Summary: summary,
		Description: "For dialplans. One line of plain text, or JSON where Accept asks for it; always within 50 ms. The token goes into " +
			"Authorization: Bearer, X-Ringcard-Token, or the password of Basic authentication, never into the address. " +
			"As plain text an error has a status and no body. Needs permission `hooks`.",
		Parameters: params,
		Security:   []map[string][]string{{"token": {}}},
		Responses: map[string]*huma.Response{
			"200": {Description: "The answer", Content: map[string]*huma.MediaType{
				"text/plain":       {Schema: &huma.Schema{Type: huma.TypeString}},
				"application/json": {Schema: huma.SchemaFromType(s.api.OpenAPI().Components.Schemas, reflect.TypeOf(sample))},
			}},
			"204": {Description: empty},
		},
	})
}

func hookParam(name, doc string, required bool) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Required: required, Schema: &huma.Schema{Type: huma.TypeString}}
}

func (s *server) serveHook(w http.ResponseWriter, r *http.Request, h hook) {
	ctx, cancel := context.WithTimeout(r.Context(), s.deps.HookBudget)
	defer cancel()
	w.Header().Set("Cache-Control", "no-store")
	text, document, err := s.askHook(r.WithContext(ctx), h)
	asJSON := strings.Contains(r.Header.Get("Accept"), "application/json")
	if err != nil && (ctx.Err() != nil || crm.CodeOf(err) == crm.CodeUnavailable) {
		s.log.WarnContext(r.Context(), "hook not answered in time; the call goes on without it", "request_id", requestID(r.Context()),
			"path", r.URL.Path, "error", err)
		w.Header().Set("X-Ringcard-Hook", "late")
		text, document, err = "", h.late, nil
	}
	switch {
	case err != nil:
		p := problemOf(r.Context(), s.log, err)
		if asJSON {
			writeProblem(w, p)
			return
		}
		w.Header().Set("X-Ringcard-Hook", p.Code)
		w.WriteHeader(p.Status)
	case asJSON:
		w.Header().Set("Content-Type", "application/json")
		// An error here means that the PBX no longer waits.
		_ = json.NewEncoder(w).Encode(document)
	case text == "":
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, text)
	}
}

func (s *server) askHook(r *http.Request, h hook) (string, any, error) {
	token := hookToken(r)
	if token == "" {
		return "", nil, newProblem(codeUnauthorized, "send a token with the scope hooks as Authorization: Bearer or "+headerToken)
	}
	actor, err := s.deps.Employees.ActorByToken(r.Context(), token)
	if err != nil {
		return "", nil, err
	}
	if err := actor.Require(crm.Hooks); err != nil {
		return "", nil, err
	}
	query := map[string]string{}
	for name, values := range r.URL.Query() {
		if !slices.Contains(h.params, name) || len(values) != 1 {
			return "", nil, invalidField("query."+name, "the hook takes "+strings.Join(h.params, ", ")+", each once", "leave it out")
		}
		query[name] = values[0]
	}
	if query["number"] == "" {
		return "", nil, invalidField("query.number", "the hook needs the caller's number", "add number=${CALLERID(num)}")
	}
	return h.answer(r.Context(), actor, query)
}

// hookToken takes the token from where a dialplan can put it.
func hookToken(r *http.Request) string {
	if token := r.Header.Get(headerToken); token != "" {
		return token
	}
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return token
	}
	return ""
}

func (s *server) callerName(ctx context.Context, actor crm.Actor, query map[string]string) (string, any, error) {
	style, err := s.nameStyle(query["pbx"])
	if err != nil {
		return "", nil, err
	}
	if text := query["ascii"]; text != "" {
		style.ASCII = text == "1"
	}
	if text := query["max"]; text != "" {
		if style.Max, err = strconv.Atoi(text); err != nil || style.Max < 1 || style.Max > maxNameLength {
			return "", nil, invalidField("query.max", "max is a number from 1 to 200", "write max=40")
		}
	}
	caller, err := s.deps.Clients.CallerName(ctx, actor, query["number"], style)
	return caller.Name, caller, err
}

func (s *server) responsible(ctx context.Context, actor crm.Actor, query map[string]string) (string, any, error) {
	pbx := query["pbx"]
	if err := s.knowsPBX(pbx); err != nil {
		return "", nil, err
	}
	answer, err := s.deps.Routing.Responsible(ctx, actor, query["number"], pbx)
	return answer.Extension, answer, err
}

// knowsPBX refuses a name that is not in the configuration; none is any PBX.
func (s *server) knowsPBX(name string) error {
	if name == "" || slices.ContainsFunc(s.deps.PBXs(), func(p PBXStatus) bool { return p.Name == name }) {
		return nil
	}
	return invalidField("query.pbx", "there is no PBX of this name", "write the name of the configuration's pbx list")
}

func (s *server) nameStyle(pbx string) (client.NameStyle, error) {
	if err := s.knowsPBX(pbx); err != nil || pbx == "" || s.deps.NameStyle == nil {
		return client.NameStyle{}, err
	}
	return s.deps.NameStyle(pbx), nil
}
