package studio

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/cache"
)

// WorkoutList is a page of a user's workouts, as it is cached and as it is sent.
type WorkoutList struct {
	Data  []train.Workout `json:"data"`
	Page  int             `json:"page"`
	Limit int             `json:"limit"`
	Total int             `json:"total"`
}

const (
	popularLimit = 10
	popularID    = "popular" // the one entry of its cache: workouts:popular
	// named is how many pages of a user are deleted by name.
	named = 100
)

// pageID names a page: <user>:page:<n>, with :limit:<n> behind it where that is unusual.
func pageID(userID string, page train.Page) string {
	id := userID + ":page:" + strconv.Itoa(page.Number)
	if page.Limit != train.DefaultLimit {
		id += ":limit:" + strconv.Itoa(page.Limit)
	}
	return id
}

func pageOf(id string) (userID string, page train.Page, err error) {
	userID, rest, ok := strings.Cut(id, ":page:")
	number, limit, other := strings.Cut(rest, ":limit:")
	page.Limit = train.DefaultLimit
	if other {
		page.Limit, err = strconv.Atoi(limit)
	}
	if err == nil {
		page.Number, err = strconv.Atoi(number)
	}
	if err != nil || !ok {
		return "", page, fmt.Errorf("studio: page %q is none of workouts", id)
	}
	return userID, page, nil
}

// isNamed reports whether a page is one of those that are deleted by name.
func isNamed(page, limit, total int) bool {
	return limit == train.DefaultLimit && page <= min(pagesOf(total), named)
}

// pagesOf is how many pages of the usual size hold something; an empty list is one, too.
func pagesOf(total int) int { return max(1, (total+train.DefaultLimit-1)/train.DefaultLimit) }

// userTag is on those pages of a user that are not deleted by name.
func userTag(userID string) string { return "workouts:" + userID }

func pageTags(id string, list WorkoutList) []string {
	if isNamed(list.Page, list.Limit, list.Total) {
		return nil
	}
	userID, _, _ := strings.Cut(id, ":page:")
	return []string{userTag(userID)}
}

func (s *Studio) loadPage(ctx context.Context, id string) (WorkoutList, error) {
	userID, page, err := pageOf(id)
	if err != nil {
		return WorkoutList{}, err
	}
	workouts, total, err := s.repo.ListWorkouts(ctx, userID, page)
	return WorkoutList{workouts, page.Number, page.Limit, total}, err
}

// Workouts returns the JSON of a [WorkoutList] and where it came from. The bytes must
// not be changed.
func (s *Studio) Workouts(ctx context.Context, userID string, page train.Page) (cache.Result[[]byte], error) {
	return s.pages.LookupBytes(ctx, pageID(userID, page.Normalize()))
}

// LogWorkout stores what a user did. When it returns, no page of the user's workouts
// from before is served by anybody. ErrInvalid without that exercise.
func (s *Studio) LogWorkout(ctx context.Context, userID string, draft train.WorkoutDraft) (train.Workout, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	w, total, err := s.repo.CreateWorkout(ctx, userID, draft)
	if domain.Known(err) {
		return w, err
	}
	if err != nil {
		total = named * train.DefaultLimit // it may have been stored: as many as there can be
	}
	ids := make([]string, min(pagesOf(total), named))
	for i := range ids {
		ids[i] = pageID(userID, train.Page{Number: i + 1, Limit: train.DefaultLimit})
	}
	s.dropped(ctx, "workouts", s.pages.Delete(ctx, ids...), s.pages.InvalidateTags(ctx, userTag(userID)))
	return w, err
}

// Popular returns the exercises that are done most, and where the list came from. It is
// shared and must not be changed. A workout moves it when its half hour is over.
func (s *Studio) Popular(ctx context.Context) (cache.Result[[]train.PopularExercise], error) {
	return s.popular.Lookup(ctx, popularID)
}
