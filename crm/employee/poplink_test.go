package employee

import (
	"net/url"
	"strings"
	"testing"

	"ringcard/crm"
)

func TestParseLink_PU_10(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ template, want, refused string }{
		{template: "https://crm.example.org/call?phone={number}&name={client_name}", want: "https://crm.example.org/call?phone=%2B79211234567&name=%D0%9E%20%26%20%3D%2F%3F%23"},
		{template: "https://crm.example.org/{call_id}/{number}", want: "https://crm.example.org/%20a%2F..%2Fb/%2B79211234567"},
		{template: "https://crm.example.org/x?{queue}", want: "https://crm.example.org/x?"},
		{template: "mycrm:call?{number}", want: "mycrm:call?%2B79211234567"},
		{template: "tel:{number}", want: "tel:%2B79211234567"},
		{template: "", refused: "empty"},
		{template: "https://crm.example.org/{phone}", refused: "no field {phone}"},
		{template: "https://crm.example.org/{number", refused: "not closed"},
		{template: "https://{client_name}/x", refused: "not in the host"},
		{template: "https://a.{did}.org/x", refused: "not in the host"},
		{template: "https://a:{number}@crm.example.org/x", refused: "not in the host"},
		{template: "https://user:secret@crm.example.org/x", refused: "password"},
		{template: "{caller_name}://x", refused: "not in the host"},
		{template: "/call?phone={number}", refused: "no address"},
		{template: "javascript:alert({number})", refused: "not opened"},
		{template: "JavaScript:alert(1)", refused: "not opened"},
		{template: "https:///x", refused: "names no host"},
		{template: "https://crm.example.org/\n{number}", refused: "one line"},
		{template: "https://crm.example.org/" + strings.Repeat("x", 2000), refused: "at most 2000"},
	} {
		link, err := ParseLink("link", tt.template)
		if tt.refused != "" {
			if crm.CodeOf(err) != crm.CodeInvalid || !strings.Contains(err.Error(), tt.refused) || !strings.Contains(err.Error(), "(link)") {
				t.Errorf("%q: %v, want %q", tt.template, err, tt.refused)
			}
			continue
		}
		got := link.Fill(map[string]string{"number": "+79211234567", "client_name": "О & =/?#", "call_id": " a/../b"})
		if err != nil || got != tt.want {
			t.Errorf("%q: %q %v, want %q", tt.template, got, err, tt.want)
		}
	}
}

// No value changes where a link leads.
func FuzzLink(f *testing.F) {
	f.Add("https://crm.example.org/{number}?a={client_name}#{queue}", "x@evil.example/..//")
	f.Add("app://{did}", "//evil")
	f.Add("https://h{user}", ".evil.example")
	f.Fuzz(func(t *testing.T, template, value string) {
		link, err := ParseLink("link", template)
		if err != nil {
			return
		}
		values := map[string]string{}
		for _, name := range LinkFields() {
			values[name] = value
		}
		plain, err := url.Parse(link.Fill(nil))
		if err != nil {
			return // an empty port, as https://h:{x}: refused by the browser too
		}
		filled, err := url.Parse(link.Fill(values))
		if err != nil {
			t.Fatalf("%q with %q: %v", template, value, err)
		}
		if filled.Scheme != plain.Scheme || filled.Host != plain.Host {
			t.Errorf("%q leads to %s://%s with %q, to %s://%s without", template, filled.Scheme, filled.Host, value, plain.Scheme, plain.Host)
		}
	})
}
