package train_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// faults returns what an InvalidError says, one line a field.
func faults(t *testing.T, err error) []string {
	t.Helper()
	var bad *domain.InvalidError
	if !errors.As(err, &bad) {
		t.Fatalf("error is %v, want an InvalidError", err)
	}
	var lines []string
	for _, f := range bad.Fields {
		lines = append(lines, f.Field+": "+f.Message)
	}
	return lines
}

func TestIDs(t *testing.T) {
	t.Parallel()
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = train.NewID()
	}
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != len(ids) {
		t.Error("ids are not in the order they were made in, or not unique")
	}
	for _, id := range ids[:10] {
		if !train.IsID(id) || id[14] != '7' {
			t.Errorf("%q is no id, or not of version 7", id)
		}
		for _, other := range []string{strings.ToUpper(id), "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), id[:35] + "g", "", "1"} {
			if train.IsID(other) {
				t.Errorf("%q passes for an id", other)
			}
		}
	}
}

func TestDraftsNameEveryFault(t *testing.T) {
	t.Parallel()
	_, err := train.UserDraft{Email: "x", Role: "king", WeeklyGoal: -1, Bio: strings.Repeat("x", 1001)}.Normalize()
	want := []string{
		`role: "king", expected user, trainer or admin`, "name: empty, expected 1 to 100 characters", `email: "x", expected an address such as name@example.com`,
		"bio: 1001 characters, expected 0 to 1000", "weeklyGoal: -1, expected 0 to 50",
	}
	if diff := cmp.Diff(want, faults(t, err)); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
	_, err = train.ExerciseDraft{Name: " ", Muscle: "ear", Instructions: []string{""}}.Normalize()
	want = []string{
		"name: empty, expected 1 to 120 characters",
		`muscle: "ear", expected one of: chest, back, shoulders, biceps, triceps, forearms, core, quads, hamstrings, glutes, calves, full-body`,
		"instructions[0]: empty, expected 1 to 500 characters",
	}
	if diff := cmp.Diff(want, faults(t, err)); diff != "" {
		t.Errorf("exercise (-want +got):\n%s", diff)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	_, err = train.WorkoutDraft{ExerciseID: "1", DurationSec: 100_000, StartedAt: now.Add(time.Hour), Sets: []train.Set{{Reps: 0, WeightKg: math.NaN()}}}.Normalize(now)
	want = []string{
		`exerciseId: "1", expected an id`, "durationSec: 100000, expected 0 to 86400",
		"startedAt: 2026-11-22T13:00:00Z, expected a time since 2000 that is not in the future",
		"sets[0].reps: 0, expected 1 to 10000", "sets[0].weightKg: NaN, expected 0 to 1000",
	}
	if diff := cmp.Diff(want, faults(t, err)); diff != "" {
		t.Errorf("workout (-want +got):\n%s", diff)
	}
}

func TestAWorkoutWithoutATimeEndsNow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	d, err := train.WorkoutDraft{ExerciseID: train.NewID(), DurationSec: 60, Sets: []train.Set{{Reps: 1}}}.Normalize(now)
	if err != nil || !d.StartedAt.Equal(now.Add(-time.Minute)) {
		t.Errorf("started at %v, %v", d.StartedAt, err)
	}
}

func TestPoints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		draft          train.WorkoutDraft
		volume, points int64
	}{
		{train.WorkoutDraft{Sets: []train.Set{{Reps: 1}}}, 0, 11},
		{train.WorkoutDraft{Sets: []train.Set{{Reps: 3, WeightKg: 0.1}, {Reps: 7, WeightKg: 0.1}}}, 1, 12},
		{train.WorkoutDraft{Sets: []train.Set{{Reps: 10, WeightKg: 100}}, DurationSec: 899}, 1000, 23},
		{train.WorkoutDraft{Sets: []train.Set{{Reps: 10_000, WeightKg: 1000}}}, 10_000_000, 200},
	} {
		if c.draft.Volume() != c.volume || c.draft.Points() != c.points {
			t.Errorf("%+v: volume %d, points %d; want %d, %d", c.draft, c.draft.Volume(), c.draft.Points(), c.volume, c.points)
		}
	}
}
