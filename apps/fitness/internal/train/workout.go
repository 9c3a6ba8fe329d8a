package train

import (
	"fmt"
	"math"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// Set is one round of an exercise.
type Set struct {
	Reps     int     `json:"reps"`
	WeightKg float64 `json:"weightKg"` // 0 for the own body's
}

// Workout is one exercise done by a user. It outlives the exercise.
type Workout struct {
	ID           string    `json:"id"`
	UserID       string    `json:"userId"`
	ExerciseID   string    `json:"exerciseId"` // "" once the exercise is gone
	ExerciseName string    `json:"exerciseName"`
	Sets         []Set     `json:"sets"`
	StartedAt    time.Time `json:"startedAt"`
	DurationSec  int       `json:"durationSec"`
	Volume       int64     `json:"volume"` // kilograms moved, rounded
	Points       int64     `json:"points"`
	CreatedAt    time.Time `json:"createdAt"`
}

// WorkoutDraft is what a user logs.
type WorkoutDraft struct {
	ExerciseID  string    `json:"exerciseId"`
	Sets        []Set     `json:"sets"`
	StartedAt   time.Time `json:"startedAt"` // the zero time is taken as now less the duration
	DurationSec int       `json:"durationSec"`
}

// Bounds of a workout.
const (
	maxSets     = 100
	maxReps     = 10_000
	maxWeight   = 1_000 // kg
	maxDuration = 24 * time.Hour
	// clockSkew is how far the clock of a client may be ahead.
	clockSkew = 5 * time.Minute
)

// earliest is before every workout that was logged here.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Normalize returns the draft as it is stored, or a domain.InvalidError that
// names every bad field. now is the server's time.
func (d WorkoutDraft) Normalize(now time.Time) (WorkoutDraft, error) {
	var v domain.Validator
	checkID(&v, "exerciseId", d.ExerciseID)
	v.Number("durationSec", int64(d.DurationSec), 0, int64(maxDuration/time.Second))
	if d.StartedAt.IsZero() {
		d.StartedAt = now.Add(-time.Duration(d.DurationSec) * time.Second)
	}
	d.StartedAt = d.StartedAt.UTC().Truncate(time.Millisecond)
	if d.StartedAt.Before(earliest) || d.StartedAt.After(now.Add(clockSkew)) {
		v.Fail("startedAt", "%s, expected a time since 2000 that is not in the future", d.StartedAt.Format(time.RFC3339))
	}
	if len(d.Sets) == 0 {
		v.Fail("sets", "empty, expected at least one")
	}
	sets := make([]Set, 0, len(d.Sets))
	if v.Count("sets", len(d.Sets), maxSets) {
		for i, s := range d.Sets {
			v.Number(fmt.Sprintf("sets[%d].reps", i), int64(s.Reps), 1, maxReps)
			v.Quantity(fmt.Sprintf("sets[%d].weightKg", i), s.WeightKg, maxWeight)
			sets = append(sets, s)
		}
	}
	d.Sets = sets
	if err := v.Err(); err != nil {
		return WorkoutDraft{}, err
	}
	return d, nil
}

// Volume is the weight moved, in kilograms.
func (d WorkoutDraft) Volume() int64 {
	var grams int64 // whole numbers add up alike in any order
	for _, s := range d.Sets {
		grams += int64(s.Reps) * int64(math.Round(s.WeightKg*1000))
	}
	return (grams + 500) / 1000
}

// Points is what a workout is worth: 10 for doing it, one for each set, for each
// five minutes, and for each hundred kilograms; at most 200, so that no typing error wins.
func (d WorkoutDraft) Points() int64 {
	const most = 200
	return min(10+int64(len(d.Sets))+int64(d.DurationSec/300)+d.Volume()/100, most)
}

// PopularExercise is an exercise with how often it was done.
type PopularExercise struct {
	ExerciseID string `json:"exerciseId"`
	Name       string `json:"name"`
	Muscle     string `json:"muscle"`
	Equipment  string `json:"equipment"`
	Workouts   int64  `json:"workouts"`
	Athletes   int64  `json:"athletes"` // who did it
}
