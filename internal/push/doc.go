// Package push wakes goroutines that wait for something another process does.
package push
