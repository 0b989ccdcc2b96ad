package recording

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

const (
	fetchLease   = 15 * time.Minute // a fetch takes no longer; then it is anybody's
	firstRetry   = 5 * time.Second
	lastRetry    = 15 * time.Minute
	fullRetry    = 5 * time.Minute // a disk does not get empty at once
	giveUpAfter  = 30              // tries that failed in passing: about a working day
	pollEvery    = 5 * time.Second
	cleanEvery   = 30 * time.Second
	importEvery  = 15 * time.Second
	cleanAtOnce  = 100
	nightlyHour  = 3 // office time
	workTimeout  = 10 * time.Minute
	nightTimeout = 2 * time.Hour
)

// Keeper brings recordings from the PBXs to our storage, takes up what a PBX
// recorded by itself, and at night removes what is too old and compares the
// storage with the records. Several nodes may run one each.
type Keeper struct {
	s      *Service
	wake   chan struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// NewKeeper makes a keeper that does nothing before Start.
func NewKeeper(s *Service) *Keeper { return &Keeper{s: s, wake: make(chan struct{}, 1)} }

// Start begins the work.
func (k *Keeper) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	k.done.Go(func() { k.every(ctx, pollEvery, k.wake, "fetching", k.s.FetchDue) })
	k.done.Go(func() { k.every(ctx, cleanEvery, nil, "cleaning", k.s.CleanPBX) })
	k.done.Go(func() { k.every(ctx, importEvery, nil, "looking for recordings of the PBX", k.s.Import) })
	k.done.Go(func() { k.nightly(ctx) })
}

