package studio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/cache"
)

// Options are what a [Studio] works with.
type Options struct {
	// Repository is the primary database. Required.
	Repository train.Repository
	// Redis holds what is cached. Required.
	Redis *redbrick.Client
	// Logger is never told a body or a secret. Nil is silent.
	Logger *slog.Logger
}

// Studio is the service behind the routes. It is safe for concurrent use.
type Studio struct {
	repo train.Repository
	log  *slog.Logger

	exercises *cache.Cache[train.Exercise]
	pages     *cache.Cache[WorkoutList]
	popular   *cache.Cache[[]train.PopularExercise]
	profiles  *cache.Cache[train.User]
}

// Lifetimes of what is cached.
const (
	exerciseTTL = time.Hour
	workoutTTL  = 30 * time.Minute
	profileTTL  = 15 * time.Minute
)

// ExercisesTag is on every response that shows exercises of many: it is invalidated before a change of an exercise is
// answered.
const ExercisesTag = "exercises"

// FavoritesTag is on every response that shows what a user has among his favourites.
func FavoritesTag(userID string) string { return "exercises:favorites:" + userID }

// New makes the studio. Redis need not be there.
func New(o Options) (*Studio, error) {
	if o.Repository == nil || o.Redis == nil {
		return nil, errors.New("studio: Options.Repository and Options.Redis are required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Studio{repo: o.Repository, log: o.Logger}
	var faults [4]error
	s.exercises, faults[0] = cache.New(o.Redis, "exercise", cache.Options[train.Exercise]{
		// An id that nobody has is found out by the primary key: remembering it would let anybody fill Redis with ids.
		TTL: exerciseTTL, KeepBytes: true, NegativeTTL: -1, Load: func(ctx context.Context, id string) (train.Exercise, error) {
			return found(s.repo.Exercise(ctx, id))
		},
	})
	s.pages, faults[1] = cache.New(o.Redis, "workouts:user", cache.Options[WorkoutList]{
		TTL: workoutTTL, KeepBytes: true, Load: s.loadPage, Tags: pageTags,
	})
	s.popular, faults[2] = cache.New(o.Redis, "workouts", cache.Options[[]train.PopularExercise]{
		TTL: workoutTTL, Load: func(ctx context.Context, _ string) ([]train.PopularExercise, error) {
			return s.repo.PopularExercises(ctx, popularLimit)
		},
	})
	s.profiles, faults[3] = cache.New(o.Redis, "user:profile", cache.Options[train.User]{
		TTL: profileTTL, NegativeTTL: -1, Load: func(ctx context.Context, id string) (train.User, error) { return found(s.repo.User(ctx, id)) },
	})
	if err := errors.Join(faults[:]...); err != nil {
		return nil, fmt.Errorf("studio: %w", err)
	}
	return s, nil
}

// CacheStats returns the figures of each cache in this process, by name.
func (s *Studio) CacheStats() map[string]cache.Stats {
	all := map[string]cache.Stats{}
	for _, figures := range []interface {
		Name() string
		Stats() cache.Stats
	}{s.exercises, s.pages, s.popular, s.profiles} {
		all[figures.Name()] = figures.Stats()
	}
	return all
}

// writeTime is how long a change may take once it was begun: it is not given up
// because its client leaves, so that what was committed is dropped from the caches.
const writeTime = 10 * time.Second

// detached is the context of a change: it has the values of ctx and a time of its own.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), writeTime)
}

// dropped logs that something could not be dropped now: the cache repeats that when
// Redis is back, and until then this process does not believe what is there.
func (s *Studio) dropped(ctx context.Context, what string, errs ...error) {
	if err := errors.Join(errs...); err != nil {
		s.log.WarnContext(ctx, "dropped when redis is back", "what", what, "error", err)
	}
}

// found turns the repository's "not found" into the cache's.
func found[V any](v V, err error) (V, error) {
	if errors.Is(err, domain.ErrNotFound) {
		return v, fmt.Errorf("%w: %w", cache.ErrNotFound, err)
	}
	return v, err
}

// missing turns the cache's "not found", as another program may have written it, into the domain's.
func missing(what, id string, err error) error {
	if errors.Is(err, cache.ErrNotFound) && !errors.Is(err, domain.ErrNotFound) {
		return domain.Refuse(domain.ErrNotFound, what+" %s is not there", id)
	}
	return err
}
