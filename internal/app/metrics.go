package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ringcard/ari"
	"ringcard/crm/recording"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/push"
)

// metrics is everything at /metrics (PB-12), in a registry of its own.
type metrics struct {
	registry *prometheus.Registry
	http     *httpapi.Metrics

	frames      *prometheus.CounterVec
	unknown     *prometheus.CounterVec
	bad         *prometheus.CounterVec
	connects    *prometheus.CounterVec
	isConnected *prometheus.GaugeVec

	events    *prometheus.CounterVec
	turnWait  prometheus.Histogram
	shown     prometheus.Histogram
	lookup    *prometheus.HistogramVec
	save      prometheus.Histogram
	saveFails prometheus.Counter
	posts     *prometheus.CounterVec
	live      *prometheus.GaugeVec
	ended     *prometheus.CounterVec

	resyncs    *prometheus.CounterVec
	gaps       *prometheus.CounterVec
	unseen     *prometheus.CounterVec
	spool      prometheus.Gauge
	cdrReads   *prometheus.CounterVec
	cdrResults *prometheus.CounterVec

	recordingsFetched *prometheus.CounterVec
	recordingsBytes   prometheus.Counter
	recordingsDeleted prometheus.Counter
	recordingsOrphans *prometheus.GaugeVec
}

// fast are buckets in seconds for what should take well below the 300 ms of a
// lookup.
var fast = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .3, 1, 5}

func newMetrics() *metrics {
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		frames:      counter("ringcard_pbx_frames_total", "Frames read from a PBX.", "pbx"),
		unknown:     counter("ringcard_pbx_unknown_events_total", "Events of types this version does not know.", "pbx", "type"),
		bad:         counter("ringcard_pbx_bad_frames_total", "Frames that are no event.", "pbx"),
		connects:    counter("ringcard_pbx_connects_total", "Attempts to connect, by result.", "pbx", "result"),
		isConnected: gauge("ringcard_pbx_connected", "1 while events flow from the PBX.", "pbx"),
		events:      counter("ringcard_engine_events_total", "Events applied by the engine, by kind.", "kind"),
		turnWait:    histogram("ringcard_engine_turn_wait_seconds", "Time an event of a PBX waited for its turn in the engine."),
		shown:       histogram("ringcard_pop_seconds", "From the arrival of the PBX's frame to the hand-over to the screens."),
		lookup: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ringcard_lookup_seconds", Help: "Search for the client of a number, by result.", Buckets: fast,
		}, []string{"result"}),
		save:      histogram("ringcard_journal_save_seconds", "Time to write a call record."),
		posts:     counter("ringcard_pop_posts_total", "Posts of calls to a foreign CRM, by what became of them.", "result"),
		saveFails: prometheus.NewCounter(prometheus.CounterOpts{Name: "ringcard_journal_save_failures_total", Help: "Call records not written at the first try."}),
		live:      gauge("ringcard_calls_live", "Calls up now.", "pbx"),
		ended:     counter("ringcard_calls_ended_total", "Calls ended, by direction and disposition.", "direction", "disposition"),

		resyncs: counter("ringcard_resyncs_total", "Snapshots of a PBX that memory was made equal to.", "pbx"),
		gaps:    counter("ringcard_gap_seconds_total", "Time without events from a PBX.", "pbx"),
		unseen:  counter("ringcard_resync_calls_total", "Calls met by a resync: kept, appeared, ended unseen.", "pbx", "result"),
		spool: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ringcard_journal_spool", Help: "Ended calls that wait as files for the journal.",
		}),
		cdrReads:   counter("ringcard_cdr_reads_total", "Reads of a PBX's own call records.", "pbx", "result"),
		cdrResults: counter("ringcard_cdr_calls_total", "Calls recovered or corrected from a PBX's own records.", "pbx", "result"),

		recordingsFetched: counter("ringcard_recordings_fetched_total", "Recordings brought to our storage, or failed for the reason.", "result"),
		recordingsBytes:   prometheus.NewCounter(prometheus.CounterOpts{Name: "ringcard_recordings_bytes_total", Help: "Bytes of recordings brought to our storage."}),
		recordingsDeleted: prometheus.NewCounter(prometheus.CounterOpts{Name: "ringcard_recordings_deleted_total", Help: "Recordings deleted by retention."}),
		recordingsOrphans: gauge("ringcard_recordings_orphans", "Found by the last nightly comparison: files of no record, records without their file.", "kind"),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.frames, m.unknown, m.bad, m.connects, m.isConnected,
		m.events, m.turnWait, m.shown, m.lookup, m.save, m.saveFails, m.posts, m.live, m.ended,
		m.resyncs, m.gaps, m.unseen, m.spool, m.cdrReads, m.cdrResults,
		m.recordingsFetched, m.recordingsBytes, m.recordingsDeleted, m.recordingsOrphans)
	m.http = httpapi.NewMetrics(m.registry)
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: fast})
}

