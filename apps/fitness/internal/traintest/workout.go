package traintest

import (
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/contracttest"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

func workoutCreateAndList(t *testing.T, r train.Repository) {
	user, other := aUser(t, r, "a@example.com"), aUser(t, r, "b@example.com")
	e := anExercise(t, r, user.ID, "Press")
	at := time.Date(2026, 3, 1, 7, 30, 0, 123_456_789, time.FixedZone("", 7*3600))
	draft := train.WorkoutDraft{ExerciseID: e.ID, Sets: []train.Set{{Reps: 10, WeightKg: 62.5}, {Reps: 8}}, StartedAt: at, DurationSec: 601}
	w, total, err := r.CreateWorkout(t.Context(), user.ID, draft)
	contracttest.NoErrors(t, []error{err})
	contracttest.Same(t, "created", w, train.Workout{
		ID: w.ID, UserID: user.ID, ExerciseID: e.ID, ExerciseName: "Press", Sets: draft.Sets, StartedAt: at.Truncate(time.Millisecond).UTC(), DurationSec: 601,
		Volume: 625, Points: 10 + 2 + 2 + 6, CreatedAt: w.CreatedAt,
	})
	if !train.IsID(w.ID) || w.CreatedAt.IsZero() || total != 1 {
		t.Errorf("id %q, created at %v, %d workouts", w.ID, w.CreatedAt, total)
	}
	draft.StartedAt = at.Add(-time.Hour)
	earlier, total, err := r.CreateWorkout(t.Context(), user.ID, draft)
	contracttest.NoErrors(t, []error{err})
	contracttest.Same(t, "total", total, 2)
	_, _, err = r.CreateWorkout(t.Context(), other.ID, draft)
	contracttest.NoErrors(t, []error{err})
	for _, c := range []struct {
		page train.Page
		want []train.Workout
	}{
		{train.Page{}, []train.Workout{w, earlier}}, {train.Page{Number: 2, Limit: 1}, []train.Workout{earlier}}, {train.Page{Number: 3, Limit: 1}, []train.Workout{}},
	} {
		got, total, err := r.ListWorkouts(t.Context(), user.ID, c.page)
		contracttest.NoErrors(t, []error{err})
		contracttest.Same(t, "page", got, c.want)
		contracttest.Same(t, "total of the list", total, 2)
	}
}

func workoutRefused(t *testing.T, r train.Repository) {
	user := aUser(t, r, "a@example.com")
	e := anExercise(t, r, user.ID, "Press")
	sets := []train.Set{{Reps: 1}}
	for _, d := range []train.WorkoutDraft{
		{Sets: sets}, {ExerciseID: nobody, Sets: sets}, {ExerciseID: e.ID}, {ExerciseID: e.ID, Sets: []train.Set{{Reps: 0}}},
		{ExerciseID: e.ID, Sets: sets, DurationSec: -1}, {ExerciseID: e.ID, Sets: sets, StartedAt: time.Now().Add(time.Hour)},
	} {
		_, _, err := r.CreateWorkout(t.Context(), user.ID, d)
		contracttest.WantErr(t, err, domain.ErrInvalid)
	}
	_, _, err := r.CreateWorkout(t.Context(), nobody, train.WorkoutDraft{ExerciseID: e.ID, Sets: sets})
	contracttest.WantErr(t, err, domain.ErrNotFound)
	_, total, err := r.ListWorkouts(t.Context(), user.ID, train.Page{})
	contracttest.NoErrors(t, []error{err})
	contracttest.Same(t, "workouts", total, 0)
}

func workoutConcurrent(t *testing.T, r train.Repository) {
	user := aUser(t, r, "a@example.com")
	e := anExercise(t, r, user.ID, "Press")
	contracttest.NoErrors(t, contracttest.Together(8, func(int) error {
		_, _, err := r.CreateWorkout(t.Context(), user.ID, train.WorkoutDraft{ExerciseID: e.ID, Sets: []train.Set{{Reps: 1}}})
		return err
	}))
	got, total, err := r.ListWorkouts(t.Context(), user.ID, train.Page{})
	contracttest.NoErrors(t, []error{err})
	if len(got) != 8 || total != 8 {
		t.Errorf("%d workouts on the page, %d in all, want 8", len(got), total)
	}
}

func workoutPopular(t *testing.T, r train.Repository) {
	a, b := aUser(t, r, "a@example.com"), aUser(t, r, "b@example.com")
	squat, press, row := anExercise(t, r, a.ID, "Squat"), anExercise(t, r, a.ID, "press"), anExercise(t, r, a.ID, "Row")
	anExercise(t, r, a.ID, "Nobody does this")
	for _, done := range []struct{ user, exercise string }{{a.ID, row.ID}, {a.ID, row.ID}, {b.ID, row.ID}, {a.ID, squat.ID}, {b.ID, press.ID}} {
		_, _, err := r.CreateWorkout(t.Context(), done.user, train.WorkoutDraft{ExerciseID: done.exercise, Sets: []train.Set{{Reps: 1}}})
		contracttest.NoErrors(t, []error{err})
	}
	entry := func(e train.Exercise, workouts, athletes int64) train.PopularExercise {
		return train.PopularExercise{ExerciseID: e.ID, Name: e.Name, Muscle: e.Muscle, Equipment: e.Equipment, Workouts: workouts, Athletes: athletes}
	}
	contracttest.Same(t, "popular", ok[[]train.PopularExercise](t)(r.PopularExercises(t.Context(), 10)),
		[]train.PopularExercise{entry(row, 3, 2), entry(press, 1, 1), entry(squat, 1, 1)})
	contracttest.Same(t, "the first", len(ok[[]train.PopularExercise](t)(r.PopularExercises(t.Context(), 1))), 1)
}
