// Package studio is what Fitness does: each operation writes the database first,
// and then drops what is cached of it, before it returns.
//
// # Cached
//
// exercise:<id> (1 h), workouts:user:<user>:page:<n> (30 min), workouts:popular (30 min) and user:profile:<id>
// (15 min). See package cache for what that promises: what was loaded before a change is seen
// by nobody after it. Responses with lists of exercises are kept by package httpcache, which promises the same, under
// [ExercisesTag] and [FavoritesTag].
//
// # The pages of a user's workouts
//
// A new workout moves every page. Pages of the usual size that hold something are plain JSON and
// deleted by name: how many there are follows from how many workouts there are. All other pages (another
// limit, which is then in the key, or beyond the end) bear a tag of the user's.
package studio
