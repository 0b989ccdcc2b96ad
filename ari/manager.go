package ari

// ManagerRights are the lines of manager.conf for Ringcard's user: the classes
// without which an action of ManagerActions is refused or an event is not
// sent, and of the events only those that are of use (Asterisk 16 and 22).
const ManagerRights = `read = call,agent
write = call,agent,originate
eventfilter = Event: ParkedCall
eventfilter = Event: Queue
`

// ManagerActions are the AMI actions by which calls and queues are controlled.
// QueueStatus and Ping need no right.
func ManagerActions() []string {
	return []string{"BlindTransfer", "Bridge", "Originate", "Park", "PlayDTMF", "QueueAdd", "QueuePause", "QueueRemove", "Redirect", "Setvar"}
}

// ManagerExcess are actions of classes that Ringcard has no use for: who has
// them can run commands and change files of the PBX.
func ManagerExcess() []string {
	return []string{"Command", "ModuleLoad", "UpdateConfig"}
}
