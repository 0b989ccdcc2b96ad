package pbx

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options says what office to run. Only Version is required.
type Options struct {
	// Version is "22" or "16".
	Version string
	// TrunkAddr is the provider's SIP address, host:port, to which the PBX sends
	// outgoing calls. Calls from its host come in through the trunk. Empty: calls
	// come in from 127.0.0.2 and nothing can be called outside.
	TrunkAddr string
	// Phones is the number of extensions from 101 on. 0 means 7.
	Phones int
	// ChannelVars are ARI's channelvars. nil means CHANNEL(linkedid), as the
	// README advises; an empty slice means none, as a fresh Asterisk has it.
	ChannelVars []string
	// QualifySeconds is the interval of the PBX's OPTIONS to phones. 0: none.
	QualifySeconds int
	// Append is text for the end of configuration files, by file name
	// ("pjsip.conf"). A name that is not in config/ adds a file.
	Append map[string]string
	// Bare keeps logging out of the way of a measurement.
	Bare bool
	// TCP opens SIP on TCP, too, at the same port.
	TCP bool
	// TLS opens SIP on TLS, too, at TLSAddr, with a certificate of its own making.
	TLS bool
	// WithoutARI turns ARI off, as on a PBX that has none.
	WithoutARI bool
	// SIPTrace writes every SIP message to the log.
	SIPTrace bool
	// RecordingRoom is the size in bytes of a disk for recordings only, empty at
	// each start; it is soon full. 0: they share the machine's.
	RecordingRoom int
	// StartTimeout bounds the start. 0 means 60 s.
	StartTimeout time.Duration
}

// instances is the folder inside a tree that holds those of the instances.
const instances = "/tmp"

// trunkHost is where calls from the provider come from when there is no
// Options.TrunkAddr. It differs from the address of the phones.
const trunkHost = "127.0.0.2"

// Asterisk is a running PBX. Its fields do not change, also over a restart.
type Asterisk struct {
	Version     string
	ARIURL      string // http://127.0.0.1:PORT/ari
	ARIUser     string
	ARIPassword string
	SIPAddr     string // 127.0.0.1:PORT, UDP
	TLSAddr     string // 127.0.0.1:PORT, with Options.TLS
	AMIAddr     string // 127.0.0.1:PORT; user and password are those of ARI

	tree     string // the Debian tree
	dir      string // the instance's folder, as Asterisk sees it
	slot     *slot
	patience time.Duration
	// withoutARI: its answer does not tell that the PBX is up.
	withoutARI    bool
	recordingRoom int

	mu      sync.Mutex
	process *process  // nil while down
	ended   time.Time // the last process
	stopped bool
}

// Run starts Asterisk and returns when it takes calls: ARI answers and all
// modules are up. The caller must Stop it. ctx bounds the start only.
func Run(ctx context.Context, o Options) (*Asterisk, error) {
	tree, err := findTree(o.Version)
	if err != nil {
		return nil, err
	}
	slots := filepath.Join(cacheDir(), "slots")
	s, err := takeSlot(slots)
	if err != nil {
		return nil, err
	}
	if err := sweep(ctx, tree, slots); err != nil {
		s.release()
		return nil, err
	}
	name := folderName(s.number)
	a := &Asterisk{
		Version:     o.Version,
		ARIURL:      "http://" + loopback(s.httpPort()) + "/ari",
		ARIUser:     "ringcard",
		ARIPassword: rand.Text(),
		SIPAddr:     loopback(s.sipPort()),
		TLSAddr:     loopback(s.tlsPort()),
		AMIAddr:     loopback(s.amiPort()),
		tree:        tree,
		dir:         instances + "/" + name,
		slot:        s,
		patience:    o.StartTimeout,
		withoutARI:  o.WithoutARI,

		recordingRoom: o.RecordingRoom,
	}
	if a.patience == 0 {
		a.patience = time.Minute
	}
	if err := a.configure(ctx, name, o); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	if err := a.Up(ctx); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

// Start is Run for a test: it fails the test when Asterisk does not start, stops
// it at the end and, if the test failed, shows the end of Asterisk's log.
func Start(t testing.TB, o Options) *Asterisk {
	t.Helper()
	a, err := Run(t.Context(), o)
	if err != nil {
		t.Fatalf("asterisk %s: %v", o.Version, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("end of the log of asterisk %s:\n%s", a.Version, a.LogTail())
		}
		if err := a.Stop(); err != nil {
			t.Errorf("stop asterisk: %v", err)
		}
	})
	return a
}

