//go:build !linux

package pgserver

// memory is not known here: the server keeps its default buffers.
func memory() int { return 0 }
