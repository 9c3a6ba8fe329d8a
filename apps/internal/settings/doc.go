// Package settings reads what an application is told by its environment and by
// the file .env, and gathers every fault, so that one start tells of all of them.
package settings
