package traintest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/contracttest"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// Run runs the whole contract, each test on an empty repository of its own that open
// makes and that ends with the test.
func Run(t *testing.T, open func(t *testing.T) train.Repository) {
	contracttest.Run(t, open, map[string]func(*testing.T, train.Repository){
		"User/CreateAndRead":         userCreateAndRead,
		"User/PartialUpdate":         userPartialUpdate,
		"User/ConcurrentUpdates":     userConcurrentUpdates,
		"User/Password":              userPassword,
		"User/Login":                 userLogin,
		"User/Role":                  userRole,
		"Follow/SetAndUnset":         followSetAndUnset,
		"Exercise/CreateAndRead":     exerciseCreateAndRead,
		"Exercise/Refused":           exerciseRefused,
		"Exercise/PartialUpdate":     exercisePartialUpdate,
		"Exercise/ConcurrentUpdates": exerciseConcurrentUpdates,
		"Exercise/List":              exerciseList,
		"Exercise/Delete":            exerciseDelete,
		"Favorite/SetAndUnset":       favoriteSetAndUnset,
		"Favorite/Concurrent":        favoriteConcurrent,
		"Workout/CreateAndList":      workoutCreateAndList,
		"Workout/Refused":            workoutRefused,
		"Workout/Concurrent":         workoutConcurrent,
		"Workout/Popular":            workoutPopular,
		"Atomically/Commits":         atomicallyCommits,
		"Atomically/RollsBack":       atomicallyRollsBack,
		"Context/Cancelled":          contextCancelled,
	})
}

// nobody is the id of nothing.
const nobody = "01900000-0000-7000-8000-000000000000"

// ok returns the value of a call that has to succeed.
func ok[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return contracttest.Must[T](t)
}

func aUser(t *testing.T, r train.Repository, email string) train.User {
	t.Helper()
	return ok[train.User](t)(r.CreateUser(t.Context(), train.UserDraft{Name: "Athlete " + email, Email: email}))
}

func anExercise(t *testing.T, r train.Repository, userID, name string) train.Exercise {
	t.Helper()
	return ok[train.Exercise](t)(r.CreateExercise(t.Context(), userID, train.ExerciseDraft{Name: name, Muscle: "chest"}))
}

// count reports how many exercises there are.
func count(t *testing.T, r train.Repository) int {
	t.Helper()
	_, total, err := r.ListExercises(t.Context(), train.ExerciseFilter{})
	if err != nil {
		t.Fatal(err)
	}
	return total
}

func atomicallyCommits(t *testing.T, r train.Repository) {
	var e train.Exercise
	err := r.Atomically(t.Context(), func(r train.Repository) error {
		user := aUser(t, r, "a@example.com")
		e = anExercise(t, r, user.ID, "Press")
		// A transaction inside is part of the one around it.
		return r.Atomically(t.Context(), func(r train.Repository) error {
			_, err := r.SetFavorite(t.Context(), user.ID, e.ID)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	contracttest.Same(t, "exercise", ok[train.Exercise](t)(r.Exercise(t.Context(), e.ID)), e)
	contracttest.Same(t, "favourites", ok[[]train.Exercise](t)(r.Favorites(t.Context(), e.CreatedBy)), []train.Exercise{e})
}

func atomicallyRollsBack(t *testing.T, r train.Repository) {
	user := aUser(t, r, "a@example.com")
	boom := errors.New("boom")
	contracttest.WantErr(t, r.Atomically(t.Context(), func(r train.Repository) error {
		anExercise(t, r, user.ID, "Press")
		return fmt.Errorf("in the middle: %w", boom)
	}), boom)
	contracttest.Same(t, "exercises", count(t, r), 0)
	if ok[bool](t)(r.Empty(t.Context())) {
		t.Error("a repository with a user counts as empty")
	}
}

func contextCancelled(t *testing.T, r train.Repository) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.User(ctx, nobody)
	contracttest.WantErr(t, err, context.Canceled)
	if domain.Known(err) {
		t.Errorf("a cancelled read counts as a refusal: %v", err)
	}
	_, err = r.CreateUser(ctx, train.UserDraft{Name: "Ada", Email: "a@example.com"})
	contracttest.WantErr(t, err, context.Canceled)
	if !ok[bool](t)(r.Empty(t.Context())) {
		t.Error("a new repository is not empty")
	}
	if err := r.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
