// Package client holds the clients of the office, the persons who work there,
// their numbers and addresses, the groups, and the search for them.
package client

import (
	"slices"
	"time"

	"ringcard/crm"
)

// Kind is a client's form of ownership (CC-11).
type Kind string

// Kinds of clients.
const (
	Company      Kind = "company"
	PrivateOne   Kind = "person"
	Entrepreneur Kind = "entrepreneur"
)

func (k Kind) valid() bool { return k == Company || k == PrivateOne || k == Entrepreneur }

// Row is a client in a list.
type Row struct {
	ID              int64      `json:"id"`
	Version         int64      `json:"version"`
	Name            string     `json:"name"`
	FullName        string     `json:"full_name"`
	Kind            Kind       `json:"kind" enum:"company,person,entrepreneur"`
	GroupID         *int64     `json:"group_id"`
	GroupName       string     `json:"group_name"`
	City            string     `json:"city"`
	ResponsibleID   *int64     `json:"responsible_id"`
	ResponsibleName string     `json:"responsible_name"`
	Phone           *MainPhone `json:"phone" doc:"the main one; null if the client has none"`
	Email           string     `json:"email"`
	Potential       *int       `json:"potential" minimum:"0" maximum:"100"`
	DealSum         crm.Money  `json:"deal_sum"`
	LastContactAt   *time.Time `json:"last_contact_at"`
	CreatedAt       time.Time  `json:"created_at"`
}

// MainPhone is the number shown in lists.
type MainPhone struct {
	ID      int64  `json:"id" doc:"to dial it by"`
	E164    string `json:"e164,omitempty"`
	Display string `json:"display"`
	Raw     string `json:"raw"`
}

// Card is all that the main tab of a client shows (CC-03, CC-14, CC-18).
type Card struct {
	Row
	Activity       string      `json:"activity" doc:"line of business"`
	Note           string      `json:"note"`
	RelationType   string      `json:"relation_type"`
	Source         string      `json:"source"`
	FirstContactOn *crm.Date   `json:"first_contact_on"`
	CreatedByName  string      `json:"created_by_name"`
	Phones         []Phone     `json:"phones"`
	Emails         []Email     `json:"emails"`
	Addresses      []Address   `json:"addresses"`
	Persons        []PersonRef `json:"persons"`
	DeletedAt      *time.Time  `json:"deleted_at"`
}

// PhoneKind is what a number is for.
type PhoneKind string

// Kinds of phones.
const (
	Mobile PhoneKind = "mobile"
	Work   PhoneKind = "work"
	Home   PhoneKind = "home"
	Fax    PhoneKind = "fax"
	Other  PhoneKind = "other"
)

func (k PhoneKind) valid() bool {
	switch k {
	case Mobile, Work, Home, Fax, Other:
		return true
	}
	return false
}

// Phone is a number of a client or of a person. What could not be understood
// is kept as written and has no E164.
type Phone struct {
	ID      int64     `json:"id"`
	Raw     string    `json:"raw"`
	E164    string    `json:"e164,omitempty"`
	Display string    `json:"display"`
	Ext     string    `json:"ext,omitempty"`
	Kind    PhoneKind `json:"kind" enum:"mobile,work,home,fax,other"`
	IsMain  bool      `json:"is_main"`
	Note    string    `json:"note"`
}

// Email is an e-mail address of a client or of a person.
type Email struct {
	ID     int64  `json:"id"`
	Email  string `json:"email"`
	Kind   string `json:"kind" enum:"work,personal,other"`
	IsMain bool   `json:"is_main"`
}

// Address is a place of a client.
type Address struct {
	ID   int64  `json:"id"`
	Kind string `json:"kind" enum:"legal,actual,postal"`
	Text string `json:"text"`
	City string `json:"city"`
}

// PersonRef is a person as one client knows him: the position belongs to the
// link (CP-04).
type PersonRef struct {
	PersonID  int64   `json:"person_id"`
	LinkID    int64   `json:"link_id"`
	Name      string  `json:"name"`
	Position  string  `json:"position"`
	IsPrimary bool    `json:"is_primary" doc:"the main contact; a client has at most one"`
	Phones    []Phone `json:"phones"`
	Emails    []Email `json:"emails"`
}

