// Package pgserver runs a private PostgreSQL from the machine's own binaries:
// the embedded default of an installation without a database of its own, and
// the server of the integration tests.
//
// The server listens on a unix socket only, in a directory closed to others.
// Run as root, it starts the server as the unprivileged user "postgres",
// because PostgreSQL refuses to run as root.
//
//	Start ──► find binaries ──► initdb (first time) ──► postgres ──► answers SELECT ──► role and database
//	Stop  ──► SIGINT (fast shutdown) ──► SIGQUIT ──► SIGKILL
//
// Failure behaviour: if the process that called Start dies without calling
// Stop, the kernel sends the server SIGINT and it shuts down by itself
// (Linux). If the server dies, Done is closed and Err tells why. A
// postmaster.pid left by a crash is removed when its process is gone or is
// not a server on this directory; a server that is really running there is
// given a few seconds to finish, then Start refuses.
package pgserver
