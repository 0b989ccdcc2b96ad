//go:build !linux

package doctor

// freeSpace is known on Linux only.
func freeSpace(string) (uint64, bool) { return 0, false }
