package cti

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The spool: files of ended calls beside a journal that is away or slow.

func (r *Recorder) loadSpool() error {
	names, err := filepath.Glob(filepath.Join(r.dir, "*.json"))
	if err != nil {
		return err
	}
	var calls []Call
	for _, name := range names {
		var c Call
		b, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(b, &c)
		}
		if err != nil || c.ID == "" {
			r.log.Error("unreadable call in the spool, set aside", "file", filepath.Base(name), "err", err)
			if err := os.Rename(name, name+".bad"); err != nil {
				return err
			}
			continue
		}
		calls = append(calls, c)
	}
	slices.SortFunc(calls, func(a, b Call) int { return endOf(a).Compare(endOf(b)) })
	for _, c := range calls {
		r.spooled[c.ID] = c.Version
		r.Put(c)
	}
	r.countSpool()
	return nil
}

// countSpool tells how many files there are.
func (r *Recorder) countSpool() {
	if f := r.metrics.Spooled; f != nil {
		f(len(r.spooled))
	}
}

// spoolUntil puts ended calls into files, at once and as they come.
func (r *Recorder) spoolUntil(over <-chan struct{}) {
	tick := time.NewTicker(spoolAfter)
	defer tick.Stop()
	for {
		if err := r.spoolAll(); err != nil {
			r.log.Error("call spool", "err", err)
		}
		select {
		case <-tick.C:
		case <-over:
			return
		}
	}
}

// spoolAll writes each ended call that waits and is no file yet.
func (r *Recorder) spoolAll() error {
	r.spoolMu.Lock()
	defer r.spoolMu.Unlock()
	r.mu.Lock()
	var todo []Call
	for id, c := range r.pending {
		if version, ok := r.spooled[id]; c.State == Ended && (!ok || version < c.Version) {
			todo = append(todo, c)
		}
	}
	r.mu.Unlock()
	defer r.countSpool()
	for _, c := range todo {
		if err := r.spool(c, ""); err != nil {
			return err
		}
		r.spooled[c.ID] = c.Version
	}
	return nil
}

func (r *Recorder) spool(c Call, suffix string) error {
	if strings.ContainsAny(c.ID, `/\`) {
		return fmt.Errorf("call id %q", c.ID)
	}
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(r.dir, "new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), r.file(c.ID)+suffix)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

func (r *Recorder) file(id string) string { return filepath.Join(r.dir, id+".json") }

func (r *Recorder) unspool(id string) {
	r.spoolMu.Lock()
	defer r.spoolMu.Unlock()
	if _, ok := r.spooled[id]; !ok {
		return
	}
	delete(r.spooled, id)
	if err := os.Remove(r.file(id)); err != nil {
		r.log.Error("call spool", "call", id, "err", err)
	}
	r.countSpool()
}

func (r *Recorder) setAside(c Call) {
	if err := r.spool(c, ".refused"); err != nil {
		r.log.Error("call spool", "call", c.ID, "err", err)
	}
	r.written([]Call{c})
}
