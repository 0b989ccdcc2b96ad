// Package app puts a ringcard server together. It is the only package that
// knows all the others; it holds no rules of its own.
//
// Starting goes from the inside out, stopping the other way round:
//
//	database → stream hub → recorder → team → engines → PBX connections
//	→ maintenance → HTTP
//
// so that while anything still runs, what it depends on runs too: HTTP drains
// first, then the PBX connections close, the engines finish what they have
// read, the recorder writes it, the browsers are told that the server goes
// away, and the database comes last. A record that cannot be written any more
// stays in the spool below data_dir and is written by the next start.
package app
