package ari

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ringcard/cti"
)

var _ cti.RecordingPBX = (*Client)(nil)

// snoopID is the id of the channel that records under the name.
func snoopID(name string) string { return "snoop-" + name }

// StartRecording puts a snoop channel on the channel, which hears both
// directions, and records it: the only way ARI has for a channel that is not
// in Stasis. The snoop stays on its channel through bridges and transfers and
// ends with it.
func (c *Client) StartRecording(ctx context.Context, channelID, name string) error {
	snoop := snoopID(name)
	q := url.Values{"spy": {"both"}, "whisper": {"none"}, "app": {c.cfg.App}}
	_, err := c.rest.do(ctx, http.MethodPost, "/channels/"+url.PathEscape(channelID)+"/snoop/"+url.PathEscape(snoop), q, nil, nil)
	if err != nil {
		return recordingRefusal(err, "the channel has ended")
	}
	if err = c.recordSnoop(ctx, snoop, name); err == nil {
		return nil
	}
	if herr := c.Hangup(context.WithoutCancel(ctx), snoop); herr != nil {
		c.log.Warn("snoop channel not ended", "channel", snoop, "error", herr)
	}
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusInternalServerError {
		return &cti.Error{Code: cti.CodeRefused, Err: err,
			Message: "the PBX cannot write a recording: its folder recording (below astspooldir) is missing, not writable or full"}
	}
	return recordingRefusal(err, "the channel has ended")
}

// recordSnoop records a snoop channel. It is there before it has entered
// Stasis, and until then Asterisk answers 409: asked again for a second.
func (c *Client) recordSnoop(ctx context.Context, snoop, name string) error {
	const pause, tries = 20 * time.Millisecond, 50
	q := url.Values{"name": {name}, "format": {"wav"}, "ifExists": {"fail"}, "beep": {"false"}, "terminateOn": {"none"}}
	for try := 1; ; try++ {
		_, err := c.rest.do(ctx, http.MethodPost, "/channels/"+url.PathEscape(snoop)+"/record", q, nil, nil)
		var status *StatusError
		if !errors.As(err, &status) || status.Status != http.StatusConflict || try == tries {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// StopRecording ends the recording and its snoop channel.
func (c *Client) StopRecording(ctx context.Context, name string) error {
	err := c.live(ctx, name, "/stop")
	if notFound(err) {
		err = nil
	}
	if err != nil {
		return recordingRefusal(err, "")
	}
	if err := c.Hangup(ctx, snoopID(name)); err != nil {
		return err
	}
	return c.awaitGone(ctx, snoopID(name))
}

// awaitGone waits, at most a second, until a channel that was hung up is off
// the channel it listened to: a snoop put on beside it can miss one direction
// (seen on Asterisk 22.10 after a transfer).
func (c *Client) awaitGone(ctx context.Context, channelID string) error {
	const pause, tries = 20 * time.Millisecond, 50
	for range tries {
		_, err := c.rest.do(ctx, http.MethodGet, "/channels/"+url.PathEscape(channelID), nil, nil, nil)
		if notFound(err) {
			return nil
		}
		if err != nil {
			return recordingRefusal(err, "")
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// PauseRecording leaves out what is said until ResumeRecording.
func (c *Client) PauseRecording(ctx context.Context, name string) error {
	return recordingRefusal(c.live(ctx, name, "/pause"), "the recording has ended")
}

// ResumeRecording goes on after PauseRecording.
func (c *Client) ResumeRecording(ctx context.Context, name string) error {
	_, err := c.rest.do(ctx, http.MethodDelete, "/recordings/live/"+url.PathEscape(name)+"/pause", nil, nil, nil)
	return recordingRefusal(err, "the recording has ended")
}

// Recording tells what becomes of a recording. When a write fails, Asterisk (16
// and 22) ends the recording with RecordingFinished, and its snoop channel
// stays, idle, until the channel that it listens to ends.
func (c *Client) Recording(ctx context.Context, name string) (cti.RecordingStage, error) {
	var live struct {
		State string `json:"state"`
	}
	_, err := c.rest.do(ctx, http.MethodGet, "/recordings/live/"+url.PathEscape(name), nil, nil, &live)
	if !notFound(err) {
		if live.State == "paused" {
			return cti.StagePaused, nil
		}
		return cti.StageRuns, recordingRefusal(err, "")
	}
	_, err = c.rest.do(ctx, http.MethodGet, "/channels/"+url.PathEscape(snoopID(name)), nil, nil, nil)
	if notFound(err) {
		return cti.StageGone, nil
	}
	return cti.StageStopped, recordingRefusal(err, "")
}

func (c *Client) live(ctx context.Context, name, verb string) error {
	_, err := c.rest.do(ctx, http.MethodPost, "/recordings/live/"+url.PathEscape(name)+verb, nil, nil, nil)
	return err
}

// StoredRecording is a finished recording at the PBX.
type StoredRecording struct {
	Name   string `json:"name"`
	Format string `json:"format"`
}

// StoredRecordings lists what is in the PBX's recording folder. Before the
// first recording there is no folder, and Asterisk answers 500; without
// res_ari_recordings 404.
func (c *Client) StoredRecordings(ctx context.Context) ([]StoredRecording, error) {
	var out []StoredRecording
	_, err := c.rest.do(ctx, http.MethodGet, "/recordings/stored", nil, nil, &out)
	var status *StatusError
	if errors.As(err, &status) && (status.Status == http.StatusInternalServerError || status.Status == http.StatusNotFound) {
		return nil, nil
	}
	return out, err
}

// FetchRecording opens the file of a finished recording (ARI,
// GET /recordings/stored/{name}/file). ok is false when there is none. The
// context bounds the whole reading.
func (c *Client) FetchRecording(ctx context.Context, name string) (body io.ReadCloser, ok bool, err error) {
	u := strings.TrimSuffix(c.cfg.URL, "/") + "/recordings/stored/" + escapeName(name) + "/file"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, false, err
	}
	req.SetBasicAuth(c.cfg.User, c.cfg.Password)
	// The time-out of commands would cut a long file off.
	res, err := (&http.Client{Transport: c.rest.http.Transport}).Do(req)
	if err != nil {
		return nil, false, withoutURL(err)
	}
	switch res.StatusCode {
	case http.StatusOK:
		return res.Body, true, nil
	case http.StatusNotFound:
		return nil, false, res.Body.Close()
	}
	err = statusError(res)
	return nil, false, errors.Join(err, res.Body.Close())
}

// DeleteRecording removes a finished recording; one that is gone is no error.
func (c *Client) DeleteRecording(ctx context.Context, name string) error {
	_, err := c.rest.do(ctx, http.MethodDelete, "/recordings/stored/"+escapeName(name), nil, nil, nil)
	if notFound(err) {
		return nil
	}
	return err
}

// escapeName keeps the slashes: a recording may lie in a folder.
func escapeName(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

func notFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusNotFound
}

// recordingRefusal is refusal with the code of a channel or recording that is
// gone.
func recordingRefusal(err error, gone string) error {
	if notFound(err) && gone != "" {
		return &cti.Error{Code: cti.CodeNotFound, Message: gone, Err: err}
	}
	return refusal(err, cti.Originate{})
}
