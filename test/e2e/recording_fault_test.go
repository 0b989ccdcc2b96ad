package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"ringcard/configs"
	"ringcard/crm/recording"
	"ringcard/cti"
	"ringcard/internal/pgserver"
	"ringcard/test/pbx"
	"ringcard/test/phones"
	"ringcard/test/scenario"
)

// A PBX whose disk is full writes a recording as far as it goes, and says that
// it is whole. The user is told during the call that nothing is recorded any
// more; what there is is kept and is said to be a part; the call goes on, and
// its record is that of any other. When there is room again, a recording can
// begin anew.
func TestFullDiskOfThePBXWhileRecording_CO_08(t *testing.T) {
	t.Parallel()
	const room = 16 << 10 // one second
	withSound(t, pbx.Options{RecordingRoom: room}, func(c *configs.Config) { c.Recordings.Auto = "inbound" }, func(t *testing.T, p *product, office *phones.Office) {
		op := p.login("u102").connect()
		phone := office.Phone("102", phones.AnswerAfter(0))
		caller, desk := talking(t, office, phone)
		call := op.until("the talk is recorded", func(c cti.Call) bool { return c.State == cti.Talking && c.Recorded })
		p.eventually("the users are told", func() bool { return slices.Contains(op.recorded(), "failed:pbx_failed") })
		p.eventually("what there is is fetched", func() bool { return slices.Contains(op.recorded(), "ready:incomplete") })
		must(t, "tone", caller.SendTone(secondVoice))
		must(t, "the client is still heard", desk.WaitTone(within(t), secondVoice))

		// The part that was fetched left the PBX, so that there is room.
		p.eventually("the PBX has no copy left", func() bool { return len(storedAt(t, office)) == 0 })
		op.recordCommand(t, call.ID, "start")
		speak(t, speech)
		op.recordCommand(t, call.ID, "stop")
		p.eventually("the second recording is whole", func() bool { return slices.Contains(op.recorded(), "ready") })
		must(t, "hang up", caller.Hangup(within(t)))

		if c := op.record(call.ID); !c.Recorded || c.Disposition != string(cti.Answered) {
			t.Errorf("the record: recorded %v, %s", c.Recorded, c.Disposition)
		}
		list := op.recordings(call.ID)
		if len(list) != 2 || list[0].Reason != "" || list[1].Reason != recording.ReasonIncomplete {
			t.Fatalf("%+v", list)
		}
		if list[1].EndedAt == nil || list[1].Size > room {
			t.Errorf("the first: %+v", list[1])
		}
		if n := heard(op.sound(t, list[1].ID), clientVoice); n < 6 {
			t.Errorf("before the disk was full, the client is heard in %d stretches", n)
		}
		if n := heard(op.sound(t, list[0].ID), secondVoice); n < 6 {
			t.Errorf("with room again, the client is heard in %d stretches", n)
		}
	})
}

// smallDisk is a folder on a disk of so many bytes; grow makes it larger.
func smallDisk(t *testing.T, size int) (dir string, grow func(size int)) {
	t.Helper()
	dir = t.TempDir()
	run := func(name string, args ...string) {
		t.Helper()
		if os.Geteuid() != 0 {
			name, args = "sudo", append([]string{"-n", name}, args...)
		}
		out, err := exec.Command(name, args...).CombinedOutput()
		must(t, string(out), err)
	}
	run("mount", "-t", "tmpfs", "-o", "mode=1777,size="+strconv.Itoa(size), "tmpfs", dir)
	t.Cleanup(func() { run("umount", "--lazy", dir) })
	return dir, func(size int) { run("mount", "-o", "remount,size="+strconv.Itoa(size), dir) }
}

// withSoundOn is withSound where only our side of the PBX matters: the newest
// Asterisk.
func withSoundOn(t *testing.T, change func(*configs.Config)) (*product, *phones.Office) {
	t.Helper()
	office := phones.StartOffice(t, pbx.Options{Version: "22"}, true)
	o := &scenario.Real{PBX: office.PBX, Trunk: office.Trunk}
	p := &product{t: t, office: o, cfg: config(t, o)}
	p.cfg.Recordings.Auto = "inbound"
	change(&p.cfg)
	p.run(p.seed)
	return p, office
}

