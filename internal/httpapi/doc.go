// Package httpapi serves the REST API, its OpenAPI document, the stream's
// entrance, health, metrics and the browser application.
//
// A request passes, from the outside in:
//
//	request id → access log and metrics → panic → security headers
//	→ cross-origin check → route → session or token → permission
//	→ JSON schema (huma) → one service call → error table
//
// Handlers only translate: rights on records and rules are the services'.
// Every error leaves as RFC 9457 problem+json with a stable code; the table
// from code to status is in problem.go. Text of an unexpected error goes to
// the log with the request id, never to the client.
package httpapi
