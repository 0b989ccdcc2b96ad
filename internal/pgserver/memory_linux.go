package pgserver

import "syscall"

// memory of the machine in MiB, 0 where it cannot be told.
func memory() int {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	return int(info.Totalram * uint64(info.Unit) >> 20)
}
