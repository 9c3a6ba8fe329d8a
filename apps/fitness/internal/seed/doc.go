// Package seed fills an empty database, so that a first start has something to show: 300
// exercises, 50 people and their 2,000 workouts of the last twelve weeks.
//
// The exercises are made of about ninety movements, each in the ways that make sense for
// it. What is random is so with a fixed seed: every start makes the same.
package seed
