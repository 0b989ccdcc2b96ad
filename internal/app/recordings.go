package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ringcard/ari"
	"ringcard/configs"
	"ringcard/crm/recording"
	"ringcard/cti"
	"ringcard/internal/blob"
	"ringcard/internal/postgres"
	"ringcard/push"
)

// messageRecording is the type of stream messages about recordings; part of
// the public contract.
const messageRecording = "recording"

// ShowRecording tells users that a recording changed.
func (s screens) ShowRecording(users []int64, r recording.Recording) {
	s.hub.Publish(users, push.Event{Type: messageRecording, Key: r.ID, Data: r})
}

// startRecordings makes the service of recordings and its storage. What runs
// is started with the telephony.
func (a *App) startRecordings(ctx context.Context) error {
	cfg := a.opt.Config
	blobs, err := a.openBlobs(ctx)
	if err != nil {
		return err
	}
	location, err := cfg.Location()
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	a.pbxFiles = &pbxFiles{clients: make(map[string]*ari.Client), folders: make(map[string]*os.Root), stored: make(map[string]bool)}
	var names []string
	for _, p := range cfg.PBX {
		if !p.OverSIP() { // which records nothing for us
			names = append(names, p.Name)
		}
	}
	store := postgres.NewRecordingStore(a.db)
	a.services.Recordings = recording.NewService(recording.Stores{
		Log: store, Archive: store, Work: store, Shelf: store, Finds: store, Blobs: blobs, Source: a.pbxFiles,
	}, recording.Options{
		PBXs: names, KeepDays: cfg.Recordings.KeepDays, Zone: location, Clock: time.Now, Log: a.log,
		Notify: screens{hub: a.hub}.ShowRecording, Metrics: a.metrics.recordings(),
	})
	a.keeper = recording.NewKeeper(a.services.Recordings)
	return nil
}

func (a *App) openBlobs(ctx context.Context) (recording.Blobs, error) {
	cfg := a.opt.Config.Recordings
	if cfg.Storage == configs.StorageS3 {
		return openS3(ctx, cfg.S3)
	}
	dir := cfg.Dir
	if dir == "" {
		dir = filepath.Join(a.opt.Config.DataDir, "recordings")
	}
	disk, err := blob.OpenDisk(dir)
	if err != nil {
		return nil, err
	}
	a.cleanups.add("storage of recordings", func(context.Context) error { return disk.Close() })
	return disk, nil
}

func openS3(ctx context.Context, cfg configs.S3) (*blob.S3, error) {
	return blob.OpenS3(ctx, blob.S3Config{
		Endpoint: cfg.Endpoint, Region: cfg.Region, Bucket: cfg.Bucket, Prefix: cfg.Prefix,
		AccessKey: cfg.AccessKey.Reveal(), SecretKey: cfg.SecretKey.Reveal(),
	}, nil)
}

// tryS3 writes an object to the bucket of recordings and removes it.
func tryS3(ctx context.Context, cfg configs.S3) error {
	s3, err := openS3(ctx, cfg)
	if err != nil {
		return err
	}
	key := "doctor/" + rand.Text()
	if _, err := s3.Put(ctx, key, strings.NewReader("a test of ringcard doctor")); err != nil {
		return err
	}
	return s3.Delete(ctx, key)
}

// recordingsOf makes the recordings of one PBX for its engine.
func (a *App) recordingsOf(cfg configs.PBX, client *ari.Client) (*cti.Recordings, error) {
	if err := a.pbxFiles.add(cfg, client); err != nil {
		return nil, err
	}
	if folder := a.pbxFiles.folders[cfg.Name]; folder != nil {
		a.cleanups.add("recordings of "+cfg.Name, func(context.Context) error { return folder.Close() })
	}
	return cti.NewRecordings(cti.RecordingsOptions{
		PBX: client, Name: cfg.Name, Log: a.log, Auto: cti.AutoRecord(a.opt.Config.RecordAuto(cfg)),
		Keeper: recordingLog{a.services.Recordings, a.keeper},
	}), nil
}

// recordingLog keeps recordings of calls as records of the CRM.
type recordingLog struct {
	service *recording.Service
	keeper  *recording.Keeper
}

var _ cti.RecordingLog = recordingLog{}

// SaveRecording implements cti.RecordingLog.
func (l recordingLog) SaveRecording(ctx context.Context, r cti.Recording) error {
	p := recording.Progress{
		ID: r.ID, Version: r.Version, CallID: r.CallID, PBX: r.PBX, State: recording.State(r.State), Detail: r.Cause,
		Origin: recording.ByUser, UserID: r.UserID, StartedAt: r.StartedAt, EndedAt: r.EndedAt,
		Users: r.Users,
	}
	if r.UserID == 0 {
		p.Origin = recording.Auto
	}
	switch {
	case r.State == cti.RecordingEnd:
		p.State = recording.StoredAtPBX
	case r.State == cti.RecordingFailed && len(r.Parts) == 0:
		p.Reason = recording.ReasonNotStarted
	case r.State == cti.RecordingFailed:
		p.Reason = recording.ReasonPBXFailed
	}
	for i, part := range r.Parts {
		p.Parts = append(p.Parts, recording.Part{
			Seq: i + 1, Source: recording.SourceARI, Name: part.Name, Channel: part.Channel,
			StartedAt: part.StartedAt, EndedAt: part.EndedAt, Failed: part.Failed,
		})
	}
	if err := l.service.Save(ctx, p); err != nil {
		return err
	}
	if !p.State.UnderWay() {
		l.keeper.Wake()
	}
	return nil
}

