// Package page serves the page that shows Shop & Chop live: recipes with what
// the cache answered and how long it took, favourites, the meal plan, the store.
//
// The page is plain HTML, CSS and ES modules in static/, embedded as they are:
// no build step, nothing from another host. The server mounts [Handler] at
// "/{$}" and at "/page/", or at "/" where nothing else answers.
package page
