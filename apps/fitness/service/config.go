package service

import (
	"context"
	"io"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/program"
)

// Config is what the service is told. The zero value of a field is its default.
type Config struct {
	program.Config

	// AuthLimit is how many of the requests in a window of RateLimit may be about
	// accounts. 0 is 30.
	AuthLimit int64
	// GraceTime is how long a used refresh token still gives its successor again, for
	// answers that got lost. 0 is 10 s, less is none.
	GraceTime time.Duration
}

// spec is what Fitness has of its own.
var spec = program.Spec{
	Name: "fitness", Title: "Fitness", Port: 8081, Cookie: "fitness-app-session", Prefix: "fitness-app:",
	Usage: "  RATE_LIMIT_MAX_REQUESTS, RATE_LIMIT_WINDOW_MS, RATE_LIMIT_ENABLED   for a user or client (100 in 900000 ms, 30 of them to /auth/)\n",
	Seed:  "300 exercises, 50 people and 2,000 workouts",
}

// Command runs the program and returns its exit code: see program.Spec.Run.
func Command(ctx context.Context, args []string, stdout, stderr io.Writer, exit func(code int)) int {
	s := spec
	s.Start = func(ctx context.Context, c program.Config) (program.Service, error) {
		return Start(ctx, Config{Config: c})
	}
	return s.Run(ctx, args, stdout, stderr, exit)
}
