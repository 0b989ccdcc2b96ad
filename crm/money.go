package crm

import (
	"regexp"
	"strings"
)

// Money is an amount in roubles as a decimal string with two decimals
// ("1500.00"): exact, unlike a float, and the form of the public contract.
type Money string

var moneyForm = regexp.MustCompile(`^-?\d{1,16}(\.\d{1,2})?$`)

// ParseMoney reads "1500", "1 500,5" or "1500.50". At most 16 digits before
// the point: the column is numeric(18,2).
func ParseMoney(text string) (Money, error) {
	s := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ",", ".").Replace(strings.TrimSpace(text))
	if !moneyForm.MatchString(s) {
		return "", Errorf(CodeInvalid, "%q is not an amount, as 1500.00", text)
	}
	whole, cents, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	cents = (cents + "00")[:2]
	if whole == "0" && cents == "00" {
		sign = ""
	}
	return Money(sign + whole + "." + cents), nil
}
