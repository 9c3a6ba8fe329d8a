package redbrick

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/redbrick-go/redbrick/engine"
)

// folders are the engines of this process that keep a folder. A folder belongs to one engine at a time, so clients that
// name the same one share it.
var folders folderEngines

type folderEngines struct {
	mu   sync.Mutex // held while an engine opens or closes: the next to come needs the folder as that leaves it
	open []*sharedEngine
}

// sharedEngine is an engine with the clients that use it counted.
type sharedEngine struct {
	*engine.Engine

	options engine.Options // without the Logger, which is the first client's
	folder  os.FileInfo    // nil in memory: such an engine has one client
	clients int            // guarded by folders.mu
}

// openEngine gives the engine of a URL. Every call is paired with one of release.
func openEngine(o engine.Options, log *slog.Logger) (*sharedEngine, error) {
	if o.Dir == "" {
		return startEngine(o, log)
	}
	return folders.take(o, log)
}

func startEngine(o engine.Options, log *slog.Logger) (*sharedEngine, error) {
	s := &sharedEngine{options: o, clients: 1}
	o.Logger = log
	var err error
	switch s.Engine, err = engine.Open(o); {
	case err == nil:
		return s, nil
	case errors.Is(err, engine.ErrOptions), errors.Is(err, engine.ErrNewer):
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	default:
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
}

// take joins the engine that has the folder, or starts one.
func (f *folderEngines) take(o engine.Options, log *slog.Logger) (*sharedEngine, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.find(o.Dir, log); s != nil {
		if !sameEngine(s.options, o) {
			return nil, fmt.Errorf("%w: the folder %s is open in this process with other settings (fsync, listen, maxmemory, password), expected the same in every URL", ErrConfig, o.Dir)
		}
		s.clients++
		return s, nil
	}
	s, err := startEngine(o, log)
	if err != nil {
		return nil, err
	}
	if s.folder, err = os.Stat(o.Dir); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrUnavailable, err), s.Close())
	}
	f.open = append(f.open, s)
	return s, nil
}

// sameEngine compares what two URLs ask of one folder, by whatever path they name it.
func sameEngine(a, b engine.Options) bool {
	a.Dir, b.Dir = "", ""
	return a == b
}

// find gives the engine that has the folder. One that was told to end by SHUTDOWN lets it go.
func (f *folderEngines) find(dir string, log *slog.Logger) *sharedEngine {
	info, err := os.Stat(dir)
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(f.open, func(s *sharedEngine) bool { return os.SameFile(s.folder, info) })
	if i < 0 {
		return nil
	}
	s := f.open[i]
	select {
	case <-s.Done():
		f.open = slices.Delete(f.open, i, i+1)
		if err := s.Close(); err != nil {
			log.Warn("the embedded engine that ended by SHUTDOWN did not let its folder go", "dir", dir, "error", err)
		}
		return nil
	default:
		return s
	}
}

// release lets the engine go. After its last client it ends, with everything on disk if it keeps a folder.
func (s *sharedEngine) release() error {
	if s.folder == nil {
		return s.Close()
	}
	folders.mu.Lock()
	defer folders.mu.Unlock()
	if s.clients--; s.clients > 0 {
		return nil
	}
	if i := slices.Index(folders.open, s); i >= 0 {
		folders.open = slices.Delete(folders.open, i, i+1)
	}
	return s.Close()
}
