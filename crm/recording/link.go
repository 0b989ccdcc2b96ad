package recording

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"

	"ringcard/crm"
)

// LinkLife is how long a link opens its recording.
const LinkLife = 5 * time.Minute

// Link opens the sound of one recording for one user for a short time.
type Link struct {
	RecordingID string
	UserID      int64
	Expires     time.Time // whole seconds
	Signature   string
}

// NewLink makes a link for the actor, who must be allowed to listen.
func (s *Service) NewLink(ctx context.Context, actor crm.Actor, id string) (Link, error) {
	r, err := s.audible(ctx, actor, id)
	if err != nil {
		return Link{}, err
	}
	if actor.UserID == 0 {
		return Link{}, crm.Errorf(crm.CodeForbidden, "a link is made for a user")
	}
	key, err := s.linkKey(ctx)
	if err != nil {
		return Link{}, err
	}
	l := Link{RecordingID: r.ID, UserID: actor.UserID, Expires: s.opts.Clock().UTC().Add(LinkLife).Truncate(time.Second)}
	l.Signature = l.sign(key)
	return l, nil
}

// CheckLink tells whether a link is ours and still good. That its user may
// still listen is checked by Listen.
func (s *Service) CheckLink(ctx context.Context, l Link) error {
	key, err := s.linkKey(ctx)
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(l.sign(key)), []byte(l.Signature)) {
		return crm.Errorf(crm.CodeForbidden, "the link is not one of ours; ask for a new one")
	}
	if !s.opts.Clock().Before(l.Expires) {
		return crm.Errorf(crm.CodeGone, "the link is older than %d minutes; ask for a new one", int(LinkLife.Minutes()))
	}
	return nil
}

// sign is an HMAC-SHA256 over all that the link says (RFC 2104).
func (l Link) sign(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("recording\n" + l.RecordingID + "\n" + strconv.FormatInt(l.UserID, 10) + "\n" + strconv.FormatInt(l.Expires.Unix(), 10)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