// PhonePassword is the SIP password of an extension; the user is the extension.
func (a *Asterisk) PhonePassword(extension string) string { return phonePassword(extension) }

// Up starts the process again after Down, on the same ports. It does nothing
// when Asterisk is up.
func (a *Asterisk) Up(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return errors.New("asterisk was stopped for good")
	}
	if a.process != nil {
		return nil
	}
	if err := a.freshSecond(ctx); err != nil {
		return err
	}
	console, err := os.Create(filepath.Join(a.hostDir(), "console.log"))
	if err != nil {
		return fmt.Errorf("create console log: %w", err)
	}
	p, err := startProcess(a.command(), console)
	_ = console.Close()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	if err := a.waitReady(ctx, p); err != nil {
		return errors.Join(fmt.Errorf("%w\n%s", err, a.LogTail()), p.kill())
	}
	a.process = p
	return nil
}

// freshSecond waits until the second in which the last process ended is over.
// Asterisk's unique ids are the second and a counter that begins with the
// process: two processes in one second give two calls the same id.
func (a *Asterisk) freshSecond(ctx context.Context) error {
	select {
	case <-time.After(time.Until(a.ended.Truncate(time.Second).Add(time.Second))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// command runs asterisk in the foreground inside the tree.
func (a *Asterisk) command() []string {
	run := []string{"chroot", a.tree, "/usr/sbin/asterisk", "-C", a.configFile(), "-f"}
	if a.recordingRoom == 0 {
		return run
	}
	// In a mount name space of its own: the disk goes with the process.
	const script = `mount -t tmpfs -o size="$0" tmpfs "$1" && shift && exec "$@"`
	return append([]string{"unshare", "--mount", "sh", "-c", script, strconv.Itoa(a.recordingRoom), filepath.Join(a.SpoolDir(), "recording")}, run...)
}

// Down ends the process and keeps folders and ports, like a PBX whose service
// was stopped. Calls in progress are cut off.
func (a *Asterisk) Down() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.process == nil {
		return nil
	}
	err := a.process.stop(5 * time.Second)
	a.process, a.ended = nil, time.Now()
	return err
}

// Crash is Down by SIGKILL: no BYE, no last CDR, and registrations of the last
// second are lost, since Asterisk saves them once a second.
func (a *Asterisk) Crash() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.process == nil {
		return nil
	}
	err := a.process.kill()
	a.process, a.ended = nil, time.Now()
	return err
}

// Restart is Down and Up.
func (a *Asterisk) Restart(ctx context.Context) error {
	if err := a.Down(); err != nil {
		return err
	}
	return a.Up(ctx)
}

// Stop ends Asterisk and removes its folders. It may be called more than once.
func (a *Asterisk) Stop() error {
	err := a.Down()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return err
	}
	a.stopped = true
	err = errors.Join(err, a.removeDir(context.Background()))
	a.slot.release()
	return err
}

