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

	// GraceTime is how long a used refresh token still gives its successor again, for
	// answers that got lost. 0 is 10 s, less is none.
	GraceTime time.Duration
}

// spec is what Fitness has of its own.
var spec = program.Spec{
	Name: "fitness", Title: "Fitness", Port: 8081, Cookie: "fitness-app-session", Prefix: "fitness-app:",
	Seed: "300 exercises, 50 people and 2,000 workouts",
}

// Command runs the program and returns its exit code: see program.Spec.Run.
func Command(ctx context.Context, args []string, stdout, stderr io.Writer, exit func(code int)) int {
	s := spec
	s.Start = func(ctx context.Context, c program.Config) (program.Service, error) {
		return Start(ctx, Config{Config: c})
	}
	return s.Run(ctx, args, stdout, stderr, exit)
}