// A full disk of ours leaves the recording at the PBX and no piece with us; the
// users are told why, and once there is room it is fetched whole.
func TestFullDiskOfRingcardWhileFetching_CO_08(t *testing.T) {
	t.Parallel()
	dir, grow := smallDisk(t, 4<<10)
	p, office := withSoundOn(t, func(c *configs.Config) { c.Recordings.Dir = dir })
	op := p.login("u102").connect()
	phone := office.Phone("102", phones.AnswerAfter(0))
	caller, _ := talking(t, office, phone)
	call := op.until("the talk is recorded", func(c cti.Call) bool { return c.State == cti.Talking && c.Recorded })
	speak(t, speech)
	must(t, "hang up", caller.Hangup(within(t)))
	p.eventually("the users are told", func() bool { return slices.Contains(op.recorded(), "failed:disk_full") })
	list := op.recordings(call.ID)
	if len(list) != 1 || list[0].State != recording.Failed || list[0].RetryAt == nil {
		t.Fatalf("%+v", list)
	}
	if at := storedAt(t, office); len(at) != 1 {
		t.Errorf("the PBX has %v", at)
	}
	pieces, err := filepath.Glob(filepath.Join(dir, ".incoming", "*"))
	if must(t, "pieces", err); len(pieces) != 0 {
		t.Errorf("left %v", pieces)
	}

	grow(1 << 20)
	if status := op.post("/recordings/"+list[0].ID+"/retry", nil, nil, nil); status >= 300 {
		t.Fatalf("retry: %d", status)
	}
	r := op.ready(t, call.ID)
	if n := heard(op.sound(t, r.ID), clientVoice); n < 6 || r.Reason != "" {
		t.Errorf("the client is heard in %d stretches of %+v", n, r)
	}
	p.eventually("the PBX has no copy left", func() bool { return len(storedAt(t, office)) == 0 })
}

// The database hangs while a call is being recorded, and through the whole of
// the next; then Ringcard ends, too. Both recordings lie at the PBX, and after
// the next start each is found and belongs to its call.
func TestDatabaseHangsWhileRecording_CO_08_OP_03_AF_01(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	pg, err := pgserver.Start(within(t), pgserver.Options{Dir: dir, Settings: map[string]string{"fsync": "off"}})
	must(t, "postgresql", err)
	t.Cleanup(func() { must(t, "stop", pg.Stop(context.Background())) })
	p, office := withSoundOn(t, func(c *configs.Config) { c.Database.URL = configs.SecretURL(pg.URL()) })
	t.Cleanup(func() { p.stop() })
	op := p.login("u102").connect()
	phone := office.Phone("102", phones.AnswerAfter(0))

	caller, _ := talking(t, office, phone)
	first := op.until("the talk is recorded", func(c cti.Call) bool { return c.State == cti.Talking && c.Recorded })
	p.eventually("its recording is on record", func() bool { return slices.Contains(op.recorded(), "recording") })
	pids := processes(t, dir)
	signal(t, pids, syscall.SIGSTOP)
	t.Cleanup(func() { signal(t, pids, syscall.SIGCONT) })
	speak(t, speech)
	must(t, "hang up", caller.Hangup(within(t)))
	op.until("the end", func(c cti.Call) bool { return c.ID == first.ID && c.State == cti.Ended })

	caller, _ = talking(t, office, phone)
	second := op.until("the second talk is recorded", func(c cti.Call) bool {
		return c.ID != first.ID && c.State == cti.Talking && c.Recorded
	})
	speak(t, speech)
	must(t, "hang up", caller.Hangup(within(t)))
	op.until("the second end", func(c cti.Call) bool { return c.ID == second.ID && c.State == cti.Ended })
	began := time.Now()
	p.stop()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("with a database that hangs the server stops in %v", took)
	}
	signal(t, pids, syscall.SIGCONT)

	p.run(nil)
	op = p.login("u102")
	for _, id := range []string{first.ID, second.ID} {
		r := op.ready(t, id)
		if n := heard(op.sound(t, r.ID), clientVoice); n < 6 || r.Reason != "" {
			t.Errorf("the client is heard in %d stretches of %+v", n, r)
		}
		if c := op.record(id); !c.Recorded || c.Disposition != string(cti.Answered) || c.Recovered {
			t.Errorf("the record: %+v", c)
		}
	}
	if n := len(op.journal("")); n != 2 {
		t.Errorf("%d records of 2 calls", n)
	}
}