// Person is a contact person with all his organisations (CP-02).
type Person struct {
	ID      int64          `json:"id"`
	Version int64          `json:"version"`
	Name    string         `json:"name"`
	Note    string         `json:"note"`
	Phones  []Phone        `json:"phones"`
	Emails  []Email        `json:"emails"`
	Clients []Organisation `json:"clients"`
}

// Organisation is a client a person works for.
type Organisation struct {
	ClientID  int64  `json:"client_id"`
	LinkID    int64  `json:"link_id"`
	Name      string `json:"name"`
	Position  string `json:"position"`
	IsPrimary bool   `json:"is_primary"`
}

// PersonRow is a person in a list.
type PersonRow struct {
	ID           int64      `json:"id"`
	Name         string     `json:"name"`
	Phone        *MainPhone `json:"phone"`
	Organisation string     `json:"organisation" doc:"one of them, the one where he is the main contact first"`
	Position     string     `json:"position"`
}

// Group is a tile of the Groups screen. The first of a list is virtual: all
// clients the actor sees (GR-09); its ID is 0.
type Group struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Virtual   bool      `json:"virtual"`
	Clients   int64     `json:"clients" doc:"live cards the user may see"`
	DealSum   crm.Money `json:"deal_sum"`
	Potential *string   `json:"potential" doc:"mean over all clients with two decimals, unset counts as 0; null for an empty group"`
}

// Match is one client or person who owns a number (LU-02).
type Match struct {
	ClientID      int64      `json:"client_id,omitempty"`
	PersonID      int64      `json:"person_id,omitempty"`
	Name          string     `json:"name" doc:"person, or the client itself"`
	Organisation  string     `json:"organisation,omitempty"`
	Reason        Reason     `json:"reason" enum:"chosen,main_contact,affiliation,client_number,person"`
	Rank          int        `json:"rank" doc:"0 main contact, 1 other affiliation, 2 client's own number, 3 person without organisation; what was chosen for the number comes before all of them"`
	LastContactAt *time.Time `json:"last_contact_at,omitempty"`
	ResponsibleID int64      `json:"responsible_id,omitempty" doc:"of the client; among matches otherwise as good his own come first"`
}

// AsGood tells whether two matches differ in nothing that ranks them but whose
// they are.
func (m Match) AsGood(other Match) bool {
	same := m.LastContactAt == nil && other.LastContactAt == nil ||
		m.LastContactAt != nil && other.LastContactAt != nil && m.LastContactAt.Equal(*other.LastContactAt)
	return same && m.Rank == other.Rank && (m.Reason == Chosen) == (other.Reason == Chosen)
}

// Reason tells why a number matches.
type Reason string

// Reasons: an operator chose it for this number (LU-04), then by rank.
const (
	Chosen       Reason = "chosen"
	MainContact  Reason = "main_contact"
	Affiliation  Reason = "affiliation"
	ClientNumber Reason = "client_number"
	PersonAlone  Reason = "person"
)

// ReasonOf a rank.
func ReasonOf(rank int) Reason {
	switch rank {
	case 0:
		return MainContact
	case 1:
		return Affiliation
	case 2:
		return ClientNumber
	}
	return PersonAlone
}

// Found is the answer of a lookup by number, best match first. A number
// marked as spam has no matches.
type Found struct {
	Matches []Match
	Spam    bool
}

// preferOf moves the clients of a responsible before matches as good.
func preferOf(userID int64, matches []Match) {
	for from := 0; from < len(matches); {
		to := from + 1
		for to < len(matches) && matches[from].AsGood(matches[to]) {
			to++
		}
		slices.SortStableFunc(matches[from:to], func(a, b Match) int {
			return responsibleFirst(a.ResponsibleID == userID, b.ResponsibleID == userID)
		})
		from = to
	}
}

func responsibleFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Summary is the part of a card that goes with a pop (PU-03).
type Summary struct {
	ID             int64
	Name           string
	Kind           Kind
	PersonID       int64
	PersonName     string
	Position       string
	Group          string
	City           string
	Responsible    string
	ResponsibleID  int64
	Potential      *int
	DealSum        crm.Money
	Note           string
	LastContactAt  *time.Time
	LastContactSum string // subject of the last interaction
	Recent         []Contact
	OwedSince      *time.Time // of a missed call that nobody has returned
}

// Contact is one of the last three interactions of a Summary, newest first.
type Contact struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
}

// Hit is a result of the search box.
type Hit struct {
	ClientID     int64  `json:"client_id,omitempty"`
	PersonID     int64  `json:"person_id,omitempty"`
	Name         string `json:"name"`
	Organisation string `json:"organisation,omitempty"`
	Phone        string `json:"phone,omitempty" doc:"for people"`
	E164         string `json:"e164,omitempty"`
	Matched      string `json:"matched" enum:"name,number,email,person"`
}

// Duplicate is a live client that a new one seems to repeat (DM-01).
type Duplicate struct {
	ClientID int64  `json:"client_id"`
	Name     string `json:"name"`
	Reason   string `json:"reason" enum:"name,phone,email"`
}

// Sort is an order of the client list; a leading minus is descending.
type Sort string

// Orders. Ties are broken by id, so pages neither repeat nor skip.
const (
	ByName        Sort = "name"
	ByPotential   Sort = "-potential"
	ByDealSum     Sort = "-deal_sum"
	ByLastContact Sort = "-last_contact"
	ByCreated     Sort = "-created"
)

// ListQuery selects clients; conditions combine by AND (SF-18).
type ListQuery struct {
	Q             string // part of a name, digits of a number, e-mail, address, date of first contact
	GroupID       int64
	ResponsibleID int64
	Unassigned    bool // no responsible, or a dismissed one (SF-17)
	PotentialFrom *int
	PotentialTo   *int
	Sort          Sort
	Page          crm.PageRequest
}

// NewClient is the input of Create; only the name must be given (LS-06).
type NewClient struct {
	Name           string
	FullName       string
	Kind           Kind
	Activity       string
	City           string
	Note           string
	RelationType   string
	Source         string
	GroupID        *int64
	ResponsibleID  *int64
	Potential      *int
	DealSum        crm.Money
	FirstContactOn *crm.Date
	Phones         []PhoneInput
	Emails         []EmailInput
	Addresses      []AddressInput
	Person         *PersonInput
	// FromCallID: the number of this call becomes the phone when none is
	// given, and all calls of that number without a client are linked (LU-05).
	FromCallID string
	Force      bool // save in spite of duplicates (DM-02)
}

// PhoneInput is a number as entered.
type PhoneInput struct {
	Raw    string
	Kind   PhoneKind
	IsMain bool
	Note   string
	Parsed crm.Phone // filled by the service
}

// EmailInput is an e-mail address as entered.
type EmailInput struct {
	Email  string
	Kind   string
	IsMain bool
}

// AddressInput is an address as entered.
type AddressInput struct {
	Kind string
	Text string
	City string
}

// PersonInput makes a new person, or links the one with PersonID.
type PersonInput struct {
	PersonID  int64
	Name      string
	Position  string
	IsPrimary bool
	Phones    []PhoneInput
	Emails    []EmailInput
}

// Patch changes the fields that are set. A pointer to a zero value empties
// the field; for GroupID, ResponsibleID, Potential and FirstContactOn an
// Optional with Set and without a value does.
type Patch struct {
	Name           *string
	FullName       *string
	Kind           *Kind
	Activity       *string
	City           *string
	Note           *string
	RelationType   *string
	Source         *string
	GroupID        crm.Optional[int64]
	ResponsibleID  crm.Optional[int64]
	Potential      crm.Optional[int]
	DealSum        *crm.Money
	FirstContactOn crm.Optional[crm.Date]
}

// LinkPatch changes a person's link to a client, and his name.
type LinkPatch struct {
	Name      *string
	Position  *string
	IsPrimary *bool
}

// Owner is whose a phone or e-mail is: a client's, or a person's.
type Owner struct {
	ClientID int64
	PersonID int64
}
