package httpapi

import (
	"context"
	"net/http"
	"time"

	"ringcard/crm"
)

// Administration is what the PBX administrator's pages work with. Each port
// takes the configured name of a PBX and answers crm.NotFound for another.
type Administration struct {
	Doctor    Doctor
	Discovery Discoverer
	TestCalls TestCalls
	Captures  Captures
}

// Doctor checks a PBX and what Ringcard needs around it (PB-08).
type Doctor interface {
	// Examine begins an examination, or joins the one that runs; it does not
	// wait for its end.
	Examine(ctx context.Context, pbx string) (Examination, error)
	// Examination is the one that runs, or the last one. One that never ran has
	// a zero StartedAt.
	Examination(pbx string) (Examination, error)
	// Snippets makes the lines for the files of the PBX, with a new password.
	Snippets(pbx string) (Snippets, error)
}

// Examination is a run of the doctor.
type Examination struct {
	PBX       string     `json:"pbx"`
	Running   bool       `json:"running"`
	Checking  string     `json:"checking,omitempty" doc:"check under way"`
	StartedAt *time.Time `json:"started_at" doc:"null: it never ran since the server started"`
	EndedAt   *time.Time `json:"ended_at"`
	Failed    bool       `json:"failed" doc:"at least one finding has level fail"`
	Findings  []Finding  `json:"findings" doc:"so far, in the order of the checks"`
}

// Finding is the result of one check.
type Finding struct {
	ID     string            `json:"id" doc:"stable kind of finding, as ari.password"`
	Level  string            `json:"level" enum:"ok,skip,warn,fail"`
	Check  string            `json:"check" doc:"what was checked, English"`
	Seen   string            `json:"seen" doc:"what was found, English"`
	Change string            `json:"change,omitempty" doc:"what to change, lines for a file included, English"`
	Params map[string]string `json:"params,omitempty" doc:"values for a translated text of the id"`
	Row    string            `json:"row,omitempty" doc:"requirement that suffers, as CO-01"`
}

// Snippets are lines for the files of a PBX. They hold a password that is
// shown only now.
type Snippets struct {
	PBX      string        `json:"pbx"`
	User     string        `json:"user"`
	App      string        `json:"app"`
	Password string        `json:"password" doc:"random, in no file yet"`
	Files    []SnippetFile `json:"files"`
}

// SnippetFile is what to put into one file.
type SnippetFile struct {
	ID       string `json:"id" doc:"stable, as ari or control"`
	Path     string `json:"path" doc:"as /etc/asterisk/ari.conf"`
	Purpose  string `json:"purpose" doc:"what it is for, English"`
	Optional bool   `json:"optional"`
	Text     string `json:"text"`
	Reload   string `json:"reload,omitempty" doc:"console command that makes it work, as module reload http"`
}

// PBXPath names a PBX.
type PBXPath struct {
	PBX string `path:"pbx" maxLength:"64" doc:"configured name"`
}

func (s *server) registerPBX() {
	handle(s, operation{
		id: "examinePBX", method: http.MethodPost, path: "/pbx/{pbx}/doctor", tag: tagPBX, needs: crm.PBXManage, status: http.StatusAccepted,
		summary: "Begin to examine a PBX and what Ringcard needs around it",
		detail:  "Joins an examination that runs. Read its progress by GET.",
	}, s.examinePBX)
	handle(s, operation{
		id: "getPBXExamination", method: http.MethodGet, path: "/pbx/{pbx}/doctor", tag: tagPBX, needs: crm.PBXManage,
		summary: "The examination under way, or the last one",
	}, s.examination)
	handle(s, operation{
		id: "getPBXSnippets", method: http.MethodGet, path: "/pbx/{pbx}/snippets", tag: tagPBX, needs: crm.PBXManage,
		summary: "Lines for the files of the PBX, with a new random password",
	}, s.snippets)
}

func (s *server) examinePBX(ctx context.Context, _ *caller, in *PBXPath) (*bodyOf[Examination], error) {
	e, err := s.deps.Doctor.Examine(ctx, in.PBX)
	e.Findings = notNil(e.Findings)
	return body(e), err
}

func (s *server) examination(_ context.Context, _ *caller, in *PBXPath) (*bodyOf[Examination], error) {
	e, err := s.deps.Doctor.Examination(in.PBX)
	e.Findings = notNil(e.Findings)
	return body(e), err
}

// snippetsOut keeps the password out of caches.
type snippetsOut struct {
	CacheControl string `header:"Cache-Control"`
	Body         Snippets
}

func (s *server) snippets(_ context.Context, _ *caller, in *PBXPath) (*snippetsOut, error) {
	text, err := s.deps.Doctor.Snippets(in.PBX)
	return &snippetsOut{CacheControl: "no-store", Body: text}, err
}
