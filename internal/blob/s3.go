package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"ringcard/crm/recording"
)

// s3Part is how much is sent at once of a file whose size is not known; a
// recording of 17 minutes is one part.
const s3Part = 16 << 20

// S3Config says where the bucket is.
type S3Config struct {
	Endpoint  string // https://host[:port]
	Region    string
	Bucket    string
	Prefix    string // before every key
	AccessKey string
	SecretKey string
}

// S3 is a bucket of an S3-compatible storage. An object appears when it is
// whole: that is how the protocol works.
type S3 struct {
	client *minio.Client
	cfg    S3Config
}

var _ recording.Blobs = (*S3)(nil)

// OpenS3 checks that the bucket can be reached. transport may be nil.
func OpenS3(ctx context.Context, cfg S3Config, transport http.RoundTripper) (*S3, error) {
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("s3 endpoint: %w", err)
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Secure: u.Scheme == "https",
		Region: cfg.Region, Transport: transport, BucketLookup: minio.BucketLookupAuto,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	ok, err := client.BucketExists(ctx, cfg.Bucket)
	if err != nil {
		return nil, fmt.Errorf("s3 bucket %s: %w", cfg.Bucket, s3Fault(err))
	}
	if !ok {
		return nil, fmt.Errorf("s3: there is no bucket %s; make it, or correct recordings.s3.bucket", cfg.Bucket)
	}
	return &S3{client: client, cfg: cfg}, nil
}

// Put implements recording.Blobs.
func (s *S3) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	// Not every storage understands signed chunks; the sum of MD5 guards what is
	// sent. The library does not keep the error of the reader: it is told apart here.
	src := &noteError{r: r}
	info, err := s.client.PutObject(ctx, s.cfg.Bucket, s.cfg.Prefix+key, src, -1,
		minio.PutObjectOptions{ContentType: "audio/wav", PartSize: s3Part, SendContentMd5: true, DisableContentSha256: true})
	switch {
	case src.err != nil:
		return 0, src.err
	case err != nil:
		return 0, s3Fault(err)
	}
	return info.Size, nil
}

// noteError remembers what went wrong with reading.
type noteError struct {
	r   io.Reader
	err error
}

func (n *noteError) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = err
	}
	return k, err
}

// Open implements recording.Blobs.
func (s *S3) Open(ctx context.Context, key string) (recording.Blob, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	object, err := s.client.GetObject(ctx, s.cfg.Bucket, s.cfg.Prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, s3Fault(err)
	}
	info, err := object.Stat()
	if err != nil {
		_ = object.Close() // the fault is told already
		return nil, s3Fault(err)
	}
	return s3Blob{object, info}, nil
}

type s3Blob struct {
	*minio.Object
	info minio.ObjectInfo
}

func (b s3Blob) Size() int64        { return b.info.Size }
func (b s3Blob) ModTime() time.Time { return b.info.LastModified }

// Delete implements recording.Blobs.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := s3Fault(s.client.RemoveObject(ctx, s.cfg.Bucket, s.cfg.Prefix+key, minio.RemoveObjectOptions{}))
	if errors.Is(err, recording.ErrNoBlob) {
		return nil
	}
	return err
}

// List implements recording.Blobs.
func (s *S3) List(ctx context.Context, f func(recording.BlobInfo) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing where f fails
	for o := range s.client.ListObjects(ctx, s.cfg.Bucket, minio.ListObjectsOptions{Prefix: s.cfg.Prefix, Recursive: true}) {
		if o.Err != nil {
			return s3Fault(o.Err)
		}
		info := recording.BlobInfo{Key: strings.TrimPrefix(o.Key, s.cfg.Prefix), Size: o.Size, ModTime: o.LastModified}
		if err := f(info); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// s3Fault gives an error of the storage its meaning (Amazon S3 API Reference,
// Error responses; MinIO adds its own for a full disk).
func s3Fault(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	res := minio.ToErrorResponse(err)
	switch {
	case res.Code == minio.NoSuchKey:
		return fmt.Errorf("%w: %w", recording.ErrNoBlob, err)
	case res.StatusCode == http.StatusInsufficientStorage, res.Code == "XMinioStorageFull", res.Code == "QuotaExceeded", res.Code == "XMinioAdminBucketQuotaExceeded":
		return Fault{fmt.Errorf("%w: %w", recording.ErrFull, err)}
	}
	return Fault{err}
}
