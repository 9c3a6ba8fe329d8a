// Package shop is the domain of Shop & Chop: recipes, the people who write,
// like and rate them, what is in store, and what is cooked this week.
//
// It holds the types, the rules a value must keep ([RecipeDraft.Normalize] and
// its like), the errors, and the [Repository] interfaces that a database
// implements. It knows neither SQL, HTTP nor Redis.
//
// # Values
//
// Every value a repository returns is a plain copy that nothing else holds: it
// may be cached and shared, and must then not be changed. Its slices and maps
// are never nil, so that JSON has [] and never null. Ids are positive integers
// given by the database and never given twice. Times are UTC and cut to the
// millisecond, the precision that both databases and JavaScript keep.
//
// # Errors
//
// A caller branches on [ErrInvalid], [ErrNotFound], [ErrForbidden] and
// [ErrConflict] with errors.Is; everything else is a failure of the database.
package shop