func (m *metrics) page() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// engine returns the hooks of the engines and the recorder.
func (m *metrics) engine() *cti.Metrics {
	return &cti.Metrics{
		Event:    func(kind string) { m.events.WithLabelValues(kind).Inc() },
		TurnWait: func(d time.Duration) { m.turnWait.Observe(d.Seconds()) },
		Shown:    func(d time.Duration) { m.shown.Observe(d.Seconds()) },
		Lookup:   func(d time.Duration, result string) { m.lookup.WithLabelValues(result).Observe(d.Seconds()) },
		JournalSave: func(d time.Duration, err error) {
			m.save.Observe(d.Seconds())
			if err != nil {
				m.saveFails.Inc()
			}
		},
		LiveCalls: func(pbx string, n int) { m.live.WithLabelValues(pbx).Set(float64(n)) },
		CallEnded: func(direction, disposition string) { m.ended.WithLabelValues(direction, disposition).Inc() },
		Resynced: func(pbx string, r cti.Resynced) {
			m.resyncs.WithLabelValues(pbx).Inc()
			m.gaps.WithLabelValues(pbx).Add(r.Gap.Seconds())
			m.unseen.WithLabelValues(pbx, "kept").Add(float64(r.Kept))
			m.unseen.WithLabelValues(pbx, "appeared").Add(float64(r.Appeared))
			m.unseen.WithLabelValues(pbx, "ended").Add(float64(r.Ended))
		},
		Spooled: func(n int) { m.spool.Set(float64(n)) },
		CDRRead: func(pbx string, err error) {
			result := "ok"
			if err != nil {
				result = "failed"
			}
			m.cdrReads.WithLabelValues(pbx, result).Inc()
		},
		FromCDR: func(pbx, result string) { m.cdrResults.WithLabelValues(pbx, result).Inc() },
	}
}

// recordings returns the hooks of the service of recordings.
func (m *metrics) recordings() recording.Metrics {
	return recording.Metrics{
		Fetched: func(_ time.Duration, bytes int64) {
			m.recordingsFetched.WithLabelValues("ready").Inc()
			m.recordingsBytes.Add(float64(bytes))
		},
		Failed: func(reason recording.Reason) { m.recordingsFetched.WithLabelValues(string(reason)).Inc() },
		Orphans: func(files, missing int) {
			m.recordingsOrphans.WithLabelValues("file").Set(float64(files))
			m.recordingsOrphans.WithLabelValues("record").Set(float64(missing))
		},
		Deleted: func(n int) { m.recordingsDeleted.Add(float64(n)) },
	}
}

// pbx returns the hooks of one connection.
func (m *metrics) pbx(name string) ari.Metrics {
	m.isConnected.WithLabelValues(name).Set(0)
	return ari.Metrics{
		Frame:   m.frames.WithLabelValues(name).Inc,
		Unknown: func(kind string) { m.unknown.WithLabelValues(name, kind).Inc() },
		Bad:     m.bad.WithLabelValues(name).Inc,
		Connect: func(result string) { m.connects.WithLabelValues(name, result).Inc() },
	}
}

func (m *metrics) connected(name string, yes bool) {
	value := 0.0
	if yes {
		value = 1
	}
	m.isConnected.WithLabelValues(name).Set(value)
}

// popPosted counts a post to a foreign CRM.
func (m *metrics) popPosted(result string) { m.posts.WithLabelValues(result).Inc() }

func (m *metrics) watchRecorder(r *cti.Recorder) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ringcard_journal_backlog", Help: "Call records that wait to be written.",
	}, func() float64 { return float64(r.Backlog()) }))
}

func (m *metrics) watchHub(hub *push.Hub) { m.registry.MustRegister(hubCollector{hub}) }

// hubCollector reads the hub's own counters at each scrape.
type hubCollector struct{ hub *push.Hub }

var (
	descConnections = prometheus.NewDesc("ringcard_stream_connections", "Open streams of this node.", nil, nil)
	descUsers       = prometheus.NewDesc("ringcard_stream_users", "Users with an open stream at this node.", nil, nil)
	descPublished   = prometheus.NewDesc("ringcard_stream_published_total", "Messages handed to the hub.", nil, nil)
	descDelivered   = prometheus.NewDesc("ringcard_stream_delivered_total", "Messages written to streams.", nil, nil)
	descSnapshots   = prometheus.NewDesc("ringcard_stream_snapshots_total", "Streams begun with a snapshot.", nil, nil)
	descResumed     = prometheus.NewDesc("ringcard_stream_resumed_total", "Streams resumed where they broke off.", nil, nil)
	descClosed      = prometheus.NewDesc("ringcard_stream_closed_total", "Streams closed, by code.", []string{"code"}, nil)
)

// Describe implements prometheus.Collector.
func (c hubCollector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect implements prometheus.Collector.
func (c hubCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.hub.Stats()
	ch <- prometheus.MustNewConstMetric(descConnections, prometheus.GaugeValue, float64(s.Connections))
	ch <- prometheus.MustNewConstMetric(descUsers, prometheus.GaugeValue, float64(s.Users))
	ch <- prometheus.MustNewConstMetric(descPublished, prometheus.CounterValue, float64(s.Published))
	ch <- prometheus.MustNewConstMetric(descDelivered, prometheus.CounterValue, float64(s.Delivered))
	ch <- prometheus.MustNewConstMetric(descSnapshots, prometheus.CounterValue, float64(s.Snapshots))
	ch <- prometheus.MustNewConstMetric(descResumed, prometheus.CounterValue, float64(s.Resumed))
	for code, n := range s.Closed {
		ch <- prometheus.MustNewConstMetric(descClosed, prometheus.CounterValue, float64(n), strconv.Itoa(int(code)))
	}
}
