package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"ringcard/test/pbx"
)

//go:embed sipp/*.xml
var sippScenarios embed.FS

const (
	worldIP        = "127.0.0.2" // by it Asterisk knows the provider
	phonesIP       = "127.0.0.3"
	firstExtension = 300
	ringFor        = 400 * time.Millisecond
	talkFor        = 400 * time.Millisecond
	didPrefix      = "4952000" // + extension: one telephone rings
	maxLoad        = 15 * time.Minute
)

// office is a real Asterisk with telephones that sipp plays.
type office struct {
	*pbx.Asterisk
	extensions []string
	dir        string
	phones     *exec.Cmd
	output     bytes.Buffer // of the phones
	ended      chan struct{}
}

// openOffice starts Asterisk 22 with n telephones, all at one SIP socket. The
// caller must close it. dir is for files and must be removed by the caller.
func openOffice(ctx context.Context, dir string, n int) (*office, error) {
	for _, name := range []string{"caller.xml", "phones.xml"} {
		text, err := sippScenarios.ReadFile("sipp/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			return nil, err
		}
	}
	address, err := freePort()
	if err != nil {
		return nil, err
	}
	o := &office{dir: dir}
	var endpoints strings.Builder
	for i := range n {
		extension := strconv.Itoa(firstExtension + i)
		o.extensions = append(o.extensions, extension)
		fmt.Fprintf(&endpoints, "[%[1]s](phone)\naors = %[1]s\ncallerid = \"Phone %[1]s\" <%[1]s>\n\n"+
			"[%[1]s](phone-aor)\ncontact = sip:%[1]s@%[2]s\n\n", extension, address)
	}
	for _, extension := range peoplesExtensions {
		fmt.Fprintf(&endpoints, "[%[1]s](phone)\naors = %[1]s\ncallerid = \"Phone %[1]s\" <%[1]s>\n\n[%[1]s](phone-aor)\n\n", extension)
	}
	o.Asterisk, err = pbx.Run(ctx, pbx.Options{Version: "22", Bare: true, Phones: 1, Append: map[string]string{
		"pjsip.conf": endpoints.String(), "extensions.conf": peoplesDialplan, "queues.conf": peoplesQueue,
		"manager.conf": "\n[general](+)\nenabled = no\n", // nobody here uses AMI, and it costs the PBX a seventh of its time
	}})
	if err != nil {
		return nil, err
	}
	if err := o.startPhones(ctx, address); err != nil {
		return nil, errors.Join(err, o.Stop())
	}
	return o, nil
}

func freePort() (string, error) {
	socket, err := net.ListenPacket("udp4", phonesIP+":0")
	if err != nil {
		return "", err
	}
	return socket.LocalAddr().String(), socket.Close()
}

func (o *office) startPhones(ctx context.Context, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	o.phones = o.sipp(ctx, "phones.xml", ringFor, "-i", phonesIP, "-mi", phonesIP, "-p", port)
	o.phones.Stdout, o.phones.Stderr = &o.output, &o.output
	if err := o.phones.Start(); err != nil {
		return fmt.Errorf("sipp: %w; test/pbx/install.sh installs it", err)
	}
	o.ended = make(chan struct{})
	go func() { defer close(o.ended); _ = o.phones.Wait() }() // it is killed
	return nil
}

// sipp plays a scenario; pause is the length of its <pause/>.
func (o *office) sipp(ctx context.Context, scenario string, pause time.Duration, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sipp", append([]string{o.SIPAddr, "-sf", filepath.Join(o.dir, scenario), "-nostdin",
		"-d", strconv.FormatInt(pause.Milliseconds(), 10), "-timeout", strconv.Itoa(int(maxLoad.Seconds()))}, args...)...)
	cmd.Dir = o.dir
	return cmd
}

// inbound is a call that the world makes.
type inbound struct {
	number    int64 // E.164 of the caller
	extension string
}

// play makes the calls at the rate, in order, each lasting for talk, and
// returns when all have ended. It is an error when Asterisk or the telephones
// lose one.
func (o *office) play(ctx context.Context, calls []inbound, rate int, talk time.Duration) error {
	list := bytes.NewBufferString("SEQUENTIAL\n")
	for _, c := range calls {
		fmt.Fprintf(list, "%d;%s%s;\n", c.number, didPrefix, c.extension)
	}
	file := filepath.Join(o.dir, "calls.csv")
	if err := os.WriteFile(file, list.Bytes(), 0o600); err != nil {
		return err
	}
	cmd := o.sipp(ctx, "caller.xml", talk, "-i", worldIP, "-mi", worldIP, "-inf", file,
		"-m", strconv.Itoa(len(calls)), "-r", strconv.Itoa(rate), "-trace_err", "-error_file", filepath.Join(o.dir, "errors.log"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		reasons, _ := os.ReadFile(filepath.Join(o.dir, "errors.log")) // none: sipp did not come so far
		return fmt.Errorf("sipp lost calls: %w: %s\n%s\nasterisk: %s", err, tail(out), tail(reasons), o.LogTail())
	}
	return nil
}

// close stops the telephones and Asterisk.
func (o *office) close() error {
	err := o.phones.Process.Kill()
	<-o.ended
	return errors.Join(err, o.Stop())
}

// tail is the end of a program's output.
func tail(out []byte) string {
	const most = 1500
	out = bytes.TrimSpace(out)
	return string(out[max(0, len(out)-most):])
}
