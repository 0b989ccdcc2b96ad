// Package poplink posts calls to a foreign CRM (PU-10).
//
// Posts wait in a bounded queue beside the calls and never hold one up. Each is
// tried three times within a minute; later it would tell of the past and is
// dropped. With the queue full the newest is dropped. Both are logged and
// counted. Order is not kept over retries: the body names the moment.
package poplink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	queueSize   = 256
	workers     = 4
	attempts    = 3
	maxAge      = time.Minute
	postTimeout = 5 * time.Second
	maxAnswer   = 64 << 10 // bytes read of an answer, so that the connection can be used again
)

// Post is one call's news for one address.
type Post struct {
	CallID string
	URL    string
	Body   []byte // JSON
	At     time.Time
}

// Options of a Poster.
type Options struct {
	Hosts []string // that may be posted to, with the port if any, in small letters
	Log   *slog.Logger
	// Result counts what became of a post: sent, failed, refused, dropped. nil
	// for none.
	Result func(result string)
	// Wait is the pause before the second attempt, doubled for each further
	// one; 0: 1 s.
	Wait   time.Duration
	Client *http.Client // nil: one with a timeout that follows no redirects
}

// Poster sends posts in the background.
type Poster struct {
	opt    Options
	queue  chan Post
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// New makes a Poster that is to be started.
func New(opt Options) *Poster {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Result == nil {
		opt.Result = func(string) {}
	}
	if opt.Wait == 0 {
		opt.Wait = time.Second
	}
	if opt.Client == nil {
		opt.Client = &http.Client{Timeout: postTimeout, Transport: &http.Transport{
			MaxIdleConnsPerHost: workers, IdleConnTimeout: maxAge, ForceAttemptHTTP2: true,
		}}
	}
	client := *opt.Client
	// A redirect would lead to hosts nobody has allowed.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	opt.Client = &client
	p := &Poster{opt: opt, queue: make(chan Post, queueSize)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Start begins to send.
func (p *Poster) Start() {
	for range workers {
		p.wg.Go(p.work)
	}
}

// Stop ends within ctx; what still waits is dropped.
func (p *Poster) Stop(ctx context.Context) error {
	p.cancel()
	done := make(chan struct{})
	go func() { p.wg.Wait(); close(done) }()
	select {
	case <-done:
		p.opt.Client.CloseIdleConnections()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("posts under way: %w", ctx.Err())
	}
}

// Put queues a post without waiting.
func (p *Poster) Put(post Post) {
	select {
	case p.queue <- post:
	default:
		p.opt.Result("dropped")
		p.opt.Log.Warn("queue of posts is full; the foreign CRM does not hear of this", "call", post.CallID)
	}
}

func (p *Poster) work() {
	for {
		select {
		case post := <-p.queue:
			p.deliver(post)
		case <-p.ctx.Done():
			return
		}
	}
}

// errFinal is a refusal that a second try would meet again.
var errFinal = errors.New("not tried again")

func (p *Poster) deliver(post Post) {
	wait := p.opt.Wait
	for attempt := 1; ; attempt++ {
		err := p.send(post)
		switch {
		case err == nil:
			p.opt.Result("sent")
			return
		case p.ctx.Err() != nil:
			return
		case errors.Is(err, errFinal):
			p.opt.Result("refused")
			p.opt.Log.Warn("the foreign CRM refused a call", "call", post.CallID, "host", hostOf(post.URL), "error", err)
			return
		case attempt == attempts || time.Since(post.At)+wait > maxAge:
			p.opt.Result("failed")
			p.opt.Log.Warn("a call was not posted to the foreign CRM", "call", post.CallID, "host", hostOf(post.URL), "attempts", attempt, "error", err)
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-p.ctx.Done():
			timer.Stop()
			return
		}
		wait *= 2
	}
}

func (p *Poster) send(post Post) error {
	u, err := url.Parse(post.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !slices.Contains(p.opt.Hosts, strings.ToLower(u.Host)) {
		return fmt.Errorf("%w: the host is not in pop_link.hosts", errFinal)
	}
	req, err := http.NewRequestWithContext(p.ctx, http.MethodPost, post.URL, bytes.NewReader(post.Body))
	if err != nil {
		return fmt.Errorf("%w: %w", errFinal, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Ringcard")
	req.Header.Set("Idempotency-Key", post.CallID+" "+post.At.UTC().Format(time.RFC3339Nano))
	res, err := p.opt.Client.Do(req)
	if err != nil {
		var shown *url.Error
		if errors.As(err, &shown) {
			err = shown.Err // the address holds the caller's number
		}
		return fmt.Errorf("post: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer)
	switch {
	case res.StatusCode < 300:
		return nil
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout:
		return fmt.Errorf("post: status %d", res.StatusCode)
	}
	return fmt.Errorf("%w: status %d", errFinal, res.StatusCode)
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}
