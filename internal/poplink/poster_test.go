package poplink

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// poster is a started one that may post to the server only.
func poster(t *testing.T, server *httptest.Server) (p *Poster, results chan string) {
	t.Helper()
	results = make(chan string, queueSize+10)
	p = New(Options{Hosts: []string{strings.TrimPrefix(server.URL, "http://")}, Wait: time.Millisecond, Client: server.Client(),
		Result: func(r string) { results <- r }})
	p.Start()
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return p, results
}

func TestPostIsTriedAgain_PU_10(t *testing.T) {
	t.Parallel()
	got := make(chan string, 10)
	answers := make(chan int, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Method + " " + r.URL.String() + " " + r.Header.Get("Content-Type") + " " + string(body)
		w.WriteHeader(<-answers)
	}))
	p, results := poster(t, server)
	post := Post{CallID: "c1", URL: server.URL + "/call?phone=%2B79211234567", Body: []byte(`{"event":"ring"}`), At: time.Now()}
	for _, tt := range []struct {
		name    string
		answers []int
		result  string
	}{
		{"at once", []int{200}, "sent"},
		{"after two faults", []int{500, 429, 204}, "sent"},
		{"three faults", []int{500, 502, 503}, "failed"},
		{"refused", []int{404}, "refused"},
		{"a redirect is not followed", []int{302}, "refused"},
	} {
		for _, a := range tt.answers {
			answers <- a
		}
		p.Put(post)
		if r := <-results; r != tt.result {
			t.Errorf("%s: %s, want %s", tt.name, r, tt.result)
		}
		for range tt.answers {
			if g := <-got; g != `POST /call?phone=%2B79211234567 application/json {"event":"ring"}` {
				t.Errorf("%s: %s", tt.name, g)
			}
		}
	}
	if len(got) != 0 {
		t.Errorf("%d posts too many", len(got))
	}
	t.Run("only to hosts that are allowed", func(t *testing.T) {
		for _, url := range []string{"http://127.0.0.1:1/x", "http://169.254.169.254/latest", "ftp://x/y", "http://\x00", "file:///etc/passwd"} {
			p.Put(Post{CallID: "c2", URL: url, At: time.Now()})
			if r := <-results; r != "refused" {
				t.Errorf("%s: %s", url, r)
			}
		}
	})
	t.Run("what is too old is not tried again", func(t *testing.T) {
		answers <- 500
		old := post
		old.At = time.Now().Add(-2 * maxAge)
		p.Put(old)
		if r := <-results; r != "failed" {
			t.Error(r)
		}
	})
}

// A foreign CRM that hangs fills the queue and nothing else; Stop cuts it off.
func TestHangingForeignCRM_PU_10(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}, workers), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	p, results := poster(t, server)
	t.Cleanup(func() { close(release) })
	post := Post{CallID: "c1", URL: server.URL, Body: []byte("{}"), At: time.Now()}
	for range workers {
		p.Put(post)
	}
	for range workers {
		<-arrived
	}
	for range queueSize + 3 {
		p.Put(post)
	}
	for range 3 {
		if r := <-results; r != "dropped" {
			t.Error(r)
		}
	}
	if len(results) != 0 {
		t.Errorf("%d more results", len(results))
	}
}
