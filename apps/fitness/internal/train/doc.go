// Package train is the domain of Fitness: people with roles, the exercises they
// share, the workouts they log, what they like and whom they follow, and the
// [Repository] that keeps all of it.
//
// Values are checked and brought into the form they are stored in by their Normalize
// methods, which the repository calls itself. Errors are those of apps/internal/domain: ErrInvalid,
// ErrNotFound, ErrForbidden, ErrConflict; anything else is a failure of the database.
package train
