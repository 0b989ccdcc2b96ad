package app

import (
	"cmp"
	"slices"
	"strings"

	"ringcard/ari"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/httpapi"
)

// hintOf is the extension that stands for a telephone; empty where none or
// several do.
func hintOf(endpoint string, hints []ari.Hint) string {
	found := ""
	for _, h := range hints {
		switch {
		case len(h.Devices) != 1 || h.Devices[0] != endpoint || h.Extension == found:
		case found != "":
			return ""
		default:
			found = h.Extension
		}
	}
	return found
}

// describe writes queues and hints into a discovery; owner is by endpoint.
func (o offers) describe(out *httpapi.Discovery, owner map[string]employee.User) {
	out.QueuesBy, out.HintsBy = told(o.told, o.AllQueues), told(o.told, o.AllHints)
	out.Queues, out.Hints = []httpapi.FoundQueue{}, []httpapi.FoundHint{}
	for _, q := range o.Queues {
		found := httpapi.FoundQueue{Name: q.Name, AtPBX: true, Members: []httpapi.FoundMember{}}
		for _, m := range q.Members {
			u := owner[o.telephone(m)]
			found.Members = append(found.Members, httpapi.FoundMember{Device: m.Device, Name: m.Name, UserID: u.ID, UserName: u.Name})
		}
		slices.SortFunc(found.Members, func(a, b httpapi.FoundMember) int { return cmp.Compare(a.Device, b.Device) })
		out.Queues = append(out.Queues, found)
	}
	for _, name := range o.seen {
		if !slices.ContainsFunc(out.Queues, func(q httpapi.FoundQueue) bool { return q.Name == name }) {
			out.Queues = append(out.Queues, httpapi.FoundQueue{Name: name, Members: []httpapi.FoundMember{}})
		}
	}
	for _, h := range o.Hints {
		devices := append([]string{}, h.Devices...)
		out.Hints = append(out.Hints, httpapi.FoundHint{Extension: h.Extension, Context: h.Context, Devices: devices})
	}
	slices.SortFunc(out.Queues, func(a, b httpapi.FoundQueue) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(out.Hints, func(a, b httpapi.FoundHint) int {
		return cmp.Or(cmp.Compare(a.Context, b.Context), cmp.Compare(a.Extension, b.Extension))
	})
}

// telephone is the endpoint behind a queue's member: Local/101@agents/n rings
// what the hint of 101 names.
func (o offers) telephone(m cti.QueueMember) string {
	number, local := strings.CutPrefix(m.Device, "Local/")
	if !local {
		return m.Device
	}
	number, _, _ = strings.Cut(number, "@")
	for _, h := range o.Hints {
		if h.Extension == number && len(h.Devices) == 1 {
			return h.Devices[0]
		}
	}
	return m.Device
}

func told(answered, listed bool) string {
	switch {
	case !answered:
		return httpapi.ToldByNone
	case listed:
		return httpapi.ToldByList
	}
	return httpapi.ToldByNames
}
