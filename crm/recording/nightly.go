package recording

import (
	"context"
	"errors"
	"strings"
	"time"

	"ringcard/crm"
)

const (
	sweepPage = 500
	// expireFaults in one night are taken for a fault of the whole storage.
	expireFaults = 10
	// youngFile: a file whose record may still be on its way.
	youngFile = time.Hour
)

// Swept is what a comparison of the storage with the records found.
type Swept struct {
	Deleted int // by retention
	Missing int // records whose file is gone
	Found   int // files that are there again
	Orphans int // files of no record; they are left where they are
	Removed int // files of deleted records, removed now
}

// Nightly deletes what is older than the retention and compares the storage
// with the records both ways. What it found goes to the log and the metrics.
func (s *Service) Nightly(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, nightTimeout)
	defer cancel()
	var found Swept
	err := errors.Join(s.expire(ctx, &found), s.sweepRecords(ctx, &found), s.sweepFiles(ctx, &found))
	if f := s.opts.Metrics.Orphans; f != nil && err == nil {
		f(found.Orphans, found.Missing)
	}
	s.log.Info("recordings: nightly work", "deleted", found.Deleted, "missing", found.Missing, "found_again", found.Found,
		"orphans", found.Orphans, "removed", found.Removed)
	return err
}

// expire deletes what is older than KeepDays.
func (s *Service) expire(ctx context.Context, found *Swept) error {
	if s.opts.KeepDays == 0 {
		return nil
	}
	before := s.opts.Clock().UTC().AddDate(0, 0, -s.opts.KeepDays)
	for {
		list, err := s.stores.Shelf.Expired(ctx, before, sweepPage)
		if err != nil {
			return err
		}
		deleted := found.Deleted
		var errs []error
		for _, r := range list {
			if err := s.discard(ctx, crm.System(), r); err != nil {
				if errs = append(errs, err); len(errs) == expireFaults {
					break
				}
				continue // one file that cannot be deleted does not keep the others
			}
			found.Deleted++
		}
		if f := s.opts.Metrics.Deleted; f != nil {
			f(found.Deleted - deleted)
		}
		if len(errs) > 0 || len(list) < sweepPage {
			return errors.Join(errs...)
		}
	}
}

// sweepRecords looks for the file of each record.
func (s *Service) sweepRecords(ctx context.Context, found *Swept) error {
	for after := ""; ; {
		list, err := s.stores.Shelf.Stored(ctx, after, sweepPage)
		if err != nil {
			return err
		}
		for _, r := range list {
			if err := s.sweepRecord(ctx, r, found); err != nil {
				return err
			}
			after = r.ID
		}
		if len(list) < sweepPage {
			return nil
		}
	}
}

func (s *Service) sweepRecord(ctx context.Context, r Recording, found *Swept) error {
	blob, err := s.stores.Blobs.Open(ctx, r.Key)
	step := StepFind
	switch {
	case errors.Is(err, ErrNoBlob):
		step = StepLose
		found.Missing++
	case err != nil:
		return err
	default:
		_ = blob.Close() // opened to see that it is there
	}
	to, err := r.State.Next(step)
	if err != nil {
		return nil //nolint:nilerr // it is already what it should be
	}
	if to == Missing {
		s.log.Error("the file of a recording is gone", "recording", r.ID, "call", r.CallID, "key", r.Key)
	} else {
		found.Found++
	}
	if err := s.stores.Shelf.Mark(ctx, r.ID, r.State, to); err != nil {
		return err
	}
	r.State = to
	s.opts.Notify(r.Users, r)
	return nil
}

// sweepFiles looks for the record of each file. A file of no record is only
// counted: after the database was restored from a backup it may be all there
// is of a conversation.
func (s *Service) sweepFiles(ctx context.Context, found *Swept) error {
	var page []BlobInfo
	check := func() error {
		keys := make([]string, len(page))
		for i, b := range page {
			keys[i] = b.Key
		}
		known, err := s.stores.Shelf.Known(ctx, keys)
		if err != nil {
			return err
		}
		for _, b := range page {
			if err := s.sweepFile(ctx, b, known, found); err != nil {
				return err
			}
		}
		page = page[:0]
		return nil
	}
	old := s.opts.Clock().Add(-youngFile)
	err := s.stores.Blobs.List(ctx, func(b BlobInfo) error {
		if !strings.HasSuffix(b.Key, ".wav") || b.ModTime.After(old) {
			return nil
		}
		if page = append(page, b); len(page) < sweepPage {
			return nil
		}
		return check()
	})
	return errors.Join(err, check())
}

func (s *Service) sweepFile(ctx context.Context, b BlobInfo, known map[string]State, found *Swept) error {
	if _, ok := known[b.Key]; ok {
		return nil
	}
	id, _, _ := strings.Cut(strings.TrimSuffix(b.Key[strings.LastIndexByte(b.Key, '/')+1:], ".wav"), "-part")
	fresh, err := s.stores.Finds.New(ctx, []string{id})
	if crm.CodeOf(err) == crm.CodeInvalid {
		fresh, err = []string{id}, nil // not a name of ours
	}
	if err != nil {
		return err
	}
	if len(fresh) > 0 {
		found.Orphans++
		s.log.Warn("a file of no recording lies in the storage", "key", b.Key, "bytes", b.Size)
		return nil
	}
	// Its record has another file or none: it was deleted, or joined.
	if err := s.stores.Blobs.Delete(ctx, b.Key); err != nil {
		return err
	}
	found.Removed++
	return nil
}
