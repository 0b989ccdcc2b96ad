package ari

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"ringcard/ari/ami"
	"ringcard/cti"
)

// Hint is an extension of the dialplan and the devices whose state it shows.
type Hint struct {
	Extension, Context string
	Devices            []string // as PJSIP/101; none: the hint is of something else, as a parking lot
}

// Offered is what a PBX has besides endpoints (PB-10). With AllQueues and
// AllHints the PBX listed them; without, only those are told whose names it
// was asked for.
type Offered struct {
	Queues              []cti.QueueState
	Hints               []Hint
	AllQueues, AllHints bool
}

// Known are the names to ask a PBX for that does not list what it has.
type Known struct {
	Queues, Extensions, Contexts []string
}

// askedHints bounds the questions for hints, each of which is a request.
const askedHints = 1000

// Offered reads queues and hints: all of them by AMI, else by functions of the
// dialplan those that are known. It changes nothing.
func (c *Client) Offered(ctx context.Context, known Known) (Offered, error) {
	if c.ctl.up() {
		if out, err := c.listed(ctx); err == nil {
			return out, nil
		} else if ctx.Err() != nil {
			return Offered{}, controlError(err)
		}
		c.log.Warn("the manager interface does not list queues and hints; known ones are asked for")
	}
	queues, err := c.queuesByFunctions(ctx, plain(append(slices.Clone(c.cfg.Queues), known.Queues...)))
	if err != nil {
		return Offered{}, err
	}
	hints, err := c.hintsByFunctions(ctx, plain(known.Extensions), plain(known.Contexts))
	return Offered{Queues: queues, Hints: hints}, controlError(err)
}

func (c *Client) listed(ctx context.Context) (Offered, error) {
	queues, err := c.queuesByAMI(ctx)
	if err != nil {
		return Offered{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, restTimeout)
	defer cancel()
	events, err := c.ctl.ami.List(ctx, "ExtensionStateList", "ExtensionStateListComplete")
	if err != nil {
		return Offered{}, err
	}
	return Offered{Queues: queues, Hints: hintsOf(events), AllQueues: true, AllHints: true}, nil
}

// hintsOf reads the answer to ExtensionStateList.
func hintsOf(events []ami.Message) []Hint {
	var out []Hint
	for _, m := range events {
		if m.Get("Event") == "ExtensionStatus" {
			out = append(out, Hint{Extension: m.Get("Exten"), Context: m.Get("Context"), Devices: hintDevices(m.Get("Hint"))})
		}
	}
	return out
}

// hintDevices reads «PJSIP/101&Custom:dnd101,CustomPresence:101»: devices before
// the comma, presence after it. What has no technology is no telephone.
func hintDevices(hint string) []string {
	devices, _, _ := strings.Cut(hint, ",")
	var out []string
	for d := range strings.SplitSeq(devices, "&") {
		if d = strings.TrimSpace(d); strings.Contains(d, "/") {
			out = append(out, d)
		}
	}
	return out
}

func (c *Client) hintsByFunctions(ctx context.Context, extensions, contexts []string) ([]Hint, error) {
	if len(extensions) == 0 || len(contexts) == 0 {
		return nil, nil
	}
	var out []Hint
	asked := 0
	err := c.evaluate(ctx, func(ask func(string) (string, error)) error {
		for _, extension := range extensions {
			for _, in := range contexts {
				if asked++; asked > askedHints {
					return nil
				}
				hint, err := ask("HINT(" + extension + "@" + in + ")")
				var status *StatusError
				switch {
				case errors.As(err, &status) && status.Status == http.StatusInternalServerError: // there is none
				case err != nil:
					return err
				case hint != "":
					out = append(out, Hint{Extension: extension, Context: in, Devices: hintDevices(hint)})
				}
			}
		}
		return nil
	})
	return out, err
}

var plainName = regexp.MustCompile(`^[^\pC,()&|$@"'{}\[\]\\;]+$`)

// plain sorts names and leaves out those that mean more in an argument of a
// dialplan function.
func plain(names []string) []string {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !plainName.MatchString(n) })
	slices.Sort(names)
	return slices.Compact(names)
}
