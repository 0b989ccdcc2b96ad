package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine is what the figures were measured on.
type machine struct {
	cores  int
	memory int // GiB
	date   time.Time
	load   float64 // processes that wanted to run in the minute before
	system string
}

// thisMachine reads /proc (proc(5)): the figures are for Linux.
func thisMachine() (machine, error) {
	m := machine{cores: runtime.NumCPU(), date: time.Now(), system: runtime.GOOS + "/" + runtime.GOARCH + ", " + runtime.Version()}
	average, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return m, err
	}
	if _, err := fmt.Sscan(string(average), &m.load); err != nil {
		return m, fmt.Errorf("/proc/loadavg: %w", err)
	}
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return m, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib int
		if rest, ok := strings.CutPrefix(lines.Text(), "MemTotal:"); ok {
			if _, err := fmt.Sscanf(rest, "%d kB", &kib); err != nil {
				return m, fmt.Errorf("/proc/meminfo: %w", err)
			}
			m.memory = (kib + 1<<19) >> 20
		}
	}
	return m, nil
}

func (m machine) String() string {
	return fmt.Sprintf("%d cores, %d GiB of memory, %s", m.cores, m.memory, m.system)
}

// note says how far the machine was ours.
func (m machine) note() string {
	text := fmt.Sprintf("load average %.1f before the run", m.load)
	if m.load > float64(m.cores)/4 {
		text += ": the machine was busy with other work, measure again when it is idle"
	}
	return text + "."
}
