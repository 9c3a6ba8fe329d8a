package sqlstore

import (
	"context"
	"errors"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
)

const workoutColumns = "id, user_id, COALESCE(exercise_id, ''), exercise_name, sets, started_at, duration, volume, points, created_at"

func scanWorkout(row sqldb.Row) (train.Workout, error) {
	w := train.Workout{Sets: []train.Set{}}
	err := row.Scan(&w.ID, &w.UserID, &w.ExerciseID, &w.ExerciseName, sqldb.JSON{To: &w.Sets}, sqldb.Time{To: &w.StartedAt}, &w.DurationSec,
		&w.Volume, &w.Points, sqldb.Time{To: &w.CreatedAt})
	return w, err
}

// CreateWorkout stores what a user did and counts the user's workouts, in one transaction.
func (q queries) CreateWorkout(ctx context.Context, userID string, d train.WorkoutDraft) (w train.Workout, total int, err error) {
	d, err = d.Normalize(sqldb.Now())
	if err != nil {
		return w, 0, err
	}
	sets, err := sqldb.Array(d.Sets)
	if err != nil {
		return w, 0, err
	}
	err = q.InTx(ctx, func(tx sqldb.Queries) error {
		q := queries{tx}
		// One statement: the exercise cannot go away between its name and the workout.
		w, err = one(q.Write.QueryRowContext(ctx, `INSERT INTO workouts
			(id, user_id, exercise_id, exercise_name, sets, started_at, duration, volume, points, created_at)
			SELECT $1, $2, e.id, e.name, $4, $5, $6, $7, $8, $9 FROM exercises e WHERE e.id = $3 RETURNING `+workoutColumns,
			train.NewID(), userID, d.ExerciseID, sets, d.StartedAt, d.DurationSec, d.Volume(), d.Points(), sqldb.Now()), scanWorkout, "create workout", "exercise", d.ExerciseID)
		switch {
		case sqldb.IsForeignKey(err):
			return notFound("user", userID)
		case errors.Is(err, domain.ErrNotFound):
			return domain.Invalid("exerciseId", "%q, expected an exercise that exists", d.ExerciseID)
		case err != nil:
			return err
		}
		return q.countWorkouts(ctx, userID, &total)
	})
	if err != nil {
		return train.Workout{}, 0, wrap("create workout", err)
	}
	return w, total, nil
}

func (q queries) countWorkouts(ctx context.Context, userID string, total *int) error {
	return wrap("count workouts", q.Read.QueryRowContext(ctx, "SELECT COUNT(*) FROM workouts WHERE user_id = $1", userID).Scan(total))
}

// ListWorkouts returns a page of a user's workouts, the newest first.
func (q queries) ListWorkouts(ctx context.Context, userID string, page train.Page) (workouts []train.Workout, total int, err error) {
	page = page.Normalize()
	if err := q.countWorkouts(ctx, userID, &total); err != nil {
		return nil, 0, err
	}
	workouts, err = sqldb.List(ctx, q.Read, scanWorkout, "SELECT "+workoutColumns+" FROM workouts WHERE user_id = $1 ORDER BY started_at DESC, id DESC LIMIT $2 OFFSET $3",
		userID, page.Limit, page.Offset())
	return workouts, total, wrap("list workouts", err)
}

// PopularExercises returns the exercises that were done most, ties by name.
func (q queries) PopularExercises(ctx context.Context, limit int) ([]train.PopularExercise, error) {
	popular, err := sqldb.List(ctx, q.Read, func(row sqldb.Row) (p train.PopularExercise, err error) {
		err = row.Scan(&p.ExerciseID, &p.Name, &p.Muscle, &p.Equipment, &p.Workouts, &p.Athletes)
		return p, err
	}, `SELECT e.id, e.name, e.muscle, e.equipment, w.workouts, w.athletes FROM exercises e
		JOIN (SELECT exercise_id, COUNT(*) AS workouts, COUNT(DISTINCT user_id) AS athletes FROM workouts WHERE exercise_id IS NOT NULL GROUP BY exercise_id) w ON w.exercise_id = e.id
		ORDER BY w.workouts DESC, e.name_folded, e.id LIMIT $1`, limit)
	return popular, wrap("read popular exercises", err)
}
