// Package page serves the page of Fitness: exercises with what the cache answered,
// the own workouts, logging in and out, the own devices.
//
// The page is plain HTML, CSS and ES modules in static/ and in package webpage: no build step,
// nothing from another host.
package page
