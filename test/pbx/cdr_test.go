package pbx

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Rows of Asterisk 22.10.
const twoRows = `"","79161234567","4951000102","from-trunk","""Ivan"" <79161234567>","PJSIP/trunk-00000000","PJSIP/102-00000001","Dial","PJSIP/102,20,tT","2026-11-22 02:51:37","2026-11-22 02:51:38","2026-11-22 02:51:40",3,2,"ANSWERED","DOCUMENTATION","pbx-1795315897.0","","","pbx-1795315897.0",7
"","79161234567","4951000105","from-trunk","79161234567","PJSIP/trunk-00000002","","Dial","PJSIP/105,3","2026-11-22 02:52:00",,"2026-11-22 02:52:03",3,0,"NO ANSWER","DOCUMENTATION","pbx-1795315920.2","","","pbx-1795315920.2",8
`

func TestParseCDRReadsAnsweredAndUnanswered(t *testing.T) {
	at := func(clock string) time.Time {
		parsed, err := time.Parse(time.DateTime, "2026-11-22 "+clock)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	want := []CDR{
		{
			Src: "79161234567", Dst: "4951000102", Context: "from-trunk", CallerID: `"Ivan" <79161234567>`,
			Channel: "PJSIP/trunk-00000000", DstChannel: "PJSIP/102-00000001", LastApp: "Dial", LastData: "PJSIP/102,20,tT",
			Start: at("02:51:37"), Answer: at("02:51:38"), End: at("02:51:40"),
			Duration: 3 * time.Second, Billable: 2 * time.Second, Disposition: "ANSWERED",
			UniqueID: "pbx-1795315897.0", LinkedID: "pbx-1795315897.0", Sequence: 7,
		},
		{
			Src: "79161234567", Dst: "4951000105", Context: "from-trunk", CallerID: "79161234567",
			Channel: "PJSIP/trunk-00000002", LastApp: "Dial", LastData: "PJSIP/105,3",
			Start: at("02:52:00"), End: at("02:52:03"),
			Duration: 3 * time.Second, Disposition: "NO ANSWER",
			UniqueID: "pbx-1795315920.2", LinkedID: "pbx-1795315920.2", Sequence: 8,
		},
	}
	got, err := parseCDR([]byte(twoRows))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseCDRNamesTheBadRow(t *testing.T) {
	for name, text := range map[string]string{
		"time":     strings.Replace(twoRows, "2026-11-22 02:52:00", "yesterday", 1),
		"duration": strings.Replace(twoRows, `,3,0,"NO`, `,x,0,"NO`, 1),
		"columns":  twoRows + "a,b\n",
	} {
		if _, err := parseCDR([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParseSippStatisticsTakesTheLastRow(t *testing.T) {
	got, err := parseSippStatistics([]byte("StartTime;SuccessfulCall(P);SuccessfulCall(C);FailedCall(C);\nx;1;1;0;\nx;2;3;4;\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := (SippResult{Successful: 3, Failed: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, bad := range []string{"", "a;b\n", "a;b\n1;2\n", "SuccessfulCall(C);FailedCall(C)\nx;1\n"} {
		if _, err := parseSippStatistics([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
