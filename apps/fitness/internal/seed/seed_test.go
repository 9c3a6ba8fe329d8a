package seed_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/seed"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/sqlstore"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExercises(t *testing.T) {
	t.Parallel()
	drafts := seed.Exercises()
	if len(drafts) != 300 {
		t.Errorf("%d exercises, want 300", len(drafts))
	}
	names, muscles, equipment := map[string]bool{}, map[string]int{}, map[string]int{}
	for _, d := range drafts {
		normal, err := d.Normalize()
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		if !reflect.DeepEqual(normal, d) {
			t.Errorf("%s is not in its stored form", d.Name)
		}
		if names[strings.ToLower(d.Name)] {
			t.Errorf("%s is there twice", d.Name)
		}
		names[strings.ToLower(d.Name)] = true
		muscles[d.Muscle]++
		equipment[d.Equipment]++
	}
	for _, m := range train.Muscles {
		if muscles[m] < 5 {
			t.Errorf("%d exercises for %s, want at least 5", muscles[m], m)
		}
	}
	for _, e := range train.Equipments {
		if equipment[e] < 3 {
			t.Errorf("%d exercises with %s, want at least 3", equipment[e], e)
		}
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	emails := map[string]bool{}
	for _, d := range seed.People() {
		if _, err := d.Normalize(); err != nil || d.Hash != "" {
			t.Errorf("%s: %v, hash %v", d.Name, err, d.Hash != "")
		}
		emails[d.Email] = true
	}
	if len(emails) != 50 {
		t.Errorf("%d addresses, want 50", len(emails))
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	store, err := sqlstore.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "fitness.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	now := time.Now()
	report, err := seed.Apply(t.Context(), store, now)
	if err != nil {
		t.Fatal(err)
	}
	if report.Users != 50 || report.Exercises != 300 || report.Workouts != 2000 || report.Favorites < 100 || report.Follows < 50 {
		t.Errorf("report is %+v", report)
	}
	again, err := seed.Apply(t.Context(), store, now)
	if err != nil || again != (seed.Report{}) {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	popular, err := store.PopularExercises(t.Context(), 10)
	if err != nil || len(popular) != 10 || popular[0].Workouts <= popular[9].Workouts || popular[0].Athletes < 5 {
		t.Errorf("popular: %+v, %v", popular, err)
	}
}
