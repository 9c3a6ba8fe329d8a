// Package glob matches strings against patterns as Redis does: * ? [abc] [^a-z] and \ before a literal.
package glob
