// Package script names, sends and caches the toolkit's Lua scripts.
//
// A script is sent by its SHA-1 and, where the server does not know it yet, once more by its text. Every call passes
// all of its keys in KEYS, and all of them share one slot (DESIGN.md, principle 5).
package script