// UnfinishedRecordings implements cti.RecordingLog.
func (l recordingLog) UnfinishedRecordings(ctx context.Context, pbx string) ([]cti.Recording, error) {
	list, err := l.service.Unfinished(ctx, pbx)
	if err != nil {
		return nil, err
	}
	out := make([]cti.Recording, len(list))
	for i, p := range list {
		out[i] = cti.Recording{
			ID: p.ID, Version: p.Version, CallID: p.CallID, PBX: p.PBX, State: cti.RecordingState(p.State), Cause: p.Detail,
			UserID: p.UserID, StartedAt: p.StartedAt, EndedAt: p.EndedAt,
		}
		for _, part := range p.Parts {
			out[i].Parts = append(out[i].Parts, cti.RecordingPart{
				Name: part.Name, Channel: part.Channel, StartedAt: part.StartedAt, EndedAt: part.EndedAt, Failed: part.Failed,
			})
		}
	}
	return out, nil
}

// MoveRecordings implements cti.RecordingLog.
func (l recordingLog) MoveRecordings(ctx context.Context, fromCall, toCall string) error {
	return l.service.Move(ctx, fromCall, toCall)
}

// pbxFiles is what the PBXs recorded: by ARI, and in folders of theirs that
// are mounted here. It is filled before anything runs and not changed then.
type pbxFiles struct {
	clients map[string]*ari.Client
	folders map[string]*os.Root
	stored  map[string]bool // take up what lies in the PBX's recording folder
}

var _ recording.Source = (*pbxFiles)(nil)

func (f *pbxFiles) add(cfg configs.PBX, client *ari.Client) error {
	f.clients[cfg.Name], f.stored[cfg.Name] = client, cfg.RecordingsFromARI
	if cfg.RecordingsDir == "" {
		return nil
	}
	root, err := os.OpenRoot(cfg.RecordingsDir)
	if err != nil {
		return fmt.Errorf("pbx %s: recordings_dir: %w", cfg.Name, err)
	}
	f.folders[cfg.Name] = root
	return nil
}

func (f *pbxFiles) client(pbx string) (*ari.Client, error) {
	if c := f.clients[pbx]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("there is no PBX %s in the configuration", pbx)
}

// Fetch implements recording.Source.
func (f *pbxFiles) Fetch(ctx context.Context, pbx string, kind recording.SourceKind, name string) (io.ReadCloser, error) {
	if kind == recording.SourceFolder {
		root := f.folders[pbx]
		if root == nil {
			return nil, fmt.Errorf("pbx %s has no recordings_dir in the configuration", pbx)
		}
		file, err := root.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, recording.ErrNoFile
		}
		return file, err
	}
	client, err := f.client(pbx)
	if err != nil {
		return nil, err
	}
	body, ok, err := client.FetchRecording(ctx, name)
	if err == nil && !ok {
		err = recording.ErrNoFile
	}
	return body, err
}

// Discard implements recording.Source. What lies in a folder is not ours to
// remove.
func (f *pbxFiles) Discard(ctx context.Context, pbx string, kind recording.SourceKind, name string) error {
	if kind == recording.SourceFolder {
		return nil
	}
	client, err := f.client(pbx)
	if err != nil {
		return err
	}
	return client.DeleteRecording(ctx, name)
}

// Finished implements recording.Source.
func (f *pbxFiles) Finished(ctx context.Context, pbx string, kind recording.SourceKind, name string) (bool, error) {
	if kind == recording.SourceFolder {
		return true, nil // the time of its last change has told
	}
	client, err := f.client(pbx)
	if err != nil {
		return false, err
	}
	stage, err := client.Recording(ctx, name)
	return !stage.Live(), err
}

// Files implements recording.Source: WAV files only. Ours are always among
// them, should their records have been lost.
func (f *pbxFiles) Files(ctx context.Context, pbx string) ([]recording.SourceFile, error) {
	client, err := f.client(pbx)
	if err != nil {
		return nil, err
	}
	var out []recording.SourceFile
	if ok, _ := client.Connected(); ok {
		list, err := client.StoredRecordings(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if r.Format == "wav" && (f.stored[pbx] || strings.HasPrefix(r.Name, recording.OwnPrefix)) {
				out = append(out, recording.SourceFile{Kind: recording.SourceARI, Name: r.Name})
			}
		}
	}
	root := f.folders[pbx]
	if root == nil {
		return out, nil
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || !strings.EqualFold(filepath.Ext(name), ".wav") {
			return err
		}
		info, err := e.Info()
		if err == nil {
			out = append(out, recording.SourceFile{Kind: recording.SourceFolder, Name: name, ModTime: info.ModTime()})
		}
		return err
	})
	return out, err
}
