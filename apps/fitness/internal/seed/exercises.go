package seed

import (
	"fmt"
	"strings"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
)

// movement is what several exercises have in common.
type movement struct {
	name   string // "Row"
	muscle string
	level  string // of its easiest way
	begin  string // how to stand or lie
	move   string // what to do, and back
	ways   string // keys of the table of ways, by spaces
}

// way is one way to do a movement.
type way struct {
	title     string // before the movement's name: "Dumbbell "
	equipment string
	harder    bool   // by one level
	hold      string // what is done before the first repetition
}

// loads are the heaviest weights in kilograms that the people of the seed use.
var loads = map[string]float64{"barbell": 120, "dumbbell": 40, "kettlebell": 32, "machine": 100, "cable": 60, "medicine-ball": 10}

var ways = map[string]way{
	"body":   {"", "none", false, "Use your own weight and a clear space of two metres."},
	"bar":    {"Barbell ", "barbell", true, "Load the bar evenly and close the collars."},
	"pause":  {"Paused barbell ", "barbell", true, "Load two thirds of your usual weight: each repetition stops for two seconds at its hardest point."},
	"db":     {"Dumbbell ", "dumbbell", false, "Take a dumbbell in each hand, palms facing in."},
	"onedb":  {"Single-arm dumbbell ", "dumbbell", true, "Take one dumbbell; do all repetitions on one side, then change."},
	"kb":     {"Kettlebell ", "kettlebell", false, "Take the kettlebell by its handle, wrist straight."},
	"mach":   {"Machine ", "machine", false, "Set the seat so that the joint you move is level with the machine's pivot."},
	"cable":  {"Cable ", "cable", false, "Set the pulley, and step back until the cable is tight."},
	"band":   {"Band ", "band", false, "Fix the band so that it is tight at the start."},
	"rings":  {"Ring ", "rings", true, "Hang the rings at shoulder width and test them with your weight."},
	"ball":   {"Medicine-ball ", "medicine-ball", false, "Hold the ball close with both hands."},
	"cardio": {"", "cardio-machine", false, "Set the resistance so that you can still speak in sentences."},
	"tempo":  {"Slow ", "none", true, "Use your own weight: four seconds on the way down, two on the way up."},
	"single": {"Single-leg ", "none", true, "Stand on one leg beside something to hold on to; change sides after each set."},
}

// Exercises returns the 300 exercises, each name once.
func Exercises() []train.ExerciseDraft {
	var drafts []train.ExerciseDraft
	for _, m := range movements {
		for _, key := range strings.Fields(m.ways) {
			w, ok := ways[key]
			if !ok {
				panic(fmt.Sprintf("seed: %s has the way %q, which is in no table", m.name, key))
			}
			drafts = append(drafts, m.done(w))
		}
	}
	return drafts
}

// done puts an exercise together.
func (m movement) done(w way) train.ExerciseDraft {
	level := 0
	for i, l := range train.Levels {
		if l == m.level {
			level = i
		}
	}
	if w.harder {
		level = min(level+1, len(train.Levels)-1)
	}
	name := w.title + m.name
	if w.title != "" {
		name = w.title + strings.ToLower(m.name[:1]) + m.name[1:]
	}
	return train.ExerciseDraft{
		Name: name, Muscle: m.muscle, Equipment: w.equipment, Level: train.Levels[level],
		Description:  fmt.Sprintf("For the %s. %s", strings.ReplaceAll(m.muscle, "full-body", "whole body"), m.move),
		Instructions: []string{w.hold, m.begin, m.move, "Breathe out on the effort, and stop when your form breaks."},
	}
}