// Stop ends the work under way and waits for it. A fetch that is cut off is
// done anew by the next run.
func (k *Keeper) Stop(ctx context.Context) error {
	if k.cancel == nil {
		return nil
	}
	k.cancel()
	ended := make(chan struct{})
	go func() { k.done.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wake tells that a recording has ended. It never waits.
func (k *Keeper) Wake() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// every runs work at intervals and when woken, until ctx ends.
func (k *Keeper) every(ctx context.Context, interval time.Duration, wake <-chan struct{}, what string, work func(context.Context) error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		err := work(ctx)
		if err != nil && ctx.Err() == nil {
			k.s.log.Warn("recordings: the work is done again later", "work", what, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-wake:
		}
	}
}

func (k *Keeper) nightly(ctx context.Context) {
	for {
		now := k.s.opts.Clock()
		timer := time.NewTimer(untilNight(now, k.s.opts.Zone))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := k.s.Nightly(ctx); err != nil && ctx.Err() == nil {
			k.s.log.Error("recordings: the nightly work is not done", "error", err)
		}
	}
}

// untilNight is the time to the next nightly hour of the office.
func untilNight(now time.Time, zone *time.Location) time.Duration {
	local := now.In(zone)
	next := time.Date(local.Year(), local.Month(), local.Day(), nightlyHour, 30, 0, 0, zone)
	if !next.After(local) {
		next = time.Date(local.Year(), local.Month(), local.Day()+1, nightlyHour, 30, 0, 0, zone)
	}
	return next.Sub(local)
}

// FetchDue brings every recording that is due to our storage. One that cannot
// be fetched is put off and does not hold up the others.
func (s *Service) FetchDue(ctx context.Context) error {
	for {
		r, ok, err := s.stores.Work.Claim(ctx, s.opts.PBXs, s.opts.Clock().UTC(), fetchLease)
		if err != nil || !ok {
			return err
		}
		s.opts.Notify(r.Users, r)
		if err := s.fetch(ctx, r); err != nil {
			return err
		}
	}
}

// fetch brings one claimed recording home, or puts it off. Its error is that
// of the database: the lease then ends by itself.
func (s *Service) fetch(ctx context.Context, r Recording) error {
	work, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	began := time.Now()
	a, err := s.bring(work, &r)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return s.putOff(ctx, r, err)
	}
	if err := s.stores.Work.Arrived(ctx, r.ID, a); err != nil {
		return err
	}
	for _, p := range r.Parts {
		if p.Key != "" && p.Key != a.Key {
			if err := s.stores.Blobs.Delete(ctx, p.Key); err != nil {
				s.log.Warn("part of a recording not removed; the nightly work does", "recording", r.ID, "error", err)
			}
		}
	}
	if f := s.opts.Metrics.Fetched; f != nil {
		f(time.Since(began), a.Size)
	}
	s.log.Info("recording is ready", "recording", r.ID, "call", r.CallID, "bytes", a.Size, "duration_ms", a.Scanned.DurationMS)
	r.State, r.Reason, r.Key, r.Size, r.SHA256 = Ready, a.Reason, a.Key, a.Size, a.SHA256
	r.Format, r.Channels, r.DurationMS, r.RetryAt = "wav", a.Scanned.Channels, a.Scanned.DurationMS, nil
	s.opts.Notify(r.Users, r)
	// What does not succeed here is done by CleanPBX.
	if err := s.cleanPBX(ctx, r); err != nil && ctx.Err() == nil {
		s.log.Warn("recording not removed at the PBX yet", "recording", r.ID, "error", err)
	}
	return nil
}

// bring fetches the parts that are not with us yet and makes one file of them.
func (s *Service) bring(ctx context.Context, r *Recording) (Arrival, error) {
	var stored []Part
	incomplete := false
	for i := range r.Parts {
		p := &r.Parts[i]
		if p.Key == "" && !p.Gone {
			err := s.bringPart(ctx, *r, p)
			if errors.Is(err, ErrNoFile) {
				p.Gone, err = true, nil
			}
			if err != nil {
				return Arrival{}, err
			}
			if err := s.stores.Work.PartStored(ctx, r.ID, *p); err != nil {
				return Arrival{}, err
			}
		}
		if p.Key != "" && p.Size == 0 && p.Failed == "" {
			p.Failed = "not even the header was written" // the disk was full from the start
		}
		incomplete = incomplete || p.Gone || p.Failed != ""
		if p.Key != "" {
			stored = append(stored, *p)
		}
	}
	if len(stored) == 0 {
		return Arrival{}, ErrNoFile
	}
	a, err := s.whole(ctx, *r, stored)
	if err == nil && incomplete {
		a.Reason = ReasonIncomplete
	}
	if errors.Is(err, ErrNoBlob) {
		err = errors.Join(err, s.forget(ctx, *r))
	}
	return a, err
}

// forget makes the parts be fetched anew: one that was with us is gone, and the
// PBX still has all.
func (s *Service) forget(ctx context.Context, r Recording) error {
	for _, p := range r.Parts {
		if p.Key == "" {
			continue
		}
		p.Key, p.Size = "", 0
		if err := s.stores.Work.PartStored(ctx, r.ID, p); err != nil {
			return err
		}
	}
	return nil
}

// bringPart copies one file from the PBX to our storage.
func (s *Service) bringPart(ctx context.Context, r Recording, p *Part) error {
	from, err := s.stores.Source.Fetch(ctx, r.PBX, p.Source, p.Name)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // read to its end or given up
	suffix := ""
	if len(r.Parts) > 1 {
		suffix = fmt.Sprintf("-part%d", p.Seq)
	}
	key := blobKey(r, suffix)
	size, err := s.stores.Blobs.Put(ctx, key, sourceReader{from})
	if err != nil {
		return err
	}
	p.Key, p.Size = key, size
	return nil
}

// errSource marks a fault of the side we read from: the storage's own errors
// must not be taken for it.
type errSource struct{ err error }

func (e errSource) Error() string { return "read from the PBX: " + e.err.Error() }
func (e errSource) Unwrap() error { return e.err }

type sourceReader struct{ r io.Reader }

func (s sourceReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errSource{err}
	}
	return n, err
}

// whole makes the one file of the stored parts and looks at it.
func (s *Service) whole(ctx context.Context, r Recording, parts []Part) (Arrival, error) {
	scans := make([]Scanned, 0, len(parts))
	usable := make([]Part, 0, len(parts))
	incomplete := false
	for _, p := range parts {
		scanned, err := s.scanBlob(ctx, p.Key)
		if errors.Is(err, ErrWAV) && len(parts) > 1 {
			s.log.Error("part of a recording is no WAV file and left out", "recording", r.ID, "call", r.CallID, "part", p.Seq, "error", err)
			incomplete = true
			continue
		}
		if err != nil {
			return Arrival{}, err
		}
		usable, scans, incomplete = append(usable, p), append(scans, scanned), incomplete || scanned.Cut
	}
	if len(usable) == 0 {
		return Arrival{}, ErrWAV
	}
	key := usable[0].Key
	if len(r.Parts) > 1 {
		key = blobKey(r, "")
		if err := s.joinBlobs(ctx, key, usable, scans); err != nil {
			return Arrival{}, err
		}
	}
	a := Arrival{Key: key}
	if incomplete {
		a.Reason = ReasonIncomplete
	}
	blob, err := s.stores.Blobs.Open(ctx, key)
	if err != nil {
		return a, err
	}
	defer func() { _ = blob.Close() }() // opened for reading: nothing to lose
	sum := sha256.New()
	if a.Scanned, err = scan(io.TeeReader(blob, sum)); err != nil {
		return a, err
	}
	a.Size, a.SHA256, a.Waveform = blob.Size(), hex.EncodeToString(sum.Sum(nil)), a.Scanned.Waveform
	if a.Scanned.soundBytes == 0 {
		return a, errEmpty
	}
	return a, nil
}

