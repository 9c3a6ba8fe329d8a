// Package geohash turns places on Earth into the 52-bit numbers that Redis keeps as scores, and finds the ranges of such
// numbers that cover a circle or a box.
//
// The bits of latitude and longitude take turns, so that a prefix of the number is a cell of a grid and near places
// mostly share long prefixes. Distances are those of a sphere, by the haversine formula. Products are rounded on their
// own (float64(a*b) + c) so that no machine fuses them and digits are the same everywhere.
package geohash
