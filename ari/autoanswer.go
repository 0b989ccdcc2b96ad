package ari

import "strings"

// autoAnswer are the headers by which telephones answer click-to-call by
// themselves (CO-05), by the vendors' own manuals: Call-Info with answer-after
// or Alert-Info with alert-autoanswer. Models of Fanvil and Panasonic differ in
// which they obey; each ignores the other. Most want it allowed in the
// telephone's settings as well.
var autoAnswer = map[string]map[string]string{
	"yealink":     {"PJSIP_HEADER(add,Alert-Info)": alertInfo},
	"grandstream": {"PJSIP_HEADER(add,Call-Info)": callInfo},
	"snom":        {"PJSIP_HEADER(add,Call-Info)": callInfo},
	"cisco":       {"PJSIP_HEADER(add,Call-Info)": callInfo},
	"fanvil":      {"PJSIP_HEADER(add,Alert-Info)": alertInfo, "PJSIP_HEADER(add,Call-Info)": callInfo},
	"panasonic":   {"PJSIP_HEADER(add,Alert-Info)": alertInfo, "PJSIP_HEADER(add,Call-Info)": callInfo},
}

// vendorNames are what telephones say in User-Agent when they register, in
// small letters, as "Yealink SIP-T46U 108.86.0.20" or "Linksys/SPA942-6.1.5(a)".
var vendorNames = map[string]string{
	"yealink": "yealink", "grandstream": "grandstream", "snom": "snom", "cisco": "cisco", "linksys": "cisco", "sipura": "cisco",
	"fanvil": "fanvil", "panasonic": "panasonic",
}

// AutoAnswerVendor tells whose telephone it is by its User-Agent; empty for one
// that the table of headers does not know.
func AutoAnswerVendor(userAgent string) string {
	userAgent = strings.ToLower(userAgent)
	for name, vendor := range vendorNames {
		if strings.HasPrefix(userAgent, name) {
			return vendor
		}
	}
	return ""
}

// AutoAnswerSuits tells whether the headers of one vendor make a telephone of
// another answer.
func AutoAnswerSuits(configured, vendor string) bool {
	for name, value := range autoAnswer[vendor] {
		if autoAnswer[configured][name] != value {
			return false
		}
	}
	return len(autoAnswer[vendor]) > 0
}

const (
	alertInfo = "<http://127.0.0.1>;info=alert-autoanswer"
	callInfo  = "<sip:127.0.0.1>;answer-after=0"
)
