package ari

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ringcard/ari/ami"
	"ringcard/cti"
)

var _ cti.QueuePBX = (*Client)(nil)

// OnQueues implements cti.QueuePBX. Only AMI has events of queues.
func (c *Client) OnQueues(f func()) {
	changed := func(m ami.Message) {
		if strings.HasPrefix(m.Get("Event"), "Queue") {
			f()
		}
	}
	c.ctl.onEvent.Store(&changed)
}

// Queues implements cti.QueuePBX: by AMI, which lists all queues, or by
// dialplan functions for those that are configured.
func (c *Client) Queues(ctx context.Context) ([]cti.QueueState, error) {
	if c.ctl.ami == nil {
		return c.queuesByFunctions(ctx, c.cfg.Queues)
	}
	return c.queuesByAMI(ctx)
}

func (c *Client) queuesByAMI(ctx context.Context) ([]cti.QueueState, error) {
	ctx, cancel := context.WithTimeout(ctx, restTimeout)
	defer cancel()
	events, err := c.ctl.ami.List(ctx, "QueueStatus", "QueueStatusComplete")
	if err != nil {
		return nil, controlError(err)
	}
	return queueStates(events), nil
}

// queueStates reads the answer to QueueStatus.
func queueStates(events []ami.Message) []cti.QueueState {
	out := []cti.QueueState{}
	index := make(map[string]int)
	for _, m := range events {
		name := m.Get("Queue")
		switch m.Get("Event") {
		case "QueueEntry":
			if i, ok := index[name]; ok {
				wait, _ := strconv.Atoi(m.Get("Wait")) // seconds; without it he has just come
				since := now().Add(-time.Duration(wait) * time.Second).Truncate(time.Second)
				out[i].Waiting = append(out[i].Waiting, cti.QueueEntry{Channel: m.Get("Uniqueid"), Since: since})
			}
		case "QueueParams":
			index[name] = len(out)
			out = append(out, cti.QueueState{Name: name})
		case "QueueMember":
			i, ok := index[name]
			if !ok {
				continue
			}
			member := cti.QueueMember{Device: m.Get("StateInterface"), Name: m.Get("Name"), Paused: m.Get("Paused") == "1",
				Dynamic: m.Get("Membership") != "static"}
			if member.Device == "" {
				member.Device = m.Get("Location")
			}
			if member.Paused {
				member.Reason = m.Get("PausedReason")
				if at, err := strconv.ParseInt(m.Get("LastPause"), 10, 64); err == nil && at > 0 {
					since := time.Unix(at, 0).UTC()
					member.Since = &since
				}
			}
			out[i].Members = append(out[i].Members, member)
		}
	}
	return out
}

func (c *Client) queuesByFunctions(ctx context.Context, names []string) ([]cti.QueueState, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var out []cti.QueueState
	channels, err := c.rest.channels(ctx)
	if err != nil {
		return nil, controlError(err)
	}
	err = c.evaluate(ctx, func(ask func(string) (string, error)) error {
		for _, name := range names {
			exists, err := ask("QUEUE_EXISTS(" + name + ")")
			if err != nil {
				return err
			}
			if exists != "1" {
				continue
			}
			state := cti.QueueState{Name: name}
			for _, ch := range channels {
				if of, _, _ := strings.Cut(ch.Dialplan.AppData, ","); ch.Dialplan.AppName == "Queue" && of == name {
					state.Waiting = append(state.Waiting, cti.QueueEntry{Channel: ch.ID, Since: parseTime(ch.CreationTime)})
				}
			}
			list, err := ask("QUEUE_MEMBER_LIST(" + name + ")")
			if err != nil {
				return err
			}
			for device := range strings.SplitSeq(list, ",") {
				if device = strings.TrimSpace(device); device == "" {
					continue
				}
				paused, err := ask(fmt.Sprintf("QUEUE_MEMBER(%s,paused,%s)", name, device))
				if err != nil {
					return err
				}
				state.Members = append(state.Members, cti.QueueMember{Device: device, Name: device, Paused: paused == "1", Dynamic: true})
			}
			out = append(out, state)
		}
		return nil
	})
	return out, controlError(err)
}

// ChangeQueue implements cti.QueuePBX.
func (c *Client) ChangeQueue(ctx context.Context, o cti.QueueOrder) error {
	return controlError(c.changeQueue(ctx, o))
}

func (c *Client) changeQueue(ctx context.Context, o cti.QueueOrder) error {
	if c.ctl.ami == nil {
		return c.changeQueueByARI(ctx, o)
	}
	var err error
	switch o.Change {
	case cti.QueueLogin:
		_, err = c.ctl.do(ctx, "QueueAdd", "Queue", o.Queue, "Interface", o.Device, "MemberName", o.Name)
	case cti.QueueLogout:
		_, err = c.ctl.do(ctx, "QueueRemove", "Queue", o.Queue, "Interface", o.Device)
	case cti.QueuePause:
		_, err = c.ctl.do(ctx, "QueuePause", "Queue", o.Queue, "Interface", o.Device, "Paused", "true", "Reason", o.Reason)
	default:
		_, err = c.ctl.do(ctx, "QueuePause", "Queue", o.Queue, "Interface", o.Device, "Paused", "false")
	}
	return err
}

// changeQueueByARI: pauses are a dialplan function that may be written
// anywhere; coming and going are applications, which need the context.
func (c *Client) changeQueueByARI(ctx context.Context, o cti.QueueOrder) error {
	if o.Change == cti.QueueLogin || o.Change == cti.QueueLogout {
		if !c.ctl.context.Load() {
			return cti.Errorf(cti.CodeNeedsContext, "the PBX is not set up for this: it needs an AMI user, or the dialplan context %s of the generated configuration", cti.CommandContext)
		}
		return c.command(ctx, string(o.Change), map[string]string{"CTI_QUEUE": o.Queue, "CTI_DEVICE": o.Device, "CTI_NAME": o.Name})
	}
	value := "0"
	if o.Change == cti.QueuePause {
		value = "1"
	}
	q := url.Values{"variable": {fmt.Sprintf("QUEUE_MEMBER(%s,paused,%s)", o.Queue, o.Device)}, "value": {value}}
	_, err := c.rest.do(ctx, http.MethodPost, "/asterisk/variable", q, nil, nil)
	return err
}
