package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ringcard/crm"
)

// prefix of all versioned resources.
const prefix = "/api/v1"

// maxBody is the largest request body: a card with hundreds of numbers fits.
const maxBody = 256 << 10

// operation is one endpoint as registered and as documented.
type operation struct {
	id      string // operationId, camelCase: the web client's functions are named by it
	method  string
	path    string // below /api/v1
	tag     string
	summary string
	detail  string
	status  int            // of success; 200 unless told
	needs   crm.Permission // empty: any signed-in user
	public  bool           // no sign-in at all
}

// tags of the OpenAPI document.
const (
	tagSession    = "Session"
	tagClients    = "Clients"
	tagPersons    = "Persons"
	tagHistory    = "History"
	tagGroups     = "Groups"
	tagSearch     = "Search"
	tagCalls      = "Calls"
	tagRecordings = "Recordings"
	tagPresence   = "Presence"
	tagUsers      = "Users"
	tagRouting    = "Routing"
	tagHooks      = "Dialplan hooks"
	tagService    = "Service"
	tagPBX        = "PBX"
)

// handle registers an operation. The caller is signed in and has the
// permission before the body is read; errors of h go through the one table.
func handle[I, O any](s *server, op operation, h func(context.Context, *caller, *I) (*O, error)) {
	doc := huma.Operation{
		OperationID:  op.id,
		Method:       op.method,
		Path:         op.path,
		Tags:         []string{op.tag},
		Summary:      op.summary,
		Description:  op.detail,
		MaxBodyBytes: maxBody,
		// The server's own timeouts end slow bodies.
		BodyReadTimeout: -1,
		DefaultStatus:   op.status,
	}
	if op.needs != "" {
		doc.Description = joinSentences(op.detail, "Needs permission `"+string(op.needs)+"`.")
	}
	if op.public {
		doc.Middlewares = huma.Middlewares{s.identify}
	} else {
		doc.Security = []map[string][]string{{"session": {}}, {"token": {}}}
		doc.Middlewares = huma.Middlewares{s.authenticate(op.needs)}
	}
	huma.Register(s.api, doc, func(ctx context.Context, in *I) (*O, error) {
		if op.method != http.MethodGet {
			// What was ordered is done, also when the page is left in the middle.
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), orderTimeout)
			defer cancel()
		}
		out, err := h(ctx, callerOf(ctx), in)
		if err != nil {
			return nil, problemOf(ctx, s.log, err)
		}
		return out, nil
	})
}

func joinSentences(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}

// orderTimeout is how long a request that changes something may take.
const orderTimeout = time.Minute

// none is the output of an operation without a body.
type none struct{}

// bodyOf is an output that is only a body.
type bodyOf[T any] struct{ Body T }

func body[T any](v T) *bodyOf[T] { return &bodyOf[T]{Body: v} }

// bodyIn is an input that is only a body.
type bodyIn[T any] struct{ Body T }

// items is a whole list without pages.
type items[T any] struct {
	Items []T `json:"items"`
}

func listOf[T any](rows []T) *bodyOf[items[T]] {
	if rows == nil {
		rows = []T{}
	}
	return body(items[T]{Items: rows})
}

// Paging are the query parameters of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"rows of a page"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

func (p Paging) request() crm.PageRequest { return crm.PageRequest{Limit: p.Limit, Cursor: p.Cursor} }

// IDPath is the path parameter of a record. It is exported, as all that is
// embedded in inputs: huma does not see fields of unexported types.
type IDPath struct {
	ID int64 `path:"id" minimum:"1"`
}

// notFoundAPI answers what no route below /api matches: 405 with Allow where
// the path exists with another method, else 404.
func notFoundAPI(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			probe := r.Clone(r.Context())
			probe.Method = method
			if _, pattern := mux.Handler(probe); pattern != apiRest {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			writeProblem(w, newProblem(codeNotFound, "there is no such resource; see /api/docs"))
			return
		}
		for _, m := range allowed {
			w.Header().Add("Allow", m)
		}
		writeProblem(w, newProblem(codeMethod, "this resource does not take "+r.Method))
	}
}
