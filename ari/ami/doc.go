// Package ami is a connection to the Asterisk Manager Interface, for what ARI
// cannot do with channels of an ordinary dialplan
// (docs.asterisk.org, "Asterisk Manager Interface (AMI)").
//
//	Client ── Do(action) ──► Asterisk      one answer an action, by ActionID
//	       ◄── events ──                   to Options.OnEvent, in order
//
// The connection is kept up: it is dialled again with a growing pause, pinged
// while nothing comes, and cut when Asterisk does not answer. Do fails at once
// while there is none. An answer of "Success" means that Asterisk took the
// action; whether it had an effect is for the caller to see.
package ami
