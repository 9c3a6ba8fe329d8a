// Package seed fills an empty Shop & Chop with 200 recipes and 20 people, so
// that a first start shows a service in use.
//
// The recipes are forty dishes in five variants each, put together from tables:
// a dish brings its base, its steps and its times, a variant what goes into it.
// Tags such as vegan and quick follow from those. Everything is the same at
// every start.
package seed
