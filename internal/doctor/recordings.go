package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"

	"ringcard/ari"
	"ringcard/configs"
	"ringcard/cti"
)

// wavHeader is the length of a WAV file without sound.
const wavHeader = 44

// recording makes a recording of nothing at the PBX. Neither ARI nor AMI tells
// whether its folder can be written and has room.
func (c *pbxCheck) recording(ctx context.Context, probe *ari.Probe) {
	n, err := probe.Record(ctx)
	c.judgeRecording(n, err)
}

// judgeRecording judges a test recording of n bytes.
func (c *pbxCheck) judgeRecording(n int64, err error) {
	const what, folder = "recording", "the folder recording below astspooldir (normally /var/spool/asterisk/recording)"
	level := Warn
	if auto := c.opt.Config.RecordAuto(c.cfg); auto != "" && auto != string(cti.RecordNone) {
		level = Fail // no call would be recorded
	}
	var refused *cti.Error
	switch {
	case errors.Is(err, ari.ErrNoRecording):
		c.add("recordings.pbx", level, what, "the PBX takes the order to record, and there is no file",
			"give "+folder+" to the user that Asterisk runs as, and load res_ari_recordings.so")
	case errors.As(err, &refused) && refused.Code != cti.CodeUnreachable:
		c.add("recordings.pbx", level, what, refused.Message, "make "+folder+" and give it to the user that Asterisk runs as; load format_wav.so",
			"error", refused.Message)
	case err != nil:
		c.add("recordings.pbx", Warn, what, "could not be tried: "+err.Error(), "", "error", err.Error())
	case n < wavHeader:
		c.add("recordings.full", level, what, fmt.Sprintf("the PBX has written %d bytes of a test recording: its disk is full", n),
			"make room on the disk of "+folder)
	default:
		c.add("recordings.pbx", OK, what, "the PBX can record and gives the file", "")
	}
}

// recordingsDir looks at the folder in which the PBX leaves its recordings.
func (c *pbxCheck) recordingsDir() {
	dir := c.cfg.RecordingsDir
	if dir == "" {
		return
	}
	const id = "recordings.dir"
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", dir)
	}
	if err == nil {
		_, err = os.ReadDir(dir)
	}
	if err != nil {
		c.add(id, Fail, "recordings", err.Error(),
			"mount the folder of the PBX's recordings there and let the user that runs ringcard read it, or correct pbx.recordings_dir",
			"dir", dir, "error", err.Error())
		return
	}
	c.add(id, OK, "recordings", dir+" can be read", "", "dir", dir)
}

// checkRecordings looks at where recordings are kept. A folder in data_dir is
// looked at with it.
func checkRecordings(ctx context.Context, n *notes, cfg configs.Recordings, s3 func(context.Context) error) {
	const change = "without it recordings stay at the PBX until its disk is full"
	f := Finding{ID: "recordings.storage", Level: OK, Check: "recordings"}
	switch {
	case cfg.Storage == configs.StorageS3 && s3 == nil:
		return
	case cfg.Storage == configs.StorageS3:
		f.Seen = "the bucket " + cfg.S3.Bucket + " can be written"
		if err := s3(ctx); err != nil {
			f.Level, f.Seen, f.Params = Fail, err.Error(), map[string]string{"error": err.Error()}
			f.Change = "correct recordings.s3, and give its key the rights to list, read, write and delete; " + change
		}
	case cfg.Dir == "":
		return
	default:
		abs, parent, err := tryFolder(cfg.Dir)
		f.Seen = abs + " can be written"
		if parent != abs {
			f.Seen = abs + " will be made"
		}
		if err != nil {
			f.Level, f.Seen = Fail, fmt.Sprintf("%s cannot be written: %v", abs, err)
			f.Params = map[string]string{"error": err.Error()}
			f.Change = fmt.Sprintf("give the user that runs ringcard the right to write to %s, or set recordings.dir to another folder; %s", abs, change)
		}
		n.add(f)
		if err != nil {
			return
		}
		free, ok := freeSpace(parent)
		if !ok {
			return // this system does not tell
		}
		f = Finding{ID: "recordings.space", Check: "recordings", Seen: bytesText(free) + " are free in recordings.dir", Params: map[string]string{"free": bytesText(free)},
			Change: "make room, or set recordings.keep_days: an hour of talk is 58 MB; " + change}
		if f.Level = spaceLevel(free); f.Level == OK {
			f.Change = ""
		}
	}
	n.add(f)
}

// tryFolder writes and removes a file in dir, or in the nearest parent that
// exists.
func tryFolder(dir string) (abs, parent string, err error) {
	abs, parent = existing(dir)
	file, err := os.CreateTemp(parent, ".ringcard-doctor-*")
	if err != nil {
		return abs, parent, err
	}
	return abs, parent, errors.Join(file.Close(), os.Remove(file.Name()))
}
