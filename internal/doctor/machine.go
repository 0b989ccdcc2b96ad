package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"ringcard/configs"
)

// checkListen tries the configured address. A port already in use may be the
// running server itself.
func checkListen(n *notes, addr string) {
	f := Finding{ID: "listen", Level: OK, Check: "listen", Seen: addr + " is free"}
	l, err := net.Listen("tcp", addr)
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		f.Level, f.Seen = Warn, fmt.Sprintf("%s cannot be taken: %v", addr, err)
		f.Params = map[string]string{"address": addr, "error": err.Error()}
		f.Change = "if it is the running ringcard server, all is well; else set listen to a free address, or stop the other program"
	}
	n.add(f)
}

// existing returns the absolute form of dir, and it or its nearest parent that
// exists.
func existing(dir string) (abs, parent string) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	parent = abs
	for {
		if _, err := os.Stat(parent); err == nil || parent == filepath.Dir(parent) {
			return abs, parent
		}
		parent = filepath.Dir(parent)
	}
}

// checkDataDir writes and removes a file.
func checkDataDir(n *notes, dir string) {
	abs, parent, err := tryFolder(dir)
	f := Finding{ID: "data_dir", Level: OK, Check: "data_dir", Seen: abs + " can be written", Params: map[string]string{"dir": abs}}
	if parent != abs {
		f.Seen = abs + " will be made"
	}
	if err != nil {
		f.Level, f.Seen = Fail, fmt.Sprintf("%s cannot be written: %v", abs, err)
		f.Params["error"] = err.Error()
		f.Change = fmt.Sprintf("give the user that runs ringcard the right to write to %s, or set data_dir to another folder", abs)
	}
	n.add(f)
}

// Free space of data_dir. A day of an office of 100 is some tens of MB of
// records; recordings need far more.
const (
	diskFail = 256 << 20
	diskWarn = 2 << 30
)

func checkDisk(n *notes, dir string) {
	_, parent := existing(dir)
	free, ok := freeSpace(parent)
	if !ok {
		return // this system does not tell
	}
	f := Finding{ID: "disk", Check: "disk", Seen: bytesText(free) + " are free in data_dir",
		Params: map[string]string{"free": bytesText(free)}}
	const change = "make room, or set data_dir to a folder of a larger disk: without it call records and recordings cannot be written"
	if f.Level = spaceLevel(free); f.Level != OK {
		f.Change = change
	}
	n.add(f)
}

// spaceLevel is how bad it is that so many bytes are free.
func spaceLevel(free uint64) Level {
	switch {
	case free < diskFail:
		return Fail
	case free < diskWarn:
		return Warn
	}
	return OK
}

func bytesText(b uint64) string {
	if b >= 1<<30 {
		return strconv.FormatFloat(float64(b)/(1<<30), 'f', 1, 64) + " GB"
	}
	return strconv.FormatUint(b>>20, 10) + " MB"
}

const (
	certTimeout = 3 * time.Second
	certWarn    = 14 * 24 * time.Hour
)

// checkTLS looks at the address that users type, and at its certificate.
func checkTLS(ctx context.Context, n *notes, cfg configs.Config) {
	f := Finding{ID: "tls", Level: OK, Check: "tls"}
	public, err := url.Parse(cfg.PublicURL)
	if err != nil || public.Scheme != "https" {
		host, _, err := net.SplitHostPort(cfg.Listen)
		if ip := net.ParseIP(host); err == nil && (ip != nil && ip.IsLoopback() || host == "localhost") {
			f.Seen = "the server listens on loopback only"
		} else {
			f.ID, f.Level = "tls.none", Warn
			f.Seen = "the server is reached without TLS: passwords and calls can be read on the way, and browsers refuse the microphone"
			f.Change = "put a TLS proxy in front (docs/operations.md), set listen: 127.0.0.1:8080 and public_url: https://NAME"
		}
		n.add(f)
		return
	}
	port := public.Port()
	if port == "" {
		port = "443"
	}
	ctx, cancel := context.WithTimeout(ctx, certTimeout)
	defer cancel()
	conn, err := new(tls.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(public.Hostname(), port))
	if err != nil {
		f.ID, f.Level, f.Seen = "tls.certificate", Warn, fmt.Sprintf("%s cannot be reached from here with a valid certificate: %v", cfg.PublicURL, err)
		f.Params = map[string]string{"url": cfg.PublicURL, "error": err.Error()}
		f.Change = "renew the certificate or correct public_url; if only this machine cannot reach the address, all is well"
		n.add(f)
		return
	}
	defer func() { _ = conn.Close() }() // nothing was written
	f.Seen = cfg.PublicURL + " has a valid certificate"
	if secured, ok := conn.(*tls.Conn); ok {
		if left := time.Until(secured.ConnectionState().PeerCertificates[0].NotAfter); left < certWarn {
			f.ID, f.Level = "tls.expires", Warn
			days := int(left.Hours() / 24)
			f.Seen, f.Change = fmt.Sprintf("the certificate of %s ends in %d days", cfg.PublicURL, days), "renew it"
			f.Params = map[string]string{"url": cfg.PublicURL, "days": strconv.Itoa(days)}
		}
	}
	n.add(f)
}
