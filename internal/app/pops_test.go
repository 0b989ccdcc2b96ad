package app

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/poplink"
)

const (
	userRing, userAnswer, userNever = 1, 2, 3
)

// someone is the pops of three users, one of each mode.
func someone(link employee.PopLink) (*pops, *[]poplink.Post) {
	var posts []poplink.Post
	p := newPops(func() time.Time { return time.Unix(0, 0) }, func(post poplink.Post) { posts = append(posts, post) })
	p.set(map[int64]employee.PopSettings{
		userAnswer: {Mode: employee.PopOnAnswer, Link: "mycrm:{digits}?event={event}"},
		userNever:  {Mode: employee.PopNever},
	}, []employee.User{{ID: userRing, Name: "Анна", Extension: "101"}, {ID: userAnswer, Name: "Борис", Extension: "102"}}, link)
	return p, &posts
}

// ringing is an inbound call at all three telephones.
func ringing() cti.Call {
	c := cti.Call{ID: "c1", PBX: "office", Direction: cti.Inbound, State: cti.Ringing, Number: cti.Number{Raw: "7921", E164: "+79211234567"}}
	for id := int64(1); id <= 3; id++ {
		c.Ringing = append(c.Ringing, cti.Party{UserID: id})
		c.Legs = append(c.Legs, cti.Leg{ID: string(rune('0' + id)), UserID: id, State: cti.LegRinging})
	}
	return c
}

func answered(by int64) cti.Call {
	c := ringing()
	at := time.Unix(1, 0)
	c.State, c.Ringing, c.AnsweredAt, c.AnsweredBy = cti.Talking, nil, &at, &cti.Party{UserID: by}
	c.Legs[by-1].TalkedAt = &at
	return c
}

func ended(c cti.Call) cti.Call {
	at := time.Unix(2, 0)
	c.State, c.EndedAt, c.Ringing = cti.Ended, &at, nil
	return c
}

func TestPopModes_PU_07(t *testing.T) {
	t.Parallel()
	all := []int64{userRing, userAnswer, userNever}
	for _, tt := range []struct {
		name  string
		calls []cti.Call
		shown [][]int64
	}{
		{"taken by who waits for the answer", []cti.Call{ringing(), answered(userAnswer), ended(answered(userAnswer))},
			[][]int64{{userRing}, {userRing, userAnswer}, {userRing, userAnswer}}},
		{"taken by another", []cti.Call{ringing(), answered(userRing), ended(answered(userRing))},
			[][]int64{{userRing}, {userRing}, {userRing}}},
		{"taken by who wants no calls", []cti.Call{ringing(), answered(userNever), ended(answered(userNever))},
			[][]int64{{userRing}, {userRing}, {userRing}}},
		{"missed", []cti.Call{ringing(), ended(ringing())}, [][]int64{{userRing}, {userRing}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := someone(employee.PopLink{})
			for i, c := range tt.calls {
				shown, _ := p.show(all, c)
				if diff := cmp.Diff(tt.shown[i], shown); diff != "" {
					t.Errorf("%s (-want +got):\n%s", c.State, diff)
				}
				if c.State == cti.Ended {
					continue
				}
				for _, id := range all { // a page that opens now sees the same
					if got := len(p.visible(id, []cti.Call{c})) == 1; got != slices.Contains(tt.shown[i], id) {
						t.Errorf("%s: in the snapshot of %d: %v", c.State, id, got)
					}
				}
			}
			if len(p.seen) != 0 {
				t.Errorf("%d calls are remembered after their end", len(p.seen))
			}
		})
	}
	t.Run("one's own calls are always shown", func(t *testing.T) {
		t.Parallel()
		p, _ := someone(employee.PopLink{})
		c := cti.Call{ID: "c2", Direction: cti.Outbound, State: cti.Ringing, PlacedBy: &cti.Party{UserID: userNever}}
		if shown, _ := p.show([]int64{userNever}, c); len(shown) != 1 {
			t.Error("who wants no pops does not see the call he places")
		}
	})
	t.Run("a pop on the screen is closed, whatever is set meanwhile", func(t *testing.T) {
		t.Parallel()
		p, _ := someone(employee.PopLink{})
		p.show(all, ringing())
		p.set(map[int64]employee.PopSettings{userRing: {Mode: employee.PopNever}}, nil, employee.PopLink{})
		if shown, _ := p.show([]int64{userRing}, ended(ringing())); len(shown) != 1 {
			t.Error("the pop stays for ever")
		}
		next := ringing()
		next.ID = "c3"
		if shown, _ := p.show([]int64{userRing}, next); len(shown) != 0 {
			t.Error("the next call is shown")
		}
	})
}

