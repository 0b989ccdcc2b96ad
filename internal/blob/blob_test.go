package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"ringcard/crm/recording"
)

// storages are all implementations; every one passes the same suite.
func storages(t *testing.T) map[string]recording.Blobs {
	t.Helper()
	return map[string]recording.Blobs{"disk": newDisk(t, t.TempDir()), "s3": newS3(t, nil)}
}

func newDisk(t *testing.T, dir string) *Disk {
	t.Helper()
	d, err := OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// newS3 is a bucket of a small S3 server; before sees each request and may
// answer it.
func newS3(t *testing.T, before func(http.ResponseWriter, *http.Request) bool) *S3 {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("calls"); err != nil {
		t.Fatal(err)
	}
	fake := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before == nil || !before(w, r) {
			fake.ServeHTTP(w, r)
		}
	}))
	transport := &http.Transport{}
	t.Cleanup(func() { transport.CloseIdleConnections(); server.Close() })
	s, err := OpenS3(t.Context(), S3Config{Endpoint: server.URL, Region: "us-east-1", Bucket: "calls", Prefix: "office/",
		AccessKey: "key", SecretKey: "secret"}, transport)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, s recording.Blobs, key string) []byte {
	t.Helper()
	b, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	text, err := io.ReadAll(b)
	if err != nil || int64(len(text)) != b.Size() || b.ModTime().IsZero() {
		t.Fatalf("%d bytes, size %d, of %v: %v", len(text), b.Size(), b.ModTime(), err)
	}
	return text
}

func list(t *testing.T, s recording.Blobs) []string {
	t.Helper()
	keys := []string{}
	err := s.List(t.Context(), func(b recording.BlobInfo) error { keys = append(keys, b.Key); return nil })
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	return keys
}

func TestStorage_CO_08(t *testing.T) {
	for name, s := range storages(t) {
		t.Run(name, func(t *testing.T) {
			const key = "2026/11/22/a.wav"
			ctx := t.Context()
			if _, err := s.Open(ctx, key); !errors.Is(err, recording.ErrNoBlob) {
				t.Errorf("open of nothing: %v", err)
			}
			if err := s.Delete(ctx, key); err != nil {
				t.Errorf("delete of nothing: %v", err)
			}
			text := bytes.Repeat([]byte("0123456789"), 100000)
			if n, err := s.Put(ctx, key, bytes.NewReader(text)); err != nil || n != int64(len(text)) {
				t.Fatalf("put: %d %v", n, err)
			}
			if !bytes.Equal(read(t, s, key), text) {
				t.Error("what comes back differs")
			}
			b, err := s.Open(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			part := make([]byte, 4)
			if _, err := b.Seek(500003, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(b, part); err != nil || string(part) != "3456" {
				t.Errorf("seek: %q %v", part, err)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			if _, err := s.Put(ctx, key, strings.NewReader("new")); err != nil || string(read(t, s, key)) != "new" {
				t.Errorf("replace: %v", err)
			}
			if _, err := s.Put(ctx, "2026/11/23/b.wav", strings.NewReader("b")); err != nil {
				t.Fatal(err)
			}
			if got := list(t, s); !slices.Equal(got, []string{key, "2026/11/23/b.wav"}) {
				t.Errorf("list %v", got)
			}
			if err := s.List(ctx, func(recording.BlobInfo) error { return io.ErrUnexpectedEOF }); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("list that is stopped: %v", err)
			}
			if err := s.Delete(ctx, key); err != nil {
				t.Fatal(err)
			}
			if got := list(t, s); !slices.Equal(got, []string{"2026/11/23/b.wav"}) {
				t.Errorf("after delete %v", got)
			}
			for _, bad := range []string{"", "/etc/passwd", "../x", "a/../../x", ".incoming/x", "a\\b", "a//b"} {
				if _, err := s.Put(ctx, bad, strings.NewReader("x")); !errors.Is(err, errKey) {
					t.Errorf("key %q: %v", bad, err)
				}
			}
		})
	}
}

// A source that breaks off leaves nothing, and is not taken for the storage.
func TestBrokenSourceLeavesNothing_CO_08(t *testing.T) {
	broken := errors.New("the PBX is gone")
	for name, s := range storages(t) {
		t.Run(name, func(t *testing.T) {
			r := io.MultiReader(strings.NewReader(strings.Repeat("x", 100000)), iotest.ErrReader(broken))
			_, err := s.Put(t.Context(), "a.wav", r)
			if !errors.Is(err, broken) || errors.As(err, new(Fault)) {
				t.Errorf("%v", err)
			}
			if got := list(t, s); len(got) != 0 {
				t.Errorf("left %v", got)
			}
		})
	}
}

// fullDisk is a file on a disk with room for so many bytes; the error beyond
// is the kernel's own, of /dev/full.
type fullDisk struct {
	file
	room int
}

func (f *fullDisk) Write(p []byte) (int, error) {
	if f.room >= len(p) {
		f.room -= len(p)
		return f.file.Write(p)
	}
	n, err := f.file.Write(p[:f.room])
	f.room = 0
	if err != nil {
		return n, err
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		return n, err
	}
	defer full.Close()
	_, err = full.Write(p[n:])
	return n, err
}

func TestFullDiskLeavesNoHalfWrittenFile_CO_08(t *testing.T) {
	dir := t.TempDir()
	d := newDisk(t, dir)
	create := d.create
	d.create = func(name string) (file, error) {
		f, err := create(name)
		return &fullDisk{f, 50000}, err
	}
	_, err := d.Put(t.Context(), "2026/11/22/a.wav", strings.NewReader(strings.Repeat("x", 200000)))
	if !errors.Is(err, recording.ErrFull) || !errors.As(err, new(Fault)) {
		t.Fatalf("%v", err)
	}
	var left []string
	err = filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			left = append(left, name)
		}
		return err
	})
	if err != nil || len(left) > 0 {
		t.Errorf("left %v %v", left, err)
	}
	d.create = create // room again
	if _, err := d.Put(t.Context(), "2026/11/22/a.wav", strings.NewReader("x")); err != nil {
		t.Error(err)
	}
}

func TestFullBucket_CO_08(t *testing.T) {
	full := true
	s := newS3(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !full || r.Method != http.MethodPut {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusInsufficientStorage)
		fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>XMinioStorageFull</Code><Message>no room</Message></Error>`)
		return true
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := s.Put(ctx, "a.wav", strings.NewReader("x")); !errors.Is(err, recording.ErrFull) {
		t.Errorf("%v", err)
	}
	full = false
	if _, err := s.Put(ctx, "a.wav", strings.NewReader("x")); err != nil {
		t.Error(err)
	}
}

func TestS3WithoutItsBucketSaysSo(t *testing.T) {
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	_, err := OpenS3(t.Context(), S3Config{Endpoint: server.URL, Region: "us-east-1", Bucket: "calls", AccessKey: "k", SecretKey: "very secret"}, transport)
	if err == nil || !strings.Contains(err.Error(), "calls") || strings.Contains(err.Error(), "very secret") {
		t.Errorf("%v", err)
	}
}
