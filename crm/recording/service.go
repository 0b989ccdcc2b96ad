package recording

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path"
	"sync"
	"time"

	"ringcard/crm"
)

// listeningWindow: requests of one listener within it are one listening.
const listeningWindow = 10 * time.Minute

// Stores are what a Service works on; one value may implement all but Blobs
// and Source.
type Stores struct {
	Log     Log
	Archive Archive
	Work    Work
	Shelf   Shelf
	Finds   Finds
	Blobs   Blobs
	Source  Source
}

// Options of a Service.
type Options struct {
	PBXs     []string       // whose recordings this node fetches
	KeepDays int            // a recording is deleted so many days after it began; 0: never
	Zone     *time.Location // of the nightly work; nil is UTC
	Clock    crm.Clock      // nil is time.Now
	Log      *slog.Logger   // nil discards
	// Notify tells users that a recording changed; it must not block.
	Notify  func(users []int64, r Recording)
	Metrics Metrics
}

// Metrics are hooks for counting; each may be nil.
type Metrics struct {
	Fetched func(took time.Duration, bytes int64)
	Failed  func(Reason)
	// Orphans of the last sweep: files of no recording, recordings without
	// their file.
	Orphans func(files, missing int)
	Deleted func(n int)
}

// Service is the use cases of recordings.
type Service struct {
	stores Stores
	opts   Options
	log    *slog.Logger

	keyMu sync.Mutex
	key   []byte
}

// NewService makes a Service.
func NewService(stores Stores, opts Options) *Service {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Notify == nil {
		opts.Notify = func([]int64, Recording) {}
	}
	return &Service{stores: stores, opts: opts, log: opts.Log}
}

// Save keeps a recording under way; see Log.Save. It is for the call engine.
func (s *Service) Save(ctx context.Context, p Progress) error {
	r, err := s.stores.Log.Save(ctx, p)
	if err != nil {
		return err
	}
	if f := s.opts.Metrics.Failed; f != nil && p.State == Failed {
		f(p.Reason)
	}
	s.opts.Notify(r.Users, r)
	return nil
}

// Unfinished returns those of a PBX that are under way. It is for the call
// engine.
func (s *Service) Unfinished(ctx context.Context, pbx string) ([]Progress, error) {
	return s.stores.Log.Unfinished(ctx, pbx)
}

// Move gives the recordings of a call to another; see Log.Move. It is for the
// call engine.
func (s *Service) Move(ctx context.Context, fromCall, toCall string) error {
	return s.stores.Log.Move(ctx, fromCall, toCall)
}

// List returns one page of recordings, newest first.
func (s *Service) List(ctx context.Context, actor crm.Actor, q Query) (crm.Page[Recording], error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return crm.Page[Recording]{}, err
	}
	return s.stores.Archive.List(ctx, actor, q)
}

// Get returns one recording.
func (s *Service) Get(ctx context.Context, actor crm.Actor, id string) (Recording, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Recording{}, err
	}
	return s.stores.Archive.Get(ctx, actor, id)
}

// Waveform of a ready recording; needs the right to listen.
func (s *Service) Waveform(ctx context.Context, actor crm.Actor, id string) (Waveform, error) {
	r, err := s.audible(ctx, actor, id)
	if err != nil {
		return Waveform{}, err
	}
	return s.stores.Archive.Waveform(ctx, r.ID)
}

// audible returns a recording that the actor may hear and that has a file.
func (s *Service) audible(ctx context.Context, actor crm.Actor, id string) (Recording, error) {
	if err := actor.Require(crm.RecordingsListen); err != nil {
		return Recording{}, err
	}
	r, err := s.Get(ctx, actor, id)
	if err != nil {
		return r, err
	}
	switch r.State {
	case Ready:
		return r, nil
	case Deleted, Missing:
		return r, crm.Errorf(crm.CodeGone, "the recording is %s", r.State)
	}
	return r, crm.Errorf(CodeState, "the recording is not ready yet: it is %s", r.State)
}

// Listener is who wants to hear a recording, and from where.
type Listener struct {
	Actor   crm.Actor
	Via     Via
	Address string
}

