// Package pack has the small form of the engine's collections: a row of strings in one piece of memory, searched from
// its beginning. It costs a byte or two for each string, where a table costs a hundred.
package pack
