package cti

// BeginWrapUp puts a user into wrap-up after a talk (PU-08), unless he has said
// that he is on a break. It tells whether he is in wrap-up now.
func (t *Team) BeginWrapUp(userID int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.known[userID]; !ok || t.status[userID] == PresenceBreak {
		return false
	}
	t.status[userID] = PresenceWrapUp
	t.refresh(t.users)
	return true
}

// EndWrapUp makes a user in wrap-up free; whatever else he has said of himself
// stays.
func (t *Team) EndWrapUp(userID int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status[userID] == PresenceWrapUp {
		t.status[userID] = PresenceFree
		t.refresh(t.users)
	}
}
