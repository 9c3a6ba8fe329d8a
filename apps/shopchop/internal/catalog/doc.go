// Package catalog is what Shop & Chop does: each operation writes the database
// first and then its copies in Redis, and reads the copies.
//
// # Copies
//
// Cached, loaded when they are missing, with the keys recipe:<id>, user:<id>,
// recipes:popular:list, meal_plan:<user>:<week>, shopping_list:<user>:<week>. See package cache for what they promise.
// Responses with lists of recipes are kept by package httpcache, under [RecipesTag].
//
// Kept, written by each change and read in place of the database: tag:<name> and
// user:<id>:recipes (recipe ids), user:<id>:favorites with recipe:<id>:favorited_by,
// recipe:<id>:stats, recipe:<id>:ratings (a hash: user id to stars), the sorted set
// recipes:popular (member recipe:<id>, score views + 2 x likes), inventory:<item>:stock.
//
// In Redis alone, and lost with it: user:<id>:recent_recipes and user:<id>:activity.
//
// # How kept copies stay right
//
// A writer changes the database, reads the row back, writes the copy, and reads
// the row once more, until what it wrote is what it read (see settle). Of several
// writers, in whatever process and order, the one that writes the copy last has seen
// the database after that, so copy and database agree when all are done. The rebuild
// works the same way beside running writers.
//
// The key shopchop:built says that all copies are there. It is gone when Redis was
// emptied; a process that could not write a copy takes it away; it lives for a day, so that
// what a killed process left undone is found within that. Without it everybody reads the
// database, and one process of the fleet rebuilds the copies: see keeper.
//
// # Views
//
// A view is counted in the process and flushed each second, to the database and then to the
// copies. A process that is killed loses at most the views of its last second.
package catalog