func TestLinkOpensOnce_PU_10(t *testing.T) {
	t.Parallel()
	p, posts := someone(employee.PopLink{Mode: employee.LinkOpen, Template: "https://crm.example.org/?phone={number}&name={client_name}&who={user}"})
	c := ringing()
	c.Lookup = cti.LookupPending
	if _, links := p.show([]int64{userRing, userAnswer, userNever}, c); len(links) != 0 {
		t.Errorf("before the client is found: %v", links)
	}
	c.Lookup, c.Client = cti.LookupFound, &cti.Client{ID: 5, Name: "О & К"}
	_, links := p.show([]int64{userRing, userAnswer, userNever}, c)
	want := map[int64]popLink{userRing: {"c1", "https://crm.example.org/?phone=%2B79211234567&name=%D0%9E%20%26%20%D0%9A&who=%D0%90%D0%BD%D0%BD%D0%B0"}}
	if diff := cmp.Diff(want, links); diff != "" {
		t.Error(diff)
	}
	_, links = p.show([]int64{userRing, userAnswer}, answered(userAnswer))
	if diff := cmp.Diff(map[int64]popLink{userAnswer: {"c1", "mycrm:79211234567?event=answer"}}, links); diff != "" {
		t.Errorf("his own link, when he answers:\n%s", diff)
	}
	if _, links = p.show([]int64{userRing, userAnswer}, ended(answered(userAnswer))); len(links) != 0 {
		t.Errorf("at the end: %v", links)
	}
	inner := cti.Call{ID: "c9", Direction: cti.Internal, State: cti.Ringing}
	if _, links = p.show([]int64{userRing}, inner); len(links) != 0 {
		t.Errorf("of an inner call: %v", links)
	}
	if len(*posts) != 0 {
		t.Errorf("%d posts of a link that is to be opened", len(*posts))
	}
}

func TestServerPostsEachMomentOnce_PU_10(t *testing.T) {
	t.Parallel()
	link := employee.PopLink{Mode: employee.LinkPost, Template: "https://crm.example.org/{event}?id={call_id}"}
	for _, tt := range []struct {
		name   string
		events []employee.LinkEvent
		want   []string
	}{
		{"all", nil, []string{"ring", "answer", "end"}},
		{"the end only", []employee.LinkEvent{employee.LinkEnd}, []string{"end"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			link := link
			link.Events = tt.events
			p, posts := someone(link)
			for _, c := range []cti.Call{ringing(), ringing(), answered(userAnswer), answered(userAnswer), ended(answered(userAnswer))} {
				p.show([]int64{userRing, userAnswer}, c)
			}
			var got []string
			for _, post := range *posts {
				var body map[string]string
				if err := json.Unmarshal(post.Body, &body); err != nil {
					t.Fatal(err)
				}
				got = append(got, body["event"])
				if post.URL != "https://crm.example.org/"+body["event"]+"?id=c1" || body["number"] != "+79211234567" {
					t.Errorf("%s %s", post.URL, post.Body)
				}
				if body["event"] != "ring" && body["user"] != "Борис" {
					t.Errorf("who answered is %q", body["user"])
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
