package recording

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// settled: a file that was not written to for so long is whole.
const settled = 10 * time.Second

// importSpace is the name space of the ids of found recordings: the same file
// gives the same id, so that it is taken up once.
var importSpace = uuid.MustParse("2f0b2f5e-6d5b-4c5e-8a06-5245434f5244")

// OwnPrefix begins the names of the recordings that we ordered.
const OwnPrefix = "ringcard-"

var (
	// uniqueID is Asterisk's id of a channel, without its system name: seconds
	// since 1970, a point, a count.
	uniqueID = regexp.MustCompile(`\d{9,11}\.\d+`)
	// systemID is the same with the system name (asterisk.conf, systemname).
	systemID = regexp.MustCompile(`[A-Za-z0-9_.-]+-\d{9,11}\.\d+`)
	anyUUID  = regexp.MustCompile(`[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
	ownName  = regexp.MustCompile(`^` + OwnPrefix + `(` + anyUUID.String() + `)-(` + anyUUID.String() + `)-(\d{1,4})$`)
)

// channelIDs finds ids of channels in the name of a file, and when the first
// of them was made; ok is false when there is none that tells the time.
func channelIDs(name string) (ids []string, at time.Time, ok bool) {
	for _, id := range uniqueID.FindAllString(name, -1) {
		ids = append(ids, id)
		seconds, _, _ := strings.Cut(id, ".")
		if n, err := strconv.ParseInt(seconds, 10, 64); err == nil && !ok {
			at, ok = time.Unix(n, 0).UTC(), true
		}
	}
	for _, id := range systemID.FindAllString(name, -1) {
		// Any tail of it may be what the system is called.
		for rest := id; ; {
			ids = append(ids, rest)
			_, tail, more := strings.Cut(rest, "-")
			if !more || !strings.Contains(tail, "-") {
				break
			}
			rest = tail
		}
	}
	return append(ids, anyUUID.FindAllString(name, -1)...), at, ok
}

// Import takes up finished recordings that lie at the PBXs and that we do not
// have: those of the PBX's own dialplan, by the id of a channel in their names,
// and those of ours whose record was lost.
func (s *Service) Import(ctx context.Context) error {
	var errs []error
	for _, pbx := range s.opts.PBXs {
		files, err := s.stores.Source.Files(ctx, pbx)
		if err == nil {
			err = s.importFiles(ctx, pbx, files)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("pbx %s: %w", pbx, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Service) importFiles(ctx context.Context, pbx string, files []SourceFile) error {
	byID := make(map[string][]SourceFile, len(files))
	ids := make([]string, 0, len(files))
	old := s.opts.Clock().Add(-settled)
	for _, f := range files {
		if f.ModTime.After(old) {
			continue
		}
		id := uuid.NewSHA1(importSpace, []byte(pbx+"\n"+string(f.Kind)+"\n"+f.Name)).String()
		if own := ownName.FindStringSubmatch(f.Name); own != nil {
			id = strings.ToLower(own[2]) // its parts are one recording
		}
		if _, ok := byID[id]; !ok {
			ids = append(ids, id)
		}
		byID[id] = append(byID[id], f)
	}
	for len(ids) > 0 {
		page := ids[:min(len(ids), sweepPage)]
		ids = ids[len(page):]
		fresh, err := s.stores.Finds.New(ctx, page)
		if err != nil {
			return err
		}
		for _, id := range fresh {
			if err := s.importOne(ctx, pbx, id, byID[id]); err != nil {
				return err
			}
		}
	}
	return nil
}

// importOne takes up one recording, unless it is still being written, or its
// call is not known or not over yet.
func (s *Service) importOne(ctx context.Context, pbx, id string, files []SourceFile) error {
	for _, f := range files {
		if done, err := s.stores.Source.Finished(ctx, pbx, f.Kind, f.Name); err != nil || !done {
			return err
		}
	}
	r := Recording{ID: id, PBX: pbx, Origin: FromPBX}
	var err error
	if own := ownName.FindStringSubmatch(files[0].Name); own != nil {
		r.CallID, r.Origin, r.StartedAt = strings.ToLower(own[1]), Auto, s.opts.Clock().UTC()
	} else if r.CallID, r.StartedAt, err = s.callOf(ctx, pbx, files[0]); err != nil || r.CallID == "" {
		return err
	}
	ended := r.StartedAt
	if f := files[len(files)-1]; f.ModTime.After(ended) {
		ended = f.ModTime.UTC()
	}
	r.EndedAt = &ended
	slices.SortFunc(files, func(a, b SourceFile) int { return partNumber(a) - partNumber(b) })
	for i, f := range files {
		r.Parts = append(r.Parts, Part{Seq: i + 1, Source: f.Kind, Name: f.Name, StartedAt: r.StartedAt, EndedAt: &ended})
	}
	if err := s.stores.Finds.Add(ctx, r); err != nil {
		return err
	}
	s.log.Info("recording found at the PBX", "recording", id, "call", r.CallID, "name", files[0].Name)
	return nil
}

// callOf finds the call of a file that the dialplan made, and when it was.
func (s *Service) callOf(ctx context.Context, pbx string, f SourceFile) (call string, at time.Time, err error) {
	channels, at, ok := channelIDs(f.Name)
	if !ok {
		at = f.ModTime.UTC() // a channel of ours: its id tells no time
	}
	if len(channels) == 0 || f.ModTime.IsZero() && !ok {
		return "", at, nil
	}
	call, _, err = s.stores.Finds.CallOf(ctx, pbx, channels, at)
	return call, at, err
}

func partNumber(f SourceFile) int {
	own := ownName.FindStringSubmatch(f.Name)
	if own == nil {
		return 0
	}
	n, _ := strconv.Atoi(own[3]) // four digits at most
	return n
}
