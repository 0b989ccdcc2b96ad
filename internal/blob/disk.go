package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"ringcard/crm/recording"
)

// tempDir holds files that are not whole yet. It begins with a point: no key
// does.
const tempDir = ".incoming"

// staleTemp: a file that was begun so long ago is of a run that died.
const staleTemp = 24 * time.Hour

// Disk is a folder. It may be shared by several nodes.
type Disk struct {
	root *os.Root
	// create opens the file of a Put; tests make it fail half-way.
	create func(name string) (file, error)
}

// file is what Put writes to.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

var _ recording.Blobs = (*Disk)(nil)

// OpenDisk makes the folder if need be and removes what a dead run left half
// written.
func OpenDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(filepath.Join(dir, tempDir), 0o700); err != nil {
		return nil, fmt.Errorf("folder of recordings: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of recordings: %w", err)
	}
	d := &Disk{root: root}
	d.create = func(name string) (file, error) { return root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) }
	if err := d.removeStale(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return d, nil
}

func (d *Disk) removeStale() error {
	entries, err := fs.ReadDir(d.root.FS(), tempDir)
	if err != nil {
		return fmt.Errorf("folder of recordings: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < staleTemp {
			continue // gone meanwhile, or another node's
		}
		if err := d.root.Remove(path.Join(tempDir, e.Name())); err != nil {
			return fmt.Errorf("folder of recordings: %w", err)
		}
	}
	return nil
}

// Close gives the folder back.
func (d *Disk) Close() error { return d.root.Close() }

// Put implements recording.Blobs: written beside, synced, renamed.
func (d *Disk) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	temp := path.Join(tempDir, strings.ReplaceAll(key, "/", "_")+"."+fmt.Sprint(time.Now().UnixNano()))
	f, err := d.create(temp)
	if err != nil {
		return 0, diskFault(err)
	}
	size, err := io.Copy(diskWriter{f}, contextReader{ctx, r})
	if err == nil {
		err = diskFault(f.Sync())
	}
	if cerr := diskFault(f.Close()); err == nil {
		err = cerr
	}
	if err == nil {
		err = d.rename(temp, key)
	}
	if err != nil {
		if rerr := d.root.Remove(temp); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
		return 0, err
	}
	return size, nil
}

// rename puts the whole file in its place and makes the name last.
func (d *Disk) rename(temp, key string) error {
	folder := path.Dir(key)
	if err := d.root.MkdirAll(folder, 0o700); err != nil {
		return diskFault(err)
	}
	if err := d.root.Rename(temp, key); err != nil {
		return diskFault(err)
	}
	dir, err := d.root.Open(folder)
	if err != nil {
		return diskFault(err)
	}
	return diskFault(errors.Join(dir.Sync(), dir.Close()))
}

// diskWriter marks errors of writing, so that they are told from those of what
// is read.
type diskWriter struct{ w io.Writer }

func (w diskWriter) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	return n, diskFault(err)
}

// diskFault gives an error of the disk its meaning.
func diskFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Fault{fmt.Errorf("%w: %w", recording.ErrFull, err)}
	}
	return Fault{err}
}

// contextReader stops a copy when the context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Open implements recording.Blobs.
func (d *Disk) Open(_ context.Context, key string) (recording.Blob, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	f, err := d.root.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", key, recording.ErrNoBlob)
	}
	if err != nil {
		return nil, diskFault(err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(diskFault(err), f.Close())
	}
	return diskBlob{f, info}, nil
}

type diskBlob struct {
	*os.File
	info fs.FileInfo
}

func (b diskBlob) Size() int64        { return b.info.Size() }
func (b diskBlob) ModTime() time.Time { return b.info.ModTime() }

// Delete implements recording.Blobs. Folders that are empty then go with it.
func (d *Disk) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := d.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskFault(err)
	}
	// Until a folder is not empty: there are other files of the day.
	for dir := path.Dir(key); dir != "." && d.root.Remove(dir) == nil; {
		dir = path.Dir(dir)
	}
	return nil
}

// List implements recording.Blobs.
func (d *Disk) List(ctx context.Context, f func(recording.BlobInfo) error) error {
	return fs.WalkDir(d.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			return nil // deleted meanwhile
		case err != nil:
			return diskFault(err)
		case e.IsDir() && name == tempDir:
			return fs.SkipDir
		case !e.Type().IsRegular():
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return diskFault(err)
		}
		return f(recording.BlobInfo{Key: name, Size: info.Size(), ModTime: info.ModTime()})
	})
}
