// Package pbx runs real Asterisk servers for tests, benchmarks and development.
//
// install.sh puts Asterisk 22 (Debian forky) and 16 (Debian bullseye) into
// trees of their own in a cache folder; each [Asterisk] is one process in such
// a tree, with its own configuration, ports on 127.0.0.1 and folders, so that
// several run side by side:
//
//	trunk := phones.NewTrunk(t, phones.TrunkConfig{})
//	office := pbx.Start(t, pbx.Options{Version: "22", TrunkAddr: trunk.Addr()})
//
// The office it plays is an ordinary one: phones 101..107, a trunk, queues and
// ring groups written with Queue() and Dial(). Nothing in its dialplan knows of
// Ringcard. The files are in config/.
//
// # Ways in from the trunk (context from-trunk)
//
//	4951000101  Queue(sales), ring-all: 101, 102, 103
//	4951000102  Dial 102, 20 s
//	4951000103  ring group 101 & 102 & 103, 15 s
//	4951000104  Queue(support), linear: 101, then 102, then 103
//	4951000105  Dial 105, 3 s, then hang-up: a missed call
//	4951000106  IVR: answered by the PBX, then Queue(sales) after 2 s; 1 dials 101
//	4951000107  Dial 106, 1 s, then voice mail
//	4951000109  ring group through Local channels: 101, 102
//	4951000110  follow me: 101 for 1 s, then 79161112233, through Local channels
//	4951000111  Queue "impatient": 101, 102, 103 in turn, 1 s each
//	4952000XXX  Dial XXX
//
// Phones (context office) dial one another as 1XX, the sales queue as 200, a
// conference as 800, parked calls as 701..720, and the trunk with any number of five
// digits and more that starts with 7, 8 or 9, and any that starts with 00 or +. In a
// call ## is blind transfer (##700 parks), *2 attended transfer; *8 picks up a
// ringing call.
//
// # Failure behaviour
//
// A process that exits or does not answer within [Options.StartTimeout] makes
// Run fail with the tail of its log. The process dies with the one that started
// it; folders that a killed run left behind are removed by the next Run.
package pbx
