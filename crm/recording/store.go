package recording

import (
	"context"
	"io"
	"time"

	"ringcard/crm"
)

// Log keeps recordings while they run.
type Log interface {
	// Save keeps the newest version of a recording under way and returns it
	// as it is kept. Older versions, and those of recordings that are over,
	// change nothing.
	Save(ctx context.Context, p Progress) (Recording, error)
	// Unfinished returns those of a PBX that are under way, oldest first.
	Unfinished(ctx context.Context, pbx string) ([]Progress, error)
	// Move gives the recordings of a call to the conversation it turned out
	// to be a part of.
	Move(ctx context.Context, fromCall, toCall string) error
}

// Archive reads recordings; an actor sees those of the calls he may see.
type Archive interface {
	List(ctx context.Context, actor crm.Actor, q Query) (crm.Page[Recording], error)
	Get(ctx context.Context, actor crm.Actor, id string) (Recording, error)
	Waveform(ctx context.Context, id string) (Waveform, error)
	// Listened notes that somebody listens. What the same user asks for by the
	// same way within the window is one listening.
	Listened(ctx context.Context, l Listening, window time.Duration) error
	Listenings(ctx context.Context, id string, page crm.PageRequest) (crm.Page[Listening], error)
	// LinkKey returns the key that signs links, the same for all nodes; the
	// first call makes it of fresh.
	LinkKey(ctx context.Context, fresh []byte) ([]byte, error)
}

// Arrival is what is known of a recording once its file is with us.
type Arrival struct {
	Key      string
	Size     int64
	SHA256   string
	Reason   Reason // Incomplete, or empty
	Scanned  Scanned
	Waveform Waveform
}

// Work is the queue of recordings on their way to our storage.
type Work interface {
	// Claim takes one that is due, turns it to Fetching and keeps others from
	// it until the lease ends. ok is false when none is due.
	Claim(ctx context.Context, pbxs []string, now time.Time, lease time.Duration) (r Recording, ok bool, err error)
	// PartStored notes that a part is in our storage, or gone for good.
	PartStored(ctx context.Context, id string, p Part) error
	// Arrived makes a fetching recording ready, with an outbox row
	// recording.ready, in one transaction.
	Arrived(ctx context.Context, id string, a Arrival) error
	// PutOff ends a try: to is StoredAtPBX or Failed; a nil retry is for good.
	PutOff(ctx context.Context, id string, to State, reason Reason, detail string, retry *time.Time) error
	// Leftovers returns recordings that are safe with us or deleted and whose
	// files are still at the PBX; Cleaned notes that they are not.
	Leftovers(ctx context.Context, pbxs []string, limit int) ([]Recording, error)
	Cleaned(ctx context.Context, id string) error
}

// Shelf compares records with what the storage holds.
type Shelf interface {
	// Discard marks as deleted, for the actor, and notes it in the audit log.
	Discard(ctx context.Context, actor crm.Actor, id string, from State) error
	// Mark changes a state unless somebody else has.
	Mark(ctx context.Context, id string, from, to State) error
	// Stored returns recordings that should have a file (Ready) or had one
	// (Missing), in the order of their ids after the one given.
	Stored(ctx context.Context, after string, limit int) ([]Recording, error)
	// Expired returns those begun before the time and not deleted yet.
	Expired(ctx context.Context, before time.Time, limit int) ([]Recording, error)
	// Known tells of each key whether a recording has it, and that one's
	// state; keys of nobody are left out.
	Known(ctx context.Context, keys []string) (map[string]State, error)
}

// Finds is for files that the PBX made by itself.
type Finds interface {
	// CallOf finds the ended call of a PBX that had a channel with one of the
	// ids; around is when it was, to a day. ok is false when there is none.
	CallOf(ctx context.Context, pbx string, channelIDs []string, around time.Time) (callID string, ok bool, err error)
	// New returns the ids that no recording has.
	New(ctx context.Context, ids []string) ([]string, error)
	// Add keeps a recording found at the PBX, once, and marks its call as
	// recorded.
	Add(ctx context.Context, r Recording) error
}

// Blobs is the storage of the files.
type Blobs interface {
	// Put writes all of r under the key, replacing what was there, or nothing:
	// a half-written file is never seen. Its error is ErrFull when there is no
	// room.
	Put(ctx context.Context, key string, r io.Reader) (size int64, err error)
	// Open returns ErrNoBlob when there is nothing.
	Open(ctx context.Context, key string) (Blob, error)
	// Delete of what is not there is no error.
	Delete(ctx context.Context, key string) error
	// List calls f for each file, in no order, until it fails.
	List(ctx context.Context, f func(BlobInfo) error) error
}

// Blob is an open file of the storage.
type Blob interface {
	io.ReadSeekCloser
	Size() int64
	ModTime() time.Time
}

// BlobInfo is a file of the storage.
type BlobInfo struct {
	Key     string
	Size    int64
	ModTime time.Time
}

// Source is where the PBXs keep what they recorded. Its errors are ErrNoFile
// when the file is not there for good; all others may pass.
type Source interface {
	Fetch(ctx context.Context, pbx string, kind SourceKind, name string) (io.ReadCloser, error)
	// Discard removes a file; one that is gone already is no error.
	Discard(ctx context.Context, pbx string, kind SourceKind, name string) error
	// Finished tells whether a file is no longer being written.
	Finished(ctx context.Context, pbx string, kind SourceKind, name string) (bool, error)
	// Files lists the files of a PBX that may be taken up.
	Files(ctx context.Context, pbx string) ([]SourceFile, error)
}

// SourceFile is a file at a PBX.
type SourceFile struct {
	Kind    SourceKind
	Name    string
	ModTime time.Time // zero where the source does not know
}
