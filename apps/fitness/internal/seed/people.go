package seed

import (
	"fmt"
	"strings"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
)

var (
	firstNames = strings.Fields("Ada Bao Carmen Dilip Elena Femi Greta Hiro Ines Jonas")
	lastNames  = []string{"Nguyen", "Rossi", "Sharma", "Lindholm", "Okafor"}
	bios       = []string{
		"Back after a long break, one session at a time.", "Runs before work, lifts on weekends.", "Training for a first pull-up.",
		"Likes kettlebells and short sessions.", "Climber who needs stronger legs.",
	}
)

// People returns the 50 people: five trainers, then users.
func People() []train.UserDraft {
	drafts := make([]train.UserDraft, 0, people)
	for i := range people {
		first, last := firstNames[i%len(firstNames)], lastNames[(i+i/len(firstNames))%len(lastNames)]
		d := train.UserDraft{
			Name: first + " " + last, Email: fmt.Sprintf("%s.%s%d@example.com", strings.ToLower(first), strings.ToLower(last), i+1),
			Bio: bios[i%len(bios)], WeeklyGoal: 2 + i%4,
		}
		if i < trainers {
			d.Role = train.RoleTrainer
		}
		drafts = append(drafts, d)
	}
	return drafts
}
