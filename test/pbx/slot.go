package pbx

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// The ports of all instances lie below Linux's ephemeral range (32768..60999):
// a socket bound to port 0 never takes the port of an instance that restarts.
const (
	firstPort    = 6000
	portsPerSlot = 4
	slotCount    = 1000
)

// slot is the exclusive right, across processes, to a folder name and a few
// ports. It is held by a lock on a file and so ends with the process.
type slot struct {
	number int
	lock   *os.File
}

// takeSlot locks a slot whose ports are free. dir holds the lock files.
func takeSlot(dir string) (*slot, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make slot folder: %w", err)
	}
	// A random start keeps parallel test processes out of each other's way.
	start := rand.IntN(slotCount)
	for i := range slotCount {
		s, err := lockSlot(dir, (start+i)%slotCount)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		if s.portsFree() {
			return s, nil
		}
		s.release()
	}
	return nil, errors.New("no free ports for another Asterisk")
}

// abandonedSlots lists the slots of names (those of folders, as folderName makes
// them) that no process holds. It locks them; the caller must release each.
func abandonedSlots(dir string, names []string) ([]*slot, error) {
	var list []*slot
	for _, name := range names {
		number, err := strconv.Atoi(strings.TrimPrefix(name, folderPrefix))
		if err != nil || folderName(number) != name {
			continue // not a folder of ours
		}
		s, err := lockSlot(dir, number)
		if err != nil {
			return list, err
		}
		if s != nil {
			list = append(list, s)
		}
	}
	return list, nil
}

const folderPrefix = "ringcard-"

// folderName is the name of the folder of an instance with this slot.
func folderName(number int) string { return folderPrefix + strconv.Itoa(number) }

// lockSlot returns nil without an error when another process holds the slot.
func lockSlot(dir string, number int) (*slot, error) {
	f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(number)+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open slot: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, nil
		}
		return nil, fmt.Errorf("lock slot: %w", err)
	}
	return &slot{number: number, lock: f}, nil
}

func (s *slot) release() { _ = s.lock.Close() }

func (s *slot) sipPort() int  { return firstPort + s.number*portsPerSlot }
func (s *slot) httpPort() int { return s.sipPort() + 1 }
func (s *slot) amiPort() int  { return s.sipPort() + 2 }
func (s *slot) tlsPort() int  { return s.sipPort() + 3 }

func (s *slot) portsFree() bool {
	udp, err := net.ListenPacket("udp4", loopback(s.sipPort()))
	if err != nil {
		return false
	}
	_ = udp.Close()
	for _, port := range []int{s.httpPort(), s.amiPort(), s.tlsPort()} {
		tcp, err := net.Listen("tcp4", loopback(port))
		if err != nil {
			return false
		}
		_ = tcp.Close()
	}
	return true
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