// Listen opens the sound of a recording. Before it returns, the listening is
// in the log: what cannot be noted is not heard.
func (s *Service) Listen(ctx context.Context, who Listener, id string) (Recording, Blob, error) {
	r, err := s.audible(ctx, who.Actor, id)
	if err != nil {
		return r, nil, err
	}
	blob, err := s.open(ctx, r)
	if err != nil {
		return r, nil, err
	}
	now := s.opts.Clock().UTC()
	err = s.stores.Archive.Listened(ctx, Listening{
		RecordingID: r.ID, User: Party{UserID: who.Actor.UserID, Name: who.Actor.Name},
		Via: who.Via, Address: who.Address, At: now, LastAt: now,
	}, listeningWindow)
	if err != nil {
		_ = blob.Close() // opened for reading: nothing to lose
		return r, nil, err
	}
	return r, blob, nil
}

// Inspect is Listen for one who only asks for the size (HEAD): no sound, no
// entry in the log.
func (s *Service) Inspect(ctx context.Context, actor crm.Actor, id string) (Recording, Blob, error) {
	r, err := s.audible(ctx, actor, id)
	if err != nil {
		return r, nil, err
	}
	blob, err := s.open(ctx, r)
	return r, blob, err
}

func (s *Service) open(ctx context.Context, r Recording) (Blob, error) {
	blob, err := s.stores.Blobs.Open(ctx, r.Key)
	if err != nil {
		s.log.Error("recording not opened", "recording", r.ID, "call", r.CallID, "error", err)
		return nil, &crm.Error{Code: crm.CodeUnavailable, Message: "the file of the recording cannot be read now; tell the administrator", Err: err}
	}
	return blob, nil
}

// Listenings tells who listened to a recording, the last first. It needs
// recordings.manage.
func (s *Service) Listenings(ctx context.Context, actor crm.Actor, id string, page crm.PageRequest) (crm.Page[Listening], error) {
	if err := actor.Require(crm.RecordingsManage); err != nil {
		return crm.Page[Listening]{}, err
	}
	r, err := s.Get(ctx, actor, id)
	if err != nil {
		return crm.Page[Listening]{}, err
	}
	return s.stores.Archive.Listenings(ctx, r.ID, page)
}

// Delete removes the file and then marks the recording as deleted. It needs
// recordings.manage; deleting again is no error.
func (s *Service) Delete(ctx context.Context, actor crm.Actor, id string) error {
	if err := actor.Require(crm.RecordingsManage); err != nil {
		return err
	}
	r, err := s.Get(ctx, actor, id)
	if err != nil || r.State == Deleted {
		return err
	}
	return s.discard(ctx, actor, r)
}

// discard deletes the files and marks the recording. The copy at the PBX goes
// with the next cleaning.
func (s *Service) discard(ctx context.Context, actor crm.Actor, r Recording) error {
	to, err := r.State.Next(StepDiscard)
	if err != nil {
		return &crm.Error{Code: CodeState, Message: fmt.Sprintf("the recording is %s; stop it or wait until it is fetched", r.State), Err: err}
	}
	keys := []string{r.Key}
	for _, p := range r.Parts {
		keys = append(keys, p.Key)
	}
	for _, key := range keys {
		if key == "" {
			continue
		}
		if err := s.stores.Blobs.Delete(ctx, key); err != nil {
			return fmt.Errorf("recording %s: %w", r.ID, err)
		}
	}
	if err := s.stores.Shelf.Discard(ctx, actor, r.ID, r.State); err != nil {
		return err
	}
	r.State, r.Key = to, ""
	s.opts.Notify(r.Users, r)
	return nil
}

// Retry makes a failed recording due at once. It needs recordings.manage.
func (s *Service) Retry(ctx context.Context, actor crm.Actor, id string) error {
	if err := actor.Require(crm.RecordingsManage); err != nil {
		return err
	}
	r, err := s.Get(ctx, actor, id)
	if err != nil {
		return err
	}
	if r.State != Failed && r.State != StoredAtPBX {
		return crm.Errorf(CodeState, "the recording is %s: there is nothing to fetch", r.State)
	}
	now := s.opts.Clock().UTC()
	return s.stores.Work.PutOff(ctx, r.ID, r.State, r.Reason, r.Detail, &now)
}

// linkKey returns the key of signatures, from the database the first time.
func (s *Service) linkKey(ctx context.Context) ([]byte, error) {
	s.keyMu.Lock()
	defer s.keyMu.Unlock()
	if s.key != nil {
		return s.key, nil
	}
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return nil, err
	}
	key, err := s.stores.Archive.LinkKey(ctx, fresh)
	if err == nil {
		s.key = key
	}
	return key, err
}

// blobKey is where a file lies: by day, so that no folder grows without end.
func blobKey(r Recording, suffix string) string {
	return path.Join(r.StartedAt.UTC().Format("2006/01/02"), r.ID+suffix+".wav")
}
