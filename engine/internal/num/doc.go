// Package num reads and writes numbers as Redis does: integers without any decoration, and floating point numbers with
// the 64 bits of mantissa of C's long double.
package num
