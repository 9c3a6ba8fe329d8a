// Package bricktest is what the tests of the bricks have in common: the rights that a design page names, the check of a layout,
// the keys that are left behind, and random choices that can be repeated.
package bricktest
