package web

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/account"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDescriptionHasTheRoutes(t *testing.T) {
	t.Parallel()
	h := &handler{o: Options{Sessions: new(session.Manager), Pages: new(httpcache.Cache), Limit: api.Free, AuthLimit: api.Free}}
	apitest.Routes(t, openAPI, h.routes(), "POST "+base+"/auth/register", "POST "+base+"/auth/login", "POST "+base+"/auth/refresh")
}

func TestDescriptionHasTheMembers(t *testing.T) {
	t.Parallel()
	apitest.Members(t, openAPI, map[string]any{
		"Exercise": train.Exercise{}, "ExerciseDraft": train.ExerciseDraft{}, "ExercisePatch": train.ExercisePatch{}, "Set": train.Set{},
		"Workout": train.Workout{}, "WorkoutDraft": train.WorkoutDraft{}, "PopularExercise": train.PopularExercise{},
		"User": train.User{}, "UserPatch": train.UserPatch{}, "RoleBody": RoleBody{},
		"Registration": account.Registration{}, "LoginBody": LoginBody{}, "RefreshBody": RefreshBody{}, "Tokens": account.Tokens{}, "Login": Login{}, "Device": Device{},
		"Field": httpjson.Field{},
	})
}
