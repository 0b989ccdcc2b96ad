package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ringcard/test/pbx"
	"ringcard/test/scenario"
)

// pastCalls are the calls of internal/cdr/testdata, each from a number of its
// own, so that its rows are found again.
var pastCalls = []struct {
	name  string
	phone map[string]scenario.Behaviour
	call  scenario.Outside
	desk  *scenario.Desk
	play  func(ctx context.Context, o *scenario.Real, line scenario.Line) error
}{
	{name: "one phone answers", phone: answers("102"), call: scenario.Outside{From: "79160000001", DID: "4951000102"}, play: hangUpAfterTalk},
	{name: "ring-all queue", phone: answers("102"), call: scenario.Outside{From: "79160000002", DID: "4951000101"}, play: hangUpAfterTalk},
	{name: "queue with a busy member", phone: map[string]scenario.Behaviour{"101": {Refuse: 486}, "102": {Answer: short}, "103": {Answer: scenario.Never}},
		call: scenario.Outside{From: "79160000003", DID: "4951000104"}, play: hangUpAfterTalk},
	{name: "nobody answers", phone: answers(), call: scenario.Outside{From: "79160000004", DID: "4951000105"}, play: untilEnd},
	{name: "caller gives up", phone: answers(), call: scenario.Outside{From: "79160000005", DID: "4951000102"}, play: giveUp},
	{name: "gives up in the queue", phone: answers(), call: scenario.Outside{From: "79160000006", DID: "4951000101"}, play: giveUp},
	{name: "busy", phone: map[string]scenario.Behaviour{"102": {Refuse: 486}}, call: scenario.Outside{From: "79160000007", DID: "4951000102"}, play: untilEnd},
	{name: "voicemail", phone: answers(), call: scenario.Outside{From: "79160000008", DID: "4951000107"}, play: hangUpInMailbox},
	{name: "IVR, then a phone that answers", phone: answers("101"), call: scenario.Outside{From: "79160000009", DID: "4951000106"}, play: hangUpAfterQueue},
	{name: "IVR, then nobody in the queue", phone: answers(), call: scenario.Outside{From: "79160000010", DID: "4951000106"}, play: hangUpInMailbox},
	{name: "Local ring group", phone: answers("102"), call: scenario.Outside{From: "79160000011", DID: "4951000109"}, play: hangUpAfterTalk},
	{name: "anonymous", phone: answers("102"), call: scenario.Outside{Anonymous: true, DID: "4951000102"}, play: hangUpAfterTalk},
	{name: "desk phone calls out", phone: answers("101"), desk: &scenario.Desk{Extension: "101", To: "79160000013"}, play: hangUpAfterTalk},
	{name: "desk phone calls out, busy", phone: answers("101"), desk: &scenario.Desk{Extension: "101", To: "79160000014"}, play: untilEnd},
	{name: "internal", phone: answers("101", "102"), desk: &scenario.Desk{Extension: "101", To: "102"}, play: hangUpAfterTalk},
	{name: "ring group", phone: answers("103"), call: scenario.Outside{From: "79160000016", DID: "4951000103"}, play: hangUpAfterTalk},
}

const (
	short = 400 * time.Millisecond
	chat  = 2 * time.Second
)

// answers makes the telephones 101 to 106 ring; those named answer.
func answers(extensions ...string) map[string]scenario.Behaviour {
	m := make(map[string]scenario.Behaviour)
	for _, ext := range []string{"101", "102", "103", "105", "106"} {
		m[ext] = scenario.Behaviour{Answer: scenario.Never}
	}
	for _, ext := range extensions {
		m[ext] = scenario.Behaviour{Answer: short}
	}
	return m
}

func after(ctx context.Context, d time.Duration, line scenario.Line) error {
	select {
	case <-time.After(d): // how long people talk is what is recorded
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := line.Hangup(ctx); err != nil {
		return err
	}
	return untilEnd(ctx, nil, line)
}

func hangUpAfterTalk(ctx context.Context, _ *scenario.Real, line scenario.Line) error {
	if err := wait(ctx, line.Answered()); err != nil {
		return err
	}
	return after(ctx, chat, line)
}

func hangUpAfterQueue(ctx context.Context, _ *scenario.Real, line scenario.Line) error {
	return after(ctx, 7*time.Second, line)
}

func hangUpInMailbox(ctx context.Context, _ *scenario.Real, line scenario.Line) error {
	return after(ctx, 6*time.Second, line)
}

func giveUp(ctx context.Context, _ *scenario.Real, line scenario.Line) error {
	return after(ctx, chat, line)
}

func untilEnd(ctx context.Context, _ *scenario.Real, line scenario.Line) error {
	return wait(ctx, line.Ended())
}

// recordCDR makes the calls and keeps what the PBX itself wrote of them.
func recordCDR(ctx context.Context, version string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	o, err := scenario.NewReal(ctx, pbx.Options{Version: version})
	if err != nil {
		return err
	}
	defer o.Close()
	o.Outside("79160000013", scenario.Behaviour{Answer: short})
	o.Outside("79160000014", scenario.Behaviour{Refuse: 486})
	for _, c := range pastCalls {
		for ext, b := range c.phone {
			if err := o.Phone(ctx, ext, b); err != nil {
				return err
			}
		}
		before, err := o.PBX.CDR()
		if err != nil {
			return err
		}
		var line scenario.Line
		if c.desk != nil {
			line, err = o.Dial(ctx, c.desk.Extension, c.desk.To)
		} else {
			line, err = o.Call(ctx, c.call)
		}
		if err == nil {
			err = c.play(ctx, o, line)
		}
		if err != nil {
			return fmt.Errorf("%s on %s: %w", c.name, version, err)
		}
		if _, err := o.PBX.WaitCDR(ctx, func(rows []pbx.CDR) bool { return len(rows) > len(before) }); err != nil {
			return fmt.Errorf("%s on %s: %w", c.name, version, err)
		}
	}
	if err := o.PBX.Down(); err != nil { // writes what is left
		return err
	}
	text, err := os.ReadFile(o.PBX.CDRFile())
	if err != nil {
		return err
	}
	file := filepath.Join("internal", "cdr", "testdata", "master-"+version+".csv")
	fmt.Println(file, len(text), "bytes")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
