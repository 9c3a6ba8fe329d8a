package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
)

const exerciseColumns = "id, name, description, muscle, equipment, level, instructions, COALESCE(created_by, ''), created_at, updated_at"

func scanExercise(row sqldb.Row) (train.Exercise, error) {
	e := train.Exercise{Instructions: []string{}}
	err := row.Scan(&e.ID, &e.Name, &e.Description, &e.Muscle, &e.Equipment, &e.Level, sqldb.JSON{To: &e.Instructions}, &e.CreatedBy,
		sqldb.Time{To: &e.CreatedAt}, sqldb.Time{To: &e.UpdatedAt})
	return e, err
}

// Exercise returns one exercise, or ErrNotFound.
func (q queries) Exercise(ctx context.Context, id string) (train.Exercise, error) {
	return one(q.Read.QueryRowContext(ctx, "SELECT "+exerciseColumns+" FROM exercises WHERE id = $1", id), scanExercise, "read exercise", "exercise", id)
}

// ListExercises returns a page of exercises by name.
func (q queries) ListExercises(ctx context.Context, f train.ExerciseFilter) ([]train.Exercise, int, error) {
	f = f.Normalize()
	where, args := "WHERE 1 = 1", []any{}
	arg := func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	}
	if f.Muscle != "" {
		where += " AND muscle = " + arg(f.Muscle)
	}
	if f.Equipment != "" {
		where += " AND equipment = " + arg(f.Equipment)
	}
	if f.Query != "" {
		p := arg(sqldb.Contains(f.Query))
		where += fmt.Sprintf(` AND (name_folded LIKE %s ESCAPE '!' OR description_folded LIKE %s ESCAPE '!')`, p, p)
	}
	var total int
	if err := q.Read.QueryRowContext(ctx, "SELECT COUNT(*) FROM exercises "+where, args...).Scan(&total); err != nil {
		return nil, 0, wrap("count exercises", err)
	}
	where += " ORDER BY name_folded, id LIMIT " + arg(f.Page.Limit) + " OFFSET " + arg(f.Page.Offset())
	page, err := sqldb.List(ctx, q.Read, scanExercise, "SELECT "+exerciseColumns+" FROM exercises "+where, args...)
	return page, total, wrap("list exercises", err)
}

// CreateExercise stores a new exercise by a user.
func (q queries) CreateExercise(ctx context.Context, userID string, d train.ExerciseDraft) (train.Exercise, error) {
	d, err := d.Normalize()
	if err != nil {
		return train.Exercise{}, err
	}
	instructions, err := sqldb.Array(d.Instructions)
	if err != nil {
		return train.Exercise{}, err
	}
	id, at := train.NewID(), sqldb.Now()
	_, err = q.Write.ExecContext(ctx, `INSERT INTO exercises
		(id, name, description, muscle, equipment, level, instructions, name_folded, description_folded, created_by, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
		id, d.Name, d.Description, d.Muscle, d.Equipment, d.Level, instructions, strings.ToLower(d.Name), strings.ToLower(d.Description), userID, at)
	if sqldb.IsForeignKey(err) {
		return train.Exercise{}, notFound("user", userID)
	}
	if err != nil {
		return train.Exercise{}, wrap("create exercise", err)
	}
	return train.Exercise{
		ID: id, Name: d.Name, Description: d.Description, Muscle: d.Muscle, Equipment: d.Equipment, Level: d.Level,
		Instructions: d.Instructions, CreatedBy: userID, CreatedAt: at, UpdatedAt: at,
	}, nil
}

// UpdateExercise changes what the patch names, in one statement that names only
// those columns.
func (q queries) UpdateExercise(ctx context.Context, id string, p train.ExercisePatch) (train.Exercise, error) {
	p, err := p.Normalize()
	if err != nil {
		return train.Exercise{}, err
	}
	if p == (train.ExercisePatch{}) {
		return q.Exercise(ctx, id)
	}
	var set sqldb.Assignments
	for column, text := range map[string]*string{"name": p.Name, "description": p.Description} {
		if text != nil {
			set.Put(column, *text)
			set.Put(column+"_folded", strings.ToLower(*text))
		}
	}
	sqldb.Assign(&set, "muscle", p.Muscle)
	sqldb.Assign(&set, "equipment", p.Equipment)
	sqldb.Assign(&set, "level", p.Level)
	if p.Instructions != nil {
		text, err := sqldb.Array(*p.Instructions)
		if err != nil {
			return train.Exercise{}, err
		}
		set.Put("instructions", text)
	}
	set.Put("updated_at", sqldb.Now())
	query, args := set.Where("id", id)
	return one(q.Write.QueryRowContext(ctx, "UPDATE exercises "+query+" RETURNING "+exerciseColumns, args...), scanExercise, "update exercise", "exercise", id)
}

// DeleteExercise deletes an exercise and, through the foreign keys, its favourites.
func (q queries) DeleteExercise(ctx context.Context, id string) error {
	there, err := q.changed(ctx, "delete exercise", "DELETE FROM exercises WHERE id = $1", id)
	if err == nil && !there {
		err = notFound("exercise", id)
	}
	return err
}
