// Package sample fills an empty database with a believable small office: its
// people, 150 clients, and their calls and notes of the last 30 days. It is
// for the demo and for tests; everything follows from the seed and the clock.
//
// Nobody is behind the names. Mobile numbers are of codes that no operator
// had when this was written, city numbers begin with 0, which none does, and
// mail goes to .example (RFC 2606).
package sample
