package seed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// How much is made.
const (
	people   = 50
	trainers = 5
	workouts = 2000
	weeks    = 12
)

// Report says what was written; the zero value if there was something already.
type Report struct {
	Users, Exercises, Workouts, Favorites, Follows int
}

// Apply fills the repository if it is empty, in one transaction: whole or not
// at all. The people have no password, so nobody can log in as one of them. The last
// workout was before now.
func Apply(ctx context.Context, r train.Repository, now time.Time) (Report, error) {
	var report Report
	err := r.Atomically(ctx, func(r train.Repository) error {
		report = Report{}
		if empty, err := r.Empty(ctx); err != nil || !empty {
			return err
		}
		return fill(ctx, r, now, &report)
	})
	if errors.Is(err, domain.ErrConflict) {
		// Another process seeded at the same time and was first.
		return Report{}, nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("seed: %w", err)
	}
	return report, nil
}

// filling is one run of fill.
type filling struct {
	train.Repository

	random    *rand.Rand
	users     []train.User
	exercises []train.Exercise
	report    *Report
}

func fill(ctx context.Context, r train.Repository, now time.Time, report *Report) error {
	f := &filling{Repository: r, random: rand.New(rand.NewPCG(2026, 11)), report: report}
	for _, draft := range People() {
		u, err := r.CreateUser(ctx, draft)
		if err != nil {
			return err
		}
		f.users = append(f.users, u)
	}
	for i, draft := range Exercises() {
		e, err := r.CreateExercise(ctx, f.users[i%trainers].ID, draft)
		if err != nil {
			return fmt.Errorf("exercise %q: %w", draft.Name, err)
		}
		f.exercises = append(f.exercises, e)
	}
	report.Users, report.Exercises = len(f.users), len(f.exercises)
	if err := f.train(ctx, now); err != nil {
		return err
	}
	return f.like(ctx)
}

// train logs the workouts, by time. A few people do most of them, and a few
// exercises are done by most.
func (f *filling) train(ctx context.Context, now time.Time) error {
	step := weeks * 7 * 24 * time.Hour / (workouts + 1)
	order := f.random.Perm(len(f.exercises))
	for i := range workouts {
		e := f.exercises[order[f.few(len(order))]]
		draft := f.workout(e)
		draft.StartedAt = now.Add(-time.Duration(workouts-i) * step)
		if _, _, err := f.CreateWorkout(ctx, f.users[f.few(len(f.users))].ID, draft); err != nil {
			return fmt.Errorf("workout of %q: %w", e.Name, err)
		}
		f.report.Workouts++
	}
	return nil
}

// few draws a number below n, low ones far more often.
func (f *filling) few(n int) int {
	x := f.random.Float64()
	return int(x * x * float64(n))
}

// workout is as much of an exercise as a person does at a time.
func (f *filling) workout(e train.Exercise) train.WorkoutDraft {
	d := train.WorkoutDraft{ExerciseID: e.ID}
	weight, heaviest := 0.0, loads[e.Equipment]
	if heaviest > 0 {
		weight = 2.5 * float64(1+f.random.IntN(int(heaviest/2.5)))
	}
	if e.Equipment == "cardio-machine" {
		d.Sets = []train.Set{{Reps: 1}}
		d.DurationSec = 60 * (10 + f.random.IntN(40))
		return d
	}
	for range 2 + f.random.IntN(4) {
		d.Sets = append(d.Sets, train.Set{Reps: 5 + f.random.IntN(11), WeightKg: weight})
		d.DurationSec += 60 + 15*f.random.IntN(8)
	}
	return d
}

// like makes favourites and followers.
func (f *filling) like(ctx context.Context) error {
	for i, u := range f.users {
		for _, e := range f.random.Perm(len(f.exercises))[:2+f.random.IntN(6)] {
			if _, err := f.SetFavorite(ctx, u.ID, f.exercises[e].ID); err != nil {
				return err
			}
			f.report.Favorites++
		}
		for _, other := range f.random.Perm(len(f.users))[:1+f.random.IntN(5)] {
			if other == i {
				continue
			}
			if _, err := f.SetFollow(ctx, u.ID, f.users[other].ID); err != nil {
				return err
			}
			f.report.Follows++
		}
	}
	return nil
}
