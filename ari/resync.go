package ari

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"ringcard/cti"
)

const parallelReads = 8

// snapshot reads all channels, bridges and endpoints (PB-03). Channels
// are read last, so that each member of a bridge that still lives is known.
func (c *Client) snapshot(ctx context.Context, clock *pbxClock) (*cti.Snapshot, error) {
	s := &cti.Snapshot{}
	bridges, err := c.rest.Bridges(ctx)
	if err != nil {
		return nil, fmt.Errorf("bridges: %w", err)
	}
	for _, b := range bridges {
		s.Bridges = append(s.Bridges, bridgeOf(&b))
	}
	if s.Devices, err = c.devices(ctx); err != nil {
		return nil, fmt.Errorf("endpoints: %w", err)
	}
	channels, err := c.rest.channels(ctx)
	if err != nil {
		return nil, fmt.Errorf("channels: %w", err)
	}
	channels = slices.DeleteFunc(channels, func(ch channel) bool { return snooping(ch.Name) })
	s.Channels = make([]cti.Channel, len(channels))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	gone := make([]bool, len(channels)) // while we asked
	for i := range channels {
		s.Channels[i] = channels[i].snapshot()
		s.Channels[i].Created = clock.ours(parseTime(channels[i].CreationTime))
		if s.Channels[i].LinkedID != "" {
			continue
		}
		group.Go(func() error {
			id, err := c.rest.Variable(ctx, channels[i].ID, "CHANNEL(linkedid)")
			s.Channels[i].LinkedID = id
			if isGone(err) {
				gone[i], err = true, nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	// Without its linkedid a channel would be taken for a call of its own.
	listed := s.Channels
	s.Channels = nil
	for i, ch := range listed {
		if gone[i] {
			s.Ending = append(s.Ending, ch.ID) // the socket tells its end
		} else {
			s.Channels = append(s.Channels, ch)
		}
	}
	return s, nil
}

func isGone(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusNotFound
}

// ignoreGone: a channel that ended while we asked will say so on the socket.
func ignoreGone(err error) error {
	if isGone(err) {
		return nil
	}
	return err
}

// devices lists the endpoints and whether they are registered.
func (c *Client) devices(ctx context.Context) ([]cti.DeviceState, error) {
	endpoints, err := c.rest.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]cti.DeviceState, len(endpoints))
	for i, e := range endpoints {
		out[i] = cti.DeviceState{Endpoint: e.Technology + "/" + e.Resource, Online: e.State == "online"}
	}
	return out, nil
}

// syncTimeout bounds the whole resync after a connect.
const syncTimeout = 30 * time.Second
