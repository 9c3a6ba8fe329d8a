package cli

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/redbrick-go/redbrick/engine"
)

func engineVerb() verb {
	return verb{
		name: "engine", args: "--listen ADDR [--dir DIR] [--fsync POLICY] [--password-env NAME]",
		short: "serves the embedded engine alone, to any Redis client",
		about: `Serves the embedded engine over TCP or a Unix socket until SIGINT, SIGTERM or SHUTDOWN, which end it when all that was
written is on disk. A second signal ends it at once. Without a password only this machine is served.`,
		run: runEngine,
	}
}

func runEngine(p *Process) error {
	options, err := engineOptions(p)
	if err != nil {
		return err
	}
	engine.RaiseProcs()
	options.Logger = slog.New(slog.NewTextHandler(p.Stderr, nil))
	e, err := engine.Open(options)
	switch {
	case errors.Is(err, engine.ErrOptions) && options.Password == "":
		return usagef("--listen: %w; --password-env gives one", err)
	case errors.Is(err, engine.ErrOptions):
		return usagef("--listen: %w", err)
	case err != nil:
		return err
	}
	where := "in memory"
	if options.Dir != "" {
		where = "in " + options.Dir
	}
	fmt.Fprintf(p.Stderr, "redbrick engine: ready at %s, data %s\n", e.Addr(), where)
	select {
	case <-e.Done():
	case <-p.Signals:
	}
	return p.end(e.Close)
}

// engineOptions reads the flags.
func engineOptions(p *Process) (engine.Options, error) {
	var o engine.Options
	p.flags.StringVar(&o.Listen, "listen", "", "`ADDR` to serve: 127.0.0.1:6379, port 0 for any free one, or the path of a Unix socket")
	p.flags.StringVar(&o.Dir, "dir", "", "`DIR` to keep the data in; without it they end with the process")
	p.flags.Func("fsync", "`POLICY` of writes to disk: always, everysec or no (everysec)", func(s string) error {
		o.Fsync = engine.Fsync(s)
		switch o.Fsync {
		case engine.FsyncAlways, engine.FsyncEverySecond, engine.FsyncNo:
			return nil
		}
		return errors.New("expected always, everysec or no")
	})
	variable := p.flags.String("password-env", "", "`NAME` of the environment variable that holds the password")
	if err := p.parse(0); err != nil {
		return o, err
	}
	if o.Listen == "" {
		return o, usagef("--listen is empty, expected an address (127.0.0.1:6379) or the path of a Unix socket")
	}
	if *variable != "" {
		if o.Password = p.Env(*variable); o.Password == "" {
			return o, usagef("--password-env is %q, expected the name of an environment variable that holds a password: this one is empty", *variable)
		}
	}
	if o.Fsync != "" && o.Dir == "" {
		return o, usagef("--fsync is %q, expected a --dir beside it: nothing is written without one", o.Fsync)
	}
	return o, nil
}

// end waits for a graceful end; a signal meanwhile gives it up.
func (p *Process) end(graceful func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- graceful() }()
	select {
	case err := <-ended:
		return err
	case s := <-p.Signals:
		return fmt.Errorf("ended by a second signal (%s) before all was on disk: what was written last may be lost", s)
	}
}