// errEmpty: the file has a header and no sound.
var errEmpty = errors.New("the recording has no sound in it")

func (s *Service) scanBlob(ctx context.Context, key string) (Scanned, error) {
	blob, err := s.stores.Blobs.Open(ctx, key)
	if err != nil {
		return Scanned{}, err
	}
	defer func() { _ = blob.Close() }() // opened for reading: nothing to lose
	return scan(blob)
}

func (s *Service) joinBlobs(ctx context.Context, key string, parts []Part, scans []Scanned) error {
	readers := make([]io.Reader, len(parts))
	for i, p := range parts {
		blob, err := s.stores.Blobs.Open(ctx, p.Key)
		if err != nil {
			return err
		}
		defer func() { _ = blob.Close() }() // opened for reading: nothing to lose
		readers[i] = blob
	}
	joined, err := join(readers, scans)
	if err != nil {
		return err
	}
	_, err = s.stores.Blobs.Put(ctx, key, joined)
	return err
}

// putOff notes why a recording did not arrive and when to try again.
func (s *Service) putOff(ctx context.Context, r Recording, cause error) error {
	v := judge(cause, r.Attempts)
	if v.wait == 0 && slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Failed != "" }) {
		v.reason = ReasonPBXFailed // that is why there is nothing to fetch
	}
	to, err := r.State.Next(v.step)
	if err != nil {
		return err
	}
	r.State, r.Reason, r.RetryAt = to, v.reason, nil
	if v.wait > 0 {
		at := s.opts.Clock().UTC().Add(v.wait)
		r.RetryAt = &at
	}
	if err := s.stores.Work.PutOff(ctx, r.ID, to, v.reason, cause.Error(), r.RetryAt); err != nil {
		return err
	}
	if f := s.opts.Metrics.Failed; f != nil && to == Failed {
		f(v.reason)
	}
	s.log.Warn("recording not fetched", "recording", r.ID, "call", r.CallID, "reason", string(v.reason), "attempt", r.Attempts, "error", cause)
	s.opts.Notify(r.Users, r)
	return nil
}

// verdict is what follows from a fault on the way.
type verdict struct {
	step   Step
	reason Reason
	wait   time.Duration // 0: no further try
}

// judge tells faults that pass from those that do not. A full disk is told at
// once, and tried again: somebody will make room.
func judge(err error, attempts int) verdict {
	switch {
	case errors.Is(err, ErrFull):
		return verdict{StepFail, ReasonDiskFull, fullRetry}
	case errors.Is(err, ErrNoFile):
		return verdict{StepFail, ReasonNotAtPBX, 0}
	case errors.Is(err, errEmpty):
		return verdict{StepFail, ReasonEmpty, 0}
	case errors.Is(err, ErrWAV):
		return verdict{StepFail, ReasonDamaged, 0}
	}
	reason := ReasonUnreachable
	if errors.Is(err, ErrNoBlob) || !errors.As(err, new(errSource)) && errors.As(err, new(storageFault)) {
		reason = ReasonStorage
	}
	if attempts >= giveUpAfter {
		return verdict{StepFail, reason, 0}
	}
	wait := lastRetry
	if attempts < 16 {
		wait = min(lastRetry, firstRetry<<max(attempts-1, 0))
	}
	return verdict{StepRetry, reason, wait}
}

// storageFault is an error that says of itself that it comes from our storage.
type storageFault interface {
	error
	Storage() bool
}

// CleanPBX removes at the PBXs what is safe with us or deleted.
func (s *Service) CleanPBX(ctx context.Context) error {
	list, err := s.stores.Work.Leftovers(ctx, s.opts.PBXs, cleanAtOnce)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range list {
		if err := s.cleanPBX(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("recording %s: %w", r.ID, err))
		}
	}
	return errors.Join(errs...)
}

// cleanPBX removes the files of one recording at the PBX; those of the PBX's
// own dialplan are not ours to remove.
func (s *Service) cleanPBX(ctx context.Context, r Recording) error {
	if r.Origin == FromPBX {
		return nil
	}
	for _, p := range r.Parts {
		if err := s.stores.Source.Discard(ctx, r.PBX, p.Source, p.Name); err != nil {
			return err
		}
	}
	return s.stores.Work.Cleaned(ctx, r.ID)
}
