package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"ringcard/configs"
	"ringcard/crm/recording"
	"ringcard/internal/httpapi"
	"ringcard/internal/postgres"
	"ringcard/push"
)

const (
	// stopTimeout bounds the whole stop: a supervisor's patience is 30 s or
	// more.
	stopTimeout = 20 * time.Second
	// drainTimeout is for requests under way.
	drainTimeout = 5 * time.Second

	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
)

// Options of an App.
type Options struct {
	Config  configs.Config
	Log     *slog.Logger
	Version string
	Demo    bool // tells users that the data are samples
	// Seed fills a fresh database before anything reads it; nil for none.
	Seed func(context.Context, *postgres.DB, httpapi.Services) error
	// Arrived is ari.Options.Arrived of every PBX; nil for none.
	Arrived func(raw []byte, received time.Time)
}

// App is a server in the making or running.
type App struct {
	opt      Options
	log      *slog.Logger
	cleanups cleanups
	metrics  *metrics
	// failed gets the error of a part that ended by itself.
	failed chan error

	db        *postgres.DB
	services  httpapi.Services
	store     *postgres.ClientStore
	hub       *push.Hub
	tickets   push.Tickets
	checks    []httpapi.Check
	telephony *telephony
	pops      *pops
	examiner  *examiner
	tests     *testCalls
	captures  *captures
	keeper    *recording.Keeper
	cached    *cacheKeeper
	pbxFiles  *pbxFiles
	listener  net.Listener
}

// New starts every part in order and listens, without serving yet. On an
// error what had been started is stopped again. The context bounds the start.
func New(ctx context.Context, opt Options) (*App, error) {
	a := &App{opt: opt, log: opt.Log, cleanups: cleanups{log: opt.Log}, metrics: newMetrics(), failed: make(chan error, 4)}
	for _, step := range []func(context.Context) error{
		a.startDatabase, a.startServices, a.startHub, a.startPops, a.startRecordings, a.startTelephony, a.startRouting, a.startExaminer, a.startMaintenance, a.startHTTP,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.stop(ctx))
		}
	}
	return a, nil
}

// URL is where the server listens.
func (a *App) URL() string { return "http://" + a.listener.Addr().String() }

// Run serves until the context ends or a part fails, then stops everything.
func (a *App) Run(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
		a.log.Info("stopping")
	case failure = <-a.failed:
		a.log.Error("stopping after a failure", "error", failure)
	}
	return errors.Join(failure, a.stop(ctx))
}

// stop undoes the start within stopTimeout, also when ctx has ended.
func (a *App) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return a.cleanups.run(ctx)
}

// fail ends Run with the first error.
func (a *App) fail(err error) {
	select {
	case a.failed <- err:
	default:
	}
}

func (a *App) startHTTP(ctx context.Context) error {
	handler, err := a.handler()
	if err != nil {
		return err
	}
	a.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", a.opt.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w; set listen to a free address or stop the other program", err)
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			a.fail(fmt.Errorf("http: %w", err))
		}
	}()
	a.cleanups.add("http", func(ctx context.Context) error {
		defer func() { <-done }()
		drain, cancel := context.WithTimeout(ctx, drainTimeout)
		defer cancel()
		if err := server.Shutdown(drain); err != nil {
			a.log.Warn("requests were cut off", "error", err)
			return server.Close()
		}
		return nil
	})
	a.log.Info("listening", "url", a.URL(), "version", a.opt.Version)
	return nil
}
