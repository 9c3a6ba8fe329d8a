package traintest

import (
	"fmt"
	"testing"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/contracttest"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

func exerciseCreateAndRead(t *testing.T, r train.Repository) {
	user := aUser(t, r, "a@example.com")
	e := ok[train.Exercise](t)(r.CreateExercise(t.Context(), user.ID, train.ExerciseDraft{
		Name: " Hít đất ", Description: "100% <b>own</b> weight \\ 日本", Muscle: " Chest", Level: "Advanced", Instructions: []string{" Down. ", "Up."},
	}))
	contracttest.Same(t, "created", e, train.Exercise{
		ID: e.ID, Name: "Hít đất", Description: "100% <b>own</b> weight \\ 日本", Muscle: "chest", Equipment: "none", Level: "advanced",
		Instructions: []string{"Down.", "Up."}, CreatedBy: user.ID, CreatedAt: e.CreatedAt, UpdatedAt: e.CreatedAt,
	})
	if !train.IsID(e.ID) || e.CreatedAt.IsZero() {
		t.Errorf("id %q, created at %v", e.ID, e.CreatedAt)
	}
	contracttest.Same(t, "read back", ok[train.Exercise](t)(r.Exercise(t.Context(), e.ID)), e)
	bare := anExercise(t, r, user.ID, "Bare")
	contracttest.Same(t, "no instructions", ok[train.Exercise](t)(r.Exercise(t.Context(), bare.ID)).Instructions, []string{})
	_, err := r.Exercise(t.Context(), nobody)
	contracttest.WantErr(t, err, domain.ErrNotFound)
}

func exerciseRefused(t *testing.T, r train.Repository) {
	user := aUser(t, r, "a@example.com")
	for _, d := range []train.ExerciseDraft{{}, {Name: "x"}, {Name: "x", Muscle: "ear"}, {Name: "a\x00b", Muscle: "core"}, {Name: "x", Muscle: "core", Level: "hard"}} {
		_, err := r.CreateExercise(t.Context(), user.ID, d)
		contracttest.WantErr(t, err, domain.ErrInvalid)
	}
	_, err := r.CreateExercise(t.Context(), nobody, train.ExerciseDraft{Name: "x", Muscle: "core"})
	contracttest.WantErr(t, err, domain.ErrNotFound)
	contracttest.Same(t, "exercises", count(t, r), 0)
}

func exercisePartialUpdate(t *testing.T, r train.Repository) {
	old := anExercise(t, r, aUser(t, r, "a@example.com").ID, "Press")
	contracttest.Same(t, "empty patch", ok[train.Exercise](t)(r.UpdateExercise(t.Context(), old.ID, train.ExercisePatch{})), old)
	want := old
	update := func(what string, p train.ExercisePatch) {
		t.Helper()
		got := ok[train.Exercise](t)(r.UpdateExercise(t.Context(), old.ID, p))
		want.UpdatedAt = got.UpdatedAt
		contracttest.Same(t, what, got, want)
		contracttest.Same(t, what+" read back", ok[train.Exercise](t)(r.Exercise(t.Context(), old.ID)), want)
	}
	want.Name = "BENCH Press"
	update("name", train.ExercisePatch{Name: &want.Name})
	want.Description = "Lie down."
	update("description", train.ExercisePatch{Description: &want.Description})
	want.Muscle, want.Equipment, want.Level = "triceps", "barbell", "intermediate"
	update("words", train.ExercisePatch{Muscle: &want.Muscle, Equipment: &want.Equipment, Level: &want.Level})
	want.Instructions = []string{"Lie.", "Press."}
	update("instructions", train.ExercisePatch{Instructions: &want.Instructions})
	found, _, err := r.ListExercises(t.Context(), train.ExerciseFilter{Query: "bench", Muscle: "triceps"})
	contracttest.Same(t, "found by the new name", found, []train.Exercise{want})
	contracttest.NoErrors(t, []error{err})
	bad := "ear"
	_, err = r.UpdateExercise(t.Context(), old.ID, train.ExercisePatch{Muscle: &bad})
	contracttest.WantErr(t, err, domain.ErrInvalid)
	_, err = r.UpdateExercise(t.Context(), nobody, train.ExercisePatch{Name: &want.Name})
	contracttest.WantErr(t, err, domain.ErrNotFound)
}

func exerciseConcurrentUpdates(t *testing.T, r train.Repository) {
	e := anExercise(t, r, aUser(t, r, "a@example.com").ID, "Press")
	for round := range 10 {
		name, description := fmt.Sprintf("Press %d", round), fmt.Sprint(round)
		contracttest.NoErrors(t, contracttest.Together(2, func(i int) error {
			_, err := r.UpdateExercise(t.Context(), e.ID, [...]train.ExercisePatch{{Name: &name}, {Description: &description}}[i])
			return err
		}))
		if got := ok[train.Exercise](t)(r.Exercise(t.Context(), e.ID)); got.Name != name || got.Description != description {
			t.Fatalf("round %d: an update was lost: %+v", round, got)
		}
	}
}

func exerciseList(t *testing.T, r train.Repository) {
	user := aUser(t, r, "a@example.com")
	for _, d := range []train.ExerciseDraft{
		{Name: "squat", Muscle: "quads", Equipment: "barbell"}, {Name: "Đứng lên", Muscle: "quads"}, {Name: "Bench press", Muscle: "chest", Equipment: "barbell"},
		{Name: "Air squat", Muscle: "quads", Description: "100% free"}, {Name: "Curl", Muscle: "biceps", Equipment: "dumbbell", Description: "1000 free"},
	} {
		if _, err := r.CreateExercise(t.Context(), user.ID, d); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		filter train.ExerciseFilter
		want   []string
		total  int
	}{
		{train.ExerciseFilter{}, []string{"Air squat", "Bench press", "Curl", "squat", "Đứng lên"}, 5},
		{train.ExerciseFilter{Page: train.Page{Number: 2, Limit: 2}}, []string{"Curl", "squat"}, 5},
		{train.ExerciseFilter{Page: train.Page{Number: 9}}, []string{}, 5},
		{train.ExerciseFilter{Page: train.Page{Number: 1 << 60}}, []string{}, 5},
		{train.ExerciseFilter{Muscle: "QUADS"}, []string{"Air squat", "squat", "Đứng lên"}, 3},
		{train.ExerciseFilter{Muscle: "quads", Equipment: "barbell"}, []string{"squat"}, 1},
		{train.ExerciseFilter{Query: " ĐỨNG"}, []string{"Đứng lên"}, 1},
		{train.ExerciseFilter{Query: "0% f"}, []string{"Air squat"}, 1},
		{train.ExerciseFilter{Query: "s_uat"}, []string{}, 0},
		{train.ExerciseFilter{Query: "free", Muscle: "biceps"}, []string{"Curl"}, 1},
	} {
		page, total, err := r.ListExercises(t.Context(), c.filter)
		if err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, e := range page {
			names = append(names, e.Name)
		}
		contracttest.Same(t, fmt.Sprintf("%+v", c.filter), names, c.want)
		contracttest.Same(t, fmt.Sprintf("%+v: total", c.filter), total, c.total)
	}
}

func exerciseDelete(t *testing.T, r train.Repository) {
	user := aUser(t, r, "a@example.com")
	e := anExercise(t, r, user.ID, "Press")
	w, _, err := r.CreateWorkout(t.Context(), user.ID, train.WorkoutDraft{ExerciseID: e.ID, Sets: []train.Set{{Reps: 1}}})
	contracttest.NoErrors(t, []error{err})
	ok[bool](t)(r.SetFavorite(t.Context(), user.ID, e.ID))
	contracttest.NoErrors(t, []error{r.DeleteExercise(t.Context(), e.ID)})
	contracttest.WantErr(t, r.DeleteExercise(t.Context(), e.ID), domain.ErrNotFound)
	_, err = r.Exercise(t.Context(), e.ID)
	contracttest.WantErr(t, err, domain.ErrNotFound)
	contracttest.Same(t, "favourites", ok[[]train.Exercise](t)(r.Favorites(t.Context(), user.ID)), []train.Exercise{})
	w.ExerciseID = ""
	kept, _, err := r.ListWorkouts(t.Context(), user.ID, train.Page{})
	contracttest.NoErrors(t, []error{err})
	contracttest.Same(t, "workouts", kept, []train.Workout{w})
	contracttest.Same(t, "popular", ok[[]train.PopularExercise](t)(r.PopularExercises(t.Context(), 10)), []train.PopularExercise{})
}

func favoriteSetAndUnset(t *testing.T, r train.Repository) {
	user := aUser(t, r, "a@example.com")
	e := anExercise(t, r, user.ID, "Press")
	if !ok[bool](t)(r.SetFavorite(t.Context(), user.ID, e.ID)) || ok[bool](t)(r.SetFavorite(t.Context(), user.ID, e.ID)) {
		t.Error("set other than once")
	}
	contracttest.Same(t, "favourites", ok[[]train.Exercise](t)(r.Favorites(t.Context(), user.ID)), []train.Exercise{e})
	if !ok[bool](t)(r.UnsetFavorite(t.Context(), user.ID, e.ID)) || ok[bool](t)(r.UnsetFavorite(t.Context(), user.ID, e.ID)) {
		t.Error("taken away other than once")
	}
	contracttest.Same(t, "favourites", ok[[]train.Exercise](t)(r.Favorites(t.Context(), user.ID)), []train.Exercise{})
	_, err := r.SetFavorite(t.Context(), user.ID, nobody)
	contracttest.WantErr(t, err, domain.ErrNotFound)
	_, err = r.SetFavorite(t.Context(), nobody, e.ID)
	contracttest.WantErr(t, err, domain.ErrNotFound)
}

func favoriteConcurrent(t *testing.T, r train.Repository) {
	user := aUser(t, r, "a@example.com")
	e := anExercise(t, r, user.ID, "Press")
	news := make([]bool, 8)
	contracttest.NoErrors(t, contracttest.Together(len(news), func(i int) (err error) {
		news[i], err = r.SetFavorite(t.Context(), user.ID, e.ID)
		return err
	}))
	n := 0
	for _, is := range news {
		if is {
			n++
		}
	}
	contracttest.Same(t, "how often it was news", n, 1)
}
