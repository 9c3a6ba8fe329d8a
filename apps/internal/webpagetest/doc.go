// Package webpagetest holds the pages of the applications to what package webpage
// promises.
package webpagetest
