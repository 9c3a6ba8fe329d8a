// Package intset has the form of the engine's sets of integers: their numbers in order, each as wide as the widest needs.
package intset
