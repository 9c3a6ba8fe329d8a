package studio

import (
	"context"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/cache"
)

// Exercises returns a page of the list of exercises and how many there are on all pages. What is made of it bears [ExercisesTag].
func (s *Studio) Exercises(ctx context.Context, f train.ExerciseFilter) (page []train.Exercise, total int, err error) {
	return s.repo.ListExercises(ctx, f.Normalize())
}

// Exercise returns the JSON of an exercise and where it came from. The bytes must not
// be changed. ErrNotFound.
func (s *Studio) Exercise(ctx context.Context, id string) (cache.Result[[]byte], error) {
	if !train.IsID(id) {
		return cache.Result[[]byte]{}, domain.Refuse(domain.ErrNotFound, "exercise %s is not there", id)
	}
	r, err := s.exercises.LookupBytes(ctx, id)
	return r, missing("exercise", id, err)
}

// mayWrite refuses who may not write what all share.
func mayWrite(by train.User) error {
	if !by.WritesExercises() {
		return domain.Refuse(domain.ErrForbidden, "only trainers and admins write exercises")
	}
	return nil
}

// CreateExercise stores a new exercise. ErrForbidden.
func (s *Studio) CreateExercise(ctx context.Context, by train.User, draft train.ExerciseDraft) (train.Exercise, error) {
	if err := mayWrite(by); err != nil {
		return train.Exercise{}, err
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	e, err := s.repo.CreateExercise(ctx, by.ID, draft)
	return e, s.exercisesChanged(ctx, err)
}

// UpdateExercise changes what the patch names. ErrForbidden, ErrNotFound.
func (s *Studio) UpdateExercise(ctx context.Context, by train.User, id string, patch train.ExercisePatch) (train.Exercise, error) {
	if err := mayWrite(by); err != nil {
		return train.Exercise{}, err
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	e, err := s.exercises.WriteThrough(ctx, id, func(ctx context.Context) error {
		_, err := s.repo.UpdateExercise(ctx, id, patch)
		return err
	})
	return e, s.exercisesChanged(ctx, missing("exercise", id, err))
}

// DeleteExercise deletes an exercise; workouts keep its name. ErrForbidden, ErrNotFound.
func (s *Studio) DeleteExercise(ctx context.Context, by train.User, id string) error {
	if err := mayWrite(by); err != nil {
		return err
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	err := s.repo.DeleteExercise(ctx, id)
	if !domain.Known(err) {
		// The ranking names exercises that can be opened.
		s.dropped(ctx, "exercise", s.exercises.Delete(ctx, id), s.popular.Delete(ctx, popularID))
	}
	return s.exercisesChanged(ctx, err)
}

// exercisesChanged drops every response that shows exercises, unless the database refused the change, and returns err.
func (s *Studio) exercisesChanged(ctx context.Context, err error) error {
	if !domain.Known(err) {
		s.dropped(ctx, "lists of exercises", s.exercises.InvalidateTags(ctx, ExercisesTag))
	}
	return err
}

// Favorites returns a user's favourite exercises, the newest favourite first. What is made of them bears [ExercisesTag]
// and the user's [FavoritesTag].
func (s *Studio) Favorites(ctx context.Context, userID string) ([]train.Exercise, error) {
	return s.repo.Favorites(ctx, userID)
}

// SetFavorite adds an exercise to a user's favourites, or takes it away. ErrNotFound.
func (s *Studio) SetFavorite(ctx context.Context, userID, exerciseID string, on bool) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	var err error
	if on {
		_, err = s.repo.SetFavorite(ctx, userID, exerciseID)
	} else {
		_, err = s.repo.UnsetFavorite(ctx, userID, exerciseID)
	}
	if !domain.Known(err) {
		s.dropped(ctx, "favorites", s.exercises.InvalidateTags(ctx, FavoritesTag(userID)))
	}
	return err
}
