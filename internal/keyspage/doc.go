// Package keyspage holds docs/design/keys.md to what the bricks register. It has only a test: it is the one place that
// constructs every brick.
package keyspage
