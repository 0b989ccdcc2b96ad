package client

// Changes are what in the directory is no longer as it was: clients and
// persons by id, numbers in E.164 without the sign. Next is the position to
// ask from the next time.
type Changes struct {
	Clients, Persons, Numbers []int64
	Next                      int64
}

// Empty tells that nothing changed.
func (c Changes) Empty() bool { return len(c.Clients)+len(c.Persons)+len(c.Numbers) == 0 }
