package ari

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

const (
	alertInfo = "<http://127.0.0.1>;info=alert-autoanswer"
	callInfo  = "<sip:127.0.0.1>;answer-after=0"
)
