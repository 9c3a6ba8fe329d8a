package train

import (
	"slices"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// Muscles are the groups that an exercise is for.
var Muscles = []string{"chest", "back", "shoulders", "biceps", "triceps", "forearms", "core", "quads", "hamstrings", "glutes", "calves", "full-body"}

// Equipments are what an exercise is done with.
var Equipments = []string{"none", "barbell", "dumbbell", "kettlebell", "machine", "cable", "band", "rings", "medicine-ball", "cardio-machine"}

// Levels are how much practice an exercise asks for.
var Levels = []string{"beginner", "intermediate", "advanced"}

// Exercise is one thing to do, shared by all.
type Exercise struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Description  string    `json:"description"`
	Muscle       string    `json:"muscle"`    // one of Muscles
	Equipment    string    `json:"equipment"` // one of Equipments
	Level        string    `json:"level"`     // one of Levels
	Instructions []string  `json:"instructions"`
	CreatedBy    string    `json:"createdBy"` // id of a user; "" once that account is gone
	CreatedAt    time.Time `json:"createdAt"`
	UpdatedAt    time.Time `json:"updatedAt"`
}

// ExerciseDraft is what a trainer gives for a new exercise. Name and Muscle must be given.
type ExerciseDraft struct {
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Muscle       string   `json:"muscle"`
	Equipment    string   `json:"equipment"` // "" is taken as none
	Level        string   `json:"level"`     // "" is taken as beginner
	Instructions []string `json:"instructions"`
}

// ExercisePatch names what changes; a nil field stays as it is.
type ExercisePatch struct {
	Name         *string   `json:"name,omitempty"`
	Description  *string   `json:"description,omitempty"`
	Muscle       *string   `json:"muscle,omitempty"`
	Equipment    *string   `json:"equipment,omitempty"`
	Level        *string   `json:"level,omitempty"`
	Instructions *[]string `json:"instructions,omitempty"`
}

// Normalize returns the draft as it is stored, with defaults filled in, or a
// domain.InvalidError that names every bad field.
func (d ExerciseDraft) Normalize() (ExerciseDraft, error) {
	if d.Equipment == "" {
		d.Equipment = Equipments[0]
	}
	if d.Level == "" {
		d.Level = Levels[0]
	}
	p, err := ExercisePatch{
		Name: &d.Name, Description: &d.Description, Muscle: &d.Muscle, Equipment: &d.Equipment, Level: &d.Level, Instructions: &d.Instructions,
	}.Normalize()
	if err != nil {
		return ExerciseDraft{}, err
	}
	return ExerciseDraft{*p.Name, *p.Description, *p.Muscle, *p.Equipment, *p.Level, *p.Instructions}, nil
}

// Normalize returns the patch as it is stored, or a domain.InvalidError that names
// every bad field. Nothing of the result is shared with p.
func (p ExercisePatch) Normalize() (ExercisePatch, error) {
	var v domain.Validator
	word := func(field string, of []string) func(string) string {
		return func(s string) string {
			s = Fold(s)
			if !slices.Contains(of, s) {
				v.Fail(field, "%q, expected one of: %s", s, strings.Join(of, ", "))
			}
			return s
		}
	}
	domain.Edit(&p.Name, func(s string) string { return v.Text("name", s, 1, 120, false) })
	domain.Edit(&p.Description, func(s string) string { return v.Text("description", s, 0, 2000, true) })
	domain.Edit(&p.Muscle, word("muscle", Muscles))
	domain.Edit(&p.Equipment, word("equipment", Equipments))
	domain.Edit(&p.Level, word("level", Levels))
	domain.Edit(&p.Instructions, func(in []string) []string { return v.Texts("instructions", in, 30, 500, true) })
	if err := v.Err(); err != nil {
		return ExercisePatch{}, err
	}
	return p, nil
}

// Fold returns a word as it is stored and looked up.
func Fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