// CLI runs one command of Asterisk's console and returns what it prints.
func (a *Asterisk) CLI(ctx context.Context, command string) (string, error) {
	cmd := privileged(ctx, "chroot", a.tree, "/usr/sbin/asterisk", "-C", a.configFile(), "-rx", command)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("asterisk -rx %q: %w: %s", command, err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

// LogTail returns the last 40 lines of the log, or of what Asterisk printed when it
// came to no log.
func (a *Asterisk) LogTail() string {
	const lines = 40
	for _, name := range []string{a.LogFile(), filepath.Join(a.hostDir(), "console.log")} {
		text, err := os.ReadFile(name)
		if err != nil || len(text) == 0 {
			continue
		}
		all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
		return strings.Join(all[max(0, len(all)-lines):], "\n")
	}
	return "(no log)"
}

// LogFile is the path of Asterisk's log.
func (a *Asterisk) LogFile() string { return filepath.Join(a.hostDir(), "log", "full") }

// CertFile is the certificate of Options.TLS, to be trusted.
func (a *Asterisk) CertFile() string { return filepath.Join(a.hostDir(), "etc", certFile) }

// SpoolDir is Asterisk's spool as we see it: recordings (but not with
// Options.RecordingRoom), voice mail.
func (a *Asterisk) SpoolDir() string { return filepath.Join(a.hostDir(), "spool") }

// hostDir is the instance's folder as we see it.
func (a *Asterisk) hostDir() string { return filepath.Join(a.tree, a.dir) }

func (a *Asterisk) configFile() string { return a.dir + "/etc/asterisk.conf" }

// configure makes the folders and the configuration.
func (a *Asterisk) configure(ctx context.Context, name string, o Options) error {
	modules, err := moduleDir(a.tree)
	if err != nil {
		return err
	}
	// What a killed run with this slot left behind: sweep leaves a slot we hold.
	if err := a.removeDir(ctx); err != nil {
		return err
	}
	for _, sub := range []string{"etc", "run", "log/cdr-csv", "spool/recording", "db", "cache"} {
		if err := os.MkdirAll(filepath.Join(a.hostDir(), sub), 0o755); err != nil {
			return fmt.Errorf("make folders: %w", err)
		}
	}
	s := settings{
		Dir:            a.dir,
		ModuleDir:      modules,
		SystemName:     name,
		SIPPort:        a.slot.sipPort(),
		HTTPPort:       a.slot.httpPort(),
		AMIPort:        a.slot.amiPort(),
		User:           a.ARIUser,
		Password:       a.ARIPassword,
		ChannelVars:    o.ChannelVars,
		Extensions:     extensions(o.Phones),
		QualifySeconds: o.QualifySeconds,
		TrunkAddr:      o.TrunkAddr,
		TrunkHost:      trunkHost,
		Bare:           o.Bare,
		SIPTrace:       o.SIPTrace,
		WithoutARI:     o.WithoutARI,
		TCP:            o.TCP,
	}
	if o.TLS {
		s.TLSPort = a.slot.tlsPort()
		if err := writeCertificate(filepath.Join(a.hostDir(), "etc")); err != nil {
			return err
		}
	}
	if o.ChannelVars == nil {
		s.ChannelVars = []string{"CHANNEL(linkedid)"}
	}
	if o.Phones == 0 {
		s.Extensions = extensions(7)
	}
	if o.TrunkAddr != "" {
		if s.TrunkHost, _, err = net.SplitHostPort(o.TrunkAddr); err != nil {
			return fmt.Errorf("trunk address: %w", err)
		}
	}
	return writeConfig(filepath.Join(a.hostDir(), "etc"), s, o.Append)
}

// removeDir deletes the instance's folder.
func (a *Asterisk) removeDir(ctx context.Context) error { return removeAll(ctx, a.hostDir()) }

// removeAll deletes a folder whose files belong to root.
func removeAll(ctx context.Context, dir string) error {
	if out, err := privileged(ctx, "rm", "-rf", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("remove folders: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// sweep deletes the folders that killed runs left in tree.
func sweep(ctx context.Context, tree, slots string) error {
	entries, err := os.ReadDir(filepath.Join(tree, instances))
	if err != nil {
		return fmt.Errorf("look for old folders: %w", err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	abandoned, err := abandonedSlots(slots, names)
	for _, s := range abandoned {
		err = errors.Join(err, removeAll(ctx, filepath.Join(tree, instances, folderName(s.number))))
		s.release()
	}
	return err
}

// waitReady returns when ARI answers with our password, which tells our process
// from a stranger on the port, and when all modules are loaded.
func (a *Asterisk) waitReady(ctx context.Context, p *process) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !a.answers(ctx) {
		select {
		case <-p.done:
			return fmt.Errorf("asterisk exited while it started: %w", p.err)
		case <-ctx.Done():
			return fmt.Errorf("asterisk does not answer: %w", ctx.Err())
		case <-tick.C:
		}
	}
	_, err := a.CLI(ctx, "core waitfullybooted")
	return err
}

// answers tells whether the process is there to be asked.
func (a *Asterisk) answers(ctx context.Context) bool {
	if a.withoutARI {
		_, err := a.CLI(ctx, "core show uptime")
		return err == nil
	}
	return a.ariAnswers(ctx)
}

func (a *Asterisk) ariAnswers(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.ARIURL+"/asterisk/info", nil)
	if err != nil {
		return false
	}
	req.SetBasicAuth(a.ARIUser, a.ARIPassword)
	req.Close = true // leaves no connection behind
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// cacheDir is the folder that install.sh fills.
func cacheDir() string {
	if dir := os.Getenv("RINGCARD_CACHE"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "ringcard")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".cache", "ringcard")
}

func findTree(version string) (string, error) {
	if version == "" {
		return "", errors.New("pbx.Options.Version is empty: want 22 or 16")
	}
	tree := filepath.Join(cacheDir(), "asterisk-"+version)
	if _, err := os.Stat(filepath.Join(tree, ".ringcard-complete")); err != nil {
		return "", fmt.Errorf("not installed: run test/pbx/install.sh %s", version)
	}
	return tree, nil
}
