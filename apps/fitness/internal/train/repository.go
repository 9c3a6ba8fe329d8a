package train

import (
	"context"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// Repository is the primary database, the source of truth. It is safe for
// concurrent use. Methods that take a draft or a patch normalize it themselves and return a
// domain.InvalidError when it is bad.
type Repository interface {
	UserRepository
	ExerciseRepository
	WorkoutRepository

	// Atomically runs f on a repository whose changes all take effect if f
	// returns nil, and none of them otherwise. Inside f only that repository
	// may be used; it must not outlive f nor be used by two goroutines at once.
	Atomically(ctx context.Context, f func(Repository) error) error
	// Empty reports whether there are neither users nor exercises.
	Empty(ctx context.Context) (bool, error)
	// Ping reports whether the database answers.
	Ping(ctx context.Context) error
}

// UserRepository keeps accounts and who follows whom.
type UserRepository interface {
	// User returns one account, or ErrNotFound.
	User(ctx context.Context, id string) (User, error)
	// CreateUser makes an account; ErrConflict if the email has one.
	CreateUser(ctx context.Context, draft UserDraft) (User, error)
	// UpdateUser changes what the patch names and returns the new account.
	// ErrNotFound, or ErrConflict if another account has the email.
	UpdateUser(ctx context.Context, id string, patch UserPatch) (User, error)
	// SetRole gives a role and returns the account with it; ErrNotFound.
	SetRole(ctx context.Context, id string, role Role) (User, error)
	// HasAdmin reports whether any account is an admin's.
	HasAdmin(ctx context.Context) (bool, error)
	// Credentials returns what a login is checked against, or ErrNotFound.
	Credentials(ctx context.Context, email string) (Credentials, error)
	// SetPassword replaces the hash; ErrNotFound.
	SetPassword(ctx context.Context, id string, hash domain.PasswordHash) error
	// RecordLogin counts a login and returns the account with it; ErrNotFound.
	RecordLogin(ctx context.Context, id string, at time.Time) (User, error)

	// SetFollow reports whether that is news; ErrNotFound without one of the two,
	// ErrInvalid if they are one.
	SetFollow(ctx context.Context, followerID, followeeID string) (changed bool, err error)
	// UnsetFollow reports whether there was something to take away.
	UnsetFollow(ctx context.Context, followerID, followeeID string) (changed bool, err error)
	// Following returns the ids of those whom a user follows, the newest first.
	Following(ctx context.Context, userID string) ([]string, error)
	// Followers returns the ids of those who follow a user, the newest first.
	Followers(ctx context.Context, userID string) ([]string, error)
}

// ExerciseRepository keeps exercises and who likes them.
type ExerciseRepository interface {
	// Exercise returns one exercise, or ErrNotFound.
	Exercise(ctx context.Context, id string) (Exercise, error)
	// ListExercises returns a page of exercises by name, and how many there are on all.
	ListExercises(ctx context.Context, filter ExerciseFilter) (page []Exercise, total int, err error)
	// CreateExercise stores a new exercise by a user; ErrNotFound without that user.
	CreateExercise(ctx context.Context, userID string, draft ExerciseDraft) (Exercise, error)
	// UpdateExercise changes what the patch names and returns the new exercise.
	// Two concurrent patches of different fields both survive. ErrNotFound.
	UpdateExercise(ctx context.Context, id string, patch ExercisePatch) (Exercise, error)
	// DeleteExercise deletes an exercise with its favourites; workouts keep its name. ErrNotFound.
	DeleteExercise(ctx context.Context, id string) error

	// SetFavorite reports whether that is news; ErrNotFound without the user or exercise.
	SetFavorite(ctx context.Context, userID, exerciseID string) (changed bool, err error)
	// UnsetFavorite reports whether there was something to take away.
	UnsetFavorite(ctx context.Context, userID, exerciseID string) (changed bool, err error)
	// Favorites returns a user's favourite exercises, the newest favourite first.
	Favorites(ctx context.Context, userID string) ([]Exercise, error)
}

// WorkoutRepository keeps workouts.
type WorkoutRepository interface {
	// CreateWorkout stores what a user did and returns it with how many workouts the user
	// has; ErrNotFound without that user, ErrInvalid without that exercise.
	CreateWorkout(ctx context.Context, userID string, draft WorkoutDraft) (w Workout, total int, err error)
	// ListWorkouts returns a page of a user's workouts, the newest first, and how many
	// there are on all.
	ListWorkouts(ctx context.Context, userID string, page Page) (workouts []Workout, total int, err error)
	// PopularExercises returns the limit exercises that were done most, ties by name.
	PopularExercises(ctx context.Context, limit int) ([]PopularExercise, error)
}
